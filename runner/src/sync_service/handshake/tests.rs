use super::*;

/// RFC 6455, section 1.3, with the odd things SDKs send.
fn request(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: ...\r\nOrigin: http://elsewhere\r\nupgrade: WebSocket\r\n\
         Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; \
         server_no_context_takeover\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
}

fn accepted(text: &str) -> Upgrade {
    parse(text.as_bytes()).unwrap().unwrap()
}

#[test]
fn a_request_that_is_no_websocket_is_told_so() {
    let whole = request("/");
    for (from, to, part) in [
        ("GET", "POST", "method"),
        ("upgrade: WebSocket", "upgrade: h2c", "`Upgrade: websocket`"),
        ("Connection: keep-alive, Upgrade", "Connection: close", "`Upgrade: websocket`"),
        ("Version: 13", "Version: 8", "Version: 13"),
        ("Sec-WebSocket-Key", "X-Key", "Sec-WebSocket-Key"),
    ] {
        let error = parse(whole.replace(from, to).as_bytes()).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        let response = String::from_utf8(error.response()).unwrap();
        assert!(response.starts_with("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n"));
        assert!(response.ends_with(&format!("{error}\n")));
    }
}

#[test]
fn what_is_not_http_is_refused() {
    let error = parse(b"\x16\x03\x01\x02\x00\x01\x00").unwrap_err();
    assert_eq!(error, HandshakeError::NotHttp);
    assert!(error.response().starts_with(b"HTTP/1.1 400 "));
    let endless = format!("GET /{} ", "x".repeat(MAX_HEAD));
    assert_eq!(parse(endless.as_bytes()), Err(HandshakeError::TooLong));
}

#[test]
fn no_prefix_of_a_request_is_answered() {
    let whole = request("/");
    for length in 0..whole.len() {
        assert_eq!(parse(&whole.as_bytes()[..length]), Ok(None));
    }
}

#[test]
fn any_path_and_host_are_accepted_and_no_extension_is_agreed_on() {
    for path in ["/", "/any/where", "/?", "*", "/?instance="] {
        let upgrade = accepted(&request(path));
        assert_eq!(upgrade.instance, None);
        assert_eq!(
            String::from_utf8(upgrade.response).unwrap(),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        );
    }
}

#[test]
fn frames_behind_the_head_are_left_alone() {
    let head = request("/");
    assert_eq!(accepted(&format!("{head}\u{1}rest")).consumed, head.len());
}

#[test]
fn an_instance_names_itself_in_the_query() {
    for (path, label) in [
        ("/?instance=leech[7]", "leech[7]"),
        ("/x?a=b&instance=leech%5b07%5D&c", "leech[07]"),
        ("/?instance=100%", "100%"),
        ("/?instance=%zz%4", "%zz%4"),
        ("/?instance=%C3%A9", "é"),
    ] {
        assert_eq!(accepted(&request(path)).instance.as_deref(), Some(label));
    }
}
