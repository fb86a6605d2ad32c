use super::*;
use crate::error::Side;

fn flat<'a>(baseline: &'a [f64], candidate: &'a [f64]) -> CompareInput<'a> {
    let mut input = CompareInput::new(Sample::Runs(baseline), Sample::Runs(candidate));
    input.direction = Direction::Lower;
    input
}

fn codes(answer: &Comparison) -> Vec<&'static str> {
    answer.caveats.iter().map(Caveat::code).collect()
}

const QUIET: [f64; 6] = [100.0, 100.3, 99.8, 100.1, 99.9, 100.2];

#[test]
fn names_side_and_place_of_what_is_not_a_number() {
    let bad = compare(&flat(&[1.0, 2.0], &[1.0, f64::NAN]));
    assert_eq!(bad, Err(StatsError::NotFinite { side: Side::Candidate, index: 1 }));
    let runs = [vec![1.0, 2.0], vec![f64::INFINITY]];
    let nested = CompareInput::new(Sample::Instances(&runs), Sample::Runs(&QUIET));
    let expected = StatsError::NotFiniteInstance { side: Side::Baseline, run: 1, instance: 0 };
    assert_eq!(compare(&nested), Err(expected));
    let empty = [vec![1.0], vec![]];
    let nested = CompareInput::new(Sample::Runs(&QUIET), Sample::Instances(&empty));
    assert_eq!(compare(&nested), Err(StatsError::EmptyRun { side: Side::Candidate, run: 1 }));
}

#[test]
fn refuses_pairs_that_do_not_match_and_rules_that_cannot_be() {
    let mut input = flat(&QUIET, &QUIET[..5]);
    input.paired = true;
    assert_eq!(compare(&input), Err(StatsError::Misaligned { baseline: 6, candidate: 5 }));
    for (margin, alpha) in [(-0.1, 0.05), (f64::NAN, 0.05), (0.02, 0.0), (0.02, 1.0)] {
        let input = CompareInput { margin, alpha, ..flat(&QUIET, &QUIET) };
        assert!(matches!(compare(&input), Err(StatsError::Parameter { .. })), "{margin} {alpha}");
    }
    let input = CompareInput { scale: Some(Scale::Log), ..flat(&[1.0, 0.0], &QUIET) };
    assert!(matches!(compare(&input), Err(StatsError::Parameter { .. })));
}

#[test]
fn a_side_without_runs_is_no_data() {
    let answer = compare(&flat(&[], &QUIET)).unwrap();
    assert_eq!(answer.verdict, Verdict::NoData);
    assert_eq!((answer.effect, answer.p, answer.n_candidate), (None, None, 6));
}

#[test]
fn a_clear_step_is_a_regression_or_an_improvement_by_direction() {
    let slower: Vec<f64> = QUIET.iter().map(|v| v * 1.06).collect();
    let answer = compare(&flat(&QUIET, &slower)).unwrap();
    assert_eq!(answer.verdict, Verdict::Regression);
    let effect = answer.effect.unwrap();
    assert!((effect.value - 0.06).abs() < 1e-9 && effect.lo > 0.05 && effect.hi < 0.07);
    // All of one side above all of the other: 2 / C(12, 6).
    assert!((answer.p.unwrap() - 2.0 / 924.0).abs() < 1e-12);
    assert_eq!((answer.theta, answer.test), (Some(1.0), Test::MannWhitney));
    let back = compare(&flat(&slower, &QUIET)).unwrap();
    assert_eq!(back.verdict, Verdict::Improvement);
    let higher = CompareInput { direction: Direction::Higher, ..flat(&QUIET, &slower) };
    assert_eq!(compare(&higher).unwrap().verdict, Verdict::Improvement);
    let none = compare(&CompareInput { direction: Direction::None, ..higher }).unwrap();
    assert_eq!((none.verdict, none.more_runs), (Verdict::Inconclusive, None));
    assert_eq!(codes(&none), ["no_direction"]);
}

