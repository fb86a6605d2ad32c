//! Identifiers.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// Crockford's base 32, lower case: no letter that reads like a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Digits of a derived identifier: 80 bits, so that a billion of them collide with odds below 1e-6.
const ID_DIGITS: usize = 16;

/// Derives an identifier from its parts; the same parts always give the same one.
fn derive(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let bits = digest.iter().take(10).fold(0u128, |bits, byte| (bits << 8) | u128::from(*byte));
    (0..ID_DIGITS)
        .rev()
        .map(|digit| char::from(ALPHABET[(bits >> (5 * digit)) as usize & 31]))
        .collect()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Takes `text` as an identifier that was made earlier.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// Derives the identifier from `parts`; the same parts always give the same one.
            #[must_use]
            pub fn derive(parts: &[&str]) -> Self {
                Self(derive(parts))
            }

            /// Returns the identifier's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

id! {
    /// Names one attempt of a run. Derived from sweep, cell, revision, repetition and attempt, so that a resumed
    /// sweep gives the same attempt the same name and the store can tell a repeated append.
    RunId
}
id! {
    /// Names a sweep. Derived from what was asked, so that the same command finds its own journal.
    SweepId
}
id! {
    /// Names a series: derived from its key, stable for ever, used in file names and links.
    SeriesId
}

/// One participant of a run: `group[7]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId {
    /// The group's identifier in the composition.
    pub group: String,
    /// Its place within the group, from 0.
    pub index: u32,
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}[{}]", self.group, self.index))
    }
}

/// Reads `group[7]`; the text is given back when it is not of that form.
impl std::str::FromStr for InstanceId {
    type Err = crate::metric::UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')).and_then(
            |(group, index)| Some(Self { group: group.to_owned(), index: index.parse().ok()? }),
        );
        parsed.ok_or_else(|| crate::metric::UnknownWord {
            what: "instance",
            word: text.to_owned(),
            known: "names like `group[7]`",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{InstanceId, RunId};

    #[test]
    fn parts_are_kept_apart() {
        assert_ne!(RunId::derive(&["ab", "c"]), RunId::derive(&["a", "bc"]));
        assert_eq!(RunId::derive(&["a", "b"]), RunId::derive(&["a", "b"]));
        assert_eq!(RunId::derive(&["a"]).as_str().len(), 16);
    }

    #[test]
    fn an_instance_reads_back_what_it_prints() {
        for text in ["leech[7]", "a[b][0]"] {
            assert_eq!(text.parse::<InstanceId>().unwrap().to_string(), text);
        }
        for text in ["leech", "leech[x]", "[", "leech[7", ""] {
            assert!(text.parse::<InstanceId>().is_err(), "{text}");
        }
    }
}
