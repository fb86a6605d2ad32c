//! Laws of the history engine: what must not move the answer, and what must.

mod scenarios;

use ground_stats::changes::{
    Caveat, ChangeKind, ChangesError, History, HistoryAnalysis, Settings, analyze,
    analyze_replicated,
};
use proptest::prelude::*;
use scenarios::{Noise, SCENARIOS, Source};

fn run(values: &[f64]) -> HistoryAnalysis {
    analyze(values, &Settings::default()).expect("no value is infinite")
}

fn indices(values: &[f64]) -> Vec<usize> {
    run(values).change_points.iter().map(|change| change.index).collect()
}

/// A series of any noise with up to three steps, long enough to decide, in units of its noise.
fn stepped(seed: u64) -> Vec<f64> {
    let mut source = Source::new(seed);
    let kinds = [Noise::Gauss, Noise::Student2, Noise::Lognormal, Noise::Bimodal, Noise::Outliers];
    let (kind, count) = (kinds[source.whole(0, 4)], source.whole(30, 240));
    let steps = source.whole(0, 3);
    let sizes: Vec<f64> = (0..=steps).map(|_| source.between(-8.0, 8.0)).collect();
    let noise = source.noise(count, kind);
    noise
        .iter()
        .enumerate()
        .map(|(index, noise)| 50.0 + noise + sizes[index * (steps + 1) / count])
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, rng_seed: proptest::test_runner::RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scaling_moves_no_index(seed in 0_u64..1 << 40, power in -40_i32..40) {
        let values = stepped(seed);
        let factor = 2.0_f64.powi(power);
        let scaled: Vec<f64> = values.iter().map(|value| value * factor).collect();
        prop_assert_eq!(indices(&values), indices(&scaled));
    }

    #[test]
    fn any_positive_unit_and_any_origin_move_no_index(seed in 0_u64..1 << 40, factor in 0.01..1000.0, shift in -1e3..1e3) {
        let values = stepped(seed);
        let moved: Vec<f64> = values.iter().map(|value| factor * value + shift).collect();
        prop_assert_eq!(indices(&values), indices(&moved));
    }

    #[test]
    fn turning_upside_down_turns_only_the_sign(seed in 0_u64..1 << 40) {
        let values = stepped(seed);
        let turned: Vec<f64> = values.iter().map(|value| -value).collect();
        prop_assert_eq!(indices(&values), indices(&turned));
    }

    #[test]
    fn appending_is_recomputing(seed in 0_u64..1 << 40, extra in 1_usize..12) {
        let mut values = stepped(seed);
        values[3] = f64::NAN;
        let known = values.len() - extra;
        let mut history = History::new(&values[..known], Settings::default()).expect("finite");
        for value in &values[known..] {
            history.analyze();
            history.append(*value).expect("finite");
        }
        prop_assert_eq!(history.len(), values.len());
        prop_assert_eq!(history.analyze(), run(&values));
    }

    #[test]
    fn gaps_move_indices_and_nothing_else(seed in 0_u64..1 << 40, every in 2_usize..9) {
        let values = stepped(seed);
        let mut holed = Vec::new();
        let mut places = Vec::new();
        for (index, value) in values.iter().enumerate() {
            if index % every == 0 {
                holed.push(f64::NAN);
            }
            places.push(holed.len());
            holed.push(*value);
        }
        let expected: Vec<usize> = indices(&values).into_iter().map(|index| places[index]).collect();
        prop_assert_eq!(indices(&holed), expected);
    }

    #[test]
    fn answers_are_in_order_and_inside_their_intervals(seed in 0_u64..1 << 40) {
        let values = stepped(seed);
        let analysis = run(&values);
        let mut last = 0;
        for change in &analysis.change_points {
            prop_assert!(last < change.index && change.index < values.len());
            prop_assert!(change.lo <= change.index && change.index <= change.hi);
            prop_assert!(change.effect_lo <= change.effect && change.effect <= change.effect_hi);
            prop_assert!((0.0..=0.01).contains(&change.p));
            last = change.index;
        }
        let ends: Vec<usize> = analysis.segments.iter().map(|segment| segment.end).collect();
        let starts: Vec<usize> = analysis.segments.iter().map(|segment| segment.start).collect();
        prop_assert_eq!(starts[0], 0);
        prop_assert_eq!(&starts[1..], &ends[..ends.len() - 1]);
        prop_assert_eq!(ends[ends.len() - 1], values.len());
    }
}

#[test]
fn reversing_reverses_the_offline_part() {
    for seed in 0..60 {
        let mut source = Source::new(seed);
        let (count, at) = (source.whole(80, 300), source.whole(30, 50));
        let noise = source.noise(count, Noise::Gauss);
        let values: Vec<f64> = noise
            .iter()
            .enumerate()
            .map(|(index, noise)| noise + if index < at { 0.0 } else { 6.0 })
            .collect();
        let reversed: Vec<f64> = values.iter().rev().copied().collect();
        let expected: Vec<usize> =
            indices(&values).iter().rev().map(|index| count - index).collect();
        assert_eq!(indices(&reversed), expected, "seed {seed}");
    }
}

