//! A TOML file with its places: what was read, where each value stands, which keys nobody knows.

mod values;

use ground_core::composition::Step;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::composition::template::Rendered;
use crate::diagnostic::{Diagnostic, Place, did_you_mean};

pub(crate) use values::{MetricFile, config, duration, metrics, table};

/// A place of a TOML file, which may have come out of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The place in the file that somebody wrote.
    pub place: Place,
    /// The line of TOML that the template wrote there, where it differs from the file's.
    pub written: Option<String>,
}

impl Spot {
    /// Adds the spot to `diagnostic`.
    pub(crate) fn show(&self, diagnostic: Diagnostic) -> Diagnostic {
        let diagnostic = diagnostic.at(self.place.clone());
        match &self.written {
            Some(line) => diagnostic.evidence(format!("the template writes `{line}`")),
            None => diagnostic,
        }
    }
}

/// Why a TOML file cannot be used, and where.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{fault}")]
pub struct DocumentError {
    /// What is wrong.
    pub fault: Box<DocumentFault>,
    /// Where it stands.
    pub spot: Box<Spot>,
}

/// What is wrong with a TOML file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentFault {
    /// It is not TOML, or a value has another type than its key wants.
    #[error("{reason}")]
    Toml {
        /// What the parser says.
        reason: String,
    },
    /// A parameter or profile is not a text.
    #[error("`{key}` has type {given}, and has to be a string")]
    NotText {
        /// The parameter's name.
        key: String,
        /// The type that is given.
        given: &'static str,
        /// The value as it would be as a text.
        text: String,
    },
    /// A word is not one of those a key knows.
    #[error(transparent)]
    UnknownWord(#[from] ground_core::metric::UnknownWord),
    /// A text is not a duration.
    #[error("`{text}` is not a duration above 0")]
    NotADuration {
        /// The text.
        text: String,
    },
    /// A plan has no testcases.
    #[error("the manifest has no testcases")]
    NoTestcases,
    /// Two testcases have one name.
    #[error("testcase `{name}` is given twice")]
    RepeatedTestcase {
        /// The name.
        name: String,
    },
    /// The fewest instances are more than the most.
    #[error(
        "testcase `{name}` takes at least {min} and at most {max} instances, which is none at all"
    )]
    EmptyRange {
        /// The testcase.
        name: String,
        /// The fewest.
        min: u32,
        /// The most.
        max: u32,
    },
    /// A name is empty or cannot be a path below a directory of plans.
    #[error("{what} name {name:?} cannot be used")]
    BadName {
        /// What the name is of.
        what: &'static str,
        /// The name.
        name: String,
    },
}

impl DocumentError {
    /// Returns the message with its place and its hint.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        self.spot.show(Diagnostic::error(self.to_string())).hint(self.fault.hint())
    }
}

impl DocumentFault {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NotText { key, text, .. } => Some(format!("write `{key} = {text:?}`")),
            Self::UnknownWord(unknown) => {
                let known: Vec<&str> = unknown.known.split(", ").collect();
                crate::diagnostic::nearest(&unknown.word, &known)
                    .map(|near| format!("did you mean `{near}`?"))
            }
            Self::NotADuration { .. } => Some(
                "write a text such as `\"90s\"` or `\"1m30s\"`, or a number of seconds".to_owned(),
            ),
            Self::NoTestcases => Some(
                "add `[[testcases]]` with `name` and `instances = { min = 1, max = 10 }`"
                    .to_owned(),
            ),
            Self::EmptyRange { .. } => {
                Some("lower `instances.min` or raise `instances.max`".to_owned())
            }
            Self::BadName { what, .. } => Some(format!(
                "a {what} name is not empty, and holds no `..` and no control characters"
            )),
            Self::Toml { .. } | Self::RepeatedTestcase { .. } => None,
        }
    }
}

/// A key that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownKey {
    steps: Vec<Step>,
    name: String,
}

/// A TOML file, as it was written or as it came out of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    /// The file as the user named it.
    file: String,
    /// The TOML.
    text: String,
    /// The template with what came out of it, when there is one.
    template: Option<(String, Rendered)>,
}

impl Document {
    /// Takes TOML as it was written.
    pub(crate) fn new(file: impl Into<String>, text: impl Into<String>) -> Self {
        Self { file: file.into(), text: text.into(), template: None }
    }

    /// Takes TOML that came out of the template `source`.
    pub(crate) fn rendered(file: impl Into<String>, source: String, rendered: Rendered) -> Self {
        Self { file: file.into(), text: rendered.text.clone(), template: Some((source, rendered)) }
    }

