//! What others have for a connection.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures::task::AtomicWaker;

use super::frame;

/// Frames and notices for one connection, put in by any task and taken out by the connection's own.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    inside: Mutex<Notices>,
    waker: AtomicWaker,
}

/// What lay in an outbox.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// Whole frames, ready to send.
    pub(super) frames: Vec<u8>,
    /// The state machine has unread messages for the connection.
    pub(super) readable: bool,
    /// The service ends: close after what was sent.
    pub(super) close: bool,
}

impl Outbox {
    /// Adds one text frame and wakes the connection.
    pub(super) fn send(&self, write: impl FnOnce(&mut Vec<u8>)) {
        frame::write_text(&mut self.lock().frames, write);
        self.waker.wake();
    }

    /// Says that there are messages to read, and wakes the connection.
    pub(super) fn notify_readable(&self) {
        self.lock().readable = true;
        self.waker.wake();
    }

    /// Asks the connection to close, and wakes it.
    pub(super) fn close(&self) {
        self.lock().close = true;
        self.waker.wake();
    }

    /// Registers who is to be woken; to be called before [`Self::take`].
    pub(super) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Takes everything out.
    pub(super) fn take(&self) -> Notices {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Notices> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
