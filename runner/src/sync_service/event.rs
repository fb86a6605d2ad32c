//! What the service tells those who watch it.

use std::net::SocketAddr;
use std::sync::Arc;

use ground_core::sync::ClientId;

/// Something that happened in the service, in the order in which it happened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SyncEvent {
    /// An instance published one of its events.
    RunEvent(RunEvent),
    /// A state's count reached a target that somebody waits for; told once per state and target.
    BarrierOpened {
        /// The state's whole key.
        state: Arc<str>,
        /// The target.
        target: u64,
        /// When the state's first signal came, nanoseconds since the epoch.
        first_ns: i64,
        /// When the barrier opened, nanoseconds since the epoch.
        at_ns: i64,
    },
}

/// One message on a run's event topic.
#[derive(Debug, Clone)]
pub struct RunEvent {
    /// The topic's whole key.
    pub topic: Arc<str>,
    /// The message's position in the topic, from 1.
    pub seq: u64,
    /// The JSON text as it was published.
    pub payload: Arc<str>,
    /// The connection it came from.
    pub client: ClientId,
    /// The instance, such as `leech[7]`, where the connection has a label.
    pub label: Option<Arc<str>>,
    /// The other end of the connection; none for the engine's own messages.
    pub address: Option<SocketAddr>,
}
