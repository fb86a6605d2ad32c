//! One client's socket, from its first byte to its last.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::ops::{ControlFlow, Range};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::frame::{self, Frame, FrameError, MAX_MESSAGE};
use super::handshake::{self, Upgrade};
use super::hub::{Applied, Caller, Hub, Link};
use super::out_queue::OutQueue;
use super::outbox::Outbox;
use super::wire::{self, Operation, Request};

/// Unsent bytes above which a connection is given no messages and its requests are not read: 256 KiB.
pub const HIGH_WATER: usize = 256 << 10;

/// Bytes taken by one read; the buffer is each worker thread's, so idle connections hold none.
const READ: usize = 64 << 10;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ].into_boxed_slice());
}

/// Serves one connection until either side ends it; an abrupt end is a normal one.
pub(super) async fn serve(mut stream: TcpStream, hub: Arc<Hub>) {
    // Without these, an SDK that writes header and payload apart waits 44 ms for our delayed ACK.
    let armed = stream.set_nodelay(true).and_then(|()| stream.set_quickack(true));
    if let Err(error) = armed {
        tracing::debug!(%error, "a connection ended before it was served");
        return;
    }
    let Some((upgrade, rest)) = open(&mut stream).await else { return };
    let mut connection = Connection::new(stream, hub, upgrade);
    connection.partial = rest;
    connection.process_partial();
    if let Err(error) = poll_fn(|cx| connection.poll(cx)).await {
        tracing::debug!(%error, client = %connection.caller.client, "a connection ended");
    }
}

/// Reads and answers the request head; returns what followed it.
async fn open(stream: &mut TcpStream) -> Option<(Upgrade, Vec<u8>)> {
    let mut head = Vec::with_capacity(1 << 10);
    loop {
        if stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
        stream.set_quickack(true).ok()?;
        match handshake::parse(&head) {
            Ok(Some(upgrade)) => {
                stream.write_all(&upgrade.response).await.ok()?;
                let rest = head.split_off(upgrade.consumed);
                return Some((upgrade, rest));
            }
            Ok(None) => {}
            Err(error) => {
                tracing::debug!(%error, "a connection was refused");
                // It is refused either way.
                let _ = stream.write_all(&error.response()).await;
                return None;
            }
        }
    }
}

struct Connection {
    stream: TcpStream,
    hub: Arc<Hub>,
    caller: Caller,
    outbox: Arc<Outbox>,
    out: OutQueue,
    /// Bytes of a frame that is not there as a whole.
    partial: Vec<u8>,
    /// Payloads of a message that is not there as a whole.
    fragments: Option<Vec<u8>>,
    /// The client has a label, or has claimed its number in its group.
    is_named: bool,
    /// The client says who it is, so it is no Go SDK with a read limit.
    is_ours: bool,
    /// The state machine may have unread messages for the client.
    readable: bool,
    /// A close frame is queued: nothing is read any more.
    closing: bool,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.hub.disconnect(self.caller.client);
    }
}

impl Connection {
    fn new(stream: TcpStream, hub: Arc<Hub>, upgrade: Upgrade) -> Self {
        let outbox = Arc::new(Outbox::default());
        let address = stream.peer_addr().ok();
        let is_ours = upgrade.instance.is_some();
        let client = hub.connect(Link::Socket(outbox.clone()), address, upgrade.instance);
        Self {
            stream,
            hub,
            caller: Caller { client, address },
            outbox,
            out: OutQueue::default(),
            partial: Vec::new(),
            fragments: None,
            is_named: is_ours,
            is_ours,
            readable: false,
            closing: false,
        }
    }

