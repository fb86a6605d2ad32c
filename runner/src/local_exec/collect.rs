//! What became of every instance, from what was seen of its process and what it left.

use std::collections::BTreeMap;
use std::num::NonZero;

use ground_core::event::{Event, EventKind};
use ground_core::execution::{Execution, InstanceResult, RunRequest};
use ground_core::id::InstanceId;
use ground_core::outcome::{Outcome, OutcomeKind};

use super::cgroup::InstanceCgroup;
use super::launch::Reaped;
use super::prepare::Place;
use super::run::Observed;
use crate::outcome::{Ending, Reading, Stopped, decide, read_instance};
use crate::runner::OpenBarrier;

/// Missing instances that a reason names.
const NAMED: usize = 3;

/// Why an instance did not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    Timeout,
    Canceled,
    /// It waited for an instance that had failed.
    Lost,
    /// Another instance could not be started.
    NeighbourRefused,
}

/// What was seen of one instance's process.
#[derive(Debug, Clone, Default)]
pub(super) struct Fate {
    pub(super) started_ns: Option<i64>,
    pub(super) ended: Option<(i64, Reaped)>,
    pub(super) refused: Option<String>,
    pub(super) stop: Option<Stop>,
}

/// All that the outcomes are read from.
pub(super) struct Collection<'a> {
    pub(super) request: &'a RunRequest,
    pub(super) places: &'a [Place],
    pub(super) cgroups: &'a [InstanceCgroup],
    pub(super) observed: &'a Observed,
}

struct Read {
    result: InstanceResult,
    events: Vec<Event>,
    dropped_messages: u64,
    long_lines: u64,
}

impl Collection<'_> {
    /// Reads every instance's outputs and decides its outcome; `peak` resolves what the kernel counted.
    pub(super) fn collect(&self, peak: impl Fn(usize, u64) -> u64 + Sync) -> Execution {
        let published = self.published();
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let share = self.places.len().div_ceil(threads).max(1);
        let slots: Vec<usize> = (0..self.places.len()).collect();
        let read: Vec<Read> = std::thread::scope(|scope| {
            let workers: Vec<_> = slots
                .chunks(share)
                .map(|slots| {
                    let (peak, published) = (&peak, &published);
                    scope.spawn(move || -> Vec<Read> {
                        slots.iter().map(|slot| self.read(*slot, peak, published)).collect()
                    })
                })
                .collect();
            let joined = workers.into_iter().map(|worker| worker.join());
            joined.flat_map(|read| read.expect("bug: reading outputs panicked")).collect()
        });
        self.assemble(read)
    }

    /// Returns what identified instances published, by instance.
    fn published(&self) -> BTreeMap<&InstanceId, Vec<(i64, EventKind)>> {
        let mut by_instance: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for event in &self.observed.reported {
            if let Some(instance) = &event.instance {
                by_instance.entry(instance).or_default().push((event.at_ns, event.kind.clone()));
            }
        }
        by_instance
    }

    fn read(
        &self,
        slot: usize,
        peak: impl Fn(usize, u64) -> u64,
        published: &BTreeMap<&InstanceId, Vec<(i64, EventKind)>>,
    ) -> Read {
        let place = &self.places[slot];
        let fate = &self.observed.fates[slot];
        let started_ns = fate.started_ns.unwrap_or(0);
        let (mut reading, unread) = match read_instance(&place.outputs, started_ns) {
            Ok(reading) => (reading, None),
            Err(error) => (Reading::default(), Some(error)),
        };
        if let Some(published) = published.get(&place.instance) {
            reading.add_published(published);
        }
        let outcome = match unread {
            Some(error) => Outcome::new(
                OutcomeKind::InfraError,
                format!("its outputs cannot be read: {error}"),
            ),
            None => self.decide(slot, &reading),
        };
        let (ended_ns, reaped) = match fate.ended {
            Some((at_ns, reaped)) => (at_ns, Some(reaped)),
            None => (started_ns, None),
        };
        let dropped_messages = reading.dropped_messages;
        let long_lines = reading.long_lines;
        let instance = Some(place.instance.clone());
        let events = reading.events.into_iter().map(|(at_ns, kind)| Event {
            at_ns,
            instance: instance.clone(),
            kind,
        });
        let result = InstanceResult {
            instance: place.instance.clone(),
            outcome,
            exit_code: reaped.and_then(|reaped| reaped.exit_code),
            signal: reaped.and_then(|reaped| reaped.signal),
            started_ns,
            ended_ns,
            cpu_user_s: reaped.map_or(0.0, |reaped| reaped.cpu_user_s),
            cpu_system_s: reaped.map_or(0.0, |reaped| reaped.cpu_system_s),
            max_rss_bytes: reaped.map_or(0, |reaped| peak(slot, reaped.max_rss_bytes)),
            outputs: place.outputs.clone(),
        };
        Read { result, events: events.collect(), dropped_messages, long_lines }
    }

    fn decide(&self, slot: usize, reading: &Reading) -> Outcome {
        let fate = &self.observed.fates[slot];
        let place = &self.places[slot];
        if let Some(why) = &fate.refused {
            return Outcome::new(OutcomeKind::InfraError, format!("could not be started: {why}"));
        }
        let Some(started_ns) = fate.started_ns else {
            return never_started(fate.stop);
        };
        let Some((ended_ns, reaped)) = fate.ended else {
            let reason = "was lost: the thread that waited for it is gone";
            return Outcome::new(OutcomeKind::InfraError, reason);
        };
        let reached = self.cgroups.get(slot).is_some_and(InstanceCgroup::memory_limit_was_reached);
        let limit = self.request.groups[place.group].resources.memory_bytes;
        let ending = Ending {
            exit_code: reaped.exit_code,
            signal: reaped.signal,
            ran_s: ended_ns.saturating_sub(started_ns) as f64 * 1e-9,
            memory_limit: limit.filter(|_| reached),
        };
        let stopped = match fate.stop {
            None => None,
            Some(Stop::Timeout) => {
                Some(Stopped::Timeout(standing(&place.instance, &self.observed.barriers)))
            }
            Some(Stop::Lost) => {
                Some(Stopped::Lost(standing(&place.instance, &self.observed.barriers)))
            }
            Some(Stop::Canceled | Stop::NeighbourRefused) => Some(Stopped::Canceled),
        };
        decide(&ending, reading, stopped.as_ref(), self.request.bare)
    }

    fn assemble(&self, read: Vec<Read>) -> Execution {
        let mut caveats = Vec::new();
        let dropped: u64 = read.iter().map(|read| read.dropped_messages).sum();
        if dropped > 0 {
            caveats.push(format!(
                "{dropped} messages beyond the first 1000 of an instance are not kept"
            ));
        }
        let long: u64 = read.iter().map(|read| read.long_lines).sum();
        if long > 0 {
            caveats.push(format!("{long} lines were longer than 1 MiB and are read in part only"));
        }
        let mut instances = Vec::with_capacity(read.len());
        let mut events = Vec::new();
        for one in read {
            instances.push(one.result);
            events.extend(one.events);
        }
        events.extend(
            self.observed.reported.iter().filter(|event| event.instance.is_none()).cloned(),
        );
        events.sort_by_key(|event| event.at_ns);
        let started = instances.iter().map(|one| one.started_ns).filter(|at_ns| *at_ns != 0);
        // Who waited for somebody else explains less than that one does.
        let waited = |slot: usize| self.observed.fates[slot].stop == Some(Stop::Lost);
        let (later, first): (Vec<_>, Vec<_>) =
            instances.iter().enumerate().partition(|(slot, _)| waited(*slot));
        let outcome = Outcome::of_run(first.iter().chain(&later).map(|(_, one)| &one.outcome));
        Execution {
            outcome,
            started_ns: started.min().unwrap_or(0),
            ended_ns: instances.iter().map(|one| one.ended_ns).max().unwrap_or(0),
            instances,
            events,
            caveats,
        }
    }
}

