//! Counters, barriers, topics and the clients that use them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::answer::{
    Barrier, ClientId, EndedRun, Published, RequestId, Role, Signal, SyncError, Waiter,
};
use super::barrier::{OpenBarrier, open_barriers_of};
use super::key;
use super::run::Run;

#[derive(Debug)]
struct Client {
    role: Role,
    label: Option<Arc<str>>,
    runs: Vec<Box<str>>,
    /// Open barriers by serial: where the state machine finds them again.
    barriers: BTreeMap<u64, OpenRequest>,
    subscriptions: BTreeMap<RequestId, Subscription>,
    /// Subscriptions with something to read, each at most once.
    ready: VecDeque<RequestId>,
}

#[derive(Debug)]
struct OpenRequest {
    request: RequestId,
    state: Arc<str>,
    target: u64,
}

#[derive(Debug)]
struct Subscription {
    topic: Arc<str>,
    /// Index in the topic's log of the next message to deliver.
    next: usize,
}

/// The whole state of a sync service; `P` is a payload that is cheap to clone, such as an `Arc`.
///
/// Methods that take a [`ClientId`] panic with `bug:` if that client was never connected or has left.
#[derive(Debug)]
pub struct SyncMachine<P> {
    clients: HashMap<ClientId, Client>,
    runs: HashMap<Box<str>, Run<P>>,
    next_client: u64,
    next_serial: u64,
}

impl<P> Default for SyncMachine<P> {
    fn default() -> Self {
        Self { clients: HashMap::new(), runs: HashMap::new(), next_client: 0, next_serial: 0 }
    }
}

impl<P> SyncMachine<P> {
    /// Admits a client.
    pub fn connect(&mut self, role: Role, label: Option<Arc<str>>) -> ClientId {
        let id = ClientId(self.next_client);
        self.next_client += 1;
        let client = Client {
            role,
            label,
            runs: Vec::new(),
            barriers: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            ready: VecDeque::new(),
        };
        self.clients.insert(id, client);
        id
    }

    /// Dismisses a client with all its waiting requests; what it signalled and published stays.
    pub fn disconnect(&mut self, client: ClientId) {
        let Some(gone) = self.clients.remove(&client) else {
            return;
        };
        for (serial, open) in gone.barriers {
            self.forget_waiter(client, serial, &open);
        }
        for run in &gone.runs {
            if let Some(member) = self.runs.get_mut(run).and_then(|run| run.member_mut(client)) {
                member.connected = false;
            }
        }
    }

    /// Gives a client its label, such as `leech[07]`, in all runs it takes part in.
    pub fn set_label(&mut self, client: ClientId, label: Arc<str>) {
        let Some(known) = self.clients.get_mut(&client) else {
            return;
        };
        for run in &known.runs {
            if let Some(member) = self.runs.get_mut(run).and_then(|run| run.member_mut(client)) {
                member.label = Some(label.clone());
            }
        }
        known.label = Some(label);
    }

    /// Returns a connected client's label.
    pub fn label(&self, client: ClientId) -> Option<&Arc<str>> {
        self.clients.get(&client)?.label.as_ref()
    }

    /// Announces the labels of the instances a run consists of, so that one which never connects is missed as well.
    pub fn expect(&mut self, run: &str, labels: impl IntoIterator<Item = Arc<str>>) {
        self.runs.entry(run.into()).or_default().expected.extend(labels);
    }

    /// Counts one signal on a state; `now_ns` is the moment, nanoseconds since the epoch.
    pub fn signal(&mut self, client: ClientId, state: &str, now_ns: i64) -> Signal {
        let (run, place) = self.run_for(client, state);
        let found = run.state_mut(state);
        if found.count == 0 {
            found.first_ns = now_ns;
        }
        found.count += 1;
        if let Some(place) = place {
            found.signalled.insert(place);
        }
        let seq = found.count;
        let passed = found.take_passed();
        let mut targets: Vec<_> = passed.keys().map(|(target, ..)| *target).collect();
        targets.dedup();
        let opened = targets.into_iter().filter_map(|target| found.open(target)).collect();
        let mut signal = Signal { seq, released: Vec::with_capacity(passed.len()), opened };
        for ((_, client, serial), request) in passed {
            if let Some(waiting) = self.clients.get_mut(&client) {
                waiting.barriers.remove(&serial);
            }
            signal.released.push(Waiter { client, request });
        }
        signal
    }

