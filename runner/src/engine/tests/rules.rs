use super::*;

/// Answers by a list, and goes on afterwards.
#[derive(Default)]
struct Scripted {
    decisions: Mutex<VecDeque<Result<Decision, BoxError>>>,
    reports: Mutex<Vec<BlockReport>>,
}

impl StoppingRule for Scripted {
    fn after_block<'a>(
        &'a self,
        report: &'a BlockReport,
    ) -> BoxFuture<'a, Result<Decision, BoxError>> {
        self.reports.lock().unwrap().push(report.clone());
        let decision = self.decisions.lock().unwrap().pop_front();
        Box::pin(async move { decision.unwrap_or(Ok(Decision::Continue)) })
    }
}

fn lab(decisions: impl IntoIterator<Item = Result<Decision, BoxError>>) -> (Lab, Arc<Scripted>) {
    let mut lab = Lab::new(2);
    let rule = Arc::new(Scripted::default());
    rule.decisions.lock().unwrap().extend(decisions);
    lab.rule = Some(rule.clone());
    (lab, rule)
}

fn decided() -> Result<Decision, BoxError> {
    Ok(Decision::Decided { reason: "clear".to_owned() })
}

#[test]
fn a_rule_hears_of_every_block() {
    let (lab, rule) = lab([]);
    lab.answer([with(OutcomeKind::Crash, "x")]);
    lab.run(&lab.request(1, 3)).unwrap();
    let reports = rule.reports.lock().unwrap();
    let numbers: Vec<(u32, u32, u32)> =
        reports.iter().map(|report| (report.block, report.recorded, report.planned)).collect();
    assert_eq!(numbers, [(0, 1, 2), (1, 2, 1), (2, 3, 0)]);
    assert_eq!(reports[0].outcomes, [OutcomeKind::Crash, OutcomeKind::Success]);
}

#[test]
fn blocks_are_counted_although_one_revision_cannot_be_run() {
    let (lab, rule) = lab([]);
    let mut request = lab.request(1, 3);
    lab.scratch.write("missing-later", "x");
    lab.scratch.commit("has it");
    request.revisions = vec!["HEAD".to_owned(), "HEAD~1".to_owned()];
    for group in &mut request.runs[0].resolved.groups {
        group.artifact = None;
        group.builder = "exec:generic".to_owned();
        group.build_config = BTreeMap::from([
            ("build".to_owned(), "test -f missing-later".into()),
            ("run".to_owned(), "sh".into()),
        ]);
    }
    let summary = lab.run(&request).unwrap();
    assert_eq!((summary.done, summary.skipped), (4, 2));
    let reports = rule.reports.lock().unwrap();
    let numbers: Vec<(u32, u32)> =
        reports.iter().map(|report| (report.recorded, report.planned)).collect();
    assert_eq!(numbers, [(1, 2), (2, 1), (3, 0)]);
}

#[test]
fn a_decided_cell_is_run_no_more_and_others_are() {
    let (lab, rule) = lab([decided()]);
    let summary = lab.run(&lab.request(2, 4)).unwrap();
    assert_eq!((summary.total, summary.done), (2 + 8, 10));
    let cell = rule.reports.lock().unwrap()[0].cell.composition_run.clone();
    let of_cell = lab.records().iter().filter(|r| r.run.composition_run == cell).count();
    assert_eq!(of_cell, 2);
    let told = |event: &EngineEvent| matches!(event, EngineEvent::CellDecided { reason, .. } if reason == "clear");
    assert!(lab.events.lock().unwrap().iter().any(told));
}

#[test]
fn more_blocks_are_added_behind_the_others() {
    let (lab, _) = lab([Ok(Decision::More { blocks: 5 }), Ok(Decision::More { blocks: 3 })]);
    let summary = lab.run(&lab.request(1, 2)).unwrap();
    // One of two blocks was planned: four more make five; then four are, so nothing more is needed for three.
    assert_eq!((summary.total, summary.done), (12, 12));
    let blocks: Vec<u32> = lab.records().chunks(2).map(|block| block[0].run.block).collect();
    assert_eq!(blocks, [0, 1, 2, 3, 4, 5]);
    assert!(lab.runs().values().all(|&count| count == 1));
}

#[test]
fn decisions_survive_a_resume() {
    let (mut lab, rule) = lab([decided()]);
    let cancel = lab.control.cancel.clone();
    let fine = || -> Answer { Box::new(|request, _| Ok(ended(request, Outcome::success()))) };
    let stop: Answer = Box::new(move |request, _| {
        cancel.cancel();
        Ok(ended(request, Outcome::success()))
    });
    lab.answer([fine(), fine(), fine(), stop]);
    let request = lab.request(2, 3);
    let first = lab.run(&request).unwrap();
    assert_eq!((first.end, first.done, first.total), (SweepEnd::Canceled, 4, 8));
    lab.control = SweepControl::default();
    let second = lab.run(&request).unwrap();
    assert_eq!((second.end, second.done, second.total), (SweepEnd::Complete, 8, 8));
    assert!(rule.reports.lock().unwrap().len() >= 4);
}

#[test]
fn a_rule_that_fails_stops_the_sweep_and_is_asked_again() {
    let (lab, rule) = lab([Err("no store".into())]);
    let request = lab.request(1, 2);
    let error = lab.run(&request).unwrap_err();
    assert!(matches!(error, EngineError::Rule { .. }), "{error:?}");
    assert_eq!(lab.records().len(), 2);
    lab.run(&request).unwrap();
    let blocks: Vec<u32> = rule.reports.lock().unwrap().iter().map(|report| report.block).collect();
    assert_eq!(blocks, [0, 0, 1], "its word on block 0 was lost");
}
