//! Where a series stands, from its history and from the two newest revisions.

mod sample;

use ground_core::finding::Estimate;
use ground_core::report::Report;
use ground_core::verdict::Verdict;
use ground_reports::night::{Counts, standings};

/// Returns a report of one series whose only change lies `back` revisions ago.
fn one(back: usize) -> Report {
    let mut report = sample::large(1, 30, 2);
    let series = &mut report.series[0];
    let revisions = series.series.revisions.len();
    let change = &mut series.changes[1];
    change.index = revisions - back;
    change.verdict = Verdict::Regression;
    change.effect = Estimate { value: 0.1, lo: 0.08, hi: 0.12 };
    let change = change.clone();
    series.changes = vec![change];
    series.verdict = Verdict::Regression;
    report
}

fn judge(report: &mut Report, verdict: Verdict, value: f64) {
    let finding = &mut report.comparisons[0].findings[0];
    finding.verdict = verdict;
    finding.effect = Some(Estimate { value, lo: value - 0.01, hi: value + 0.01 });
}

#[test]
fn a_change_found_earlier_that_still_holds_is_open() {
    let mut report = one(9);
    judge(&mut report, Verdict::Equivalent, 0.0);
    let all = standings(&report);
    assert_eq!(
        (all[0].verdict, all[0].new, all[0].nights()),
        (Verdict::Regression, false, Some(9))
    );
    assert_eq!(all[0].effect.unwrap().value, 0.1);
    let counts = Counts::of(&report, &all);
    assert_eq!((counts.regression, counts.new_regression), (1, 0));
    assert_eq!(counts.headline(), "One open regression.");
}

#[test]
fn what_the_newest_revision_brought_is_new() {
    let mut report = one(1);
    judge(&mut report, Verdict::Regression, 0.1);
    let all = standings(&report);
    assert_eq!((all[0].verdict, all[0].new), (Verdict::Regression, true));
    assert_eq!(Counts::of(&report, &all).headline(), "One new regression.");
}

#[test]
fn a_change_that_no_longer_holds_is_not_open() {
    let mut report = one(9);
    report.series[0].verdict = Verdict::Equivalent;
    judge(&mut report, Verdict::Inconclusive, 0.01);
    assert_eq!(standings(&report)[0].verdict, Verdict::Inconclusive);
}

#[test]
fn an_improvement_tonight_speaks_before_an_older_regression() {
    let mut report = one(9);
    judge(&mut report, Verdict::Improvement, -0.2);
    let all = standings(&report);
    assert_eq!((all[0].verdict, all[0].new), (Verdict::Improvement, true));
    assert_eq!(all[0].effect.unwrap().value, -0.2);
}

#[test]
fn a_series_without_any_comparison_stands_by_its_history() {
    let mut report = one(9);
    report.comparisons.clear();
    assert_eq!(standings(&report)[0].verdict, Verdict::Regression);
    report.series[0].changes.clear();
    report.series[0].verdict = Verdict::NoData;
    assert_eq!(standings(&report)[0].verdict, Verdict::NoData);
}

#[test]
fn a_finding_without_history_is_counted_as_well() {
    let mut report = one(9);
    report.series.clear();
    judge(&mut report, Verdict::Regression, 0.3);
    let all = standings(&report);
    assert_eq!((all.len(), all[0].verdict, all[0].new), (1, Verdict::Regression, true));
    assert!(all[0].nights().is_none());
}

#[test]
fn new_comes_before_open_and_large_before_small() {
    let mut report = sample::report(40, 3);
    let all = standings(&report);
    assert!(all[0].new && !all[1].new);
    assert!(all[1].effect.unwrap().value > all[2].effect.unwrap().value);
    report.series.reverse();
    report.comparisons[0].findings.reverse();
    let again: Vec<_> = standings(&report).iter().map(|s| s.key.id()).collect();
    report.series.reverse();
    let first: Vec<_> = standings(&report).iter().map(|s| s.key.id()).collect();
    assert_eq!(again, first, "the order of the input shows");
}