#[test]
fn quiet_runs_are_proved_equivalent_and_noisy_ones_say_how_many_more() {
    let quiet = compare(&flat(&QUIET, &[100.2, 99.9, 100.0, 100.1, 99.7, 100.3])).unwrap();
    assert_eq!((quiet.verdict, quiet.more_runs), (Verdict::Equivalent, None));
    let noisy = [91.0, 112.0, 103.0, 96.0, 107.0, 99.0];
    let answer = compare(&flat(&noisy, &[105.0, 93.0, 110.0, 98.0, 101.0, 96.0])).unwrap();
    assert_eq!(answer.verdict, Verdict::Inconclusive);
    assert!(answer.more_runs.unwrap() > 10);
    assert!(answer.mde.unwrap() > 0.05);
}

#[test]
fn too_few_runs_withhold_the_verdict_and_say_what_is_needed() {
    for n in 1..=3 {
        let slow: Vec<f64> = QUIET[..n].iter().map(|v| v * 1.5).collect();
        let answer = compare(&flat(&QUIET[..n], &slow)).unwrap();
        assert_eq!(answer.verdict, Verdict::Inconclusive);
        let least_p = [1.0, 1.0 / 3.0, 0.1][n - 1];
        let Caveat::TooFewRuns { runs, needed, least_p: got } = answer.caveats[0] else {
            panic!("{:?}", answer.caveats)
        };
        assert_eq!((runs, needed), (n, 4));
        assert!((got - least_p).abs() < 1e-12 && (answer.p.unwrap() - least_p).abs() < 1e-12);
        assert!(!answer.effect.unwrap().is_bounded());
        assert!((answer.effect.unwrap().value - 0.5).abs() < 0.01);
        assert_eq!(answer.more_runs, Some(4 - n));
    }
    let four: Vec<f64> = QUIET[..4].iter().map(|v| v * 1.5).collect();
    let answer = compare(&flat(&QUIET[..4], &four)).unwrap();
    assert_eq!((answer.verdict, codes(&answer)), (Verdict::Regression, vec!["few_runs"]));
}

#[test]
fn constants_zeros_and_ties_are_answered() {
    let same = compare(&flat(&[7.0; 5], &[7.0; 5])).unwrap();
    assert_eq!((same.verdict, same.p), (Verdict::Equivalent, Some(1.0)));
    assert_eq!(same.effect.unwrap(), Estimate { value: 0.0, lo: 0.0, hi: 0.0 });
    let zeros = compare(&flat(&[0.0; 5], &[0.0; 5])).unwrap();
    assert_eq!((zeros.verdict, zeros.scale), (Verdict::Equivalent, Scale::Linear));
    let up = compare(&flat(&[0.0; 5], &[3.0; 5])).unwrap();
    assert_eq!(up.verdict, Verdict::Regression);
    assert!(codes(&up).contains(&"zero_baseline") && codes(&up).contains(&"non_positive"));
    assert_eq!(up.effect.unwrap().value, 1.0);
    let step = compare(&flat(&[10.0; 5], &[11.0; 5])).unwrap();
    assert_eq!((step.verdict, step.mde), (Verdict::Regression, Some(0.0)));
    assert!(codes(&step).contains(&"ties"));
    let negative = compare(&flat(&[-10.0; 5], &[-5.0; 5])).unwrap();
    assert_eq!(negative.effect.unwrap().value, 0.5);
}

#[test]
fn the_largest_and_smallest_numbers_are_answered() {
    for scale in [1e300, 1e-300] {
        let a: Vec<f64> = QUIET.iter().map(|v| v * scale / 100.0).collect();
        let b: Vec<f64> = a.iter().map(|v| v * 1.1).collect();
        let answer = compare(&flat(&a, &b)).unwrap();
        assert_eq!(answer.verdict, Verdict::Regression);
        assert!((answer.effect.unwrap().value - 0.1).abs() < 1e-9);
        let mixed: Vec<f64> = a.iter().map(|v| -v).collect();
        assert!(compare(&flat(&a, &mixed)).unwrap().effect.unwrap().value.is_finite());
    }
    let apart = compare(&flat(&[-1e-300, 1e-300, 0.0, 1e-300], &[1e300, 1e300, 1e300, 1e300]));
    assert!(apart.unwrap().effect.unwrap().value.is_finite());
}

