//! Where in a file something stands.

use std::fmt;

/// Which file a key stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Document {
    /// The composition.
    Composition,
    /// The plan's manifest.
    Manifest,
}

/// One step from a value into the value below it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// Into the value of a key.
    Key(String),
    /// Into an item of a list, counted from 0.
    Index(usize),
}

/// The way from a document's root to a value, such as `groups[1].instances.count`.
///
/// The value need not be there: whoever looks for the place takes the deepest one that exists.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyPath {
    /// The file.
    pub document: Document,
    /// The steps from its root.
    pub steps: Vec<Step>,
}

impl KeyPath {
    /// Starts at `key` of the composition's root.
    #[must_use]
    pub fn composition(key: &str) -> Self {
        Self { document: Document::Composition, steps: vec![Step::Key(key.to_owned())] }
    }

    /// Starts at `key` of the manifest's root.
    #[must_use]
    pub fn manifest(key: &str) -> Self {
        Self { document: Document::Manifest, steps: vec![Step::Key(key.to_owned())] }
    }

    /// Goes on to the value of `key`.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.steps.push(Step::Key(key.to_owned()));
        self
    }

    /// Goes on to the item at `index`.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.steps.push(Step::Index(index));
        self
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.steps.iter().enumerate() {
            match step {
                Step::Key(key) if number == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
