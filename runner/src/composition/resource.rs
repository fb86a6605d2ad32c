//! Loads the resources of a template from its directory.

use std::path::Path;

use super::template::{ResourceError, ResourceLoader, Value};
use crate::diagnostic::Place;

/// Resources below a directory; paths may leave it, as they may in Testground.
pub(super) struct Directory<'a>(pub(super) &'a Path);

impl ResourceLoader for Directory<'_> {
    fn load(&self, path: &str) -> Result<Value, ResourceError> {
        let file = self.0.join(path.trim_start_matches("./")).display().to_string();
        let text = std::fs::read_to_string(&file).map_err(|error| ResourceError::Unreadable {
            path: file.clone(),
            reason: error.to_string(),
        })?;
        let table: toml::Table =
            toml::from_str(&text).map_err(|error: toml::de::Error| ResourceError::NotToml {
                place: Box::new(Place::new(&file, &text, error.span().unwrap_or(0..0))),
                reason: error.message().to_owned(),
                path: file.clone(),
            })?;
        Ok(Value::from(toml::Value::Table(table)))
    }
}
