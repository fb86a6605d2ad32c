use ground_core::event::EventKind;
use ground_core::outcome::OutcomeKind;

use super::{Ending, Stopped, decide};
use crate::outcome::Reading;

fn said(kinds: &[EventKind]) -> Reading {
    let events = kinds.iter().map(|kind| (1, kind.clone())).collect();
    Reading { events, ..Reading::default() }
}

fn exited(code: i32) -> Ending {
    Ending { exit_code: Some(code), ran_s: 41.2, ..Ending::default() }
}

fn killed(signal: i32) -> Ending {
    Ending { signal: Some(signal), ran_s: 41.2, ..Ending::default() }
}

fn failure(text: &str) -> EventKind {
    EventKind::Failure(text.to_owned())
}

fn crash(text: &str) -> EventKind {
    EventKind::Crash { error: text.to_owned(), stack: String::new() }
}

/// Every combination of the last word and the end, with what the contract's rule makes of it.
#[test]
fn the_last_word_and_the_end_decide_together() {
    use EventKind::Success;
    use OutcomeKind as Kind;
    let cases: Vec<(Vec<EventKind>, Ending, OutcomeKind, &str)> = vec![
        (vec![Success], exited(0), Kind::Success, ""),
        (vec![Success], exited(3), Kind::Failure, "said success, then exited with status 3"),
        (
            vec![Success],
            exited(101),
            Kind::Crash,
            "said success, then exited with status 101, a panic",
        ),
        (
            vec![Success],
            killed(11),
            Kind::Crash,
            "said success, then killed by signal 11 (SIGSEGV) after 41.2 s",
        ),
        (
            vec![],
            exited(0),
            Kind::Failure,
            "no outcome: exited with status 0 without saying success",
        ),
        (vec![], exited(2), Kind::Failure, "exited with status 2 without an outcome"),
        (vec![], exited(101), Kind::Crash, "exited with status 101, a panic without an outcome"),
        (vec![], killed(9), Kind::Crash, "killed by signal 9 (SIGKILL) after 41.2 s"),
        (vec![], killed(77), Kind::Crash, "killed by signal 77 after 41.2 s"),
        (
            vec![],
            exited(137),
            Kind::Failure,
            "exited with status 137, a shell's word for signal 9 without an outcome",
        ),
        // Go and JS exit 0 after a failure, Go also after a panic.
        (vec![failure("no")], exited(0), Kind::Failure, "failed: no"),
        (vec![failure("")], exited(0), Kind::Failure, "failed"),
        (vec![crash("nil")], exited(0), Kind::Crash, "crashed: nil"),
        (vec![crash("nil"), crash("nil")], exited(2), Kind::Crash, "crashed: nil"),
        (vec![failure("first"), failure("last")], exited(0), Kind::Failure, "failed: last"),
        (vec![failure("first"), Success], exited(0), Kind::Success, ""),
        (vec![Success, failure("late")], exited(0), Kind::Failure, "failed: late"),
        (
            vec![failure("no")],
            killed(6),
            Kind::Crash,
            "killed by signal 6 (SIGABRT) after 41.2 s; before that: no",
        ),
        (
            vec![EventKind::Start, EventKind::Message("x".to_owned())],
            exited(0),
            Kind::Failure,
            "no outcome: exited with status 0 without saying success",
        ),
    ];
    for (events, ending, kind, reason) in cases {
        let outcome = decide(&ending, &said(&events), None, false);
        assert_eq!(
            (outcome.kind, outcome.reason.as_str()),
            (kind, reason),
            "{events:?} {ending:?}"
        );
    }
}

#[test]
fn only_a_bare_executable_succeeds_in_silence() {
    assert!(decide(&exited(0), &said(&[]), None, true).is_success());
    assert!(!decide(&exited(1), &said(&[]), None, true).is_success());
    assert!(!decide(&killed(15), &said(&[]), None, true).is_success());
    assert!(!decide(&exited(0), &said(&[failure("no")]), None, true).is_success());
    assert!(!decide(&Ending::default(), &said(&[]), None, true).is_success());
}

#[test]
fn a_reached_memory_limit_is_named_whatever_the_end() {
    let limit = Some(256 << 20);
    let outcome = decide(&Ending { memory_limit: limit, ..killed(9) }, &said(&[]), None, false);
    assert_eq!(
        outcome.reason,
        "killed by signal 9 (SIGKILL) after 41.2 s; memory limit 256 MiB was reached"
    );
    // A child of the instance was killed, and the instance said success nevertheless.
    let outcome = decide(
        &Ending { memory_limit: Some(65_536), ..exited(0) },
        &said(&[EventKind::Success]),
        None,
        false,
    );
    assert_eq!(outcome.kind, OutcomeKind::Crash);
    assert_eq!(outcome.reason, "exited with status 0: memory limit 64 KiB was reached");
}

#[test]
fn what_was_done_to_an_instance_comes_first() {
    let place = Stopped::Timeout("waits at barrier `ready` (39 of 40 arrived)".to_owned());
    let outcome = decide(&killed(9), &said(&[EventKind::Success]), Some(&place), true);
    assert_eq!(outcome.kind, OutcomeKind::Timeout);
    assert_eq!(
        outcome.reason,
        "still ran after 41.2 s: waits at barrier `ready` (39 of 40 arrived)"
    );
    let outcome = decide(&exited(0), &said(&[]), Some(&Stopped::Canceled), true);
    assert_eq!(
        (outcome.kind, outcome.reason.as_str()),
        (OutcomeKind::Canceled, "stopped after 41.2 s")
    );
}

#[test]
fn last_words_explain_a_silent_failure_in_one_line() {
    let reading = Reading { last_words: "disk\nfull".to_owned(), ..Reading::default() };
    let outcome = decide(&exited(1), &reading, None, false);
    assert_eq!(outcome.reason, "exited with status 1 without an outcome: disk full");
}

#[test]
fn a_plan_that_hard_codes_the_sync_host_is_sent_to_another_runner() {
    let reading = Reading { lacks_sync_host: true, ..Reading::default() };
    let outcome = decide(&exited(101), &reading, None, false);
    assert_eq!(outcome.kind, OutcomeKind::Crash);
    assert_eq!(
        outcome.reason,
        "the plan hard-codes the host `testground-sync-service`, which `local:exec` cannot give it; runner \
         `local:netns` can (exited with status 101, a panic without an outcome)"
    );
    let fine = Reading { lacks_sync_host: true, ..said(&[EventKind::Success]) };
    assert!(decide(&exited(0), &fine, None, false).is_success());
}
