//! The object that says that something is a store, and of which format.

use serde::{Deserialize, Serialize};

/// The format that this version writes, and the newest that it reads.
pub(crate) const FORMAT_VERSION: u32 = 1;

const FORMAT: &str = "ground-store";

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Marker {
    format: String,
    pub(crate) version: u32,
    pub(crate) created_by: String,
}

impl Marker {
    pub(crate) fn current() -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: FORMAT_VERSION,
            created_by: format!("ground {}", env!("CARGO_PKG_VERSION")),
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("bug: a marker is plain JSON");
        bytes.push(b'\n');
        bytes
    }

    /// Reads a marker; what is wrong with it is told in words.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let marker: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if marker.format == FORMAT {
            Ok(marker)
        } else {
            Err(format!("its format is `{}`", marker.format))
        }
    }
}
