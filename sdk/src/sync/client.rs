//! What a plan calls.

use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ground_core::sync::key::KeySpace;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use thiserror::Error;

use super::link::{Link, Pending};
use super::subscription::Subscription;
use super::wire::Operation;
use crate::event_log::Event;
use crate::run_env::RunEnv;

/// Why something asked of the sync service did not come about.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SyncError {
    /// The service cannot be reached.
    #[error("sync service at `{address}` cannot be reached")]
    Connect {
        /// Where it should be.
        address: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Something answers there, but no sync service.
    #[error("what answers at `{address}` is no sync service")]
    Handshake {
        /// Where it should be.
        address: String,
        /// What was wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The connection ended.
    #[error("the connection to the sync service ended before {what}")]
    Closed {
        /// What was waited for.
        what: String,
    },
    /// The service refused.
    #[error("the sync service refused {what}: {reason}")]
    Refused {
        /// What was asked.
        what: String,
        /// Why.
        reason: String,
    },
    /// It took too long.
    #[error("{what} did not come in time")]
    TimedOut {
        /// What was waited for.
        what: String,
    },
    /// A payload is not what it should be.
    #[error("{what} is not of the expected form")]
    Payload {
        /// Whose payload.
        what: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

/// A connection to the sync service; clones share it, and any thread may call.
///
/// States and topics are named as the plan names them; the run's prefix is added here.
#[derive(Debug, Clone)]
pub struct SyncClient {
    shared: Arc<Shared>,
    deadline: Option<Instant>,
}

#[derive(Debug)]
struct Shared {
    link: Arc<Link>,
    keys: KeySpace,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.link.close();
    }
}

impl SyncClient {
    /// Connects to the service that the environment names.
    ///
    /// # Errors
    /// [`SyncError::Connect`] and [`SyncError::Handshake`].
    pub fn connect(env: &RunEnv) -> Result<Self, SyncError> {
        let address = format!("{}:{}", env.sync_host, env.sync_port);
        let connect = || TcpStream::connect(first_address(&env.sync_host, env.sync_port)?);
        let stream =
            connect().map_err(|source| SyncError::Connect { address: address.clone(), source })?;
        let query = env.instance.as_deref().map(percent_encode);
        let query = query.map(|label| format!("?instance={label}")).unwrap_or_default();
        let link = Link::open(stream, &format!("ws://{address}/{query}"))
            .map_err(|source| SyncError::Handshake { address, source })?;
        let keys = KeySpace::new(&env.run, &env.plan, &env.case);
        let shared = Arc::new(Shared { link: Arc::new(link), keys });
        Ok(Self { shared, deadline: None })
    }

    /// Returns a client of the same connection that gives up whatever takes longer than `limit` from now.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        let deadline = Instant::now().checked_add(limit);
        Self { shared: self.shared.clone(), deadline }
    }

    /// Signals a state, and returns how many have done so, this one included.
    ///
    /// # Errors
    /// [`SyncError`].
    pub fn signal(&self, state: &str) -> Result<u64, SyncError> {
        let key = self.shared.keys.state(state);
        let [answer] = self.ask([Operation::SignalEntry { state: &key }], state)?;
        self.await_seq(answer, || format!("the count of state `{state}`"))
    }

    /// Waits until a state was signalled `target` times.
    ///
    /// # Errors
    /// [`SyncError`].
    pub fn barrier(&self, state: &str, target: u64) -> Result<(), SyncError> {
        let key = self.shared.keys.state(state);
        let [answer] = self.ask([Operation::Barrier { state: &key, target }], state)?;
        self.await_seq(answer, || barrier_name(state, target))?;
        Ok(())
    }

    /// Signals a state, waits until that happened `target` times, and returns which of them this one was.
    ///
    /// # Errors
    /// [`SyncError`].
    pub fn signal_and_wait(&self, state: &str, target: u64) -> Result<u64, SyncError> {
        let key = self.shared.keys.state(state);
        let both =
            [Operation::SignalEntry { state: &key }, Operation::Barrier { state: &key, target }];
        let [signal, barrier] = self.ask(both, state)?;
        let seq = self.await_seq(signal, || format!("the count of state `{state}`"))?;
        self.await_seq(barrier, || barrier_name(state, target))?;
        Ok(seq)
    }

    /// Publishes a payload to a topic, and returns its position there, from 1.
    ///
    /// # Errors
    /// [`SyncError`].
    pub fn publish(
        &self,
        topic: &str,
        payload: &(impl Serialize + ?Sized),
    ) -> Result<u64, SyncError> {
        self.publish_raw(&self.shared.keys.topic(topic), topic, raw(topic, payload)?)
    }

    /// Subscribes to a topic, from its first message on.
    ///
    /// # Errors
    /// [`SyncError::Closed`].
    pub fn subscribe<T: DeserializeOwned>(
        &self,
        topic: &str,
    ) -> Result<Subscription<T>, SyncError> {
        let key = self.shared.keys.topic(topic);
        let (id, messages) = self.shared.link.subscribe(&key).ok_or_else(|| closed(topic))?;
        Ok(Subscription::new(self.clone(), topic, id, messages))
    }

    /// Publishes a payload, then waits until a state was signalled `target` times; returns the payload's position.
    ///
    /// # Errors
    /// [`SyncError`].
    pub fn publish_and_wait(
        &self,
        topic: &str,
        payload: &(impl Serialize + ?Sized),
        state: &str,
        target: u64,
    ) -> Result<u64, SyncError> {
        let seq = self.publish(topic, payload)?;
        self.barrier(state, target)?;
        Ok(seq)
    }

    /// Publishes a payload and subscribes to the same topic.
    ///
    /// # Errors
    /// [`SyncError`].
    pub fn publish_subscribe<T: DeserializeOwned>(
        &self,
        topic: &str,
        payload: &(impl Serialize + ?Sized),
    ) -> Result<(u64, Subscription<T>), SyncError> {
        let seq = self.publish(topic, payload)?;
        Ok((seq, self.subscribe(topic)?))
    }

    /// Ends the connection, for all clones; whoever waits gets [`SyncError::Closed`].
    pub fn close(&self) {
        self.shared.link.close();
    }

    pub(crate) fn publish_event(&self, event: &Event<'_>) -> Result<(), SyncError> {
        let payload = raw("run_events", event)?;
        self.publish_raw(&self.shared.keys.run_events(), "run_events", payload)?;
        Ok(())
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(super) fn cancel(&self, id: u64) {
        self.shared.link.cancel(id);
    }

    fn publish_raw(
        &self,
        key: &str,
        topic: &str,
        payload: Box<RawValue>,
    ) -> Result<u64, SyncError> {
        let [answer] = self.ask([Operation::Publish { topic: key, payload }], topic)?;
        self.await_seq(answer, || format!("the position in topic `{topic}`"))
    }

    fn ask<const N: usize>(
        &self,
        operations: [Operation<'_>; N],
        name: &str,
    ) -> Result<[Pending; N], SyncError> {
        self.shared.link.ask(operations).ok_or_else(|| closed(name))
    }

    fn await_seq(
        &self,
        (id, answer): Pending,
        what: impl Fn() -> String,
    ) -> Result<u64, SyncError> {
        match receive(&answer, self.deadline) {
            Ok(Ok(seq)) => Ok(seq),
            Ok(Err(reason)) => Err(SyncError::Refused { what: what(), reason }),
            Err(RecvTimeoutError::Disconnected) => Err(SyncError::Closed { what: what() }),
            Err(RecvTimeoutError::Timeout) => {
                self.cancel(id);
                Err(SyncError::TimedOut { what: what() })
            }
        }
    }
}

/// Receives before a deadline, or whenever it comes.
pub(super) fn receive<T>(
    receiver: &Receiver<T>,
    deadline: Option<Instant>,
) -> Result<T, RecvTimeoutError> {
    match deadline {
        Some(deadline) => receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())),
        None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
    }
}

fn first_address(host: &str, port: u16) -> std::io::Result<std::net::SocketAddr> {
    // IPv4 first: `localhost` is both, and the service listens on one.
    let addresses: Vec<_> = (host, port).to_socket_addrs()?.collect();
    let first = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
    first.copied().ok_or_else(|| std::io::ErrorKind::NotFound.into())
}

fn raw(topic: &str, payload: &(impl Serialize + ?Sized)) -> Result<Box<RawValue>, SyncError> {
    let what = || format!("the payload for topic `{topic}`");
    to_raw_value(payload).map_err(|source| SyncError::Payload { what: what(), source })
}

fn barrier_name(state: &str, target: u64) -> String {
    format!("barrier `{state}` ({target} signals)")
}

fn closed(name: &str) -> SyncError {
    SyncError::Closed { what: format!("`{name}` was asked for") }
}

/// Encodes all but letters, digits and `-._~` for the query of a URL.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + 4);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
