//! Frames between clients and replicas: length, kind, fields, all little endian.

use std::io::{self, BufWriter, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};

/// The longest frame that is believed: a length beyond it is a broken peer.
const MAX_FRAME: usize = 64 << 20;

/// What a client asks a replica, or the primary a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    /// Stores a value; answered with its version.
    Put { key: u64, value: Vec<u8> },
    /// Reads a value.
    Get { key: u64 },
    /// Stores a value that the primary has given a version.
    Replicate { key: u64, version: u64, value: Vec<u8> },
}

/// What a replica answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The value was stored under this version.
    Stored { version: u64 },
    /// The value that was asked for.
    Value { version: u64, value: Vec<u8> },
    /// Nobody ever stored it.
    Missing,
}

/// One side of a connection.
pub(crate) struct Wire {
    reader: TcpStream,
    writer: BufWriter<TcpStream>,
    frame: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let writer = BufWriter::new(stream.try_clone()?);
        Ok(Self { reader: stream, writer, frame: Vec::new() })
    }

    pub(crate) fn connect(address: impl ToSocketAddrs) -> io::Result<Self> {
        Self::new(TcpStream::connect(address)?)
    }

    /// Sends one request and waits for its reply.
    pub(crate) fn call(&mut self, request: &Request) -> io::Result<Reply> {
        self.send_request(request)?;
        self.receive_reply()
    }

    fn send_request(&mut self, request: &Request) -> io::Result<()> {
        match request {
            Request::Put { key, value } => self.send(1, &[*key], value),
            Request::Get { key } => self.send(2, &[*key], &[]),
            Request::Replicate { key, version, value } => self.send(3, &[*key, *version], value),
        }
    }

    pub(crate) fn send_reply(&mut self, reply: &Reply) -> io::Result<()> {
        match reply {
            Reply::Stored { version } => self.send(17, &[*version], &[]),
            Reply::Value { version, value } => self.send(18, &[*version], value),
            Reply::Missing => self.send(19, &[], &[]),
        }
    }

    /// Waits for a request; nothing when the peer has gone.
    pub(crate) fn receive_request(&mut self) -> io::Result<Option<Request>> {
        let Some(kind) = self.receive()? else { return Ok(None) };
        let mut fields = Fields(&self.frame[1..]);
        Ok(Some(match kind {
            1 => Request::Put { key: fields.number()?, value: fields.rest() },
            2 => Request::Get { key: fields.number()? },
            3 => Request::Replicate {
                key: fields.number()?,
                version: fields.number()?,
                value: fields.rest(),
            },
            _ => return Err(broken("unknown request")),
        }))
    }

    fn receive_reply(&mut self) -> io::Result<Reply> {
        let kind = self.receive()?.ok_or_else(|| broken("the replica has gone"))?;
        let mut fields = Fields(&self.frame[1..]);
        Ok(match kind {
            17 => Reply::Stored { version: fields.number()? },
            18 => Reply::Value { version: fields.number()?, value: fields.rest() },
            19 => Reply::Missing,
            _ => return Err(broken("unknown reply")),
        })
    }

    fn send(&mut self, kind: u8, numbers: &[u64], rest: &[u8]) -> io::Result<()> {
        let length = 1 + numbers.len() * 8 + rest.len();
        self.writer.write_all(&(length as u32).to_le_bytes())?;
        self.writer.write_all(&[kind])?;
        for number in numbers {
            self.writer.write_all(&number.to_le_bytes())?;
        }
        self.writer.write_all(rest)?;
        self.writer.flush()
    }

    fn receive(&mut self) -> io::Result<Option<u8>> {
        let mut length = [0; 4];
        match self.reader.read_exact(&mut length) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
            Err(error) => return Err(error),
        }
        let length = u32::from_le_bytes(length) as usize;
        if length == 0 || length > MAX_FRAME {
            return Err(broken("impossible frame length"));
        }
        self.frame.resize(length, 0);
        self.reader.read_exact(&mut self.frame)?;
        Ok(Some(self.frame[0]))
    }
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn number(&mut self) -> io::Result<u64> {
        let (number, rest) = self.0.split_first_chunk().ok_or_else(|| broken("short frame"))?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*number))
    }

    fn rest(&self) -> Vec<u8> {
        self.0.to_vec()
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    use super::{Reply, Request, Wire};

    fn pair() -> (Wire, Wire) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = Wire::connect(listener.local_addr().unwrap()).unwrap();
        (near, Wire::new(listener.accept().unwrap().0).unwrap())
    }

    #[test]
    fn what_is_asked_is_what_arrives() {
        let (mut near, mut far) = pair();
        let requests = [
            Request::Put { key: 1, value: vec![7; 3] },
            Request::Get { key: u64::MAX },
            Request::Replicate { key: 2, version: 9, value: Vec::new() },
        ];
        for request in requests {
            near.send_request(&request).unwrap();
            assert_eq!(far.receive_request().unwrap(), Some(request));
        }
        for reply in [
            Reply::Stored { version: 3 },
            Reply::Value { version: 1, value: vec![1] },
            Reply::Missing,
        ] {
            far.send_reply(&reply).unwrap();
            assert_eq!(near.receive_reply().unwrap(), reply);
        }
    }

    #[test]
    fn a_peer_that_leaves_is_no_error_and_garbage_is() {
        let (near, mut far) = pair();
        drop(near);
        assert_eq!(far.receive_request().unwrap(), None);

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut raw = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut far = Wire::new(listener.accept().unwrap().0).unwrap();
        raw.write_all(&[0xff; 16]).unwrap();
        assert!(far.receive_request().is_err());
    }
}
