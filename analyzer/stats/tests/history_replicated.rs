//! Short histories of interleaved runs: false alarms, power, and the borders of the method.

mod scenarios;

use ground_stats::changes::{
    Caveat, ChangeKind, HistoryAnalysis, Settings, analyze, analyze_replicated,
};
use scenarios::Source;

const RUNS: usize = 5;
const HISTORIES: usize = 300;

fn run(history: &[Vec<f64>]) -> HistoryAnalysis {
    analyze_replicated(history, &Settings::default()).expect("no run is infinite")
}

fn history(seed: u64, levels: &[f64], cv: f64) -> Vec<Vec<f64>> {
    let mut source = Source::new(seed);
    levels
        .iter()
        .map(|level| (0..RUNS).map(|_| level * (cv * source.gauss()).exp()).collect())
        .collect()
}

fn stepped(revisions: usize, at: usize, step: f64) -> Vec<f64> {
    (0..revisions).map(|revision| if revision < at { 0.01 } else { 0.01 * (1.0 + step) }).collect()
}

/// Share of histories whose changes are exactly one within one revision of `at`.
fn power(revisions: usize, at: usize, step: f64, cv: f64) -> f64 {
    let found = (0..HISTORIES as u64).filter(|&seed| {
        let changes = run(&history(seed, &stepped(revisions, at, step), cv)).change_points;
        changes.len() == 1 && changes[0].index.abs_diff(at) <= 1
    });
    found.count() as f64 / HISTORIES as f64
}

#[test]
fn repeated_measurements_of_the_same_raise_no_alarm() {
    for revisions in [2, 6, 8, 12, 30] {
        for cv in [0.05, 0.10] {
            let levels = vec![0.01; revisions];
            let alarms = (0..HISTORIES as u64)
                .filter(|&seed| !run(&history(seed << 20, &levels, cv)).change_points.is_empty())
                .count();
            // Promised one percent; 1 in 1000 of sets of 300 has more than 9.
            assert!(alarms <= 9, "{revisions} revisions, CV {cv}: {alarms} of {HISTORIES}");
        }
    }
}

#[test]
fn a_step_of_fifteen_to_thirty_percent_shows_in_a_dozen_revisions() {
    for (at, step, cv, least) in [
        (6, 0.15, 0.05, 0.97),
        (6, 0.30, 0.10, 0.97),
        (8, 0.20, 0.07, 0.95),
        (6, 0.15, 0.10, 0.70),
        (11, 0.30, 0.07, 0.90),
    ] {
        let power = power(12, at, step, cv);
        assert!(power >= least, "step {step} at {at}, CV {cv}: {power:.3}");
    }
}

#[test]
fn six_revisions_suffice_for_a_large_step() {
    let power = power(6, 3, 0.30, 0.05);
    assert!(power >= 0.90, "{power:.3}");
}

#[test]
fn effects_cover_the_truth() {
    let (mut covered, mut all) = (0, 0);
    for seed in 0..HISTORIES as u64 {
        for change in run(&history(seed, &stepped(12, 6, 0.25), 0.08)).change_points {
            if change.index == 6 {
                all += 1;
                covered += usize::from(change.effect_lo <= 0.25 && 0.25 <= change.effect_hi);
            }
        }
    }
    assert!(all > 200);
    let share = covered as f64 / all as f64;
    assert!((0.90..=0.995).contains(&share), "{share:.3} of {all}");
}

#[test]
fn builds_that_vary_by_themselves_do_not_pass_as_changes() {
    let alarms = (0..HISTORIES as u64).filter(|&seed| {
        let mut source = Source::new(seed ^ 0xabcd_0000);
        let levels: Vec<f64> = (0..12).map(|_| 1.0 + 0.05 * source.gauss()).collect();
        !run(&history(seed, &levels, 0.03)).change_points.is_empty()
    });
    let alarms = alarms.count();
    assert!(alarms * 12 <= HISTORIES, "{alarms} of {HISTORIES}");
}

#[test]
fn a_slow_revision_that_was_repaired_is_a_revert() {
    let mut levels = vec![1.0; 12];
    levels[5..7].iter_mut().for_each(|level| *level = 1.4);
    let found = run(&history(3, &levels, 0.04)).change_points;
    let kinds: Vec<(usize, ChangeKind)> =
        found.iter().map(|change| (change.index, change.kind)).collect();
    assert_eq!(kinds, [(5, ChangeKind::Revert), (7, ChangeKind::Revert)]);
    assert!(found[0].effect > 0.2 && found[1].effect < -0.2);
}

#[test]
fn runs_that_all_agree_are_exact() {
    let history = [vec![7.0; 3], vec![7.0; 3], vec![8.0; 3]];
    let found = run(&history).change_points;
    assert_eq!((found.len(), found[0].index, found[0].kind), (1, 2, ChangeKind::Exact));
}

#[test]
fn gaps_and_missing_runs_keep_their_places() {
    let mut history = history(9, &stepped(14, 7, 0.4), 0.04);
    history[3].clear();
    history[6] = vec![f64::NAN; 4];
    let found = run(&history).change_points;
    assert_eq!((found.len(), found[0].index, found[0].lo, found[0].hi), (1, 7, 6, 7));
}

#[test]
fn single_runs_are_a_plain_history() {
    let values: Vec<f64> =
        history(4, &stepped(60, 30, 0.5), 0.05).iter().map(|runs| runs[0]).collect();
    let wrapped: Vec<Vec<f64>> = values.iter().map(|value| vec![*value]).collect();
    assert_eq!(run(&wrapped), analyze(&values, &Settings::default()).expect("finite"));
}

#[test]
fn nothing_and_one_revision_are_too_short() {
    for history in [vec![], vec![vec![1.0, 2.0, 3.0]], vec![vec![f64::NAN]; 5]] {
        let analysis = run(&history);
        assert!(analysis.change_points.is_empty());
        assert!(matches!(analysis.caveats[..], [Caveat::TooShort { .. }]), "{analysis:?}");
    }
}
