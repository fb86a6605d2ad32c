use super::*;
use crate::build::tests::words;

/// A plan that can be built where the file `fine` is.
fn lab() -> (Lab, SweepRequest) {
    let lab = Lab::new(0);
    for (subject, fine) in [("good", true), ("broken", false), ("mended", true)] {
        lab.scratch.write("main.sh", &format!("echo {subject}\n"));
        if fine {
            lab.scratch.write("fine", "yes");
        } else {
            lab.scratch.git(&["rm", "-q", "fine"]);
        }
        lab.scratch.commit(subject);
    }
    let mut request = lab.request(1, 3);
    for group in &mut request.runs[0].resolved.groups {
        group.artifact = None;
        group.builder = "exec:generic".to_owned();
        let build = "test -f fine || { echo 'error: not fine'; exit 1; }";
        group.build_config = BTreeMap::from([
            ("build".to_owned(), build.into()),
            ("run".to_owned(), words(&["sh", "main.sh"])),
        ]);
    }
    (lab, request)
}

#[test]
fn a_revision_that_cannot_be_built_is_an_outcome_and_the_sweep_goes_on() {
    let (lab, request) = lab();
    let summary = lab.run(&request).unwrap();
    assert_eq!(summary.end, SweepEnd::Complete);
    assert_eq!((summary.total, summary.done, summary.skipped), (9, 7, 2));
    assert_eq!(summary.failed_builds.len(), 1);
    assert_eq!(summary.failed_builds[0].summary, "error: not fine");
    assert!(summary.failed_builds[0].log.is_file());
    let records = lab.records();
    let broken: Vec<&RunRecord> =
        records.iter().filter(|record| record.run.revision.subject == "broken").collect();
    assert_eq!(broken.len(), 1);
    assert_eq!(
        broken[0].run.outcome,
        Outcome::new(OutcomeKind::Failure, "build failed: error: not fine")
    );
    assert!(broken[0].events[0].kind.text().contains("error: not fine\n"));
    assert!(broken[0].instances.is_empty() && broken[0].run.artifact_digest.is_empty());
    let good: Vec<&RunRecord> =
        records.iter().filter(|record| record.run.revision.subject == "good").collect();
    assert_eq!(good.len(), 3);
    assert_eq!((good[0].run.lang.as_str(), good[0].run.artifact_digest.len()), ("shell", 64));
}

#[test]
fn everything_is_built_before_anything_is_measured() {
    let (lab, request) = lab();
    lab.run(&request).unwrap();
    let events = lab.events.lock().unwrap();
    let place = |wanted: fn(&EngineEvent) -> bool| events.iter().position(wanted).unwrap();
    let first_run = place(|event| matches!(event, EngineEvent::RunStarted { .. }));
    let building = |event: &EngineEvent| {
        matches!(
            event,
            EngineEvent::Building { .. }
                | EngineEvent::Built { .. }
                | EngineEvent::BuildFailed { .. }
        )
    };
    assert!(!events[first_run..].iter().any(building));
    assert_eq!(
        events.iter().filter(|event| matches!(event, EngineEvent::Building { .. })).count(),
        3
    );
}

#[test]
fn a_missing_tool_is_our_failure_and_tried_again_by_the_next_session() {
    let (lab, mut request) = lab();
    request.revisions = vec!["HEAD".to_owned()];
    request.repetitions = 2;
    for group in &mut request.runs[0].resolved.groups {
        group.build_config.insert("run".to_owned(), words(&["no-such-program-here"]));
    }
    let summary = lab.run(&request).unwrap();
    assert_eq!((summary.total, summary.done, summary.recorded, summary.skipped), (2, 0, 1, 1));
    assert_eq!(lab.records()[0].run.outcome.kind, OutcomeKind::InfraError);
}

#[test]
fn changes_in_the_working_tree_are_a_sweep_of_their_own() {
    let (lab, mut request) = lab();
    request.revisions = vec!["HEAD".to_owned(), String::new()];
    request.repetitions = 1;
    let clean = lab.run(&request).unwrap();
    assert_eq!(clean.total, 1, "without changes both are the same revision");
    lab.scratch.write("main.sh", "echo changed\n");
    let dirty = lab.run(&request).unwrap();
    assert_eq!(dirty.total, 2);
    let records = lab.records();
    let digests: Vec<&str> = records[1..].iter().map(|r| r.run.artifact_digest.as_str()).collect();
    assert_ne!(digests[0], digests[1]);
    assert!(records[1..].iter().any(|record| record.run.revision.dirty));
    lab.scratch.write("main.sh", "echo changed again\n");
    assert_ne!(lab.run(&request).unwrap().dir, dirty.dir);
}

#[test]
fn a_plan_outside_any_repository_is_told_apart_by_what_is_built() {
    let (lab, mut request) = lab();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("fine"), "").unwrap();
    std::fs::write(dir.path().join("main.sh"), "echo 1\n").unwrap();
    (request.dir, request.revisions) = (dir.path().to_path_buf(), Vec::new());
    let one = lab.run(&request).unwrap();
    assert_eq!((one.total, lab.records()[0].run.revision.commit.as_str()), (3, ""));
    std::fs::write(dir.path().join("main.sh"), "echo 2\n").unwrap();
    assert_ne!(lab.run(&request).unwrap().dir, one.dir);
    std::fs::write(dir.path().join("main.sh"), "echo 1\n").unwrap();
    assert_eq!(lab.run(&request).unwrap().dir, one.dir);
}