    /// Does everything that can be done without waiting; ready when the connection is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outbox.register(cx.waker());
        loop {
            self.collect();
            if let Poll::Ready(written) = self.out.poll_flush(&mut self.stream, cx) {
                written?;
                if self.closing {
                    return Poll::Ready(Ok(()));
                }
                if self.readable {
                    continue;
                }
            }
            if self.closing || self.out.len() >= HIGH_WATER {
                return Poll::Pending;
            }
            match self.poll_read(cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Queues what others have for the client.
    fn collect(&mut self) {
        let notices = self.outbox.take();
        if !notices.frames.is_empty() {
            self.out.push_frames(notices.frames);
        }
        self.readable |= notices.readable;
        if self.readable && self.out.len() < HIGH_WATER {
            self.collect_messages();
        }
        if notices.close && !self.closing {
            self.close(1001);
        }
    }

    fn collect_messages(&mut self) {
        let mut messages = Vec::new();
        let mut length = self.out.len();
        self.readable = self.hub.deliver(self.caller.client, |request, message| {
            length += message.raw().len();
            messages.push((request.clone(), message.clone()));
            if length < HIGH_WATER { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        for (request, message) in messages {
            let length = self.out.push_message(request.as_str(), &message);
            if !self.is_ours {
                self.hub.warn_of_length(length);
            }
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
            let taken = buffer.filled().len();
            if taken > 0 {
                self.stream.set_quickack(true)?;
                self.take_in(&mut scratch[..taken]);
            }
            Poll::Ready(Ok(taken))
        })
    }

    fn take_in(&mut self, bytes: &mut [u8]) {
        if self.partial.is_empty() {
            let used = self.process(bytes);
            self.partial.extend_from_slice(&bytes[used..]);
        } else {
            self.partial.extend_from_slice(bytes);
            self.process_partial();
        }
    }

    fn process_partial(&mut self) {
        let mut bytes = std::mem::take(&mut self.partial);
        let used = self.process(&mut bytes);
        if used < bytes.len() {
            bytes.drain(..used);
            self.partial = bytes;
        }
    }

    /// Handles all whole frames at the front of `bytes` and returns how many bytes they take.
    fn process(&mut self, bytes: &mut [u8]) -> usize {
        let mut used = 0;
        let mut messages = Vec::new();
        let failure = loop {
            match frame::decode(bytes, used) {
                Ok(Some(frame)) => {
                    used = frame.payload.end;
                    if let Err(error) = self.take_frame(&frame, bytes, &mut messages) {
                        break Some(error);
                    }
                }
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
            if self.closing {
                break None;
            }
        };
        self.answer_all(messages.into_iter().map(|range| &bytes[range]));
        if let Some(error) = failure {
            tracing::debug!(%error, client = %self.caller.client, "a connection is closed");
            self.close(error.close_code());
        }
        if self.closing { bytes.len() } else { used }
    }

    /// Sorts one frame in; whole messages go to `messages` or, assembled from fragments, are answered at once.
    fn take_frame(
        &mut self,
        frame: &Frame,
        bytes: &[u8],
        messages: &mut Vec<Range<usize>>,
    ) -> Result<(), FrameError> {
        let payload = &bytes[frame.payload.clone()];
        match (frame.opcode, self.fragments.as_mut()) {
            (OpCode::Control(Control::Ping), _) => {
                self.out.push(|out| frame::write_pong(out, payload));
            }
            (OpCode::Control(Control::Close), _) => {
                self.answer_all(messages.drain(..).map(|range| &bytes[range]));
                self.out.push(|out| frame::write_close(out, close_code(payload)));
                self.closing = true;
            }
            (OpCode::Control(_), _) => {}
            (OpCode::Data(Data::Continue), Some(fragments)) => {
                if fragments.len() + payload.len() > MAX_MESSAGE {
                    return Err(FrameError::TooLong);
                }
                fragments.extend_from_slice(payload);
                if frame.is_final {
                    self.answer_all(messages.drain(..).map(|range| &bytes[range]));
                    let whole = self.fragments.take().unwrap_or_default();
                    self.answer_all(std::iter::once(&whole[..]));
                }
            }
            (OpCode::Data(Data::Continue), None) | (_, Some(_)) => {
                return Err(FrameError::Sequence);
            }
            (_, None) if frame.is_final => messages.push(frame.payload.clone()),
            (_, None) => self.fragments = Some(payload.to_vec()),
        }
        Ok(())
    }

    /// Applies the requests together and queues the answers.
    fn answer_all<'a>(&mut self, messages: impl Iterator<Item = &'a [u8]>) {
        let requests: Vec<_> = messages.map(wire::decode).collect();
        if requests.is_empty() {
            return;
        }
        let applied = self.hub.apply(self.caller, &requests);
        for (request, applied) in requests.iter().zip(applied) {
            self.answer(request, &applied);
        }
    }

    fn answer(&mut self, request: &Request<'_>, applied: &Applied) {
        let id = &*request.id;
        match applied {
            Applied::Signalled(seq) => {
                if let (false, Operation::Signal { state }) = (self.is_named, &request.operation) {
                    self.is_named = self.hub.note_alias(self.caller.client, state, *seq);
                }
                self.push_text(|out| wire::write_signalled(out, id, *seq));
            }
            Applied::Published(seq) => self.push_text(|out| wire::write_published(out, id, *seq)),
            Applied::Passed => self.push_text(|out| wire::write_passed(out, id)),
            Applied::Refused(reason) => {
                self.push_text(|out| wire::write_error(out, id, reason));
            }
            Applied::Silent => {}
        }
    }

    fn push_text(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(|out| frame::write_text(out, write));
    }

    fn close(&mut self, code: u16) {
        self.out.push(|out| frame::write_close(out, Some(code)));
        self.closing = true;
    }
}

/// Returns the code of a close frame that has one.
fn close_code(payload: &[u8]) -> Option<u16> {
    payload.first_chunk().map(|code| u16::from_be_bytes(*code))
}
