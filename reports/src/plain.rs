//! Makes text from outside safe to show.

/// Characters that reorder or hide text, or steer a terminal.
fn is_hostile(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Returns `text` with control and bidirectional characters replaced by a visible sign.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|letter| if is_hostile(letter) { '\u{fffd}' } else { letter }).collect()
}

/// Returns `text` cleaned and cut to `limit` characters, with an ellipsis where something was cut.
pub(crate) fn short(text: &str, limit: usize) -> String {
    let cleaned = clean(text);
    if cleaned.chars().count() <= limit {
        return cleaned;
    }
    let head: String = cleaned.chars().take(limit.saturating_sub(1)).collect();
    format!("{head}…")
}

/// Returns `text` with everything outside ASCII replaced, for terminals that show nothing else.
pub(crate) fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '±' => out.push_str("+/-"),
            '×' => out.push('x'),
            '–' | '−' => out.push('-'),
            '…' => out.push_str("..."),
            'µ' => out.push('u'),
            '∞' => out.push_str("inf"),
            letter if letter.is_ascii() => out.push(letter),
            _ => out.push('?'),
        }
    }
    out
}

/// Returns a name for files and links: lower-case letters, digits and hyphens only, never empty.
pub(crate) fn slug(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            out.push(letter.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if out.len() >= 60 {
            break;
        }
    }
    let trimmed = out.trim_end_matches('-');
    if trimmed.is_empty() { "x".to_owned() } else { trimmed.to_owned() }
}

/// Returns `text` escaped for element content and quoted attributes of HTML and XML.
pub(crate) fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{ascii, clean, markup, short, slug};

    #[test]
    fn text_cannot_steer_the_reader() {
        assert_eq!(clean("a\u{202e}b\u{1b}[31m\n"), "a\u{fffd}b\u{fffd}[31m\u{fffd}");
        assert_eq!(markup("<b a=\"'&'\">"), "&lt;b a=&quot;&#39;&amp;&#39;&quot;&gt;");
        assert_eq!(short(&"x".repeat(300), 10), format!("{}…", "x".repeat(9)));
        assert_eq!(ascii("5 ± 2 µs"), "5 +/-? 2 us".replace('?', ""));
    }

    #[test]
    fn a_slug_is_a_file_name() {
        assert_eq!(slug("gossip/Spread latency_s"), "gossip-spread-latency-s");
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert_eq!(slug("\u{202e}<>"), "x");
        assert!(slug(&"ä/b".repeat(300)).len() <= 60);
    }
}
