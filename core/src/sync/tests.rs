use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;

const PASSED: Barrier = Barrier::Passed { opened: None };

type Machine = SyncMachine<Arc<str>>;

const READY: &str = "run:r1:plan:p:case:c:states:ready";
const NOW: i64 = 1_700_000_000_000_000_000;
const PEERS: &str = "run:r1:plan:p:case:c:topics:peers";

fn join(machine: &mut Machine, label: &str) -> ClientId {
    machine.connect(Role::Instance, Some(label.into()))
}

fn read_all(machine: &mut Machine, client: ClientId) -> Vec<(String, String)> {
    let mut read = Vec::new();
    let more = machine.deliver(client, |request, payload| {
        read.push((request.to_string(), payload.to_string()));
        ControlFlow::Continue(())
    });
    assert!(!more, "nothing may be left after an unlimited read");
    read
}

fn names(parties: &[Party]) -> Vec<String> {
    parties.iter().map(Party::to_string).collect()
}

fn waiter(client: ClientId, request: &str) -> Waiter {
    Waiter { client, request: request.into() }
}

#[test]
fn zero_and_negative_targets_pass_at_once_and_leave_nothing_open() {
    let mut machine = Machine::default();
    let client = join(&mut machine, "a[0]");
    for target in [0, -1, i64::MIN] {
        assert_eq!(machine.barrier(client, "1", READY, target), PASSED);
    }
    assert_eq!(machine.open_barriers(), []);
}

#[test]
fn signals_count_densely_from_one_across_clients() {
    let mut machine = Machine::default();
    let (a, b) = (join(&mut machine, "a[0]"), join(&mut machine, "a[1]"));
    let seqs = [a, b, a, a, b].map(|client| machine.signal(client, READY, NOW).seq);
    assert_eq!(seqs, [1, 2, 3, 4, 5]);
}

#[test]
fn a_barrier_passes_at_its_target_and_only_once() {
    let mut machine = Machine::default();
    let (a, b) = (join(&mut machine, "a[0]"), join(&mut machine, "a[1]"));
    assert_eq!(machine.barrier(a, "7", READY, 2), Barrier::Waiting);
    assert_eq!(machine.signal(b, READY, NOW).released, []);
    assert_eq!(machine.signal(a, READY, NOW).released, [waiter(a, "7")]);
    assert_eq!(machine.signal(a, READY, NOW).released, []);
    assert_eq!(machine.barrier(b, "1", READY, 2), PASSED);
}

#[test]
fn the_opening_of_a_barrier_is_told_once_with_the_time_of_the_first_signal() {
    let mut machine = Machine::default();
    let (a, b) = (join(&mut machine, "a[0]"), join(&mut machine, "a[1]"));
    machine.barrier(a, "1", READY, 2);
    machine.barrier(b, "1", READY, 2);
    assert_eq!(machine.signal(a, READY, 10).opened, []);
    assert_eq!(machine.open_barriers()[0].first_ns, Some(10));
    assert_eq!(machine.signal(b, READY, 20).opened, [Opened { target: 2, first_ns: 10 }]);
    let late = Opened { target: 1, first_ns: 10 };
    assert_eq!(machine.barrier(a, "2", READY, 1), Barrier::Passed { opened: Some(late) });
    assert_eq!(machine.barrier(b, "2", READY, 1), PASSED);
    assert_eq!(machine.barrier(b, "3", READY, 2), PASSED);
}

#[test]
fn barriers_of_one_state_pass_each_at_their_own_target() {
    let mut machine = Machine::default();
    let (a, b, c) =
        (join(&mut machine, "a[0]"), join(&mut machine, "a[1]"), join(&mut machine, "a[2]"));
    machine.barrier(c, "30", READY, 3);
    machine.barrier(b, "10", READY, 1);
    machine.barrier(a, "11", READY, 1);
    assert_eq!(machine.signal(a, READY, NOW).released, [waiter(a, "11"), waiter(b, "10")]);
    assert_eq!(machine.signal(a, READY, NOW).released, []);
    assert_eq!(machine.signal(a, READY, NOW).released, [waiter(c, "30")]);
}

