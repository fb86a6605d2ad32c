//! InfluxDB's line protocol, version 1.

/// One line: a measurement with its tags and numeric fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The measurement's name.
    pub measurement: String,
    /// Its tags, in the order in which they were written.
    pub tags: Vec<(String, String)>,
    /// Its numeric fields; texts and truth values are left out.
    pub fields: Vec<(String, f64)>,
    /// Its time in the precision of the request; nothing where the line has none.
    pub time: Option<i64>,
}

/// Why a line cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Nothing but a measurement stands there.
    #[error("no fields")]
    NoFields,
    /// A tag or field without `=`.
    #[error("a tag or field has no `=`")]
    NoEquals,
    /// The measurement's name is empty.
    #[error("no measurement")]
    NoMeasurement,
    /// The time is no whole number.
    #[error("the time is not a whole number")]
    Time,
}

/// Reads one line; nothing for a blank line or a comment.
///
/// # Errors
/// [`LineError`] says what is wrong with a line that is neither.
pub fn parse_line(line: &str) -> Result<Option<Record>, LineError> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let mut parts = split(line, ' ').into_iter().filter(|part| !part.is_empty());
    let head = parts.next().unwrap_or_default();
    let fields = parts.next().ok_or(LineError::NoFields)?;
    let time = match parts.next() {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| LineError::Time)?),
    };
    let mut names = split(head, ',').into_iter();
    let measurement = unescape(names.next().unwrap_or_default());
    if measurement.is_empty() {
        return Err(LineError::NoMeasurement);
    }
    let tags = names.map(pair).collect::<Result<Vec<_>, _>>()?;
    let tags = tags.into_iter().map(|(key, value)| (key, unescape(value))).collect();
    let mut numbers = Vec::new();
    for field in split(fields, ',') {
        let (key, value) = pair(field)?;
        if let Some(value) = number(value) {
            numbers.push((key, value));
        }
    }
    Ok(Some(Record { measurement, tags, fields: numbers, time }))
}

/// Splits at `separator` where it is neither escaped nor within quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped, mut quoted) = (0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            // Quotes mean something in field values only, that is right after `=`.
            '"' if quoted || text[..at].ends_with('=') => quoted = !quoted,
            c if c == separator && !quoted => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn pair(text: &str) -> Result<(String, &str), LineError> {
    let parts = split(text, '=');
    let key = parts[0];
    let value = text.get(key.len() + 1..).ok_or(LineError::NoEquals)?;
    Ok((unescape(key), value))
}

/// Whole numbers carry `i` or `u`; truth values and quoted texts are no measurements.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_suffix(['i', 'u']).unwrap_or(text);
    let starts = digits.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    if starts || ["NaN", "Inf", "inf", "nan"].contains(&digits) {
        return digits.parse().ok();
    }
    None
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let special = |next: &char| [',', '=', ' ', '"', '\\'].contains(next);
        match (character, characters.next_if(|next| character == '\\' && special(next))) {
            ('\\', Some(next)) => plain.push(next),
            _ => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{LineError, parse_line};

    #[test]
    fn broken_lines_say_what_is_wrong() {
        for (line, error) in [
            ("cpu", LineError::NoFields),
            (",a=b v=1", LineError::NoMeasurement),
            ("cpu,a v=1", LineError::NoEquals),
            ("cpu v", LineError::NoEquals),
            ("cpu v=1 noon", LineError::Time),
        ] {
            assert_eq!(parse_line(line), Err(error), "{line}");
        }
        assert_eq!(parse_line("  "), Ok(None));
        assert_eq!(parse_line("# comment"), Ok(None));
    }

    /// The examples of InfluxDB's own line protocol reference.
    #[test]
    fn escapes_and_quotes_are_undone() {
        let line = "my\\ measure,tag\\,key=va\\=lue,b=c f1=\"a, b=\\\"c\\\" d\",f2=2i,f3=-1.5e3,f4=t 1465839830100400200";
        let record = parse_line(line).unwrap().unwrap();
        assert_eq!(record.measurement, "my measure");
        assert_eq!(
            record.tags,
            [("tag,key".to_owned(), "va=lue".to_owned()), ("b".to_owned(), "c".to_owned())]
        );
        assert_eq!(record.fields, [("f2".to_owned(), 2.0), ("f3".to_owned(), -1500.0)]);
        assert_eq!(record.time, Some(1_465_839_830_100_400_200));
    }

    #[test]
    fn values_that_are_no_numbers_are_kept_apart() {
        let record = parse_line("m a=NaN,b=true,c=\"7\",d=+3u").unwrap().unwrap();
        assert!(record.fields[0].1.is_nan());
        assert_eq!(record.fields[1..], [("d".to_owned(), 3.0)]);
        assert_eq!(record.time, None);
    }
}