#[test]
fn exact_values_need_no_test() {
    let exact =
        |a: &[f64], b: &[f64]| compare(&CompareInput { exact: true, ..flat(a, b) }).unwrap();
    let one_more = exact(&[1000.0], &[1001.0]);
    assert_eq!((one_more.verdict, one_more.test), (Verdict::Regression, Test::Exact));
    assert_eq!((one_more.p, one_more.effect.unwrap().lo), (Some(0.0), 1001.0 / 1000.0 - 1.0));
    assert_eq!(exact(&[1000.0], &[1000.0; 3]).verdict, Verdict::Equivalent);
    assert_eq!(exact(&[0.0], &[0.0]).verdict, Verdict::Equivalent);
    let from_zero = exact(&[0.0], &[4.0]);
    assert_eq!((from_zero.verdict, from_zero.effect.unwrap().value), (Verdict::Regression, 1.0));
    let varying = exact(&QUIET, &QUIET);
    assert!(codes(&varying).contains(&"not_exact"));
    assert_eq!(varying.test, Test::MannWhitney);
}

#[test]
fn pairs_see_what_the_drift_hides() {
    let drifting: Vec<f64> = (0..8).map(|i| 100.0 + 10.0 * f64::from(i)).collect();
    let after: Vec<f64> = drifting
        .iter()
        .zip([1.05, 1.04, 1.06, 1.05, 1.055, 1.045, 1.06, 1.05])
        .map(|(v, f)| v * f)
        .collect();
    let unpaired = compare(&flat(&drifting, &after)).unwrap();
    assert_eq!(unpaired.verdict, Verdict::Inconclusive);
    let paired = compare(&CompareInput { paired: true, ..flat(&drifting, &after) }).unwrap();
    assert_eq!((paired.verdict, paired.test), (Verdict::Regression, Test::SignedRank));
    assert_eq!(paired.p, Some(2.0 / 256.0));
    let five = CompareInput { paired: true, ..flat(&drifting[..5], &after[..5]) };
    let five = compare(&five).unwrap();
    assert_eq!((five.verdict, five.test), (Verdict::Regression, Test::PairedT));
    assert!(codes(&five).contains(&"assumes_normal"));
    let three =
        compare(&CompareInput { paired: true, ..flat(&drifting[..3], &after[..3]) }).unwrap();
    assert_eq!(three.verdict, Verdict::Inconclusive);
    assert!(matches!(three.caveats[0], Caveat::TooFewRuns { runs: 3, needed: 4, .. }));
}

#[test]
fn instances_never_count_as_runs() {
    // Ten instances per run share their run's level; runs differ by far more than instances do.
    let runs = |levels: &[f64]| -> Vec<Vec<f64>> {
        levels.iter().map(|l| (0..10).map(|i| l + 0.01 * f64::from(i)).collect()).collect()
    };
    let (a, b) = (runs(&[100.0, 108.0, 103.0, 97.0]), runs(&[104.0, 111.0, 99.0, 106.0]));
    let input = CompareInput {
        direction: Direction::Lower,
        ..CompareInput::new(Sample::Instances(&a), Sample::Instances(&b))
    };
    let answer = compare(&input).unwrap();
    assert_eq!((answer.n_baseline, answer.n_candidate, answer.test), (4, 4, Test::NestedT));
    assert_eq!(answer.verdict, Verdict::Inconclusive);
    assert!(answer.p.unwrap() > 0.3);
    let single = CompareInput::new(Sample::Instances(&a[..1]), Sample::Instances(&b[..1]));
    let answer = compare(&single).unwrap();
    assert!(matches!(answer.caveats[0], Caveat::TooFewRuns { runs: 1, needed: 3, .. }));
    assert_eq!(answer.more_runs, Some(2));
}

