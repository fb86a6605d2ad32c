use std::collections::{BTreeMap, BTreeSet};

use ground_core::outcome::OutcomeKind;

use super::*;
use crate::runner::RunProgress;

#[test]
fn every_combination_is_run_once_in_blocks() {
    let lab = Lab::new(3);
    let summary = lab.run(&lab.request(2, 4)).unwrap();
    assert_eq!((summary.end, summary.total, summary.done), (SweepEnd::Complete, 24, 24));
    assert_eq!(summary.outcomes, BTreeMap::from([(OutcomeKind::Success, 24)]));
    let records = lab.records();
    for (place, record) in (0u32..).zip(&records) {
        assert_eq!((record.run.position, record.run.block), (place, place / 3));
        assert_eq!((record.run.attempt, record.run.plan.as_str()), (1, "demo/gossip"));
        assert_eq!(record.run.sweep, summary.sweep);
    }
    for block in records.chunks(3) {
        let subjects: BTreeSet<&str> =
            block.iter().map(|record| record.run.revision.subject.as_str()).collect();
        assert_eq!(subjects, BTreeSet::from(["commit 0", "commit 1", "commit 2"]));
        assert!(
            block.iter().all(|record| record.run.composition_run == block[0].run.composition_run)
        );
    }
    assert!(lab.runs().values().all(|&count| count == 1));
    let names: BTreeSet<&RunId> = records.iter().map(|record| &record.run.run).collect();
    assert_eq!(names.len(), 24);
}

#[test]
fn a_record_has_everything_that_makes_runs_comparable() {
    let lab = Lab::new(2);
    lab.run(&lab.request(1, 1)).unwrap();
    let record = lab.records().remove(0);
    let run = &record.run;
    assert_eq!((run.case.as_str(), run.runner.as_str()), ("spread", "fake"));
    assert_eq!(run.params, BTreeMap::from([("size".to_owned(), "0".to_owned())]));
    assert_eq!(run.machine_class, "Test CPU/2cpu/4GiB/Linux");
    assert_eq!(run.fingerprint.host, "bench");
    assert!(run.fingerprint.after.load1 > run.fingerprint.before.load1);
    assert_eq!(run.artifact_digest.len(), 64, "both groups run the same program");
    assert_eq!(run.composition_digest, super::run(0).resolved.composition_digest().to_string());
    assert_eq!(run.caveats, ["one line was no metric"]);
    let who: Vec<String> = record.instances.iter().map(|i| i.instance.to_string()).collect();
    assert_eq!(who, ["seed[0]", "leech[0]", "leech[1]"]);
}

#[test]
fn runs_of_a_block_share_a_seed_and_blocks_do_not() {
    let lab = Lab::new(2);
    lab.run(&lab.request(2, 5)).unwrap();
    let asked = lab.runner.asked.lock().unwrap();
    let seeds: Vec<u64> = asked.iter().map(|request| request.seed).collect();
    assert!(seeds.chunks(2).all(|block| block[0] == block[1]), "{seeds:?}");
    assert_eq!(seeds.iter().collect::<BTreeSet<_>>().len(), 10);
    let outputs: BTreeSet<_> = asked.iter().map(|request| request.outputs.clone()).collect();
    assert_eq!(outputs.len(), 20);
    let state = lab.dirs.path().join("state/outputs/demo/gossip");
    assert!(outputs.iter().all(|path| path.parent() == Some(&state) && path.is_dir()));
}

#[test]
fn a_seed_that_is_not_given_is_drawn_and_told() {
    let lab = Lab::new(2);
    let mut request = lab.request(1, 2);
    request.seed = None;
    let one = lab.run(&request).unwrap();
    let other_lab = Lab::new(2);
    let mut request = other_lab.request(1, 2);
    request.seed = None;
    assert_ne!(one.seed, other_lab.run(&request).unwrap().seed);
}

