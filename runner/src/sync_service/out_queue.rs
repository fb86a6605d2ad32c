//! Bytes on their way to one client.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use super::frame;
use super::wire::{self, Message};

/// Tails longer than this are sent from where they lie; shorter ones are cheaper to copy.
const SHARED_FROM: usize = 4 << 10;
/// Where one buffer of copied frames ends and the next begins.
const BUFFER: usize = 64 << 10;
const SLICES: usize = 32;

/// Frames waiting to be written, long payloads shared with all other queues they are in.
#[derive(Debug, Default)]
pub(super) struct OutQueue {
    chunks: VecDeque<Chunk>,
    /// Bytes of the first chunk that are written already.
    written: usize,
    length: usize,
}

#[derive(Debug)]
enum Chunk {
    Owned(Vec<u8>),
    Tail(Arc<Message>),
}

impl Chunk {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Tail(message) => message.tail(),
        }
    }
}

impl OutQueue {
    /// Returns the number of unwritten bytes.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Appends whole frames that `write` writes.
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let fits = matches!(self.chunks.back(), Some(Chunk::Owned(last)) if last.len() < BUFFER);
        if !fits {
            self.chunks.push_back(Chunk::Owned(Vec::new()));
        }
        let Some(Chunk::Owned(last)) = self.chunks.back_mut() else {
            unreachable!("bug: the last chunk is owned")
        };
        let before = last.len();
        write(last);
        self.length += last.len() - before;
    }

    /// Appends frames that are ready.
    pub(super) fn push_frames(&mut self, frames: Vec<u8>) {
        if frames.len() < BUFFER {
            self.push(|out| out.extend_from_slice(&frames));
        } else {
            self.length += frames.len();
            self.chunks.push_back(Chunk::Owned(frames));
        }
    }

    /// Appends the frame that delivers `message`, and returns the length of its text.
    pub(super) fn push_message(&mut self, id: &str, message: &Arc<Message>) -> usize {
        let tail = message.tail();
        let mut head = Vec::with_capacity(64);
        wire::write_head(&mut head, id);
        let length = head.len() + tail.len();
        let share = tail.len() > SHARED_FROM;
        self.push(|out| {
            frame::write_text_header(out, length);
            out.extend_from_slice(&head);
            if !share {
                out.extend_from_slice(tail);
            }
        });
        if share {
            self.length += tail.len();
            self.chunks.push_back(Chunk::Tail(message.clone()));
        }
        length
    }

    /// Writes until nothing is left or the stream takes no more.
    pub(super) fn poll_flush<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let mut used = 0;
            for (slice, chunk) in slices.iter_mut().zip(&self.chunks) {
                let skip = if used == 0 { self.written } else { 0 };
                *slice = IoSlice::new(&chunk.bytes()[skip..]);
                used += 1;
            }
            let taken = ready!(Pin::new(&mut *stream).poll_write_vectored(cx, &slices[..used]))?;
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(taken);
        }
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, taken: usize) {
        self.length -= taken;
        self.written += taken;
        while let Some(first) = self.chunks.front() {
            let length = first.bytes().len();
            if self.written < length {
                break;
            }
            self.written -= length;
            self.chunks.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
