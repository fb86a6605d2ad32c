//! Requests and answers as JSON texts.

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use serde_json::value::RawValue;

/// One decoded request; texts are borrowed from the message wherever it holds no escapes.
#[derive(Debug, PartialEq)]
pub(super) struct Request<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) operation: Operation<'a>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Operation<'a> {
    Cancel,
    Signal {
        state: Cow<'a, str>,
    },
    Barrier {
        state: Cow<'a, str>,
        target: i64,
    },
    /// The payload is the message's own JSON text.
    Publish {
        topic: Cow<'a, str>,
        payload: &'a str,
    },
    Subscribe {
        topic: Cow<'a, str>,
    },
    /// The message is no request; the reason goes back to the client.
    Invalid {
        reason: String,
    },
}

#[derive(Deserialize)]
struct RawRequest<'a> {
    #[serde(borrow, default)]
    id: Cow<'a, str>,
    #[serde(default)]
    is_cancel: Option<bool>,
    #[serde(borrow, default)]
    signal_entry: Option<RawSignal<'a>>,
    #[serde(borrow, default)]
    barrier: Option<RawBarrier<'a>>,
    #[serde(borrow, default)]
    publish: Option<RawPublish<'a>>,
    #[serde(borrow, default)]
    subscribe: Option<RawSubscribe<'a>>,
}

#[derive(Deserialize)]
struct RawSignal<'a> {
    #[serde(borrow)]
    state: Cow<'a, str>,
}

#[derive(Deserialize)]
struct RawBarrier<'a> {
    #[serde(borrow)]
    state: Cow<'a, str>,
    target: i64,
}

#[derive(Deserialize)]
struct RawPublish<'a> {
    #[serde(borrow)]
    topic: Cow<'a, str>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawSubscribe<'a> {
    #[serde(borrow)]
    topic: Cow<'a, str>,
}

/// What can be told about the sender of a message that is no request.
#[derive(Deserialize)]
struct OnlyId<'a> {
    #[serde(borrow, default)]
    id: Cow<'a, str>,
}

/// Decodes one message; what is wrong with it becomes [`Operation::Invalid`].
pub(super) fn decode(message: &[u8]) -> Request<'_> {
    match serde_json::from_slice::<RawRequest<'_>>(message) {
        Ok(raw) => interpret(raw),
        Err(error) => {
            let id = serde_json::from_slice::<OnlyId<'_>>(message).map(|only| only.id);
            let reason = format!("message is no request: {error}");
            Request { id: id.unwrap_or_default(), operation: Operation::Invalid { reason } }
        }
    }
}

fn interpret(raw: RawRequest<'_>) -> Request<'_> {
    let operation = match raw {
        RawRequest { is_cancel: Some(true), .. } => Operation::Cancel,
        RawRequest {
            signal_entry: Some(s), barrier: None, publish: None, subscribe: None, ..
        } => Operation::Signal { state: s.state },
        RawRequest {
            signal_entry: None, barrier: Some(b), publish: None, subscribe: None, ..
        } => Operation::Barrier { state: b.state, target: b.target },
        RawRequest {
            signal_entry: None, barrier: None, publish: Some(p), subscribe: None, ..
        } => {
            Operation::Publish { topic: p.topic, payload: p.payload.map_or("null", RawValue::get) }
        }
        RawRequest {
            signal_entry: None, barrier: None, publish: None, subscribe: Some(s), ..
        } => Operation::Subscribe { topic: s.topic },
        _ => Operation::Invalid {
            reason: "message is no request: it must hold exactly one of \
                     `signal_entry`, `barrier`, `publish`, `subscribe`"
                .to_owned(),
        },
    };
    Request { id: raw.id, operation }
}

/// One published payload, shared by everybody who gets it.
#[derive(Debug)]
pub(super) struct Message {
    raw: Arc<str>,
    tail: OnceLock<Box<[u8]>>,
}

impl Message {
    /// Wraps a payload, which is one JSON text.
    pub(super) fn new(raw: &str) -> Self {
        Self { raw: raw.into(), tail: OnceLock::new() }
    }

    /// Returns the payload as it was published.
    pub(super) fn raw(&self) -> &Arc<str> {
        &self.raw
    }

    /// Returns the answer that delivers the payload, from behind its id on; made once, when first needed.
    pub(super) fn tail(&self) -> &[u8] {
        self.tail.get_or_init(|| {
            let mut tail = Vec::with_capacity(self.raw.len() + self.raw.len() / 8 + 80);
            tail.extend_from_slice(br#","error":"","publish":null,"subscribe":"#);
            write_json_string(&mut tail, &self.raw);
            tail.extend_from_slice(br#","signal_entry":null}"#);
            tail.into_boxed_slice()
        })
    }
}

/// Writes what precedes [`Message::tail`].
pub(super) fn write_head(out: &mut Vec<u8>, id: &str) {
    out.extend_from_slice(br#"{"id":"#);
    write_json_string(out, id);
}

/// Writes the answer to a signal.
pub(super) fn write_signalled(out: &mut Vec<u8>, id: &str, seq: u64) {
    write_head(out, id);
    infallible(write!(
        out,
        r#","error":"","publish":null,"subscribe":"","signal_entry":{{"seq":{seq}}}}}"#
    ));
}

/// Writes the answer to a publish.
pub(super) fn write_published(out: &mut Vec<u8>, id: &str, seq: u64) {
    write_head(out, id);
    infallible(write!(
        out,
        r#","error":"","publish":{{"seq":{seq}}},"subscribe":"","signal_entry":null}}"#
    ));
}

/// Writes the answer to a barrier that passed.
pub(super) fn write_passed(out: &mut Vec<u8>, id: &str) {
    write_head(out, id);
    out.extend_from_slice(br#","error":"","publish":null,"subscribe":"","signal_entry":null}"#);
}

/// Writes a refusal; `error` holds a JSON string literal, since one SDK parses it and the others show it.
pub(super) fn write_error(out: &mut Vec<u8>, id: &str, reason: &str) {
    let mut literal = Vec::with_capacity(reason.len() + 8);
    write_json_string(&mut literal, reason);
    write_head(out, id);
    out.extend_from_slice(br#","error":"#);
    write_json_string(out, &String::from_utf8_lossy(&literal));
    out.extend_from_slice(br#","publish":null,"subscribe":"","signal_entry":null}"#);
}

fn write_json_string(out: &mut Vec<u8>, text: &str) {
    let is_plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    // Nearly every id: short and without anything to escape.
    if text.len() <= 32 && text.bytes().all(is_plain) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    infallible(serde_json::to_writer(out, text));
}

fn infallible<E: std::fmt::Debug>(written: Result<(), E>) {
    written.expect("bug: writing into memory failed");
}

#[cfg(test)]
mod tests;
