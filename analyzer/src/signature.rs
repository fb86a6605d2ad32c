//! Failure signatures: texts with what differs from run to run taken out, so that like failures count together.

/// The longest signature kept, in characters.
const LONGEST: usize = 200;

/// Normalises a failure text: numbers, hexadecimal, addresses, paths and times become placeholders, white space folds.
///
/// Deterministic and blunt on purpose: two texts that differ only in such places get the same signature.
#[must_use]
pub fn normalise(text: &str) -> String {
    let first_line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let words: Vec<String> = first_line.split_whitespace().map(placeholder).collect();
    words.join(" ").chars().take(LONGEST).collect()
}

fn placeholder(word: &str) -> String {
    let core = word.trim_matches(|letter: char| ",;:()[]{}\"'`".contains(letter));
    if core.is_empty() {
        return word.to_owned();
    }
    let replacement =
        if core.len() > 1 && core.contains('/') && !core.contains("://") && is_path(core) {
            "<path>".to_owned()
        } else if is_hex(core) {
            "<hex>".to_owned()
        } else if is_address(core) {
            "<address>".to_owned()
        } else {
            without_numbers(core)
        };
    word.replacen(core, &replacement, 1)
}

fn is_path(word: &str) -> bool {
    word.starts_with('/') || word.starts_with("./") || word.matches('/').count() > 1
}

fn is_hex(word: &str) -> bool {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    let long_enough = if digits.len() == word.len() { 7 } else { 1 };
    digits.len() >= long_enough
        && digits.chars().all(|letter| letter.is_ascii_hexdigit())
        && (digits.len() < word.len() || digits.chars().any(|letter| letter.is_ascii_digit()))
}

fn is_address(word: &str) -> bool {
    word.parse::<std::net::SocketAddr>().is_ok() || word.parse::<std::net::IpAddr>().is_ok()
}

fn without_numbers(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut in_number = false;
    for letter in word.chars() {
        let digit = letter.is_ascii_digit() || (in_number && letter == '.');
        if digit && !in_number {
            out.push('#');
        } else if !digit {
            out.push(letter);
        }
        in_number = digit;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn what_differs_from_run_to_run_is_taken_out() {
        for (text, signature) in [
            (
                "lost write: key 0x3a was stored as version 7, read as 6",
                "lost write: key <hex> was stored as version #, read as #",
            ),
            ("dial 127.0.0.1:34567: refused", "dial <address>: refused"),
            ("killed by signal 9 after 41.2 s", "killed by signal # after # s"),
            ("open /tmp/x/y.log: no such file", "open <path>: no such file"),
            ("commit deadbeef0 is gone", "commit <hex> is gone"),
            ("either/or failed", "either/or failed"),
            ("instance leech[07] stalled", "instance leech[#] stalled"),
            ("\n\n  two\nlines", "two"),
            ("", ""),
        ] {
            assert_eq!(normalise(text), signature);
        }
    }

    #[test]
    fn a_signature_is_its_own_signature() {
        for text in ["lost write: key 0x3a was 7", "dial 127.0.0.1:34567: refused", "a/b/c d"] {
            let once = normalise(text);
            assert_eq!(normalise(&once), once);
        }
    }
}