#[test]
fn what_happens_is_told_in_order() {
    let lab = Lab::new(2);
    let summary = lab.run(&lab.request(1, 1)).unwrap();
    let events = lab.events.lock().unwrap();
    let words: Vec<&str> = events
        .iter()
        .map(|event| match event {
            EngineEvent::Built { .. } => "built",
            EngineEvent::SweepPlanned { total: 2, done: 0, seed: 7, resumed: false, .. } => {
                "planned"
            }
            EngineEvent::RunStarted { attempt: 1, .. } => "started",
            EngineEvent::RunEnded { took, .. } if *took == Duration::from_secs(2) => "ended",
            EngineEvent::Recorded { found: false, .. } => "recorded",
            EngineEvent::SweepEnded(told) if **told == summary => "over",
            other => panic!("{other:?}"),
        })
        .collect();
    let run = ["started", "ended", "recorded"];
    assert_eq!(words, [&["built", "built", "planned"], &run[..], &run[..], &["over"]].concat());
    let etas: Vec<(u64, Option<Duration>)> = events
        .iter()
        .filter_map(|event| match event {
            EngineEvent::Recorded { done, eta, .. } => Some((*done, *eta)),
            _ => None,
        })
        .collect();
    assert_eq!(etas, [(1, Some(Duration::from_secs(2))), (2, Some(Duration::ZERO))]);
}

#[test]
fn progress_of_a_run_is_passed_on() {
    let lab = Lab::new(1);
    let progress = RunProgress::Instances { total: 3, started: 3, succeeded: 1, failed: 0 };
    let told = progress.clone();
    lab.answer([Box::new(move |request: &RunRequest, control: &RunControl| {
        control.progress.send(told.clone()).unwrap();
        Ok(ended(request, Outcome::success()))
    }) as Answer]);
    lab.run(&lab.request(1, 1)).unwrap();
    let events = lab.events.lock().unwrap();
    let passed = |event: &EngineEvent| matches!(event, EngineEvent::RunProgress { progress: p, .. } if *p == progress);
    assert!(events.iter().any(passed), "{events:?}");
}

#[test]
fn failures_of_the_system_under_test_are_data() {
    let lab = Lab::new(1);
    lab.answer([
        with(OutcomeKind::Crash, "killed by signal 9"),
        with(OutcomeKind::Timeout, "too long"),
    ]);
    let summary = lab.run(&lab.request(1, 3)).unwrap();
    assert_eq!((summary.end, summary.done, summary.recorded), (SweepEnd::Complete, 3, 3));
    assert_eq!(lab.records()[0].run.outcome.reason, "killed by signal 9");
    assert_eq!(summary.outcomes[&OutcomeKind::Timeout], 1);
}

#[test]
fn failures_of_our_machinery_are_tried_again_and_all_recorded() {
    let lab = Lab::new(1);
    let broken: Answer = Box::new(|_, _| {
        let source = Some(BoxError::from("no more processes"));
        Err(RunnerError { what: "cannot start".to_owned(), hint: "raise it".to_owned(), source })
    });
    lab.answer([broken]);
    let summary = lab.run(&lab.request(1, 1)).unwrap();
    assert_eq!((summary.done, summary.recorded), (1, 2));
    let records = lab.records();
    assert_eq!((records[0].run.attempt, records[1].run.attempt), (1, 2));
    assert_ne!(records[0].run.run, records[1].run.run);
    assert_eq!(records[0].run.seed, records[1].run.seed, "a retry is the same run");
    let outcome = &records[0].run.outcome;
    assert_eq!(outcome.kind, OutcomeKind::InfraError);
    assert_eq!(outcome.reason, "cannot start: no more processes; raise it");
    assert_eq!(records[0].run.caveats[0], "hint: raise it");
    assert_eq!(records[0].instances.len(), 3);
    assert!(records[0].instances.iter().all(|i| i.outcome.kind == OutcomeKind::InfraError));
}

