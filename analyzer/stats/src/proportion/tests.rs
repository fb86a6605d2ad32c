use super::*;

fn count(failures: u64, runs: u64) -> Count {
    Count::new(failures, runs).unwrap()
}

#[test]
fn refuses_more_failures_than_runs_and_rates_of_nothing() {
    assert!(matches!(Count::new(2, 1), Err(StatsError::Parameter { name: "failures", .. })));
    assert!(matches!(wilson(count(0, 0), 0.05), Err(StatsError::TooFew { .. })));
    assert!(matches!(jeffreys(count(0, 3), 0.0), Err(StatsError::Parameter { .. })));
    assert!(zero_failure_runs(0.0, 0.05).is_err() && zero_failure_bound(0, 0.05).is_err());
    assert!(seen_flaky(1.5, 3).is_err());
}

/// Newcombe, R. G. (1998). Statist. Med. 17, 857-872, table I, methods 3 (Wilson) and 5 (Clopper-Pearson).
#[test]
fn intervals_of_newcombe() {
    let table = [
        (81, 263, 0.2553, 0.3662, 0.2527, 0.3676),
        (15, 148, 0.0624, 0.1605, 0.0578, 0.1617),
        (0, 20, 0.0000, 0.1611, 0.0000, 0.1684),
        (1, 29, 0.0061, 0.1718, 0.0009, 0.1776),
    ];
    for (x, n, lo, hi, exact_lo, exact_hi) in table {
        let close =
            |got: f64, expected: f64| assert!((got - expected).abs() < 6e-5, "{got} {expected}");
        let got = wilson(count(x, n), 0.05).unwrap();
        close(got.lo, lo);
        close(got.hi, hi);
        let got = clopper_pearson(count(x, n), 0.05).unwrap();
        close(got.lo, exact_lo);
        close(got.hi, exact_hi);
    }
}

#[test]
fn straight_passes_rule_out_what_they_can() {
    // The median flaky test of a published data set fails in 0.71 percent of its runs.
    assert_eq!(zero_failure_runs(0.0071, 0.05).unwrap(), 421);
    assert!((zero_failure_bound(1000, 0.05).unwrap() - 0.003).abs() < 1e-5);
    assert!((seen_flaky(0.5, 2).unwrap() - 0.5).abs() < 1e-15);
    assert!(seen_flaky(0.0, 9).unwrap() == 0.0 && seen_flaky(0.3, 1).unwrap() < 1e-15);
}

/// Fisher's tea: three of four cups told right on both sides.
#[test]
fn fishers_tea() {
    let got = fisher(count(3, 4), count(1, 4));
    assert!((got.p - 34.0 / 70.0).abs() < 1e-12);
    assert!((got.mid_p - (2.0 + 16.0) / 70.0).abs() < 1e-12, "{got:?}");
    assert_eq!(fisher(count(0, 0), count(0, 5)).p, 1.0);
}

/// Wald's boundaries by hand for 20 against 2 percent at 0.05: ln 19 = 2.944; a pass weighs
/// ln(0.98 / 0.8) = 0.2029, a failure ln 0.1 = -2.303.
#[test]
fn a_fix_is_proved_by_passes_and_refuted_by_failures() {
    let test = Sprt::tenth_of(0.2).unwrap();
    assert_eq!(test.answer(count(0, 0)), Answer::Undecided { passes_needed: 15 });
    assert_eq!(test.answer(count(0, 14)), Answer::Undecided { passes_needed: 1 });
    assert_eq!(test.answer(count(0, 15)), Answer::Fixed);
    assert_eq!(test.answer(count(2, 2)), Answer::NotFixed);
    assert!((test.evidence(count(1, 11)) - (-0.273_176)).abs() < 1e-5);
    assert!(Sprt::new(0.1, 0.1, 0.05, 0.05).is_err() && Sprt::new(0.1, 0.01, 0.5, 0.05).is_err());
    assert!(Sprt::tenth_of(1.0).is_err());
}

fn test_of(failures: u64, runs: u64, suite: usize) -> TestCount {
    TestCount { count: count(failures, runs), suite: Some(suite) }
}

#[test]
fn three_runs_do_not_outrank_three_thousand() {
    let mut tests: Vec<TestCount> =
        (0..60).map(|i| test_of(u64::from(i % 12 == 0), 200, 0)).collect();
    tests.push(test_of(1, 3, 0));
    tests.push(test_of(600, 3000, 0));
    let (_, scores) = flake_scores(&tests, 0.05).unwrap();
    let (short, long) = (scores[60], scores[61]);
    assert!(
        short.rate.value < long.rate.value && (long.rate.value - 0.2).abs() < 0.01,
        "{short:?} {long:?}"
    );
    assert!(long.rank == 1 && short.rank == 2 && long.score > 0.999);
    assert!(short.credible.hi < short.rate.hi);
    assert!((long.wasted_reruns - 0.25).abs() < 0.01);
    assert_eq!(scores[1].rank, scores[2].rank);
    assert!(scores[1].credible.lo == 0.0 && scores[1].rate.lo == 0.0);
}

#[test]
fn a_suite_that_always_flakes_lifts_its_quiet_tests() {
    let mut tests: Vec<TestCount> = (0..30).map(|i| test_of(1 + i % 3, 10, 0)).collect();
    tests.extend((0..200).map(|i| test_of(0, 10, 1 + i % 5)));
    tests.push(test_of(0, 10, 0));
    let (prior, scores) = flake_scores(&tests, 0.05).unwrap();
    assert!(prior.unwrap().between > 0.5);
    assert!(scores[230].rate.value > 5.0 * scores[40].rate.value);
    assert!(scores[230].rank < scores[40].rank);
}

#[test]
fn nothing_all_passes_all_failures_and_no_runs_are_answered() {
    assert_eq!(flake_scores(&[], 0.05).unwrap(), (None, vec![]));
    assert!(flake_scores(&[], 0.0).is_err());
    for counts in [vec![(0, 50); 8], vec![(50, 50); 8], vec![(0, 0); 3], vec![(0, 1)], vec![(5, 9)]]
    {
        let tests: Vec<TestCount> = counts.iter().map(|&(x, n)| test_of(x, n, 0)).collect();
        let (prior, scores) = flake_scores(&tests, 0.05).unwrap();
        assert!(prior.unwrap().mean.is_finite());
        for score in &scores {
            assert_eq!(score.rank, 1);
            assert!(score.rate.lo <= score.rate.value && score.rate.value <= score.rate.hi);
            assert!(
                score.credible.lo <= score.credible.value
                    && score.credible.value <= score.credible.hi
            );
            assert!((0.0..=1.0).contains(&score.score) && score.wasted_reruns >= 0.0);
        }
    }
}
