use super::*;
use crate::bootstrap::Resampling;

#[test]
fn refuses_designs_without_levels() {
    assert!(matches!(
        run_components(&[vec![1.0, 2.0]]),
        Err(StatsError::TooFew { needed: 2, got: 1, .. })
    ));
    assert!(matches!(run_components(&[vec![1.0], vec![2.0]]), Err(StatsError::TooFew { .. })));
    let empty = run_components(&[vec![1.0, 2.0], vec![]]);
    assert_eq!(empty, Err(StatsError::EmptyRun { side: Side::Sample, run: 1 }));
    assert!(matches!(build_components(&[vec![vec![1.0]]]), Err(StatsError::TooFew { .. })));
    let one_run = [vec![vec![1.0, 2.0]], vec![vec![1.0, 2.0]]];
    assert!(matches!(build_components(&one_run), Err(StatsError::TooFew { .. })));
    let bad = Level { cost: 0.0, variance: 1.0 };
    assert!(optimal_repetitions(bad, bad).is_err());
    let none = Level { cost: 1.0, variance: f64::NAN };
    assert!(optimal_repetitions(none, none).is_err());
}

/// By hand: runs (1, 3), (5, 7), (9, 11): within 2; means 2, 6, 10 with variance 16; between 16 - 2/2 = 15.
#[test]
fn components_of_a_small_design_by_hand() {
    let runs = [vec![1.0, 3.0], vec![5.0, 7.0], vec![9.0, 11.0]];
    let got = run_components(&runs).unwrap();
    assert_eq!((got.within, got.between, got.instances), (2.0, 15.0, 2.0));
    assert_eq!((got.icc(), got.design_effect()), (15.0 / 17.0, 1.0 + 15.0 / 17.0));
    // Two builds of those runs, 40 apart: build means 6 and 46, variance 800, less 16/3.
    let far: Vec<Vec<f64>> = runs.iter().map(|r| r.iter().map(|v| v + 40.0).collect()).collect();
    let got = build_components(&[runs.to_vec(), far]).unwrap();
    assert_eq!((got.runs.within, got.runs.between, got.runs_per_build), (2.0, 15.0, 3.0));
    assert!((got.builds - (800.0 - 16.0 / 3.0)).abs() < 1e-9);
}

#[test]
fn no_variance_is_no_correlation() {
    let got = run_components(&[vec![2.0, 2.0], vec![2.0, 2.0]]).unwrap();
    assert_eq!((got.within, got.between, got.icc(), got.design_effect()), (0.0, 0.0, 0.0, 1.0));
    // Runs closer together than instances can explain: the estimate stops at 0.
    let got = run_components(&[vec![0.0, 10.0], vec![1.0, 9.0]]).unwrap();
    assert_eq!(got.between, 0.0);
}

/// Kalibera and Jones (2013), equation 3, by hand: sqrt(100 / 1 * 4 / 1) = 20.
#[test]
fn costs_and_variances_say_what_to_repeat() {
    let instance = Level { cost: 1.0, variance: 4.0 };
    let run = Level { cost: 100.0, variance: 1.0 };
    assert_eq!(optimal_repetitions(instance, run).unwrap(), Some(20));
    let noisy_run = Level { cost: 100.0, variance: 1e4 };
    assert_eq!(optimal_repetitions(instance, noisy_run).unwrap(), Some(1));
    assert_eq!(optimal_repetitions(instance, Level { cost: 9.0, variance: 0.0 }).unwrap(), None);
}

#[test]
fn degrees_of_freedom_lie_between_welchs_and_students() {
    let (a, b) = ([1.0, 2.0, 4.0], [10.0, 30.0, 80.0]);
    let ours = run_means_test(&a, &b, None, 0.05).unwrap();
    let welch = crate::welch::welch(&a, &b, 0.05).unwrap();
    assert_eq!((ours.t, ours.se), (welch.t, welch.se));
    assert!(welch.df < ours.df && ours.df < 4.0);
    let alike = run_means_test(&[1.0, 2.0, 3.0], &[5.0, 6.0, 7.0], None, 0.05).unwrap();
    assert!((alike.df - 4.0).abs() < 1e-12);
    assert_eq!(run_means_test(&[2.0; 3], &[2.0; 4], None, 0.05).unwrap().p, 1.0);
    assert_eq!(run_means_test(&[2.0; 3], &[3.0; 4], None, 0.05).unwrap().p, 0.0);
}

#[test]
fn a_known_spread_decides_with_fewer_runs() {
    let known = Some(KnownSpread { variance: 1.0, df: 40.0 });
    let (a, b) = ([10.0, 11.0], [14.0, 15.0]);
    let alone = run_means_test(&a, &b, None, 0.05).unwrap();
    let helped = run_means_test(&a, &b, known, 0.05).unwrap();
    assert!(helped.p < alone.p && helped.p < 0.001);
    // By hand: (0.5 + 0.5 + 40) / 42, halves of both sides.
    assert!((helped.se - (41.0_f64 / 42.0).sqrt()).abs() < 1e-12);
    assert_eq!(helped.df, 42.0);
    assert!(run_means_test(&a[..1], &b[..1], None, 0.05).is_err());
    assert!(run_means_test(&a[..1], &b[..1], known, 0.05).unwrap().p < 0.05);
    let bad = Some(KnownSpread { variance: 0.0, df: 4.0 });
    assert!(run_means_test(&a, &b, bad, 0.05).is_err());
}

#[test]
fn a_bootstrap_of_runs_is_symmetric_and_repeats() {
    let side = |shift: f64| -> Vec<Vec<f64>> {
        (0..6).map(|r| (0..5).map(|i| shift + f64::from((r * 7 + i * 3) % 11)).collect()).collect()
    };
    let largest = |run: &[f64]| run.iter().copied().fold(f64::MIN, f64::max);
    let (a, b) = (side(0.0), side(4.0));
    let how = Resampling { resamples: 400, seed: 1, alpha: 0.05 };
    let got = nested_bootstrap(&a, &b, largest, how).unwrap();
    assert_eq!(got, nested_bootstrap(&a, &b, largest, how).unwrap());
    assert_eq!(got.value, 4.0);
    assert!(got.lo > 0.0 && got.is_bounded());
    let flat = vec![vec![1.0]; 4];
    let none = nested_bootstrap(&flat, &flat, largest, how).unwrap();
    assert_eq!((none.lo, none.hi), (0.0, 0.0));
    assert!(nested_bootstrap(&a[..2], &b, largest, how).is_err());
}
