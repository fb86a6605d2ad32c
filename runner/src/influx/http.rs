//! Just enough of HTTP/1.1 for a client of InfluxDB: one request, one answer, close.

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The longest head of a request.
const MAX_HEAD: usize = 16 * 1024;

/// The longest body of a request; SDKs send a few kilobytes.
pub(super) const MAX_BODY: usize = 8 << 20;

/// Headers that a request may have.
const MAX_HEADERS: usize = 64;

/// One request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    /// Path and query as they were sent.
    pub(super) target: String,
    pub(super) body: Vec<u8>,
}

/// What is answered instead of serving a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum RequestError {
    #[error("the request cannot be read")]
    Malformed,
    #[error("the request's head is longer than 16 KiB")]
    HeadTooLong,
    #[error("the request's body is longer than 8 MiB")]
    BodyTooLong,
    #[error("bodies with `content-encoding` are not understood; send plain text")]
    Encoded,
    #[error("the connection closed within a request")]
    Closed,
}

impl RequestError {
    pub(super) const fn status(self) -> &'static str {
        match self {
            Self::Malformed | Self::Closed => "400 Bad Request",
            Self::HeadTooLong => "431 Request Header Fields Too Large",
            Self::BodyTooLong => "413 Payload Too Large",
            Self::Encoded => "415 Unsupported Media Type",
        }
    }
}

/// What the head of a request says about its body.
struct Head {
    length: usize,
    method: String,
    target: String,
    body: Body,
    expects: bool,
}

enum Body {
    Sized(usize),
    Chunked,
}

/// Reads one request; `interim` is called when the client waits for leave to send its body.
pub(super) async fn read_request<S: AsyncRead + Unpin>(
    stream: &mut S,
    interim: impl AsyncFnOnce(&mut S) -> std::io::Result<()>,
) -> Result<Request, RequestError> {
    let mut bytes = Vec::with_capacity(2048);
    let head = loop {
        if let Some(head) = parse_head(&bytes)? {
            break head;
        }
        if bytes.len() >= MAX_HEAD {
            return Err(RequestError::HeadTooLong);
        }
        more(stream, &mut bytes).await?;
    };
    if head.expects {
        interim(stream).await.map_err(|_| RequestError::Closed)?;
    }
    let mut rest = bytes.split_off(head.length);
    let body = match head.body {
        Body::Sized(length) if length > MAX_BODY => return Err(RequestError::BodyTooLong),
        Body::Sized(length) => {
            while rest.len() < length {
                more(stream, &mut rest).await?;
            }
            rest.truncate(length);
            rest
        }
        Body::Chunked => read_chunks(stream, rest).await?,
    };
    Ok(Request { method: head.method, target: head.target, body })
}

async fn more<S: AsyncRead + Unpin>(
    stream: &mut S,
    bytes: &mut Vec<u8>,
) -> Result<(), RequestError> {
    match stream.read_buf(bytes).await {
        Ok(0) | Err(_) => Err(RequestError::Closed),
        Ok(_) => Ok(()),
    }
}

fn parse_head(bytes: &[u8]) -> Result<Option<Head>, RequestError> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(RequestError::Malformed),
    };
    let header = |name: &str| {
        let found = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.and_then(|header| std::str::from_utf8(header.value).ok()).map(str::trim)
    };
    if header("content-encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(RequestError::Encoded);
    }
    let chunked =
        header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    let body = if chunked {
        Body::Chunked
    } else {
        let length = header("content-length").unwrap_or("0");
        Body::Sized(length.parse().map_err(|_| RequestError::Malformed)?)
    };
    let expects = header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue"));
    let method = request.method.unwrap_or_default().to_owned();
    let target = request.path.unwrap_or_default().to_owned();
    Ok(Some(Head { length, method, target, body, expects }))
}

async fn read_chunks<S: AsyncRead + Unpin>(
    stream: &mut S,
    mut bytes: Vec<u8>,
) -> Result<Vec<u8>, RequestError> {
    let mut body = Vec::new();
    loop {
        match httparse::parse_chunk_size(&bytes) {
            Err(_) => return Err(RequestError::Malformed),
            Ok(httparse::Status::Partial) => more(stream, &mut bytes).await?,
            Ok(httparse::Status::Complete((_, 0))) => return Ok(body),
            Ok(httparse::Status::Complete((start, size))) => {
                let size = usize::try_from(size).map_err(|_| RequestError::BodyTooLong)?;
                if body.len().saturating_add(size) > MAX_BODY {
                    return Err(RequestError::BodyTooLong);
                }
                while bytes.len() < start + size + 2 {
                    more(stream, &mut bytes).await?;
                }
                body.extend_from_slice(&bytes[start..start + size]);
                bytes.drain(..start + size + 2);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_BODY, Request, RequestError, read_request};

    async fn read(text: &str) -> Result<Request, RequestError> {
        let mut bytes = text.as_bytes();
        read_request(&mut bytes, async |_| Ok(())).await
    }

    #[tokio::test]
    async fn requests_that_cannot_be_served_are_refused_with_their_status() {
        for (text, error) in [
            ("", RequestError::Closed),
            ("POST /write HTTP/1.1\r\ncontent-length: 5\r\n\r\nab", RequestError::Closed),
            ("\u{1}\r\n\r\n", RequestError::Malformed),
            ("POST / HTTP/1.1\r\ncontent-length: many\r\n\r\n", RequestError::Malformed),
            ("POST / HTTP/1.1\r\ncontent-encoding: gzip\r\n\r\n", RequestError::Encoded),
            (
                "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
                RequestError::Malformed,
            ),
        ] {
            assert_eq!(read(text).await, Err(error), "{text:?}");
        }
        let long = format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n\r\n", MAX_BODY + 1);
        assert_eq!(read(&long).await, Err(RequestError::BodyTooLong));
        let head = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(20_000));
        assert_eq!(read(&head).await, Err(RequestError::HeadTooLong));
    }

    #[tokio::test]
    async fn sized_and_chunked_bodies_are_read() {
        let sized = read("POST /write?db=x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcdef").await;
        let expected = Request {
            method: "POST".to_owned(),
            target: "/write?db=x".to_owned(),
            body: b"abc".to_vec(),
        };
        assert_eq!(sized, Ok(expected));
        let chunked = read(
            "POST /write HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
        )
        .await;
        assert_eq!(chunked.unwrap().body, b"abcde");
    }
}
