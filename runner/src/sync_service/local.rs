//! The engine's own way into the service, without a socket.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ground_core::sync::{ClientId, RequestId};
use serde::Serialize;
use thiserror::Error;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::hub::{Applied, Caller, Hub, Link};
use super::wire::{Operation, Request};

/// A barrier or subscription ended because its run, or the service, did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the run has ended")]
pub struct RunEnded;

/// A client inside the process: it signals for the network's owner and looks on, and no barrier ever misses it.
///
/// Keys are whole, as [`ground_core::sync::key::KeySpace`] makes them.
#[derive(Debug, Clone)]
pub struct SyncHandle {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    hub: Arc<Hub>,
    client: ClientId,
    inbox: Arc<Inbox>,
    next_id: AtomicU64,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.hub.disconnect(self.client);
    }
}

impl SyncHandle {
    pub(super) fn new(hub: Arc<Hub>) -> Self {
        let inbox = Arc::new(Inbox::default());
        let client = hub.connect(Link::Local(inbox.clone()), None, None);
        Self { inner: Arc::new(Inner { hub, client, inbox, next_id: AtomicU64::new(0) }) }
    }

    /// Signals a state and returns its count.
    pub fn signal(&self, state: &str) -> u64 {
        let operation = Operation::Signal { state: state.into() };
        match self.apply("", operation) {
            Applied::Signalled(seq) => seq,
            other => unreachable!("bug: a signal came to {other:?}"),
        }
    }

    /// Publishes a payload and returns its position in the topic.
    ///
    /// # Errors
    /// When the payload cannot be written as JSON.
    pub fn publish(&self, topic: &str, payload: &impl Serialize) -> Result<u64, serde_json::Error> {
        let payload = serde_json::to_string(payload)?;
        let operation = Operation::Publish { topic: topic.into(), payload: &payload };
        match self.apply("", operation) {
            Applied::Published(seq) => Ok(seq),
            other => unreachable!("bug: a publish came to {other:?}"),
        }
    }

    /// Waits until the state's count has reached `target`; dropping the future ends the wait.
    ///
    /// # Errors
    /// [`RunEnded`] when the run or the service ended first.
    pub async fn barrier(&self, state: &str, target: i64) -> Result<(), RunEnded> {
        let request = OpenRequest::new(self);
        let passed = self.inner.inbox.expect_pass(request.id.clone());
        let operation = Operation::Barrier { state: state.into(), target };
        match self.apply(request.id.as_str(), operation) {
            Applied::Passed => Ok(()),
            _ => passed.await.map_err(|_| RunEnded),
        }
    }

    /// Subscribes to a topic from its first message on.
    pub fn subscribe(&self, topic: &str) -> LocalSubscription {
        let request = OpenRequest::new(self);
        let messages = self.inner.inbox.expect_messages(request.id.clone());
        self.apply(request.id.as_str(), Operation::Subscribe { topic: topic.into() });
        LocalSubscription { messages, _request: request }
    }

    fn apply(&self, id: &str, operation: Operation<'_>) -> Applied {
        let caller = Caller { client: self.inner.client, address: None };
        let applied = self.inner.hub.apply(caller, &[Request { id: id.into(), operation }]);
        applied.into_iter().next().unwrap_or(Applied::Silent)
    }
}

/// The messages of one topic, in order.
#[derive(Debug)]
pub struct LocalSubscription {
    messages: UnboundedReceiver<Arc<str>>,
    _request: OpenRequest,
}

impl LocalSubscription {
    /// Waits for the next message and returns its JSON text; none when the run or the service has ended.
    pub async fn next(&mut self) -> Option<Arc<str>> {
        self.messages.recv().await
    }
}

/// A request that is cancelled when nobody waits for it any more.
#[derive(Debug)]
struct OpenRequest {
    inner: Arc<Inner>,
    id: RequestId,
}

impl OpenRequest {
    fn new(handle: &SyncHandle) -> Self {
        let id = handle.inner.next_id.fetch_add(1, Ordering::Relaxed).to_string();
        Self { inner: handle.inner.clone(), id: RequestId::from(&*id) }
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.inner.hub.cancel(self.inner.client, self.id.as_str());
        self.inner.inbox.end(&self.id);
    }
}

/// Where the service puts what a local client waits for.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    barriers: HashMap<RequestId, oneshot::Sender<()>>,
    subscriptions: HashMap<RequestId, UnboundedSender<Arc<str>>>,
}

impl Inbox {
    fn expect_pass(&self, request: RequestId) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.lock().barriers.insert(request, sender);
        receiver
    }

    fn expect_messages(&self, request: RequestId) -> UnboundedReceiver<Arc<str>> {
        let (sender, receiver) = unbounded_channel();
        self.lock().subscriptions.insert(request, sender);
        receiver
    }

    /// Says that a barrier passed.
    pub(super) fn pass(&self, request: &RequestId) {
        if let Some(sender) = self.lock().barriers.remove(request) {
            // Nobody listens when the wait was given up at this moment.
            let _ = sender.send(());
        }
    }

    /// Hands a message over.
    pub(super) fn put(&self, request: &RequestId, payload: Arc<str>) {
        if let Some(sender) = self.lock().subscriptions.get(request) {
            // As above.
            let _ = sender.send(payload);
        }
    }

    /// Ends whatever is open under that id.
    pub(super) fn end(&self, request: &RequestId) {
        let mut waiting = self.lock();
        waiting.barriers.remove(request);
        waiting.subscriptions.remove(request);
    }

    /// Ends everything.
    pub(super) fn close(&self) {
        *self.lock() = Waiting::default();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
