//! The state machine and everybody connected to it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use ground_core::sync::{
    Barrier, ClientId, OpenBarrier, Opened, Party, RequestId, Role, SyncMachine, Waiter, key,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::event::{RunEvent, SyncEvent};
use super::local::Inbox;
use super::outbox::Outbox;
use super::wire::{self, Message, Operation, Request};

/// The longest message that Testground's Go SDK reads; a longer one ends its connection.
const GO_READ_LIMIT: usize = 32 << 10;

/// What all connections share.
#[derive(Debug, Default)]
pub(super) struct Hub {
    core: Mutex<Core>,
    peers: RwLock<HashMap<ClientId, Peer>>,
    /// Labels of all connections that come from an address.
    addresses: RwLock<HashMap<IpAddr, Arc<str>>>,
    warned_of_length: AtomicBool,
}

#[derive(Debug, Default)]
struct Core {
    machine: SyncMachine<Arc<Message>>,
    watchers: Vec<UnboundedSender<SyncEvent>>,
}

#[derive(Debug)]
struct Peer {
    link: Link,
    address: Option<SocketAddr>,
    /// The number it claimed in its group, such as `leech#8`; for reports where there is no label.
    alias: OnceLock<Arc<str>>,
}

/// The way to one client.
#[derive(Debug)]
pub(super) enum Link {
    Socket(Arc<Outbox>),
    Local(Arc<Inbox>),
}

/// Who sends a batch of requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    pub(super) client: ClientId,
    pub(super) address: Option<SocketAddr>,
}

/// What a request came to, for the answer to its sender.
#[derive(Debug)]
pub(super) enum Applied {
    Signalled(u64),
    Published(u64),
    Passed,
    /// There is nothing to answer, or not yet.
    Silent,
    Refused(Cow<'static, str>),
}

/// What a batch of requests means for others; carried out after the lock is released.
#[derive(Debug, Default)]
struct Effects {
    released: Vec<Waiter>,
    wake: Vec<ClientId>,
}

impl Hub {
    /// Admits a client that is reached by `link`.
    pub(super) fn connect(
        &self,
        link: Link,
        address: Option<SocketAddr>,
        label: Option<Arc<str>>,
    ) -> ClientId {
        let label = label.or_else(|| {
            let addresses = self.addresses.read().unwrap_or_else(PoisonError::into_inner);
            addresses.get(&address?.ip().to_canonical()).cloned()
        });
        let role = match link {
            Link::Socket(_) => Role::Instance,
            Link::Local(_) => Role::Observer,
        };
        let client = self.core().machine.connect(role, label);
        let peer = Peer { link, address, alias: OnceLock::new() };
        self.peers.write().unwrap_or_else(PoisonError::into_inner).insert(client, peer);
        client
    }

    /// Dismisses a client.
    pub(super) fn disconnect(&self, client: ClientId) {
        self.core().machine.disconnect(client);
        self.peers.write().unwrap_or_else(PoisonError::into_inner).remove(&client);
    }

