//! Who waits at a barrier, and for whom.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::answer::ClientId;
use super::key;
use super::run::{Member, Run, State};

/// A state and target that at least one request waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenBarrier {
    /// The state's whole key.
    pub state: Arc<str>,
    /// The count that lets the waiters pass.
    pub target: u64,
    /// The count so far.
    pub count: u64,
    /// When the first signal came, nanoseconds since the epoch; none before it.
    pub first_ns: Option<i64>,
    /// Who waits here; one that waits twice is named once.
    pub waiting: Vec<Party>,
    /// Who has signalled the state at least once.
    pub signalled: Vec<Party>,
    /// Members and expected instances of the run (of the group, where the state is a group's) that have not signalled.
    ///
    /// Empty for `network-initialized`, which instances wait for but do not signal. These are candidates: when the
    /// plan wants only some instances to signal, `target - count` of them are really missing.
    pub missing: Vec<Party>,
}

/// One participant as seen from a barrier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Party {
    /// The label, such as `leech[07]`, where it is known.
    pub label: Option<Arc<str>>,
    /// The connection; none for an expected instance that never made one.
    pub client: Option<ClientId>,
    /// Whether the connection stands.
    pub connected: bool,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.label, self.client) {
            (Some(label), _) => f.write_str(label),
            (None, Some(client)) => client.fmt(f),
            (None, None) => f.write_str("unknown"),
        }
    }
}

impl Party {
    fn of(member: &Member) -> Self {
        Self {
            label: member.label.clone(),
            client: Some(member.client),
            connected: member.connected,
        }
    }
}

/// Lists one run's open barriers, in no particular order of states.
pub(super) fn open_barriers_of<P>(run: &Run<P>) -> Vec<OpenBarrier> {
    let mut open = Vec::new();
    for (name, state) in &run.states {
        let targets: BTreeSet<u64> = state.waiters.keys().map(|(target, ..)| *target).collect();
        if targets.is_empty() {
            continue;
        }
        let (signalled, missing) = attendance(run, name, state);
        open.extend(targets.into_iter().map(|target| OpenBarrier {
            state: name.clone(),
            target,
            count: state.count,
            first_ns: (state.count > 0).then_some(state.first_ns),
            waiting: waiting(run, state, target),
            signalled: signalled.clone(),
            missing: missing.clone(),
        }));
    }
    open
}

fn waiting<P>(run: &Run<P>, state: &State, target: u64) -> Vec<Party> {
    let clients: BTreeSet<ClientId> = state
        .waiters
        .keys()
        .filter(|(of, ..)| *of == target)
        .map(|(_, client, _)| *client)
        .collect();
    let mut parties: Vec<_> = clients
        .into_iter()
        .map(|client| match run.place(client) {
            Some(place) => Party::of(&run.members[place as usize]),
            None => Party { label: None, client: Some(client), connected: true },
        })
        .collect();
    parties.sort();
    parties
}

fn attendance<P>(run: &Run<P>, name: &str, state: &State) -> (Vec<Party>, Vec<Party>) {
    let (signalled, absent): (Vec<_>, Vec<_>) =
        run.members.iter().enumerate().partition(|(place, _)| state.signalled.contains(*place));
    let mut signalled: Vec<_> =
        signalled.into_iter().map(|(_, member)| Party::of(member)).collect();
    signalled.sort();
    if key::is_network_initialized(name) {
        return (signalled, Vec::new());
    }
    let present: BTreeSet<Arc<str>> =
        signalled.iter().filter_map(|party| party.label.clone()).collect();
    let mut missing: Vec<_> = absent.into_iter().map(|(_, member)| Party::of(member)).collect();
    let seen: BTreeSet<Arc<str>> = missing.iter().filter_map(|party| party.label.clone()).collect();
    missing.extend(run.expected.difference(&seen).map(|label| Party {
        label: Some(label.clone()),
        client: None,
        connected: false,
    }));
    let group = key::group_of(name);
    missing.retain(|party| match &party.label {
        Some(label) => {
            !present.contains(label) && group.is_none_or(|group| is_of_group(label, group))
        }
        None => true,
    });
    missing.sort();
    (signalled, missing)
}

fn is_of_group(label: &str, group: &str) -> bool {
    label.strip_prefix(group).is_some_and(|index| index.starts_with('['))
}