#[test]
fn a_client_that_left_is_released_by_nobody() {
    let mut machine = Machine::default();
    let (a, b) = (join(&mut machine, "a[0]"), join(&mut machine, "a[1]"));
    machine.barrier(a, "1", READY, 1);
    machine.disconnect(a);
    machine.disconnect(a);
    assert_eq!(machine.open_barriers(), []);
    assert_eq!(machine.signal(b, READY, NOW).released, []);
}

#[test]
fn a_topic_replays_from_its_first_message_and_then_goes_on_live() {
    let mut machine = Machine::default();
    let (a, b) = (join(&mut machine, "a[0]"), join(&mut machine, "a[1]"));
    assert_eq!(machine.publish(a, PEERS, "one".into()), Published { seq: 1, wake: vec![] });
    assert_eq!(machine.publish(a, PEERS, "two".into()).seq, 2);
    assert_eq!(machine.subscribe(b, "4", PEERS), Ok(true));
    assert_eq!(read_all(&mut machine, b), [("4".into(), "one".into()), ("4".into(), "two".into())]);
    assert_eq!(machine.publish(a, PEERS, "three".into()).wake, [b]);
    assert_eq!(
        machine.publish(a, PEERS, "four".into()).wake,
        [],
        "a woken client is not woken again"
    );
    assert_eq!(
        read_all(&mut machine, b),
        [("4".into(), "three".into()), ("4".into(), "four".into())]
    );
    assert_eq!(read_all(&mut machine, b), []);
}