    /// Applies a client's requests in order, tells everybody concerned, and returns what to answer to each.
    pub(super) fn apply(&self, caller: Caller, requests: &[Request<'_>]) -> Vec<Applied> {
        let mut effects = Effects::default();
        let now_ns = now_ns();
        let mut core = self.core();
        let applied =
            requests.iter().map(|r| core.apply(caller, r, now_ns, &mut effects)).collect();
        drop(core);
        self.carry_out(effects);
        applied
    }

    /// Notes the number a client without a label claimed in its group; `false` for any other state.
    pub(super) fn note_alias(&self, client: ClientId, state: &str, seq: u64) -> bool {
        let Some(group) = key::group_of(state) else { return false };
        if let Some(peer) = self.peers.read().unwrap_or_else(PoisonError::into_inner).get(&client) {
            // The first number stays: a plan may signal the state again.
            let _ = peer.alias.set(format!("{group}#{seq}").into());
        }
        true
    }

    /// Hands unread messages to `take` until it breaks off; `true` when more is left.
    pub(super) fn deliver(
        &self,
        client: ClientId,
        take: impl FnMut(&RequestId, &Arc<Message>) -> ControlFlow<()>,
    ) -> bool {
        self.core().machine.deliver(client, take)
    }

    /// Ends a request of a client.
    pub(super) fn cancel(&self, client: ClientId, request: &str) {
        self.core().machine.cancel(client, request);
    }

    /// Gives a client a label.
    pub(super) fn set_label(&self, client: ClientId, label: Arc<str>) {
        self.core().machine.set_label(client, label);
    }

    /// Gives all present and future clients from an address that have no label one.
    pub(super) fn label_address(&self, address: IpAddr, label: Arc<str>) {
        let address = address.to_canonical();
        self.addresses
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(address, label.clone());
        for (client, from) in self.unlabelled() {
            if from.ip().to_canonical() == address {
                self.set_label(client, label.clone());
            }
        }
    }

    /// Lists the clients that came through a socket and have no label, in order.
    pub(super) fn unlabelled(&self) -> Vec<(ClientId, SocketAddr)> {
        let peers = self.peers.read().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<_> =
            peers.iter().filter_map(|(client, peer)| Some((*client, peer.address?))).collect();
        drop(peers);
        let core = self.core();
        found.retain(|(client, _)| core.machine.label(*client).is_none());
        drop(core);
        found.sort_unstable();
        found
    }

    /// Announces a run's instances.
    pub(super) fn expect(&self, run: &str, labels: impl IntoIterator<Item = Arc<str>>) {
        self.core().machine.expect(run, labels);
    }

    /// Lists open barriers; who has no label is called by its number in the group or its address.
    pub(super) fn open_barriers(&self) -> Vec<OpenBarrier> {
        let mut open = self.core().machine.open_barriers();
        let peers = self.peers.read().unwrap_or_else(PoisonError::into_inner);
        let parties = open.iter_mut().flat_map(|barrier| {
            [&mut barrier.waiting, &mut barrier.signalled, &mut barrier.missing]
        });
        for party in parties.flatten().filter(|party| party.label.is_none()) {
            party.label = party.client.and_then(|client| peers.get(&client)).and_then(Peer::name);
        }
        for barrier in &mut open {
            for parties in [&mut barrier.waiting, &mut barrier.signalled, &mut barrier.missing] {
                parties.sort_by(|a: &Party, b| (&a.label, a.client).cmp(&(&b.label, b.client)));
            }
        }
        open
    }

    /// Adds somebody who is told of all events from now on.
    pub(super) fn watch(&self) -> UnboundedReceiver<SyncEvent> {
        let (sender, receiver) = unbounded_channel();
        self.core().watchers.push(sender);
        receiver
    }

    /// Forgets a run and refuses what it leaves open.
    pub(super) fn end_run(&self, run: &str) {
        let ended = self.core().machine.end_run(run);
        let peers = self.peers.read().unwrap_or_else(PoisonError::into_inner);
        let reason = format!("run `{run}` has ended");
        for Waiter { client, request } in ended.barriers.into_iter().chain(ended.subscriptions) {
            match peers.get(&client).map(|peer| &peer.link) {
                Some(Link::Socket(outbox)) => {
                    outbox.send(|out| wire::write_error(out, request.as_str(), &reason));
                }
                Some(Link::Local(inbox)) => inbox.end(&request),
                None => {}
            }
        }
    }

    /// Asks every connection to close.
    pub(super) fn close_all(&self) {
        for peer in self.peers.read().unwrap_or_else(PoisonError::into_inner).values() {
            match &peer.link {
                Link::Socket(outbox) => outbox.close(),
                Link::Local(inbox) => inbox.close(),
            }
        }
    }

    /// Returns how many sockets are connected.
    pub(super) fn connection_count(&self) -> usize {
        let peers = self.peers.read().unwrap_or_else(PoisonError::into_inner);
        peers.values().filter(|peer| matches!(peer.link, Link::Socket(_))).count()
    }

    /// Warns, once, of a message that a Go instance could not take.
    pub(super) fn warn_of_length(&self, length: usize) {
        if length > GO_READ_LIMIT && !self.warned_of_length.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                length,
                "a message is longer than {GO_READ_LIMIT} bytes: Testground's Go SDK drops its \
                 connection at that length; told once"
            );
        }
    }