    /// Reads the file as `T`, and returns the keys that `T` does not know.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<(T, Vec<UnknownKey>), DocumentError> {
        let mut unknown = Vec::new();
        let deserializer =
            toml::Deserializer::parse(&self.text).map_err(|error| self.toml_error(&error))?;
        let mut note = |path: serde_ignored::Path<'_>| unknown.extend(unknown_key(&path));
        let value = serde_ignored::deserialize(deserializer, &mut note)
            .map_err(|error| self.toml_error(&error))?;
        Ok((value, unknown))
    }

    fn toml_error(&self, error: &toml::de::Error) -> DocumentError {
        let fault = DocumentFault::Toml { reason: plain_words(error.message()) };
        DocumentError {
            fault: Box::new(fault),
            spot: Box::new(self.spot(error.span().unwrap_or(0..0))),
        }
    }

    /// Says that the value at `steps` is wrong.
    pub(crate) fn fault(&self, steps: &[Step], fault: impl Into<DocumentFault>) -> DocumentError {
        DocumentError { fault: Box::new(fault.into()), spot: Box::new(self.find(steps)) }
    }

    /// Warns of a key that nobody knows.
    pub(crate) fn warn(&self, key: &UnknownKey, known: &[&str]) -> Diagnostic {
        let message = format!("key `{}` is not known, and ignored", key.name);
        let hint = crate::diagnostic::nearest(&key.name, known)
            .and_then(|near| did_you_mean(&key.name, &[near]));
        self.find_key(&key.steps).show(Diagnostic::warning(message)).hint(hint)
    }

    /// Returns the spot of the bytes `range` of the TOML.
    pub(crate) fn spot(&self, range: std::ops::Range<usize>) -> Spot {
        let Some((source, rendered)) = &self.template else {
            return Spot { place: Place::new(&self.file, &self.text, range), written: None };
        };
        let place = Place::new(&self.file, source, rendered.origin(&range));
        let line = Place::new(&self.file, &self.text, range).source_line;
        let written = (line.trim() != place.source_line.trim()).then(|| shorten(line.trim()));
        Spot { place, written }
    }

    /// Returns the spot of the deepest value on the way `steps` that exists.
    pub(crate) fn find(&self, steps: &[Step]) -> Spot {
        self.spot(self.walk(steps, false))
    }

    /// Returns the spot of the deepest key on the way `steps` that exists.
    fn find_key(&self, steps: &[Step]) -> Spot {
        self.spot(self.walk(steps, true))
    }

    fn walk(&self, steps: &[Step], key_wanted: bool) -> std::ops::Range<usize> {
        let Ok(root) = DeTable::parse(&self.text) else { return 0..0 };
        let mut found = 0..0;
        let mut table = Some(root.get_ref());
        let mut list: Option<&[Spanned<DeValue<'_>>]> = None;
        for step in steps {
            let next = match step {
                Step::Key(key) => {
                    let entry = table
                        .and_then(|table| table.iter().find(|(name, _)| name.get_ref() == key));
                    let Some((name, value)) = entry else { break };
                    // A table's own range is its header or its braces; for a missing key below it the key reads better.
                    found = if key_wanted || holds_keys(value.get_ref()) {
                        name.span()
                    } else {
                        value.span()
                    };
                    value
                }
                Step::Index(index) => {
                    let Some(item) = list.and_then(|list| list.get(*index)) else { break };
                    found = item.span();
                    item
                }
            };
            table = next.get_ref().as_table();
            list = next.get_ref().as_array().map(|array| &array[..]);
        }
        found
    }
}

/// Returns whether a value is a table, or a list of tables.
fn holds_keys(value: &DeValue<'_>) -> bool {
    let first = value.as_array().and_then(|items| items.first());
    value.is_table() || first.is_some_and(|item| item.get_ref().is_table())
}

/// Says in words what serde says in names of Rust types.
fn plain_words(message: &str) -> String {
    let Some((given, wanted)) = message.split_once(", expected ") else {
        return message.to_owned();
    };
    let wanted = match wanted {
        "u32" | "u64" => "a whole number, 0 or more",
        "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a map" => "a table",
        "a sequence" => "a list",
        name if name.starts_with("struct ") => "a table",
        other => other,
    };
    format!("{given}, expected {wanted}")
}

fn unknown_key(path: &serde_ignored::Path<'_>) -> Option<UnknownKey> {
    use serde_ignored::Path;
    let mut steps = Vec::new();
    let mut at = path;
    loop {
        at = match at {
            Path::Root => break,
            Path::Seq { parent, index } => {
                steps.push(Step::Index(*index));
                parent
            }
            Path::Map { parent, key } => {
                steps.push(Step::Key(key.clone()));
                parent
            }
            Path::Some { parent }
            | Path::NewtypeStruct { parent }
            | Path::NewtypeVariant { parent } => parent,
        };
    }
    steps.reverse();
    match steps.last() {
        Some(Step::Key(name)) => Some(UnknownKey { name: name.clone(), steps: steps.clone() }),
        _ => None,
    }
}

/// Cuts a line that a template wrote to what fits into a message.
fn shorten(line: &str) -> String {
    const MOST: usize = 100;
    let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut short: String = line.chars().take(MOST).map(printable).collect();
    if line.chars().count() > MOST {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests;
