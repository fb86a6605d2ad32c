//! Who asks the machine, and what it answers.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// One client of the sync service, for as long as it is connected; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub(super) u64);

impl ClientId {
    pub(super) const FIRST: Self = Self(0);
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client {}", self.0)
    }
}

/// The name a client gave one of its requests, echoed in every answer to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// Returns the client's own text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for RequestId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl Borrow<str> for RequestId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a client is to the runs it touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It takes part: a barrier it has not signalled misses it.
    Instance,
    /// It looks on or signals for others: nobody ever misses it.
    Observer,
}

/// A request that waits, or waited, for something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiter {
    /// Who asked.
    pub client: ClientId,
    /// In which request.
    pub request: RequestId,
}

/// What one signal did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The state's count after the signal; dense, from 1.
    pub seq: u64,
    /// Requests whose barrier passed by it, by target, then client, then age.
    pub released: Vec<Waiter>,
    /// The barriers that opened by it, by target.
    pub opened: Vec<Opened>,
}

/// A state's count reached a target that somebody asked for; told once per state and target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// The target reached.
    pub target: u64,
    /// When the state's first signal came, as told to [`SyncMachine::signal`](super::SyncMachine::signal).
    pub first_ns: i64,
}

/// Where a barrier request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barrier {
    /// The count has reached the target.
    Passed {
        /// Set when nobody asked for this target before.
        opened: Option<Opened>,
    },
    /// Some later [`Signal::released`] will name the request.
    Waiting,
}

/// What one publish did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The message's position in its topic; dense, from 1.
    pub seq: u64,
    /// Clients that had nothing to read before and have something now.
    pub wake: Vec<ClientId>,
}

/// Requests that [`SyncMachine::end_run`](super::SyncMachine::end_run) left without an answer, in order of client and request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndedRun {
    /// Barriers that can pass no more.
    pub barriers: Vec<Waiter>,
    /// Subscriptions that get nothing more.
    pub subscriptions: Vec<Waiter>,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SyncError {
    /// The client has an open subscription under the same request id.
    #[error("request `{request}` is an open subscription already")]
    RequestInUse {
        /// The id in question.
        request: RequestId,
    },
}
