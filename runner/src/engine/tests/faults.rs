use std::io::ErrorKind;

use super::*;

#[test]
fn a_request_for_nothing_is_refused() {
    let lab = Lab::new(1);
    let error = lab.run(&lab.request(0, 1)).unwrap_err();
    assert_eq!(error.to_string(), "the sweep has no runs");
    let error = lab.run(&lab.request(1, 0)).unwrap_err();
    assert_eq!(error.to_string(), "the sweep has no repetitions");
}

#[test]
fn what_cannot_be_run_here_is_refused_before_anything_is_built() {
    let lab = Lab::new(1);
    let mut request = lab.request(1, 1);
    request.runs[0].cell.runner = "cluster:k8s".to_owned();
    let error = lab.run(&request).unwrap_err();
    assert_eq!(error.to_string(), "runner `cluster:k8s` is not known here; known are fake");

    let mut request = lab.request(1, 1);
    request.runs.push(super::run(0));
    assert!(matches!(lab.run(&request).unwrap_err(), EngineError::RepeatedCell { .. }));

    for plan in ["", "../up", "/abs", "a/../../b"] {
        let mut request = lab.request(1, 1);
        request.plan = plan.to_owned();
        assert!(matches!(lab.run(&request).unwrap_err(), EngineError::PlanName { .. }), "{plan}");
    }

    let mut request = lab.request(1, 1);
    request.revisions = vec!["v9".to_owned()];
    let error = lab.run(&request).unwrap_err();
    assert!(error.to_string().contains("no revision `v9`") && !error.hint().is_empty());
    assert!(lab.events.lock().unwrap().is_empty());
}

#[test]
fn a_store_that_takes_no_more_stops_the_sweep_and_keeps_the_rest() {
    let cases = [
        (ErrorKind::StorageFull, Some(StorageTrouble::Full), "make room"),
        (ErrorKind::ReadOnlyFilesystem, Some(StorageTrouble::ReadOnly), "writable"),
        (ErrorKind::PermissionDenied, Some(StorageTrouble::ReadOnly), "writable"),
        (ErrorKind::BrokenPipe, None, "the same command"),
    ];
    for (kind, trouble, hint) in cases {
        let lab = Lab::new(2);
        let request = lab.request(1, 3);
        *lab.recorder.refuse_after.lock().unwrap() = Some((4, kind));
        let error = lab.run(&request).unwrap_err();
        assert!(error.to_string().ends_with("cannot be recorded; 4 of 6 runs are"), "{error}");
        assert_eq!(error.storage_trouble(), trouble);
        assert!(error.hint().contains(hint), "{}", error.hint());
        assert_eq!(lab.records().len(), 4);

        *lab.recorder.refuse_after.lock().unwrap() = None;
        let summary = lab.run(&request).unwrap();
        assert_eq!((summary.done, summary.recorded), (6, 2));
    }
}

#[test]
fn a_state_directory_that_cannot_be_written_is_told() {
    let lab = Lab::new(1);
    std::fs::write(lab.dirs.path().join("state"), "a file").unwrap();
    let error = lab.run(&lab.request(1, 1)).unwrap_err();
    assert!(matches!(error, EngineError::State { .. }), "{error:?}");
}

#[test]
fn two_engines_do_not_run_one_sweep() {
    let lab = Lab::new(1);
    let request = lab.request(1, 1);
    let dir = lab.run(&request).unwrap().dir;
    let held = crate::build::FileLock::try_take(&dir.join("lock")).unwrap();
    let error = lab.run(&request).unwrap_err();
    let us = std::process::id().to_string();
    assert!(matches!(&error, EngineError::Busy { holder } if *holder == us), "{error:?}");
    drop(held);
    lab.run(&request).unwrap();
}

#[test]
fn a_damaged_journal_is_no_reason_to_begin_anew_silently() {
    let lab = Lab::new(1);
    let request = lab.request(1, 1);
    let path = lab.run(&request).unwrap().dir.join("journal.ndjson");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"type\":\"batch\"", "\"type\":\"b?tch\"", 1)).unwrap();
    let error = lab.run(&request).unwrap_err();
    assert!(
        matches!(error, EngineError::Journal(JournalError::Damaged { line: 2, .. })),
        "{error:?}"
    );
    assert!(error.hint().contains(".old"));
}

#[test]
fn a_machinery_that_fails_again_and_again_ends_the_session() {
    let lab = Lab::new(1);
    let down = || with(OutcomeKind::InfraError, "no more processes");
    // Two runs that fail do not end it, since the third goes well; five in a row do.
    lab.answer((0..4).map(|_| down()));
    lab.answer([with(OutcomeKind::Failure, "said no")]);
    lab.answer((0..10).map(|_| down()));
    let request = lab.request(1, 9);
    let error = lab.run(&request).unwrap_err();
    let text = "runner `fake` could not execute 5 runs in a row: no more processes";
    assert_eq!(error.to_string(), text);
    assert_eq!(lab.records().len(), 4 + 1 + 10, "every attempt is recorded");
    let summary = lab.run(&request).unwrap();
    assert_eq!((summary.total, summary.done), (9, 9), "the same request tries again");
}