#[test]
fn one_outlier_never_makes_a_step() {
    for at in (0..119).step_by(7).chain([1, 117, 118]) {
        let mut values: Vec<f64> =
            Source::new(5).noise(120, Noise::Gauss).iter().map(|noise| 100.0 + noise).collect();
        values[at] += 60.0;
        let analysis = run(&values);
        assert_eq!(analysis.change_points, [], "outlier at {at}");
        assert!(analysis.outliers.contains(&at), "outlier at {at}");
    }
}

#[test]
fn constant_series_have_no_change() {
    for count in [0, 1, 2, 7, 8, 100, 2000] {
        let analysis = run(&vec![42.0; count]);
        assert!(
            analysis.change_points.is_empty()
                && analysis.variance_changes.is_empty()
                && analysis.drift.is_none()
        );
    }
}

#[test]
fn exact_values_are_judged_without_noise() {
    let mut values = vec![1000.0; 40];
    values.extend([1001.0; 25]);
    values[10] = 7.0;
    let analysis = run(&values);
    assert_eq!(analysis.outliers, [10]);
    let change = &analysis.change_points[..];
    assert_eq!(
        (change.len(), change[0].index, change[0].kind, change[0].p),
        (1, 40, ChangeKind::Exact, 0.0)
    );
    assert!((change[0].effect - 0.001).abs() < 1e-12);
    // The newest point alone is a change where values are exact.
    values.push(1002.0);
    assert_eq!(indices(&values), [40, 65]);
}

#[test]
fn a_gap_before_a_change_widens_its_interval() {
    let mut values = vec![5.0; 20];
    values.extend([f64::NAN; 3]);
    values.extend([6.0; 20]);
    let change = &run(&values).change_points[0];
    assert_eq!((change.lo, change.index, change.hi), (20, 23, 23));
}

#[test]
fn short_empty_and_missing_series_say_so() {
    for (values, points) in
        [(vec![], 0), (vec![1.0], 1), (vec![f64::NAN; 50], 0), (vec![1.0, 2.0, 1.5, 7.0, 3.0], 5)]
    {
        let analysis = run(&values);
        assert!(analysis.change_points.is_empty());
        assert_eq!(analysis.caveats, [Caveat::TooShort { points, least: 8 }]);
    }
}

#[test]
fn infinities_are_refused_by_name_and_leave_a_history_as_it_was() {
    let refused = analyze(&[1.0, f64::INFINITY], &Settings::default());
    assert_eq!(refused, Err(ChangesError::Infinite { index: 1 }));
    let mut history = History::new(&[1.0; 20], Settings::default()).expect("finite");
    assert_eq!(history.append(f64::NEG_INFINITY), Err(ChangesError::Infinite { index: 20 }));
    assert_eq!(history.len(), 20);
    let runs = analyze_replicated(&[vec![1.0], vec![1.0, f64::INFINITY]], &Settings::default());
    assert_eq!(runs, Err(ChangesError::InfiniteRun { revision: 1, run: 1 }));
}

#[test]
fn magnitudes_at_the_ends_of_a_double_change_nothing() {
    let values = stepped(11);
    for power in [-1000, 900] {
        let scaled: Vec<f64> = values.iter().map(|value| value * 2.0_f64.powi(power)).collect();
        assert_eq!(indices(&scaled), indices(&values));
    }
    assert!(indices(&[vec![1e300; 20], vec![-1e300; 20]].concat()) == [20]);
    assert!(
        run(&[f64::MAX, -f64::MAX, 0.0, f64::MAX, 1.0, 2.0, f64::MIN_POSITIVE, 3.0, 4.0, 5.0])
            .caveats
            .is_empty()
    );
}

#[test]
fn threads_give_the_same_answer() {
    let all: Vec<Vec<f64>> = (0..24).map(stepped).collect();
    let alone: Vec<HistoryAnalysis> = all.iter().map(|values| run(values)).collect();
    let together: Vec<HistoryAnalysis> = std::thread::scope(|scope| {
        let threads: Vec<_> = all
            .chunks(3)
            .map(|chunk| scope.spawn(|| chunk.iter().map(|values| run(values)).collect::<Vec<_>>()))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(format!("{alone:?}"), format!("{together:?}"));
}

#[test]
fn appending_agrees_through_every_scenario_and_across_windows() {
    for scenario in SCENARIOS {
        let values = scenario.case(3, 6).values;
        let known = values.len() - 3;
        let mut history = History::new(&values[..known], Settings::default()).expect("finite");
        history.analyze();
        for value in &values[known..] {
            history.append(*value).expect("finite");
            history.analyze();
        }
        assert_eq!(history.analyze(), run(&values), "{}", scenario.name);
    }
}
