//! The connection: one stream, written by whoever calls, read by one thread.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};

use super::wire::{Answer, Operation, Request};

/// How long the service has to answer our close frame.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// What came back for one request: a count, a payload's JSON text, or a refusal.
pub(super) type Reply<T> = Result<T, String>;

/// A request's id, and where its answer comes.
pub(super) type Pending = (u64, Receiver<Reply<u64>>);

/// A connection to the service.
#[derive(Debug)]
pub(super) struct Link {
    stream: Arc<TcpStream>,
    writer: Mutex<WebSocket<Wire>>,
    open: Arc<Mutex<Open>>,
    ended: Mutex<Receiver<()>>,
}

/// Requests without an answer.
#[derive(Debug, Default)]
struct Open {
    next_id: u64,
    /// Set when nothing will be answered any more.
    closed: bool,
    single: HashMap<u64, SyncSender<Reply<u64>>>,
    streams: HashMap<u64, Sender<Reply<String>>>,
}

/// One end of the stream for both halves; frames are written whole, so that a pong never falls into a request.
#[derive(Debug, Clone)]
struct Wire {
    stream: Arc<TcpStream>,
    writing: Arc<Mutex<()>>,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.stream).read(buffer)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _whole = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        (&*self.stream).write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Link {
    /// Opens a WebSocket over `stream`.
    pub(super) fn open(stream: TcpStream, url: &str) -> Result<Self, Box<tungstenite::Error>> {
        stream.set_nodelay(true).map_err(|error| Box::new(error.into()))?;
        let stream = Arc::new(stream);
        let wire = Wire { stream: stream.clone(), writing: Arc::default() };
        let config = WebSocketConfig::default()
            .read_buffer_size(16 << 10)
            .write_buffer_size(0)
            .max_message_size(None)
            .max_frame_size(None);
        let (reader, _) = tungstenite::client::client_with_config(url, wire.clone(), Some(config))
            .map_err(|error| match error {
                tungstenite::HandshakeError::Failure(error) => Box::new(error),
                tungstenite::HandshakeError::Interrupted(_) => {
                    Box::new(io::Error::from(io::ErrorKind::WouldBlock).into())
                }
            })?;
        let writer = WebSocket::from_raw_socket(wire, Role::Client, Some(config));
        let open = Arc::new(Mutex::new(Open::default()));
        let (ending, ended) = channel();
        let answered = open.clone();
        thread::Builder::new()
            .name("ground-sync".to_owned())
            .stack_size(256 << 10)
            .spawn(move || {
                read_all(reader, &answered);
                let _ = ending.send(());
            })
            .map_err(|error| Box::new(error.into()))?;
        Ok(Self { stream, writer: Mutex::new(writer), open, ended: Mutex::new(ended) })
    }

    /// Sends requests together; returns where the answers come, nothing when the connection is gone.
    pub(super) fn ask<const N: usize>(
        &self,
        operations: [Operation<'_>; N],
    ) -> Option<[Pending; N]> {
        let mut texts = Vec::with_capacity(N);
        let receivers = operations.map(|operation| {
            let (sender, receiver) = sync_channel(1);
            let id = lock(&self.open).expect_one(sender);
            texts.push(text(id, Some(operation)));
            (id, receiver)
        });
        self.send(texts)?;
        Some(receivers)
    }

    /// Sends a subscription; returns its id and where the messages come.
    pub(super) fn subscribe(&self, topic: &str) -> Option<(u64, Receiver<Reply<String>>)> {
        let (sender, receiver) = channel();
        let id = lock(&self.open).expect_many(sender);
        self.send(vec![text(id, Some(Operation::Subscribe { topic }))])?;
        Some((id, receiver))
    }

    /// Gives up a request, here and at the service.
    pub(super) fn cancel(&self, id: u64) {
        let mut open = lock(&self.open);
        open.single.remove(&id);
        open.streams.remove(&id);
        let closed = open.closed;
        drop(open);
        if !closed {
            // Where the connection is gone there is nothing to cancel.
            let _ = self.send(vec![text(id, None)]);
        }
    }

    /// Says goodbye and closes; what waits gets nothing more.
    pub(super) fn close(&self) {
        {
            let mut writer = lock(&self.writer);
            let _ = writer.close(None);
            let _ = writer.flush();
        }
        let _ = lock(&self.ended).recv_timeout(CLOSE_LIMIT);
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    fn send(&self, texts: Vec<String>) -> Option<()> {
        if lock(&self.open).closed {
            return None;
        }
        let mut writer = lock(&self.writer);
        for text in texts {
            writer.write(Message::text(text)).ok()?;
        }
        writer.flush().ok()
    }
}

impl Open {
    fn expect_one(&mut self, sender: SyncSender<Reply<u64>>) -> u64 {
        let id = self.take_id();
        self.single.insert(id, sender);
        id
    }

    fn expect_many(&mut self, sender: Sender<Reply<String>>) -> u64 {
        let id = self.take_id();
        self.streams.insert(id, sender);
        id
    }

    fn take_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// Hands an answer to whoever waits for it; one that nobody waits for any more is passed over.
    fn take(&mut self, answer: &Answer<'_>) {
        let Ok(id) = answer.id.parse::<u64>() else { return };
        let refusal = answer.refusal();
        if let Some(sender) = self.single.remove(&id) {
            let _ = sender.send(refusal.map_or_else(|| Ok(answer.seq()), Err));
        } else if let Some(sender) = self.streams.get(&id) {
            let _ =
                sender.send(refusal.map_or_else(|| Ok(answer.subscribe.clone().into_owned()), Err));
        }
    }
}

/// Reads until the connection ends, and lets everybody know who still waits.
fn read_all(mut reader: WebSocket<Wire>, open: &Mutex<Open>) {
    loop {
        match reader.read() {
            Ok(Message::Text(text)) => {
                // The service sends nothing else; what it might, is no answer to anything.
                if let Ok(answer) = serde_json::from_str::<Answer<'_>>(&text) {
                    lock(open).take(&answer);
                }
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    let mut open = lock(open);
    open.closed = true;
    open.single.clear();
    open.streams.clear();
}

fn text(id: u64, operation: Option<Operation<'_>>) -> String {
    let is_cancel = operation.is_none();
    serde_json::to_string(&Request { id: id.to_string(), is_cancel, operation })
        .expect("bug: a request is plain data")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