    /// Asks to be told when a state's count has reached `target`; zero and less is reached at once.
    pub fn barrier(
        &mut self,
        client: ClientId,
        request: &str,
        state: &str,
        target: i64,
    ) -> Barrier {
        let serial = self.next_serial;
        let (run, _) = self.run_for(client, state);
        let Ok(target @ 1..) = u64::try_from(target) else {
            return Barrier::Passed { opened: None };
        };
        let found = run.state_mut(state);
        if target <= found.count {
            return Barrier::Passed { opened: found.open(target) };
        }
        let name = found.name.clone();
        let request = RequestId::from(request);
        found.waiters.insert((target, client, serial), request.clone());
        self.next_serial += 1;
        let open = OpenRequest { request, state: name, target };
        self.client_mut(client).barriers.insert(serial, open);
        Barrier::Waiting
    }

    /// Appends one message to a topic.
    pub fn publish(&mut self, client: ClientId, topic: &str, payload: P) -> Published {
        let (run, _) = self.run_for(client, topic);
        let found = run.topic_mut(topic);
        found.log.push(payload);
        let seq = found.log.len() as u64;
        let parked = std::mem::take(&mut found.parked);
        let mut wake = Vec::new();
        for (client, request) in parked {
            let Some(reader) = self.clients.get_mut(&client) else {
                continue;
            };
            if reader.ready.is_empty() {
                wake.push(client);
            }
            reader.ready.push_back(request);
        }
        Published { seq, wake }
    }

    /// Opens a subscription from the topic's first message on; `true` when there is something to read already.
    ///
    /// # Errors
    /// [`SyncError::RequestInUse`] when the client has an open subscription of that id.
    pub fn subscribe(
        &mut self,
        client: ClientId,
        request: &str,
        topic: &str,
    ) -> Result<bool, SyncError> {
        let request = RequestId::from(request);
        if self.client_mut(client).subscriptions.contains_key(&request) {
            return Err(SyncError::RequestInUse { request });
        }
        let (run, _) = self.run_for(client, topic);
        let found = run.topic_mut(topic);
        let has_messages = !found.log.is_empty();
        if !has_messages {
            found.parked.push((client, request.clone()));
        }
        let topic: Arc<str> = topic.into();
        let reader = self.client_mut(client);
        if has_messages {
            reader.ready.push_back(request.clone());
        }
        reader.subscriptions.insert(request, Subscription { topic, next: 0 });
        Ok(has_messages)
    }

    /// Ends a subscription or a waiting barrier of the client; `false` when it has none of that id.
    pub fn cancel(&mut self, client: ClientId, request: &str) -> bool {
        let known = self.client_mut(client);
        if let Some(open) = known.subscriptions.remove(request) {
            known.ready.retain(|ready| ready.as_str() != request);
            if let Some(topic) = self
                .runs
                .get_mut(key::run_of(&open.topic))
                .and_then(|run| run.topics.get_mut(&open.topic))
            {
                topic.parked.retain(|(parked, id)| *parked != client || id.as_str() != request);
            }
            return true;
        }
        let serial = known
            .barriers
            .iter()
            .find(|(_, open)| open.request.as_str() == request)
            .map(|(serial, _)| *serial);
        let Some(serial) = serial else { return false };
        if let Some(open) = known.barriers.remove(&serial) {
            self.forget_waiter(client, serial, &open);
        }
        true
    }

