//! The subset of Go's `text/template` in which compositions are written.
//!
//! Text outside `{{ }}` is copied; actions are `if`, `else`, `with`, `range`, `define`, `template`,
//! `block`, `break`, `continue`, variables, pipelines and comments. Every byte of the output
//! remembers which bytes of the template it comes from, so that a mistake in the TOML that comes
//! out can be shown in the file that was written.

mod error;
mod eval;
mod functions;
mod lexer;
mod parser;
mod source_map;
mod value;

use std::ops::Range;

pub use error::{TemplateError, TemplateFault};
pub(super) use functions::NAMES as FUNCTIONS;
pub use source_map::{Rendered, Segment};
pub use value::{Map, Missing, Value};

/// Where `load_resource` finds its files.
pub trait ResourceLoader {
    /// Reads the TOML file at `path`, which is relative to the template's directory.
    ///
    /// # Errors
    /// [`ResourceError`] says why the file gives no value.
    fn load(&self, path: &str) -> Result<Value, ResourceError>;
}

/// Why a resource gives no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceError {
    /// The file cannot be read.
    #[error("cannot read resource `{path}`: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the operating system says.
        reason: String,
    },
    /// The file is not TOML.
    #[error("resource `{path}` is not TOML: {reason}")]
    NotToml {
        /// The file.
        path: String,
        /// What the parser says.
        reason: String,
        /// Where it says so.
        place: Box<crate::diagnostic::Place>,
    },
}

/// Renders the template `source` over `data`, which is what `.` and `$` stand for.
///
/// # Errors
/// [`TemplateError`] says what is wrong and at which bytes of `source`.
pub fn render(
    source: &str,
    data: Value,
    resources: &dyn ResourceLoader,
) -> Result<Rendered, TemplateError> {
    let template = parser::parse(source, &lexer::lex(source)?)?;
    eval::run(source, &template, data, resources)
}

/// A place in the template's source, in bytes.
type Span = Range<usize>;

#[cfg(test)]
mod tests;
