//! One run's states, topics and members.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::answer::{ClientId, Opened, RequestId};

/// Everything the machine keeps for the keys of one run.
#[derive(Debug)]
pub(super) struct Run<P> {
    pub(super) states: HashMap<Arc<str>, State>,
    pub(super) topics: HashMap<Arc<str>, Topic<P>>,
    /// Clients that took part, in order of their first request; a client keeps its place after it left.
    pub(super) members: Vec<Member>,
    index: HashMap<ClientId, u32>,
    /// Labels of instances that will take part, told beforehand.
    pub(super) expected: BTreeSet<Arc<str>>,
}

impl<P> Default for Run<P> {
    fn default() -> Self {
        Self {
            states: HashMap::new(),
            topics: HashMap::new(),
            members: Vec::new(),
            index: HashMap::new(),
            expected: BTreeSet::new(),
        }
    }
}

/// One client's part in one run.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) client: ClientId,
    pub(super) label: Option<Arc<str>>,
    pub(super) connected: bool,
}

/// A counter with those who wait for it.
#[derive(Debug)]
pub(super) struct State {
    pub(super) name: Arc<str>,
    pub(super) count: u64,
    /// When the first signal came, nanoseconds since the epoch.
    pub(super) first_ns: i64,
    /// Targets that were asked for and reached.
    opened: BTreeSet<u64>,
    /// Waiters by target, then client, then the order of their requests.
    pub(super) waiters: BTreeMap<(u64, ClientId, u64), RequestId>,
    pub(super) signalled: MemberSet,
}

impl State {
    fn new(name: Arc<str>) -> Self {
        Self {
            name,
            count: 0,
            first_ns: 0,
            opened: BTreeSet::new(),
            waiters: BTreeMap::new(),
            signalled: MemberSet::default(),
        }
    }

    /// Notes that a target was reached; nothing when it was noted before.
    pub(super) fn open(&mut self, target: u64) -> Option<Opened> {
        self.opened.insert(target).then_some(Opened { target, first_ns: self.first_ns })
    }

    /// Takes out the waiters whose target the count has reached.
    pub(super) fn take_passed(&mut self) -> BTreeMap<(u64, ClientId, u64), RequestId> {
        let first_target = self.waiters.first_key_value().map(|((target, ..), _)| *target);
        if first_target.is_none_or(|target| target > self.count) {
            return BTreeMap::new();
        }
        let still_waiting = self.waiters.split_off(&(self.count + 1, ClientId::FIRST, 0));
        std::mem::replace(&mut self.waiters, still_waiting)
    }
}

/// A log with the subscriptions that have read all of it.
#[derive(Debug)]
pub(super) struct Topic<P> {
    pub(super) log: Vec<P>,
    pub(super) parked: Vec<(ClientId, RequestId)>,
}

impl<P> Default for Topic<P> {
    fn default() -> Self {
        Self { log: Vec::new(), parked: Vec::new() }
    }
}

/// A set of positions in [`Run::members`]: one bit each, since every state of a run keeps one.
#[derive(Debug, Default)]
pub(super) struct MemberSet(Vec<u64>);

impl MemberSet {
    pub(super) fn insert(&mut self, member: u32) {
        let word = member as usize / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (member % 64);
    }

    pub(super) fn contains(&self, member: usize) -> bool {
        self.0.get(member / 64).is_some_and(|word| word >> (member % 64) & 1 == 1)
    }
}

impl<P> Run<P> {
    /// Returns the client's place among the members, if it has one.
    pub(super) fn place(&self, client: ClientId) -> Option<u32> {
        self.index.get(&client).copied()
    }

    pub(super) fn join(&mut self, client: ClientId, label: Option<Arc<str>>) -> u32 {
        let place =
            u32::try_from(self.members.len()).expect("bug: more than 4 billion clients in one run");
        self.members.push(Member { client, label, connected: true });
        self.index.insert(client, place);
        place
    }

    pub(super) fn member_mut(&mut self, client: ClientId) -> Option<&mut Member> {
        let place = self.place(client)?;
        self.members.get_mut(place as usize)
    }

    pub(super) fn state_mut(&mut self, key: &str) -> &mut State {
        if !self.states.contains_key(key) {
            let name: Arc<str> = key.into();
            let state = State::new(name.clone());
            self.states.insert(name, state);
        }
        self.states.get_mut(key).expect("bug: the state was just inserted")
    }

    pub(super) fn topic_mut(&mut self, key: &str) -> &mut Topic<P> {
        if !self.topics.contains_key(key) {
            self.topics.insert(key.into(), Topic::default());
        }
        self.topics.get_mut(key).expect("bug: the topic was just inserted")
    }
}
