use super::*;

fn series(counts: &[(u32, u32)]) -> Vec<Outcomes> {
    counts.iter().map(|&(failures, runs)| Outcomes { failures, runs }).collect()
}

fn run(counts: &[(u32, u32)]) -> Vec<OutcomeChange> {
    outcome_changes(&series(counts), &Settings::default()).expect("no more failures than runs")
}

#[test]
fn a_revision_that_breaks_everything_is_named() {
    let mut counts = vec![(0, 5); 6];
    counts.extend([(5, 5); 4]);
    let found = run(&counts);
    assert_eq!(found.len(), 1);
    let change = &found[0];
    assert_eq!((change.index, change.lo, change.hi), (6, 6, 6));
    assert_eq!((change.before.value, change.after.value), (0.0, 1.0));
    assert!(change.p <= 0.002 + 1e-12);
}

#[test]
fn a_broken_stretch_that_was_repaired_has_two_ends() {
    let mut counts = vec![(0, 10); 12];
    counts[5] = (10, 10);
    counts[6] = (9, 10);
    let found: Vec<usize> = run(&counts).iter().map(|change| change.index).collect();
    assert_eq!(found, [5, 7]);
}

#[test]
fn a_steady_flake_is_no_change() {
    let counts: Vec<(u32, u32)> = (0..30).map(|index| (u32::from(index % 3 == 0), 5)).collect();
    assert!(run(&counts).is_empty());
}

#[test]
fn all_passing_all_failing_and_nothing_have_no_change() {
    assert!(run(&[]).is_empty());
    assert!(run(&[(0, 5); 20]).is_empty());
    assert!(run(&[(5, 5); 20]).is_empty());
    assert!(run(&[(0, 0); 20]).is_empty());
    assert!(run(&[(1, 2)]).is_empty());
}

#[test]
fn gaps_keep_their_place_and_widen_the_interval() {
    let mut counts = vec![(0, 8); 5];
    counts.extend([(0, 0); 2]);
    counts.extend([(8, 8); 5]);
    let found = run(&counts);
    assert_eq!((found.len(), found[0].index, found[0].lo, found[0].hi), (1, 7, 5, 7));
}

#[test]
fn more_failures_than_runs_is_an_error() {
    let error =
        outcome_changes(&series(&[(0, 1), (3, 2)]), &Settings::default()).expect_err("refused");
    assert_eq!(error, OutcomesError { revision: 1, failures: 3, runs: 2 });
    assert_eq!(error.to_string(), "revision 1 has 3 failures of 2 runs");
}

#[test]
fn rates_carry_jeffreys_intervals() {
    // Brown, Cai and DasGupta 2001, by the beta quantiles of SciPy 1.16.3: beta(2.5, 8.5) at 0.025 and 0.975.
    let rate = rate(&series(&[(1, 5), (1, 5)]));
    assert_eq!(rate.value, 0.2);
    assert!((rate.lo - JEFFREYS_LO).abs() < 1e-6, "{}", rate.lo);
    assert!((rate.hi - JEFFREYS_HI).abs() < 1e-6, "{}", rate.hi);
}

const JEFFREYS_LO: f64 = 0.044059413552630794;
const JEFFREYS_HI: f64 = 0.502774496439993;

#[test]
fn constant_rates_alarm_as_rarely_as_promised() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let alarms = (0..400).filter(|_| {
        let counts: Vec<(u32, u32)> = (0..20)
            .map(|_| ((0..6).filter(|_| below(&mut random, 100) < 15).count() as u32, 6))
            .collect();
        !run(&counts).is_empty()
    });
    // Promised one percent; 1 in 1000 of sets of 400 has more than 11.
    let alarms = alarms.count();
    assert!(alarms <= 11, "{alarms} of 400");
}

#[test]
fn a_rise_from_five_to_fifty_percent_is_found_within_two_revisions() {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let found = (0..100).filter(|_| {
        let counts: Vec<(u32, u32)> = (0..24)
            .map(|revision| {
                let percent = if revision < 14 { 5 } else { 50 };
                ((0..8).filter(|_| below(&mut random, 100) < percent).count() as u32, 8)
            })
            .collect();
        let found = run(&counts);
        found.len() == 1 && found[0].index.abs_diff(14) <= 2
    });
    let found = found.count();
    assert!(found >= 85, "{found} of 100");
}
