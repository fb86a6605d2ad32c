//! The sync service: Testground's WebSocket protocol over the state machine of `ground-core`.
//!
//! Each connection is one task and one file descriptor. A task decodes all requests of one read, applies them under
//! one lock of the state machine, and writes all answers at once; barriers that pass thereby are put into the
//! outboxes of those who wait. There is no timer anywhere.
//!
//! # Memory
//! Messages of topics are not queued per connection: a subscription is a position in the topic, whose messages are
//! shared by all subscribers and kept until [`SyncServer::end_run`], since a late subscriber gets all of them. A
//! connection with more than [`HIGH_WATER`] unsent bytes is given no further messages and its requests are not read
//! until it has taken what it was sent, so a reader that stopped costs its own connection and nobody else's.

mod connection;
mod event;
mod frame;
mod handshake;
mod hub;
mod local;
mod out_queue;
mod outbox;
mod peer_process;
mod server;
mod wire;

pub use connection::HIGH_WATER;
pub use event::{RunEvent, SyncEvent};
pub use local::{LocalSubscription, RunEnded, SyncHandle};
pub use server::{SyncServer, SyncServerError};