fn never_started(stop: Option<Stop>) -> Outcome {
    match stop {
        Some(Stop::Timeout) => {
            Outcome::new(OutcomeKind::Timeout, "was not started before the run's time was up")
        }
        Some(Stop::Canceled | Stop::Lost) => Outcome::new(OutcomeKind::Canceled, "was not started"),
        Some(Stop::NeighbourRefused) => Outcome::new(
            OutcomeKind::Canceled,
            "was not started: another instance could not be started",
        ),
        None => Outcome::new(OutcomeKind::InfraError, "was never started"),
    }
}

/// Says where an instance stood when time was up.
fn standing(instance: &InstanceId, barriers: &[OpenBarrier]) -> String {
    let name = instance.to_string();
    if let Some(barrier) = barriers.iter().find(|barrier| barrier.missing.contains(&name)) {
        return format!(
            "has not signalled `{}`, at which {} of {} arrived",
            barrier.state, barrier.arrived, barrier.target
        );
    }
    let texts: Vec<String> = barriers
        .iter()
        .map(|barrier| {
            format!(
                "at barrier `{}` {} of {} arrived{}",
                barrier.state,
                barrier.arrived,
                barrier.target,
                missing(&barrier.missing)
            )
        })
        .collect();
    texts.join("; ")
}

fn missing(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let named: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    let more = names.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(", missing {}{more}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use ground_core::id::InstanceId;

    use super::standing;
    use crate::runner::OpenBarrier;

    #[test]
    fn a_timeout_tells_who_waits_and_who_is_missing() {
        let missing: Vec<String> = (6..=10).map(|index| format!("leech[{index}]")).collect();
        let barriers =
            [OpenBarrier { state: "ready".to_owned(), arrived: 35, target: 40, missing }];
        let at = |index| standing(&InstanceId { group: "leech".to_owned(), index }, &barriers);
        assert_eq!(
            at(1),
            "at barrier `ready` 35 of 40 arrived, missing leech[6], leech[7], leech[8] and 2 more"
        );
        assert_eq!(at(7), "has not signalled `ready`, at which 35 of 40 arrived");
        assert_eq!(standing(&InstanceId { group: "x".to_owned(), index: 0 }, &[]), "");
    }
}
