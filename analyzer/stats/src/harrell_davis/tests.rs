use super::*;

#[test]
fn refuses_tails_that_nothing_was_seen_of() {
    let values: Vec<f64> = (0..60).map(f64::from).collect();
    let p99 = quantile(&values, 0.99);
    let what = "a quantile with five values beyond it";
    assert_eq!(p99, Err(StatsError::TooFew { what, needed: 500, got: 60 }));
    assert!(matches!(quantile(&values, 0.01), Err(StatsError::TooFew { needed: 500, .. })));
    assert!(quantile(&values, 0.9).is_ok());
    assert!(highest_estimable(60).unwrap() > 0.9 && highest_estimable(9).is_none());
    assert_eq!(highest_estimable(10), Some(0.5));
    assert!(harrell_davis(&values, 1.0).is_err() && harrell_davis(&[], 0.5).is_err());
}

#[test]
fn one_value_and_constants_are_their_own_quantiles() {
    assert_eq!(harrell_davis(&[7.5], 0.9).unwrap(), 7.5);
    assert_eq!(harrell_davis(&[1e300; 12], 0.3).unwrap(), 1e300);
    assert_eq!(jackknife_error(&[4.0; 12], 0.3).unwrap(), 0.0);
    assert!(jackknife_error(&[4.0], 0.3).is_err());
}

#[test]
fn the_median_of_a_symmetric_sample_is_its_centre() {
    let got = harrell_davis(&[-3.0, 9.0, 1.0, 3.0, -1.0, -9.0], 0.5).unwrap();
    assert!(got.abs() < 1e-12);
}

/// Ranks of the 95 percent interval of a median: Conover (1999), table A3 gives 5 successes at most with
/// probability 0.0207 among 20, so the bounds are the 6th and the 15th value.
#[test]
fn exact_bounds_are_the_published_ranks() {
    let values: Vec<f64> = (1..=20).map(f64::from).collect();
    let got = exact_interval(&values, 0.5, 0.05).unwrap();
    assert_eq!((got.lo, got.hi), (6.0, 15.0));
    let few = exact_interval(&values[..4], 0.5, 0.05).unwrap();
    assert_eq!((few.lo, few.hi), (f64::NEG_INFINITY, f64::INFINITY));
}
