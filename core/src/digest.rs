//! Content digests.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// A SHA-256 digest of some content, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Digests `content` as it stands.
    #[must_use]
    pub fn of(content: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(content.as_ref()).into())
    }

    /// Takes 32 bytes that are a digest already.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the first 12 hexadecimal digits, which is how people see a digest.
    #[must_use]
    pub fn short(&self) -> String {
        hex(&self.0[..6])
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.short())
    }
}

/// A text that is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a digest: 64 hexadecimal digits are expected")]
pub struct NotADigest {
    /// The text as it was given.
    pub text: String,
}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let wrong = || NotADigest { text: text.to_owned() };
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let high = char::from(pair[0]).to_digit(16).ok_or_else(wrong)?;
            let low = char::from(pair[1]).to_digit(16).ok_or_else(wrong)?;
            *byte =
                u8::try_from(high * 16 + low).expect("bug: two hexadecimal digits exceed a byte");
        }
        Ok(Self(bytes))
    }
}

/// Digests content that comes in pieces, with or without marks between them.
#[derive(Clone, Default)]
pub struct Digester(Sha256);

impl Digester {
    /// Starts with no content.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends `content` as it stands, so that how it was cut into pieces does not show.
    pub fn update(&mut self, content: impl AsRef<[u8]>) {
        self.0.update(content.as_ref());
    }

    /// Appends `content` preceded by its length, so that neighbouring fields cannot run into each other.
    pub fn field(&mut self, content: impl AsRef<[u8]>) {
        let content = content.as_ref();
        self.0.update((content.len() as u64).to_le_bytes());
        self.0.update(content);
    }

    /// Returns the digest of everything appended.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digester")
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("bug: writing to a string failed");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{Digest, Digester};

    /// Source: FIPS 180-4 test vectors, one block message "abc" and the empty message.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_text_that_is_no_digest_is_refused() {
        for text in
            ["", "abc", &ABC[1..], &format!("{ABC}0"), &ABC.replace('b', "x"), &"é".repeat(32)]
        {
            let error = text.parse::<Digest>().unwrap_err();
            assert_eq!(error.text, *text);
        }
    }

    #[test]
    fn published_vectors_agree() {
        assert_eq!(Digest::of("abc").to_string(), ABC);
        assert_eq!(Digest::of("").to_string(), EMPTY);
        assert_eq!(Digest::of("abc").short(), "ba7816bf8f01");
        assert_eq!(ABC.parse::<Digest>().unwrap(), Digest::of("abc"));
        assert_eq!(ABC.to_uppercase().parse::<Digest>().unwrap(), Digest::of("abc"));
    }

    #[test]
    fn pieces_do_not_show_and_fields_do() {
        let mut pieces = Digester::new();
        pieces.update("a");
        pieces.update("bc");
        assert_eq!(pieces.finish(), Digest::of("abc"));

        let mut left = Digester::new();
        left.field("ab");
        left.field("c");
        let mut right = Digester::new();
        right.field("a");
        right.field("bc");
        assert_ne!(left.finish(), right.finish());
    }
}
