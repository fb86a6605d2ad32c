//! Lines of files that a plan wrote: of any length, in any encoding.

use std::borrow::Cow;
use std::io::{self, BufRead, Read as _};

/// The part of a line that is kept: an event or a metric is far shorter.
pub(crate) const MAX_LINE: usize = 1 << 20;

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Its bytes, at most [`MAX_LINE`] of them.
    pub(crate) bytes: &'a [u8],
    /// Whether there was more.
    pub(crate) cut: bool,
    /// Whether the file ended without a line end: the writer may have been interrupted.
    pub(crate) torn: bool,
}

/// Reads a file line by line in bounded memory.
pub(crate) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(crate) const fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new() }
    }

    /// Returns the next line, nothing at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let limit = MAX_LINE as u64 + 1;
        self.reader.by_ref().take(limit).read_until(b'\n', &mut self.buffer)?;
        if self.buffer.is_empty() {
            return Ok(None);
        }
        let ended = self.buffer.last() == Some(&b'\n');
        let cut = !ended && self.buffer.len() > MAX_LINE;
        if cut {
            self.reader.skip_until(b'\n')?;
            self.buffer.truncate(MAX_LINE);
        }
        let bytes = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        Ok(Some(Line { bytes, cut, torn: !ended && !cut }))
    }
}

/// Returns a line as text, without ANSI escape sequences and surrounding blanks; broken UTF-8 is replaced.
pub(crate) fn plain(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains('\u{1b}') {
        return match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
    }
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            kept.push(character);
        } else if characters.next_if_eq(&'[').is_some() {
            // A control sequence ends with a letter or one of a few signs: 0x40 to 0x7e.
            for inner in characters.by_ref() {
                if ('@'..='~').contains(&inner) {
                    break;
                }
            }
        } else {
            // Other sequences: signs from 0x20 to 0x2f, then one that ends it.
            while characters.next_if(|c| (' '..='/').contains(c)).is_some() {}
            characters.next();
        }
    }
    Cow::Owned(kept.trim().to_owned())
}

/// Returns whether `needle` occurs in `haystack`.
pub(super) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

/// Returns `text` cut to at most `limit` bytes, at a character's border.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}...", &text[..end])
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::{Lines, MAX_LINE, cut, plain};

    fn all(bytes: &[u8]) -> Vec<(usize, bool, bool)> {
        let mut lines = Lines::new(BufReader::new(bytes));
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push((line.bytes.len(), line.cut, line.torn));
        }
        found
    }

    #[test]
    fn a_line_of_ten_megabytes_is_cut_and_the_next_one_is_whole() {
        let mut bytes = vec![b'x'; 10 << 20];
        bytes.extend_from_slice(b"\nshort\n");
        assert_eq!(all(&bytes), [(MAX_LINE, true, false), (5, false, false)]);
    }

    #[test]
    fn the_longest_kept_line_is_not_cut() {
        let mut bytes = vec![b'x'; MAX_LINE];
        bytes.push(b'\n');
        assert_eq!(all(&bytes), [(MAX_LINE, false, false)]);
    }

    #[test]
    fn empty_lines_windows_lines_and_torn_lines_are_told_apart() {
        assert_eq!(all(b""), []);
        assert_eq!(all(b"\n\r\na"), [(0, false, false), (0, false, false), (1, false, true)]);
    }

    #[test]
    fn colours_and_broken_text_do_not_hide_a_line() {
        assert_eq!(plain(b"\x1b[1;32m {\"a\":1}\x1b[0m \x1b(Bz"), "{\"a\":1} z");
        assert_eq!(plain(b" \xff{} "), "\u{fffd}{}");
        assert_eq!(plain(b"\x1b["), "");
        assert_eq!(plain(b"\x1b"), "");
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "ä...");
        assert_eq!(cut("äöü", 6), "äöü");
    }
}
