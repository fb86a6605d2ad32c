//! The messages of one topic.

use std::marker::PhantomData;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use super::client::{SyncClient, SyncError, receive};
use super::link::Reply;

/// The messages of one topic, in the order all subscribers see; ends with the connection, or at the first error.
///
/// Messages that are not taken are kept in memory. Dropping it ends the subscription.
#[derive(Debug)]
pub struct Subscription<T> {
    client: SyncClient,
    topic: String,
    id: u64,
    messages: Receiver<Reply<String>>,
    ended: bool,
    payload: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Subscription<T> {
    pub(super) fn new(
        client: SyncClient,
        topic: &str,
        id: u64,
        messages: Receiver<Reply<String>>,
    ) -> Self {
        let topic = topic.to_owned();
        Self { client, topic, id, messages, ended: false, payload: PhantomData }
    }

    /// Waits for the next message, no longer than its client does.
    ///
    /// # Errors
    /// [`SyncError`]; after [`SyncError::TimedOut`] and [`SyncError::Payload`] the next call goes on.
    pub fn receive(&mut self) -> Result<T, SyncError> {
        self.receive_before(self.client.deadline())
    }

    /// Waits for the next message, no longer than `limit`.
    ///
    /// # Errors
    /// As [`Self::receive`].
    pub fn receive_within(&mut self, limit: Duration) -> Result<T, SyncError> {
        self.receive_before(Instant::now().checked_add(limit))
    }

    fn receive_before(&mut self, deadline: Option<Instant>) -> Result<T, SyncError> {
        let what = || format!("a message of topic `{}`", self.topic);
        match receive(&self.messages, deadline) {
            Ok(Ok(text)) => serde_json::from_str(&text)
                .map_err(|source| SyncError::Payload { what: what(), source }),
            Ok(Err(reason)) => Err(SyncError::Refused { what: what(), reason }),
            Err(RecvTimeoutError::Disconnected) => Err(SyncError::Closed { what: what() }),
            Err(RecvTimeoutError::Timeout) => Err(SyncError::TimedOut { what: what() }),
        }
    }
}

impl<T: DeserializeOwned> Iterator for Subscription<T> {
    type Item = Result<T, SyncError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let received = self.receive();
        self.ended = received.is_err();
        Some(received)
    }
}

impl<T> Drop for Subscription<T> {
    fn drop(&mut self) {
        self.client.cancel(self.id);
    }
}