    fn carry_out(&self, effects: Effects) {
        if effects.released.is_empty() && effects.wake.is_empty() {
            return;
        }
        let peers = self.peers.read().unwrap_or_else(PoisonError::into_inner);
        for Waiter { client, request } in effects.released {
            match peers.get(&client).map(|peer| &peer.link) {
                Some(Link::Socket(outbox)) => {
                    outbox.send(|out| wire::write_passed(out, request.as_str()));
                }
                Some(Link::Local(inbox)) => inbox.pass(&request),
                None => {}
            }
        }
        for client in effects.wake {
            match peers.get(&client).map(|peer| &peer.link) {
                Some(Link::Socket(outbox)) => outbox.notify_readable(),
                Some(Link::Local(inbox)) => self.fill(client, inbox),
                None => {}
            }
        }
    }

    /// Hands a local client's unread messages over, in order: under the lock.
    pub(super) fn fill(&self, client: ClientId, inbox: &Inbox) {
        self.core().machine.deliver(client, |request, message| {
            inbox.put(request, message.raw().clone());
            ControlFlow::Continue(())
        });
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        // The machine is whole between its calls; a panic elsewhere does not hurt it.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Peer {
    fn name(&self) -> Option<Arc<str>> {
        self.alias.get().cloned().or_else(|| Some(self.address?.to_string().into()))
    }
}

impl Core {
    fn apply(
        &mut self,
        caller: Caller,
        request: &Request<'_>,
        now_ns: i64,
        effects: &mut Effects,
    ) -> Applied {
        let client = caller.client;
        match &request.operation {
            Operation::Signal { state } => {
                let signal = self.machine.signal(client, state, now_ns);
                effects.released.extend(signal.released);
                self.tell_opened(state, signal.opened, now_ns);
                Applied::Signalled(signal.seq)
            }
            Operation::Barrier { state, target } => {
                match self.machine.barrier(client, &request.id, state, *target) {
                    Barrier::Passed { opened } => {
                        self.tell_opened(state, opened, now_ns);
                        Applied::Passed
                    }
                    Barrier::Waiting => Applied::Silent,
                }
            }
            Operation::Publish { topic, payload } => self.publish(caller, topic, payload, effects),
            Operation::Subscribe { topic } => {
                match self.machine.subscribe(client, &request.id, topic) {
                    Ok(readable) => {
                        effects.wake.extend(readable.then_some(client));
                        Applied::Silent
                    }
                    Err(error) => Applied::Refused(error.to_string().into()),
                }
            }
            Operation::Cancel => {
                self.machine.cancel(client, &request.id);
                Applied::Silent
            }
            Operation::Invalid { reason } => Applied::Refused(reason.clone().into()),
        }
    }

    fn publish(
        &mut self,
        Caller { client, address }: Caller,
        topic: &str,
        payload: &str,
        effects: &mut Effects,
    ) -> Applied {
        let message = Arc::new(Message::new(payload));
        let published = self.machine.publish(client, topic, message.clone());
        effects.wake.extend(published.wake);
        if !self.watchers.is_empty() && key::is_run_events(topic) {
            let label = self.machine.label(client).cloned();
            self.tell(&SyncEvent::RunEvent(RunEvent {
                topic: topic.into(),
                seq: published.seq,
                payload: message.raw().clone(),
                client,
                label,
                address,
            }));
        }
        Applied::Published(published.seq)
    }

    fn tell_opened(&mut self, state: &str, opened: impl IntoIterator<Item = Opened>, at_ns: i64) {
        for Opened { target, first_ns } in opened {
            if !self.watchers.is_empty() {
                let state = state.into();
                self.tell(&SyncEvent::BarrierOpened { state, target, first_ns, at_ns });
            }
        }
    }

    fn tell(&mut self, event: &SyncEvent) {
        self.watchers.retain(|watcher| watcher.send(event.clone()).is_ok());
    }
}

fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