#[test]
fn retries_end_and_leave_the_run_to_another_session() {
    let lab = Lab::new(1);
    lab.answer((0..2).map(|_| with(OutcomeKind::InfraError, "down")));
    let request = lab.request(1, 2);
    let summary = lab.run(&request).unwrap();
    assert_eq!((summary.total, summary.done, summary.recorded), (2, 1, 3));
}

#[test]
fn failures_are_tried_again_only_when_that_is_asked() {
    let lab = Lab::new(1);
    lab.answer((0..4).map(|_| with(OutcomeKind::Failure, "said no")));
    let mut request = lab.request(1, 1);
    request.options.retries = RetryPolicy { retries: 2, failures: true };
    let summary = lab.run(&request).unwrap();
    assert_eq!((summary.done, summary.recorded), (1, 3), "the last failure stands");
    assert!(lab.records().iter().all(|record| record.run.outcome.kind == OutcomeKind::Failure));
}

#[test]
fn a_runner_that_forgets_an_instance_has_not_succeeded() {
    let lab = Lab::new(1);
    lab.answer([Box::new(|request: &RunRequest, _: &RunControl| {
        let mut execution = ended(request, Outcome::success());
        execution.instances.remove(1);
        Ok(execution)
    }) as Answer]);
    lab.run(&lab.request(1, 1)).unwrap();
    let record = lab.records().remove(0);
    assert_eq!(record.run.outcome.kind, OutcomeKind::Failure);
    assert_eq!(record.run.outcome.reason, "1 of 3 instances: the runner gave no outcome");
    assert_eq!(record.instances[1].instance.to_string(), "leech[0]");
}

#[test]
fn outputs_are_kept_as_asked() {
    for (retention, kept) in [(Retention::All, 2), (Retention::Failed, 1), (Retention::None, 0)] {
        let lab = Lab::new(1);
        lab.answer([with(OutcomeKind::Failure, "said no")]);
        let mut request = lab.request(1, 2);
        request.options.retention = retention;
        lab.run(&request).unwrap();
        let outputs = lab.dirs.path().join("state/outputs/demo/gossip");
        assert_eq!(std::fs::read_dir(outputs).unwrap().count(), kept, "{retention:?}");
    }
}

#[test]
fn a_clock_that_goes_back_is_told_and_harms_nothing() {
    let lab = Lab::new(1);
    let clock = lab.clock.clone();
    lab.answer([Box::new(move |request: &RunRequest, _: &RunControl| {
        clock.wall_off_ns.fetch_sub(3_600_000_000_000, Ordering::SeqCst);
        let mut execution = ended(request, Outcome::success());
        execution.ended_ns = execution.started_ns - 3_598_000_000_000;
        Ok(execution)
    }) as Answer]);
    let summary = lab.run(&lab.request(1, 2)).unwrap();
    assert_eq!(summary.took, Duration::from_secs(4));
    let run = &lab.records()[0].run;
    assert_eq!(run.ended_ns - run.started_ns, 2_000_000_000);
    assert!(run.caveats.contains(&"the clock was set back by 3600.0 s during the run".to_owned()));
    assert_eq!(lab.records()[1].run.caveats, ["one line was no metric"]);
}

#[test]
fn a_disturbed_run_carries_a_caveat() {
    let mut lab = Lab::new(1);
    lab.environment = Arc::new(FakeEnvironment { steals: true, ..FakeEnvironment::default() });
    lab.run(&lab.request(1, 1)).unwrap();
    let caveats = &lab.records()[0].run.caveats;
    // One second of the four that two processors have in two seconds.
    assert_eq!(caveats[0], "the hypervisor took 25.0 % of the processors during the run");
}

#[test]
fn outputs_that_cannot_be_read_are_our_failure() {
    let mut lab = Lab::new(1);
    lab.collector = Arc::new(FakeCollector { fails: true });
    lab.run(&lab.request(1, 1)).unwrap();
    let outcome = lab.records()[0].run.outcome.clone();
    assert_eq!(outcome.kind, OutcomeKind::InfraError);
    assert!(outcome.reason.contains("bad sector"));
}