    /// Hands the client's unread messages to `take`, one subscription after the other, until it breaks off.
    ///
    /// A message handed over counts as read, also the one at which `take` breaks. Returns `true` when more is left;
    /// otherwise a later [`Published::wake`] will name the client.
    pub fn deliver(
        &mut self,
        client: ClientId,
        mut take: impl FnMut(&RequestId, &P) -> ControlFlow<()>,
    ) -> bool {
        let Self { clients, runs, .. } = self;
        let Some(reader) = clients.get_mut(&client) else {
            return false;
        };
        while let Some(request) = reader.ready.pop_front() {
            let Some(open) = reader.subscriptions.get_mut(&request) else {
                continue;
            };
            let Some(topic) = runs
                .get_mut(key::run_of(&open.topic))
                .and_then(|run| run.topics.get_mut(&open.topic))
            else {
                continue;
            };
            let mut flow = ControlFlow::Continue(());
            while flow.is_continue() && open.next < topic.log.len() {
                flow = take(&request, &topic.log[open.next]);
                open.next += 1;
            }
            if open.next < topic.log.len() {
                reader.ready.push_back(request);
            } else {
                topic.parked.push((client, request));
            }
            if flow.is_break() {
                break;
            }
        }
        !reader.ready.is_empty()
    }

    /// Lists the barriers somebody waits at, in order of state and target, with who signalled and who is missing.
    ///
    /// # Cost
    /// Proportional to open barriers times the members of their runs.
    pub fn open_barriers(&self) -> Vec<OpenBarrier> {
        let mut open: Vec<_> = self.runs.values().flat_map(open_barriers_of).collect();
        open.sort_by(|a, b| (&a.state, a.target).cmp(&(&b.state, b.target)));
        open
    }

    /// Forgets every state, topic and member of a run and says which requests it leaves open.
    pub fn end_run(&mut self, run: &str) -> EndedRun {
        let Some(ended) = self.runs.remove(run) else {
            return EndedRun::default();
        };
        let mut left = EndedRun::default();
        for member in ended.members.iter().filter(|member| member.connected) {
            let Some(client) = self.clients.get_mut(&member.client) else {
                continue;
            };
            client.leave(member.client, run, &mut left);
        }
        // Observers are no members.
        let observers = self.clients.iter_mut().filter(|(_, client)| client.role == Role::Observer);
        for (id, client) in observers {
            client.leave(*id, run, &mut left);
        }
        left.barriers.sort();
        left.subscriptions.sort();
        left
    }

    /// Returns the runs that hold anything, in order.
    pub fn runs(&self) -> Vec<&str> {
        let mut runs: Vec<_> = self.runs.keys().map(|run| &**run).collect();
        runs.sort_unstable();
        runs
    }

    /// Returns how many clients are connected, observers included.
    pub fn client_count(&self) -> usize {
        self.clients.len()
    }

    fn client_mut(&mut self, client: ClientId) -> &mut Client {
        self.clients.get_mut(&client).expect("bug: a request of a client that is not connected")
    }

    /// Finds the run of a key and makes the client a member of it.
    fn run_for(&mut self, client: ClientId, key: &str) -> (&mut Run<P>, Option<u32>) {
        let name = key::run_of(key);
        if !self.runs.contains_key(name) {
            self.runs.insert(name.into(), Run::default());
        }
        let run = self.runs.get_mut(name).expect("bug: the run was just inserted");
        if let Some(place) = run.place(client) {
            return (run, Some(place));
        }
        let known = self
            .clients
            .get_mut(&client)
            .expect("bug: a request of a client that is not connected");
        if known.role == Role::Observer {
            return (run, None);
        }
        known.runs.push(name.into());
        let place = run.join(client, known.label.clone());
        (run, Some(place))
    }

    fn forget_waiter(&mut self, client: ClientId, serial: u64, open: &OpenRequest) {
        let run = self.runs.get_mut(key::run_of(&open.state));
        if let Some(state) = run.and_then(|run| run.states.get_mut(&open.state)) {
            state.waiters.remove(&(open.target, client, serial));
        }
    }
}

impl Client {
    /// Drops what the client has open in `run` and notes it in `left`.
    fn leave(&mut self, id: ClientId, run: &str, left: &mut EndedRun) {
        self.runs.retain(|name| &**name != run);
        let of_run = |key: &str| key::run_of(key) == run;
        for (_, open) in self.barriers.extract_if(.., |_, open| of_run(&open.state)) {
            left.barriers.push(Waiter { client: id, request: open.request });
        }
        for (request, _) in self.subscriptions.extract_if(.., |_, open| of_run(&open.topic)) {
            self.ready.retain(|ready| *ready != request);
            left.subscriptions.push(Waiter { client: id, request });
        }
    }
}
