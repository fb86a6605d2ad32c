//! Event lines in the dialects of Testground's SDKs.

use ground_core::event::EventKind;
use serde_json::{Map, Value};

use super::lines::{contains, cut, plain};

/// The longest text of an event that is kept.
pub(crate) const MAX_TEXT: usize = 4096;

/// What one line reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// When, nanoseconds since the epoch; nothing where the line has no time.
    pub at_ns: Option<i64>,
    /// What.
    pub kind: EventKind,
}

/// Reads one line of standard output or `run.out`; nothing when it is no event.
///
/// Understands the Go, JS and Rust SDKs and the `{"type":"message"}` style of 2020, also behind a prefix of other
/// text and within colours.
#[must_use]
pub fn parse_event(line: &[u8]) -> Option<Reported> {
    if !contains(line, b"event\"") && !contains(line, b"\"type\"") {
        return None;
    }
    let text = plain(line);
    let object = object(&text)?;
    let kind = match object.get("event") {
        Some(event) => kind_of(event.as_object()?),
        // Behind other text only a framed event counts: a plan may print what it heard of others.
        None if text.starts_with('{') => typed(&object),
        None => None,
    }?;
    Some(Reported { at_ns: object.get("ts").and_then(time), kind })
}

/// Reads the payload of a `run_events` publication, which is the event object alone.
#[must_use]
pub fn parse_payload(payload: &str) -> Option<EventKind> {
    kind_of(serde_json::from_str::<Value>(payload).ok()?.as_object()?)
}

/// Reads a line that was too long to keep: it can still condemn the instance, but not acquit it.
pub(super) fn parse_cut(prefix: &[u8]) -> Option<EventKind> {
    // The key stands near the begin, before the text that made the line long.
    let head = &prefix[..prefix.len().min(512)];
    let text = || format!("(cut) {}", cut(&plain(&prefix[..prefix.len().min(300)]), 300));
    if !plain(head).starts_with('{') {
        return None;
    }
    if contains(head, b"\"failure_event\":") {
        Some(EventKind::Failure(text()))
    } else if contains(head, b"\"crash_event\":") {
        Some(EventKind::Crash { error: text(), stack: String::new() })
    } else {
        None
    }
}

/// Finds the object in a line, which may have a prefix such as a logger's time.
fn object(text: &str) -> Option<Map<String, Value>> {
    let start = text.find('{')?;
    let whole = serde_json::from_str::<Map<String, Value>>(&text[start..]);
    if let Ok(object) = whole {
        return Some(object);
    }
    let inner = ["{\"ts\"", "{\"event\""].iter().filter_map(|key| text.find(key)).min()?;
    let mut values = serde_json::Deserializer::from_str(&text[inner..]).into_iter();
    values.next()?.ok()
}

fn time(value: &Value) -> Option<i64> {
    let ns = match value {
        Value::Number(number) => {
            number.as_i64().or_else(|| number.as_f64().map(|float| float as i64))
        }
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    ns.filter(|ns| *ns > 0)
}

fn kind_of(event: &Map<String, Value>) -> Option<EventKind> {
    if event.get("type").is_some_and(Value::is_string) {
        return typed(event);
    }
    event.iter().find_map(|(key, body)| {
        let text = |name: &str| text(body.get(name));
        Some(match key.as_str() {
            "start_event" => EventKind::Start,
            "message_event" => EventKind::Message(text("message")),
            "stage_start_event" => EventKind::StageStart(text("name")),
            "stage_end_event" => EventKind::StageEnd(text("name")),
            "success_event" => EventKind::Success,
            "failure_event" => EventKind::Failure(text("error")),
            "crash_event" => EventKind::Crash { error: text("error"), stack: text("stacktrace") },
            _ => return None,
        })
    })
}

/// Reads the style of 2020: `type`, and for `finish` an `outcome`.
fn typed(event: &Map<String, Value>) -> Option<EventKind> {
    let text = |name: &str| text(event.get(name));
    Some(match (event.get("type")?.as_str()?, event.get("outcome").and_then(Value::as_str)) {
        ("start", _) => EventKind::Start,
        ("message", _) => EventKind::Message(text("message")),
        ("finish", Some("ok")) => EventKind::Success,
        ("finish", Some("failed")) => EventKind::Failure(text("error")),
        ("finish", Some("crashed")) => {
            EventKind::Crash { error: text("error"), stack: text("stacktrace") }
        }
        ("finish", _) => EventKind::Failure("finished without a known outcome".to_owned()),
        _ => return None,
    })
}

/// An error may be an object in some dialect; it is told as it stands.
fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => cut(text, MAX_TEXT),
        Some(other) => cut(&other.to_string(), MAX_TEXT),
    }
}

#[cfg(test)]
mod tests {
    use ground_core::event::EventKind;

    use super::{parse_cut, parse_event, parse_payload};

    fn kind(line: &str) -> Option<EventKind> {
        parse_event(line.as_bytes()).map(|reported| reported.kind)
    }