#[test]
fn runs_that_lie_far_out_are_compared_by_ranks() {
    let runs = |levels: &[f64]| -> Vec<Vec<f64>> { levels.iter().map(|l| vec![*l, *l]).collect() };
    let mut a = vec![100.0, 100.4, 99.7, 100.1, 99.9, 100.2, 99.8, 100.3];
    let b: Vec<f64> = a.iter().map(|v| v * 1.05).collect();
    a[3] = 400.0;
    let (a, b) = (runs(&a), runs(&b));
    let input = CompareInput {
        direction: Direction::Lower,
        ..CompareInput::new(Sample::Instances(&a), Sample::Instances(&b))
    };
    let answer = compare(&input).unwrap();
    assert_eq!((answer.test, answer.verdict), (Test::MannWhitney, Verdict::Regression));
}

#[test]
fn dependence_spread_and_limits_are_told() {
    let level: Vec<f64> =
        (0..20).map(|i| if i < 10 { 10.0 } else { 20.0 } + 0.1 * f64::from(i % 3)).collect();
    let spread: Vec<f64> = (0..20).map(|i| 15.0 + f64::from((i * 7) % 20)).collect();
    let answer = compare(&flat(&level, &spread)).unwrap();
    let dependent = |c: &Caveat| matches!(c, Caveat::Dependence { side: Side::Baseline, .. });
    assert!(answer.caveats.iter().any(dependent), "{:?}", answer.caveats);
    let wide: Vec<f64> = (0..12).map(|i| 100.0 + f64::from((i * 5) % 12)).collect();
    let narrow: Vec<f64> = wide.iter().map(|v| 105.0 + (v - 105.0) / 40.0).collect();
    assert!(codes(&compare(&flat(&wide, &narrow)).unwrap()).contains(&"unequal_spread"));
    let mut limited: Vec<f64> = (0..12).map(|i| 20.0 + 0.7 * f64::from(i)).collect();
    limited[6..].fill(30.0);
    assert!(codes(&compare(&flat(&wide, &limited)).unwrap()).contains(&"heavy_censoring"));
}

#[test]
fn every_caveat_has_a_sentence() {
    let all = [
        Caveat::TooFewRuns { runs: 2, needed: 4, least_p: 1.0 / 3.0 },
        Caveat::NonPositive { count: 3 },
        Caveat::Ties { share: 0.5 },
    ];
    let text: Vec<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(
        text,
        [
            "2 runs cannot decide: the smallest p they can give is 0.333; at least 4 runs a side are needed",
            "3 values are not above 0; differences are linear instead of ratios",
            "50 % of the runs' values are equal to another",
        ]
    );
}

#[test]
fn a_known_spread_lets_two_runs_decide() {
    let runs = |levels: &[f64]| -> Vec<Vec<f64>> { levels.iter().map(|l| vec![*l, *l]).collect() };
    let (a, b) = (runs(&[100.0, 100.4]), runs(&[106.1, 105.8]));
    let alone = CompareInput {
        direction: Direction::Lower,
        ..CompareInput::new(Sample::Instances(&a), Sample::Instances(&b))
    };
    assert_eq!(compare(&alone).unwrap().verdict, Verdict::Inconclusive);
    let known_spread = Some(KnownSpread { variance: 0.004 * 0.004, df: 30.0 });
    let helped = compare(&CompareInput { known_spread, ..alone }).unwrap();
    assert_eq!((helped.verdict, helped.test), (Verdict::Regression, Test::NestedT));
    let bad = Some(KnownSpread { variance: -1.0, df: 30.0 });
    assert!(compare(&CompareInput { known_spread: bad, ..alone }).is_err());
}
