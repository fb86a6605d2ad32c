use serde_json::{Value, json};

use super::*;

fn invalid(message: &str) -> (String, String) {
    let request = decode(message.as_bytes());
    match request.operation {
        Operation::Invalid { reason } => (request.id.into_owned(), reason),
        other => panic!("{message} decoded as {other:?}"),
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn what_is_no_request_is_refused_under_its_own_id_where_it_has_one() {
    for (message, id, part) in [
        ("", "", "EOF"),
        ("hello", "", "expected value"),
        ("[]", "", "exactly one of"),
        (r#"{"id":"1"}"#, "1", "exactly one of"),
        (r#"{"id":"1","is_cancel":false}"#, "1", "exactly one of"),
        (
            r#"{"id":"1","signal_entry":{"state":"s"},"subscribe":{"topic":"t"}}"#,
            "1",
            "exactly one of",
        ),
        (r#"{"id":"2","barrier":{"state":"s"}}"#, "2", "missing field `target`"),
        (r#"{"id":"3","barrier":{"state":"s","target":"x"}}"#, "3", "expected i64"),
        (r#"{"id":"3","barrier":{"state":"s","target":1.5}}"#, "3", "expected i64"),
        (
            r#"{"id":"3","barrier":{"state":"s","target":99999999999999999999}}"#,
            "3",
            "expected i64",
        ),
        (r#"{"id":"4","signal_entry":{"state":7}}"#, "4", "expected a"),
        (r#"{"id":5,"signal_entry":{"state":"s"}}"#, "", "expected a string"),
        (r#"{"id":"6","signal_entry":{"state":"s"}} x"#, "", "trailing characters"),
        (r#"{"id":"7","signal_entry":{"state":"s"}"#, "", "EOF"),
    ] {
        let (found, reason) = invalid(message);
        assert_eq!(found, id, "{message}");
        assert!(reason.contains(part), "{message}: {reason}");
    }
}

#[test]
fn bytes_that_are_not_text_are_refused() {
    let request = decode(b"{\"id\":\"1\",\"signal_entry\":{\"state\":\"\xff\"}}");
    assert!(matches!(request.operation, Operation::Invalid { .. }));
    let request = decode(b"{\"id\":\"1\",\"publish\":{\"topic\":\"t\",\"payload\":\"\xff\"}}");
    assert!(matches!(request.operation, Operation::Invalid { .. }));
}

/// The requests of the contract's table, as the Go SDK (with a line end), the Rust SDK and the JS SDK write them.
#[test]
fn the_three_sdks_requests_are_understood() {
    let decoded = |message: &'static str| decode(message.as_bytes());
    let expected = |id: &'static str, operation| Request { id: id.into(), operation };
    assert_eq!(
        decoded("{\"id\":\"3\",\"is_cancel\":false,\"signal_entry\":{\"state\":\"K\"}}\n"),
        expected("3", Operation::Signal { state: "K".into() })
    );
    assert_eq!(
        decoded(r#"{"id":"4","is_cancel":false,"barrier":{"state":"K","target":-3}}"#),
        expected("4", Operation::Barrier { state: "K".into(), target: -3 })
    );
    assert_eq!(
        decoded(r#"{"publish":{"payload":{"b":1, "a":[1.0]},"topic":"K"},"id":"8"}"#),
        expected("8", Operation::Publish { topic: "K".into(), payload: r#"{"b":1, "a":[1.0]}"# })
    );
    assert_eq!(
        decoded(
            r#"{"id":"7","is_cancel":false,"subscribe":{"topic":"K"},"publish":null,"barrier":null,"x":1}"#
        ),
        expected("7", Operation::Subscribe { topic: "K".into() })
    );
    assert_eq!(decoded(r#"{"id":"7","is_cancel":true}"#), expected("7", Operation::Cancel));
}

#[test]
fn a_payload_is_passed_on_byte_for_byte() {
    for payload in ["null", "12345678901234567890123", r#""<&>é""#, r#"{"z":1,"a":  2}"#] {
        let message = format!(r#"{{"id":"1","publish":{{"topic":"t","payload": {payload} }}}}"#);
        let Operation::Publish { payload: found, .. } = decode(message.as_bytes()).operation else {
            panic!("{message} is a publish")
        };
        assert_eq!(found, payload);
    }
    let without = decode(br#"{"id":"1","publish":{"topic":"t"}}"#);
    assert_eq!(without.operation, Operation::Publish { topic: "t".into(), payload: "null" });
}

#[test]
fn escapes_in_keys_and_ids_are_read_and_written_back() {
    let request = decode(br#"{"id":"a\"\u0041","signal_entry":{"state":"\u00e9"}}"#);
    assert_eq!(request.id, "a\"A");
    assert_eq!(request.operation, Operation::Signal { state: "é".into() });
    let answer = written(|out| write_passed(out, &request.id));
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["id"], "a\"A");
}

#[test]
fn answers_have_the_contracts_very_shape() {
    assert_eq!(
        written(|out| write_published(out, "8", 1)),
        r#"{"id":"8","error":"","publish":{"seq":1},"subscribe":"","signal_entry":null}"#
    );
    assert_eq!(
        written(|out| write_signalled(out, "3", 12)),
        r#"{"id":"3","error":"","publish":null,"subscribe":"","signal_entry":{"seq":12}}"#
    );
    assert_eq!(
        written(|out| write_passed(out, "4")),
        r#"{"id":"4","error":"","publish":null,"subscribe":"","signal_entry":null}"#
    );
    let message = Message::new(r#"{"ID":"12D3","n":1}"#);
    let delivered = written(|out| {
        write_head(out, "7");
        out.extend_from_slice(message.tail());
    });
    assert_eq!(
        delivered,
        r#"{"id":"7","error":"","publish":null,"subscribe":"{\"ID\":\"12D3\",\"n\":1}","signal_entry":null}"#
    );
}

#[test]
fn an_error_is_a_json_string_within_a_json_string() {
    assert_eq!(
        written(|out| write_error(out, "9", "barrier cancelled")),
        r#"{"id":"9","error":"\"barrier cancelled\"","publish":null,"subscribe":"","signal_entry":null}"#
    );
    let nasty = "`x`: \"quoted\"\n\\ and more than thirty-two bytes";
    let answer: Value = serde_json::from_str(&written(|out| write_error(out, "", nasty))).unwrap();
    let inner: Value = serde_json::from_str(answer["error"].as_str().unwrap()).unwrap();
    assert_eq!(inner, json!(nasty));
}

#[test]
fn a_delivered_payload_survives_whatever_it_holds() {
    let payload = json!({"q": "\"\\/\u{8}\u{c}\n\r\t\u{1}é\u{1F980}", "n": [null, true, 1e300]});
    let message = Message::new(&payload.to_string());
    let mut answer = br#"{"id":"1""#.to_vec();
    answer.extend_from_slice(message.tail());
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let inner: Value = serde_json::from_str(answer["subscribe"].as_str().unwrap()).unwrap();
    assert_eq!(inner, payload);
}
