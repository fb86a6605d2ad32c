//! The HTTP request that opens a connection.

use std::sync::Arc;

use thiserror::Error;
use tungstenite::handshake::derive_accept_key;
use tungstenite::handshake::headers::MAX_HEADERS;

/// The longest request head taken from a client.
const MAX_HEAD: usize = 16 << 10;

/// A request to open a WebSocket, complete and acceptable.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Upgrade {
    /// The bytes the head takes; what follows are frames.
    pub(super) consumed: usize,
    /// What the client calls itself in the query parameter `instance`.
    pub(super) instance: Option<Arc<str>>,
    /// The whole answer.
    pub(super) response: Vec<u8>,
}

/// Why a connection is not opened.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum HandshakeError {
    #[error("the request is not HTTP")]
    NotHttp,
    #[error("the request head is longer than {MAX_HEAD} bytes")]
    TooLong,
    #[error("this is a WebSocket service; the request asks for no WebSocket: {missing}")]
    NotWebSocket { missing: &'static str },
}

impl HandshakeError {
    /// Returns the whole HTTP answer.
    pub(super) fn response(&self) -> Vec<u8> {
        let (status, upgrade) = match self {
            Self::NotHttp => ("400 Bad Request", ""),
            Self::TooLong => ("431 Request Header Fields Too Large", ""),
            Self::NotWebSocket { .. } => {
                ("426 Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n")
            }
        };
        let body = format!("{self}\n");
        format!(
            "HTTP/1.1 {status}\r\n{upgrade}Connection: close\r\n\
             Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}

/// Reads a request head; none while it is not there as a whole.
///
/// Path, Host and Origin are not looked at, and no extension or subprotocol is ever agreed on.
pub(super) fn parse(buffer: &[u8]) -> Result<Option<Upgrade>, HandshakeError> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let consumed = match request.parse(buffer).map_err(|_| HandshakeError::NotHttp)? {
        httparse::Status::Complete(consumed) => consumed,
        httparse::Status::Partial if buffer.len() >= MAX_HEAD => {
            return Err(HandshakeError::TooLong);
        }
        httparse::Status::Partial => return Ok(None),
    };
    let key = websocket_key(&request)?;
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key)
    );
    let instance = request.path.and_then(instance_of);
    Ok(Some(Upgrade { consumed, instance, response: response.into_bytes() }))
}

fn websocket_key<'a>(request: &httparse::Request<'_, 'a>) -> Result<&'a [u8], HandshakeError> {
    let header = |name: &str| {
        request.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value)
    };
    let lists = |name: &str, word: &str| {
        header(name).and_then(|value| std::str::from_utf8(value).ok()).is_some_and(|value| {
            value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word))
        })
    };
    let missing = |missing| Err(HandshakeError::NotWebSocket { missing });
    if request.method != Some("GET") {
        return missing("the method is not GET");
    }
    if !lists("upgrade", "websocket") || !lists("connection", "upgrade") {
        return missing("no `Upgrade: websocket`");
    }
    if !lists("sec-websocket-version", "13") {
        return missing("no `Sec-WebSocket-Version: 13`");
    }
    header("sec-websocket-key").map_or_else(|| missing("no `Sec-WebSocket-Key`"), Ok)
}

/// Finds the query parameter `instance`, percent-encoded or not.
fn instance_of(path: &str) -> Option<Arc<str>> {
    let (_, query) = path.split_once('?')?;
    let value = query.split('&').find_map(|pair| pair.strip_prefix("instance="))?;
    let label = percent_decode(value);
    (!label.is_empty()).then(|| label.into())
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = (byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(decoded) => {
                plain.push(decoded);
                at += 3;
            }
            None => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests;
