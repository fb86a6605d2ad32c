//! Requests and answers as JSON texts.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One request; written as the Go SDK writes it.
#[derive(Debug, Serialize)]
pub(super) struct Request<'a> {
    pub(super) id: String,
    pub(super) is_cancel: bool,
    #[serde(flatten)]
    pub(super) operation: Option<Operation<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Operation<'a> {
    SignalEntry { state: &'a str },
    Barrier { state: &'a str, target: u64 },
    Publish { topic: &'a str, payload: Box<RawValue> },
    Subscribe { topic: &'a str },
}

/// One answer.
#[derive(Debug, Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow, default)]
    error: Cow<'a, str>,
    #[serde(default)]
    publish: Option<Seq>,
    #[serde(borrow, default)]
    pub(super) subscribe: Cow<'a, str>,
    #[serde(default)]
    signal_entry: Option<Seq>,
}

#[derive(Debug, Deserialize)]
struct Seq {
    seq: u64,
}

impl Answer<'_> {
    /// Returns the count or position it carries; 0 where it carries none, as that of a barrier.
    pub(super) fn seq(&self) -> u64 {
        self.signal_entry.as_ref().or(self.publish.as_ref()).map_or(0, |seq| seq.seq)
    }

    /// Returns the refusal; ours writes it as a JSON string, the reference service as plain text.
    pub(super) fn refusal(&self) -> Option<String> {
        let plain = || self.error.clone().into_owned();
        (!self.error.is_empty())
            .then(|| serde_json::from_str(&self.error).unwrap_or_else(|_| plain()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(operation: Option<Operation<'_>>) -> String {
        let is_cancel = operation.is_none();
        serde_json::to_string(&Request { id: "3".to_owned(), is_cancel, operation }).unwrap()
    }

    #[test]
    fn requests_have_the_contracts_shape() {
        let payload = RawValue::from_string(r#"{"b":1}"#.to_owned()).unwrap();
        for (operation, text) in [
            (
                Some(Operation::SignalEntry { state: "K" }),
                r#"{"id":"3","is_cancel":false,"signal_entry":{"state":"K"}}"#,
            ),
            (
                Some(Operation::Barrier { state: "K", target: 5 }),
                r#"{"id":"3","is_cancel":false,"barrier":{"state":"K","target":5}}"#,
            ),
            (
                Some(Operation::Publish { topic: "K", payload }),
                r#"{"id":"3","is_cancel":false,"publish":{"topic":"K","payload":{"b":1}}}"#,
            ),
            (
                Some(Operation::Subscribe { topic: "K" }),
                r#"{"id":"3","is_cancel":false,"subscribe":{"topic":"K"}}"#,
            ),
            (None, r#"{"id":"3","is_cancel":true}"#),
        ] {
            assert_eq!(request(operation), text);
        }
    }

    #[test]
    fn refusals_are_read_quoted_or_plain() {
        let refusal = |text| serde_json::from_str::<Answer<'_>>(text).unwrap().refusal();
        let quoted =
            r#"{"id":"8","error":"\"no\"","publish":null,"subscribe":"","signal_entry":null}"#;
        assert_eq!(refusal(quoted).as_deref(), Some("no"));
        assert_eq!(refusal(r#"{"id":"8","error":"no such"}"#).as_deref(), Some("no such"));
        assert_eq!(refusal(r#"{"id":"8","error":""}"#), None);
    }
}