    #[test]
    fn text_that_is_no_event_is_none() {
        for line in [
            "",
            "hello",
            "{}",
            "{\"event\":1}",
            "{\"event\":{}}",
            "{\"event\":{\"moon_event\":{}}}",
            "{\"type\":\"point\",\"name\":\"x\",\"measures\":{\"value\":1}}",
            "{\"ts\":1,\"event\":{\"success_event\":",
            "the success_event\" is near",
            "{\"success_event\":{\"group\":\"g\"}}",
            "heard {\"success_event\":{\"group\":\"g\"}}",
            "heard {\"type\":\"finish\",\"outcome\":\"ok\"}",
        ] {
            assert_eq!(kind(line), None, "{line}");
        }
    }

    /// Shapes as the Go SDK 0.3 writes them.
    #[test]
    fn go_lines_are_read() {
        let wrap = |event: &str| {
            format!(
                "{{\"ts\":1795354257839286181,\"msg\":\"\",\"group_id\":\"single\",\"run_id\":\"r\",\"event\":{event}}}"
            )
        };
        let start = wrap("{\"start_event\":{\"runenv\":{\"plan\":\"p\",\"params\":{}}}}");
        assert_eq!(kind(&start), Some(EventKind::Start));
        let crash = wrap(
            "{\"crash_event\":{\"group\":\"single\",\"error\":\"boom\",\"stacktrace\":\"main.go:7\"}}",
        );
        let expected = EventKind::Crash { error: "boom".to_owned(), stack: "main.go:7".to_owned() };
        assert_eq!(kind(&crash), Some(expected));
        let failure = wrap("{\"failure_event\":{\"group\":\"single\",\"error\":\"no\"}}");
        let reported = parse_event(failure.as_bytes()).unwrap();
        assert_eq!(reported.at_ns, Some(1_795_354_257_839_286_181));
        assert_eq!(reported.kind, EventKind::Failure("no".to_owned()));
    }

    #[test]
    fn js_lines_are_read_whatever_the_order_of_keys() {
        let line = "{\"event\":{\"failure_event\":{\"group\":\"g\",\"error\":\"Error: no\"}},\"level\":\"info\",\
                    \"message\":\"\",\"ts\":5,\"group_id\":\"g\",\"run_id\":\"r\"}";
        assert_eq!(kind(line), Some(EventKind::Failure("Error: no".to_owned())));
    }

    #[test]
    fn rust_lines_without_time_and_with_the_misspelt_group_are_read() {
        let message =
            "{\"event\":{\"message_event\":{\"message\":\"claimed sequence numbers; global=2\"}}}";
        let reported = parse_event(message.as_bytes()).unwrap();
        assert_eq!(reported.at_ns, None);
        assert_eq!(
            reported.kind,
            EventKind::Message("claimed sequence numbers; global=2".to_owned())
        );
        let crash = "{\"ts\":1,\"event\":{\"crash_event\":{\"groups\":\"g\",\"error\":\"e\",\"stacktrace\":\"s\"}}}";
        assert!(matches!(kind(crash), Some(EventKind::Crash { .. })));
        let stage = "{\"ts\":1,\"event\":{\"stage_start_event\":{\"name\":\"network-initialized\",\"group\":\"g\"}}}";
        assert_eq!(kind(stage), Some(EventKind::StageStart("network-initialized".to_owned())));
    }

    #[test]
    fn the_old_style_is_read_with_and_without_its_frame() {
        assert_eq!(
            kind("{\"type\":\"message\",\"message\":\"hi\"}"),
            Some(EventKind::Message("hi".to_owned()))
        );
        assert_eq!(
            kind("{\"ts\":1,\"event\":{\"type\":\"finish\",\"outcome\":\"ok\"}}"),
            Some(EventKind::Success)
        );
        assert_eq!(
            kind("{\"event\":{\"type\":\"finish\",\"outcome\":\"failed\",\"error\":\"no\"}}"),
            Some(EventKind::Failure("no".to_owned()))
        );
        assert!(matches!(
            kind("{\"event\":{\"type\":\"finish\",\"outcome\":\"splendid\"}}"),
            Some(EventKind::Failure(_))
        ));
    }

    #[test]
    fn prefixes_and_colours_do_not_hide_an_event() {
        for line in [
            "\x1b[32mINFO\x1b[0m {\"ts\":1,\"event\":{\"success_event\":{\"group\":\"g\"}}}",
            "12:00 {main} {\"ts\":1,\"event\":{\"success_event\":{\"group\":\"g\"}}}",
            "\u{fffd}{\"event\":{\"success_event\":{\"group\":\"g\"}}} trailing",
        ] {
            assert_eq!(kind(line), Some(EventKind::Success), "{line}");
        }
    }

    #[test]
    fn a_published_payload_is_the_event_alone() {
        assert_eq!(
            parse_payload("{\"success_event\":{\"group\":\"g\"}}"),
            Some(EventKind::Success)
        );
        assert_eq!(parse_payload("\"success_event\""), None);
    }

    #[test]
    fn a_cut_line_condemns_but_never_acquits() {
        let failure = b"{\"ts\":1,\"event\":{\"failure_event\":{\"error\":\"xxxxxxx";
        assert!(matches!(parse_cut(failure), Some(EventKind::Failure(_))));
        assert_eq!(parse_cut(b"{\"ts\":1,\"event\":{\"success_event\":{\"x\":\"xxxx"), None);
        assert_eq!(parse_cut(b"log: \"failure_event\": xxxx"), None);
    }
}