#[test]
fn an_interrupted_read_goes_on_where_it_stopped() {
    let mut machine = Machine::default();
    let a = join(&mut machine, "a[0]");
    for message in ["one", "two", "three"] {
        machine.publish(a, PEERS, message.into());
    }
    machine.subscribe(a, "4", PEERS).unwrap();
    let mut first = Vec::new();
    let more = machine.deliver(a, |_, payload| {
        first.push(payload.to_string());
        if first.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(more);
    assert_eq!(first, ["one", "two"]);
    assert_eq!(read_all(&mut machine, a), [("4".into(), "three".into())]);
}

#[test]
fn interrupted_reads_take_turns_between_subscriptions() {
    let mut machine = Machine::default();
    let a = join(&mut machine, "a[0]");
    let other = "run:r1:plan:p:case:c:topics:other";
    for (topic, request) in [(PEERS, "1"), (other, "2")] {
        machine.publish(a, topic, "x".into());
        machine.publish(a, topic, "y".into());
        machine.subscribe(a, request, topic).unwrap();
    }
    let mut turns = Vec::new();
    while machine.deliver(a, |request, _| {
        turns.push(request.to_string());
        ControlFlow::Break(())
    }) {}
    assert_eq!(turns, ["1", "2", "1", "2"]);
}

#[test]
fn the_payload_is_shared_and_not_copied() {
    let mut machine = Machine::default();
    let clients: Vec<_> = (0..100).map(|_| machine.connect(Role::Instance, None)).collect();
    let payload: Arc<str> = "x".repeat(1000).into();
    machine.publish(clients[0], PEERS, payload.clone());
    for client in &clients {
        machine.subscribe(*client, "1", PEERS).unwrap();
        machine.deliver(*client, |_, delivered| {
            assert!(Arc::ptr_eq(delivered, &payload));
            ControlFlow::Continue(())
        });
    }
    assert_eq!(Arc::strong_count(&payload), 2, "this test's and the log's");
}

#[test]
fn an_open_subscription_id_is_refused_and_a_cancelled_one_is_free_again() {
    let mut machine = Machine::default();
    let (a, b) = (join(&mut machine, "a[0]"), join(&mut machine, "a[1]"));
    assert_eq!(machine.subscribe(a, "4", PEERS), Ok(false));
    let refused = machine.subscribe(a, "4", PEERS).unwrap_err();
    assert_eq!(refused, SyncError::RequestInUse { request: "4".into() });
    assert_eq!(machine.subscribe(b, "4", PEERS), Ok(false), "ids are each client's own");
    assert!(machine.cancel(a, "4"));
    assert!(!machine.cancel(a, "4"));
    assert_eq!(machine.publish(b, PEERS, "x".into()).wake, [b]);
    assert_eq!(machine.subscribe(a, "4", PEERS), Ok(true));
    assert_eq!(read_all(&mut machine, a), [("4".into(), "x".into())]);
}

#[test]
fn a_subscription_cancelled_with_messages_unread_delivers_nothing_more() {
    let mut machine = Machine::default();
    let a = join(&mut machine, "a[0]");
    machine.subscribe(a, "4", PEERS).unwrap();
    machine.publish(a, PEERS, "x".into());
    machine.cancel(a, "4");
    assert_eq!(read_all(&mut machine, a), []);
}

#[test]
fn a_cancelled_barrier_is_open_no_more() {
    let mut machine = Machine::default();
    let (a, b) = (join(&mut machine, "a[0]"), join(&mut machine, "a[1]"));
    machine.barrier(a, "1", READY, 1);
    assert!(!machine.cancel(b, "1"));
    assert!(machine.cancel(a, "1"));
    assert_eq!(machine.signal(b, READY, NOW).released, []);
}

#[test]
fn an_open_barrier_names_who_waits_who_signalled_and_who_is_missing() {
    let mut machine = Machine::default();
    let labels = ["leech[0]", "leech[1]", "leech[2]", "seed[0]"];
    machine.expect("r1", labels.map(Arc::from));
    let (leech0, leech1) = (join(&mut machine, "leech[0]"), join(&mut machine, "leech[1]"));
    let stranger = machine.connect(Role::Instance, None);
    machine.signal(leech0, READY, NOW);
    machine.signal(leech0, READY, NOW);
    machine.barrier(leech0, "9", READY, 5);
    machine.signal(leech1, "run:r1:plan:p:case:c:states:other", NOW);
    machine.publish(stranger, PEERS, "x".into());
    machine.disconnect(leech1);

    let open = machine.open_barriers();
    assert_eq!(open.len(), 1);
    assert_eq!((&*open[0].state, open[0].target, open[0].count), (READY, 5, 2));
    assert_eq!(names(&open[0].waiting), ["leech[0]"]);
    assert_eq!(names(&open[0].signalled), ["leech[0]"]);
    assert_eq!(names(&open[0].missing), ["client 2", "leech[1]", "leech[2]", "seed[0]"]);
    let standing: Vec<_> =
        open[0].missing.iter().map(|party| (party.client.is_some(), party.connected)).collect();
    assert_eq!(standing, [(true, true), (true, false), (false, false), (false, false)]);
}

#[test]
fn a_groups_state_misses_only_its_own_group() {
    let mut machine = Machine::default();
    machine.expect("r1", ["a[0]", "a[1]", "ab[0]"].map(Arc::from));
    let a0 = join(&mut machine, "a[0]");
    let state = key::KeySpace::new("r1", "p", "c").state(&key::initialized_group("a"));
    machine.signal(a0, &state, NOW);
    machine.barrier(a0, "1", &state, 2);
    assert_eq!(names(&machine.open_barriers()[0].missing), ["a[1]"]);
}

#[test]
fn nobody_is_missing_where_instances_do_not_signal() {
    let mut machine = Machine::default();
    let (engine, a) = (machine.connect(Role::Observer, None), join(&mut machine, "a[0]"));
    let state = key::KeySpace::new("r1", "p", "c").state(key::NETWORK_INITIALIZED);
    machine.barrier(a, "1", &state, 1);
    assert_eq!(machine.open_barriers()[0].missing, []);
    assert_eq!(machine.signal(engine, &state, NOW).released, [waiter(a, "1")]);
    machine.barrier(a, "2", READY, 1);
    assert_eq!(names(&machine.open_barriers()[0].missing), ["a[0]"], "an observer is never missed");
}

#[test]
fn a_restarted_instance_counts_for_the_connection_it_had() {
    let mut machine = Machine::default();
    let before = join(&mut machine, "a[0]");
    machine.signal(before, READY, NOW);
    machine.disconnect(before);
    let after = join(&mut machine, "a[0]");
    machine.barrier(after, "1", READY, 2);
    assert_eq!(machine.open_barriers()[0].missing, []);
}

#[test]
fn a_label_given_late_reaches_the_reports() {
    let mut machine = Machine::default();
    let client = machine.connect(Role::Instance, None);
    machine.barrier(client, "1", READY, 1);
    machine.set_label(client, "a[0]".into());
    assert_eq!(machine.label(client).map(|label| &**label), Some("a[0]"));
    assert_eq!(names(&machine.open_barriers()[0].waiting), ["a[0]"]);
}

#[test]
fn the_end_of_a_run_takes_its_own_keys_only() {
    let mut machine = Machine::default();
    let (a, engine) = (join(&mut machine, "a[0]"), machine.connect(Role::Observer, None));
    let (other_state, other_topic) = (READY.replace("r1", "r2"), PEERS.replace("r1", "r2"));
    for (state, topic, suffix) in [(READY, PEERS, "1"), (&other_state, &other_topic, "2")] {
        machine.signal(a, state, NOW);
        machine.barrier(a, &format!("b{suffix}"), state, 9);
        machine.subscribe(a, &format!("s{suffix}"), topic).unwrap();
        machine.subscribe(engine, &format!("e{suffix}"), topic).unwrap();
        machine.publish(a, topic, "x".into());
    }
    let left = machine.end_run("r1");
    assert_eq!(left.barriers, [waiter(a, "b1")]);
    assert_eq!(left.subscriptions, [waiter(a, "s1"), waiter(engine, "e1")]);
    assert_eq!(machine.end_run("r1"), EndedRun::default());
    assert_eq!(machine.runs(), ["r2"]);
    assert_eq!(read_all(&mut machine, a), [("s2".into(), "x".into())]);
    assert_eq!(machine.signal(a, &other_state, NOW).seq, 2);
    assert_eq!(machine.signal(a, READY, NOW).seq, 1, "a run of the same name begins anew");
    machine.disconnect(a);
    assert_eq!(machine.open_barriers(), []);
}

#[test]
fn keys_follow_the_wire_contract() {
    let keys = key::KeySpace::new("xid1", "network", "ping-pong");
    assert_eq!(keys.state("ready"), "run:xid1:plan:network:case:ping-pong:states:ready");
    assert_eq!(keys.topic("peers"), "run:xid1:plan:network:case:ping-pong:topics:peers");
    assert_eq!(keys.run_events(), "run:xid1:plan:network:case:ping-pong:run_events");
    assert_eq!(key::run_of(&keys.run_events()), "xid1");
    assert_eq!([key::run_of(""), key::run_of("run:"), key::run_of("plain")], ["", "", ""]);
    assert!(key::is_run_events(&keys.run_events()) && !key::is_run_events("xrun_events"));
    assert_eq!(key::short_name(&keys.state("a:b")), "a:b");
    assert_eq!(key::short_name("plain"), "plain");
}

/// One step of a random history.
#[derive(Debug, Clone)]
enum Step {
    Signal { client: usize, state: usize },
    Barrier { client: usize, state: usize, target: i64 },
    Publish { client: usize, topic: usize },
    Subscribe { client: usize, topic: usize },
    Read { client: usize, limit: usize },
    Reconnect { client: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let (client, key) = (0..4usize, 0..3usize);
    prop_oneof![
        (client.clone(), key.clone()).prop_map(|(client, state)| Step::Signal { client, state }),
        (client.clone(), key.clone(), -1..8i64).prop_map(|(client, state, target)| Step::Barrier {
            client,
            state,
            target
        }),
        (client.clone(), key.clone()).prop_map(|(client, topic)| Step::Publish { client, topic }),
        (client.clone(), key).prop_map(|(client, topic)| Step::Subscribe { client, topic }),
        (client.clone(), 1..4usize).prop_map(|(client, limit)| Step::Read { client, limit }),
        client.prop_map(|client| Step::Reconnect { client }),
    ]
}

/// The slow and obvious version: everything in plain lists, looked through from the start every time.
#[derive(Default)]
struct Model {
    counts: BTreeMap<String, u64>,
    logs: BTreeMap<String, Vec<String>>,
    waiting: Vec<(Waiter, String, i64)>,
    read: BTreeMap<Waiter, (String, Vec<String>)>,
}

proptest! {
    #[test]
    fn agrees_with_the_obvious_version(steps in prop::collection::vec(step(), 1..200)) {
        let mut machine = Machine::default();
        let mut clients: Vec<_> = (0..4).map(|_| machine.connect(Role::Instance, None)).collect();
        let mut model = Model::default();
        for (number, step) in steps.into_iter().enumerate() {
            let request = number.to_string();
            apply(&mut machine, &mut clients, &mut model, &request, step)?;
        }
        for client in clients {
            for (request, payload) in read_all(&mut machine, client) {
                model.read.get_mut(&waiter(client, &request)).unwrap().1.push(payload);
            }
        }
        for (topic, seen) in model.read.values() {
            let log = model.logs.get(topic).cloned().unwrap_or_default();
            prop_assert_eq!(seen, &log);
        }
    }
}

fn apply(
    machine: &mut Machine,
    clients: &mut [ClientId],
    model: &mut Model,
    request: &str,
    step: Step,
) -> Result<(), TestCaseError> {
    let state_key = |index: usize| format!("run:{}:states:{index}", index % 2);
    let topic_key = |index: usize| format!("run:{}:topics:{index}", index % 2);
    match step {
        Step::Signal { client, state } => {
            let key = state_key(state);
            let count = model.counts.entry(key.clone()).or_default();
            *count += 1;
            let signal = machine.signal(clients[client], &key, NOW);
            prop_assert_eq!(signal.seq, *count);
            let passed = |(_, state, target): &mut (Waiter, String, i64)| {
                *state == key && *target <= *count as i64
            };
            let mut expected: Vec<_> =
                model.waiting.extract_if(.., passed).map(|(waiter, ..)| waiter).collect();
            expected.sort();
            let mut released = signal.released;
            released.sort();
            prop_assert_eq!(released, expected);
        }
        Step::Barrier { client, state, target } => {
            let key = state_key(state);
            let passes = target <= model.counts.get(&key).copied().unwrap_or(0) as i64;
            let expected = if passes { PASSED } else { Barrier::Waiting };
            let answer = match machine.barrier(clients[client], request, &key, target) {
                Barrier::Passed { .. } => PASSED,
                waiting => waiting,
            };
            prop_assert_eq!(answer, expected);
            if !passes {
                model.waiting.push((waiter(clients[client], request), key, target));
            }
        }
        Step::Publish { client, topic } => {
            let log = model.logs.entry(topic_key(topic)).or_default();
            log.push(request.to_owned());
            let seq = machine.publish(clients[client], &topic_key(topic), request.into()).seq;
            prop_assert_eq!(seq, log.len() as u64);
        }
        Step::Subscribe { client, topic } => {
            machine.subscribe(clients[client], request, &topic_key(topic)).unwrap();
            model.read.insert(waiter(clients[client], request), (topic_key(topic), Vec::new()));
        }
        Step::Read { client, limit } => {
            let mut left = limit;
            machine.deliver(clients[client], |request, payload| {
                let key = waiter(clients[client], request.as_str());
                model.read.get_mut(&key).unwrap().1.push(payload.to_string());
                left -= 1;
                if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        }
        Step::Reconnect { client } => {
            let gone = clients[client];
            machine.disconnect(gone);
            model.waiting.retain(|(waiter, ..)| waiter.client != gone);
            model.read.retain(|waiter, _| waiter.client != gone);
            clients[client] = machine.connect(Role::Instance, None);
        }
    }
    Ok(())
}
