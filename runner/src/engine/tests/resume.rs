use super::*;

fn journal(summary: &SweepSummary) -> Vec<String> {
    let text = std::fs::read_to_string(summary.dir.join("journal.ndjson")).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_canceled_sweep_goes_on_where_it_stopped() {
    let mut lab = Lab::new(2);
    let cancel = lab.control.cancel.clone();
    let stop: Answer = Box::new(move |request, control| {
        cancel.cancel();
        assert!(control.cancel.is_cancelled() && !control.kill.is_cancelled());
        Ok(ended(request, Outcome::new(OutcomeKind::Canceled, "stopped")))
    });
    let fine: Answer = Box::new(|request, _| Ok(ended(request, Outcome::success())));
    lab.answer([fine, stop]);
    let request = lab.request(1, 3);
    let first = lab.run(&request).unwrap();
    assert_eq!((first.end, first.done, first.recorded), (SweepEnd::Canceled, 1, 2));

    lab.control = SweepControl::default();
    let second = lab.run(&request).unwrap();
    assert_eq!((second.end, second.done, second.recorded), (SweepEnd::Complete, 6, 5));
    assert_eq!((&second.sweep, second.seed), (&first.sweep, first.seed));
    let attempts: Vec<(u32, u32)> =
        lab.records().iter().map(|record| (record.run.position, record.run.attempt)).collect();
    assert_eq!(attempts, [(0, 1), (1, 1), (1, 2), (2, 1), (3, 1), (4, 1), (5, 1)]);
    let resumed = |event: &EngineEvent| {
        matches!(event, EngineEvent::SweepPlanned { resumed: true, done: 1, total: 6, .. })
    };
    assert!(lab.events.lock().unwrap().iter().any(resumed));
}

#[test]
fn a_killed_run_is_not_recorded_and_repeated() {
    let mut lab = Lab::new(1);
    let (cancel, kill) = (lab.control.cancel.clone(), lab.control.kill.clone());
    lab.answer([Box::new(move |request: &RunRequest, control: &RunControl| {
        cancel.cancel();
        kill.cancel();
        assert!(control.kill.is_cancelled());
        std::fs::write(request.outputs.join("half"), "written").unwrap();
        Ok(ended(request, Outcome::new(OutcomeKind::Canceled, "killed")))
    }) as Answer]);
    let request = lab.request(1, 1);
    let first = lab.run(&request).unwrap();
    assert_eq!((first.end, first.recorded), (SweepEnd::Canceled, 0));
    lab.control = SweepControl::default();
    let second = lab.run(&request).unwrap();
    assert_eq!((second.done, second.recorded), (1, 1));
    let asked = lab.runner.asked.lock().unwrap();
    assert_eq!(asked[0].run, asked[1].run, "the same attempt has the same name");
    assert!(!asked[1].outputs.join("half").exists(), "nothing of the first is left");
}

#[test]
fn a_death_behind_the_append_repeats_nothing() {
    let lab = Lab::new(2);
    let request = lab.request(1, 2);
    *lab.recorder.die_after.lock().unwrap() = Some(1);
    lab.run(&request).unwrap_err();
    *lab.recorder.die_after.lock().unwrap() = None;
    let summary = lab.run(&request).unwrap();
    assert_eq!((summary.done, summary.found, summary.recorded), (4, 1, 2));
    assert_eq!(lab.runner.asked.lock().unwrap().len(), 4);
    assert!(lab.runs().values().all(|&count| count == 1));
}

/// The journal is cut behind every byte, as a death could leave it, with everything in the store that was there at
/// that moment.
#[test]
fn a_sweep_resumes_from_a_journal_that_ends_anywhere() {
    let lab = Lab::new(2);
    let request = lab.request(1, 2);
    let first = lab.run(&request).unwrap();
    let path = first.dir.join("journal.ndjson");
    let whole = std::fs::read(&path).unwrap();
    let records = lab.records();
    // Every line end, and one place within each line.
    let ends: Vec<usize> =
        (0..whole.len()).filter(|&at| whole[at] == b'\n').map(|at| at + 1).collect();
    for (cut, torn) in ends.iter().flat_map(|&end| [(end, false), (end - 7, true)]) {
        let text = String::from_utf8(whole[..cut].to_vec()).unwrap();
        if !text.contains("\"batch\"") || (torn && text.lines().count() < 3) {
            continue;
        }
        // A record is there once the line before its append is, at the latest when the line behind it is.
        let executed = text
            .lines()
            .filter(|line| line.contains("\"executed\"") && line.ends_with('}'))
            .count();
        for there in [executed.saturating_sub(1), executed] {
            let recorded = text
                .lines()
                .filter(|line| line.contains("\"recorded\"") && line.ends_with('}'))
                .count();
            if there < recorded {
                continue;
            }
            std::fs::write(&path, &whole[..cut]).unwrap();
            *lab.recorder.records.lock().unwrap() = records[..there].to_vec();
            if text
                .lines()
                .last()
                .is_some_and(|line| line.contains("\"ended\"") && line.ends_with('}'))
            {
                continue;
            }
            let summary = lab.run(&request).unwrap();
            assert_eq!((summary.done, summary.total), (4, 4), "cut at {cut}: {text}");
            let again = lab.records();
            assert_eq!(again.len(), 4);
            let names = |records: &[RunRecord]| {
                let mut names: Vec<RunId> = records.iter().map(|r| r.run.run.clone()).collect();
                names.sort();
                names
            };
            assert_eq!(names(&again), names(&records), "cut at {cut}");
        }
    }
}

#[test]
fn a_complete_sweep_asked_again_gathers_as_much_once_more() {
    let lab = Lab::new(2);
    let request = lab.request(2, 2);
    let first = lab.run(&request).unwrap();
    let second = lab.run(&request).unwrap();
    assert_eq!((second.total, second.done, second.recorded), (16, 16, 8));
    assert_eq!(second.sweep, first.sweep);
    let records = lab.records();
    assert!(records.iter().zip(0u32..).all(|(record, place)| record.run.position == place));
    assert!(
        lab.runs().values().all(|&count| count == 1),
        "blocks go on counting: {:?}",
        lab.runs()
    );
    let order = |records: &[RunRecord]| -> Vec<(String, String)> {
        records
            .iter()
            .map(|r| (r.run.composition_run.clone(), r.run.revision.subject.clone()))
            .collect()
    };
    assert_eq!(order(&records).len(), 16);
    let lines = journal(&second);
    assert_eq!(lines.iter().filter(|line| line.contains("\"type\":\"batch\"")).count(), 2);
    assert!(lines.last().unwrap().contains("\"ended\""));
}

#[test]
fn what_was_asked_decides_which_journal_is_found() {
    let lab = Lab::new(2);
    let request = lab.request(1, 1);
    let mut dirs = vec![lab.run(&request).unwrap().dir];
    let mut other = |change: &dyn Fn(&mut SweepRequest)| {
        let mut request = lab.request(1, 1);
        change(&mut request);
        let dir = lab.run(&request).unwrap().dir;
        assert!(!dirs.contains(&dir), "{request:?}");
        dirs.push(dir);
    };
    other(&|request| request.repetitions = 2);
    other(&|request| request.seed = Some(8));
    other(&|request| request.seed = None);
    other(&|request| request.revisions = vec!["HEAD".to_owned()]);
    other(&|request| request.runs[0].resolved.groups[0].count = 2);
    other(&|request| {
        request.runs[0].resolved.groups[0]
            .params
            .insert("x".to_owned(), "y".to_owned())
            .map_or((), drop)
    });
    other(&|request| request.runs.push(super::run(1)));
    let mut same = lab.request(1, 1);
    same.options.retention = Retention::None;
    same.options.retries = RetryPolicy { retries: 5, failures: true };
    assert_eq!(lab.run(&same).unwrap().dir, dirs[0]);
}

#[test]
fn a_lost_state_directory_makes_new_runs_and_no_twins() {
    let lab = Lab::new(1);
    let request = lab.request(1, 2);
    let first = lab.run(&request).unwrap();
    std::fs::remove_dir_all(lab.dirs.path().join("state")).unwrap();
    lab.clock.pass(Duration::from_secs(1));
    let second = lab.run(&request).unwrap();
    assert_ne!(first.sweep, second.sweep);
    assert_eq!((second.recorded, lab.records().len()), (2, 4));
}
