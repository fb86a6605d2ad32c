use super::*;

#[test]
fn refuses_series_without_neighbours() {
    assert!(matches!(lag1(&[1.0, 2.0]), Err(StatsError::TooFew { needed: 3, got: 2, .. })));
    assert!(runs_test(&[]).is_err());
}

/// By hand: 1, 2, 3, 4, 5 has deviations -2..2, squares 10, products 2 + 0 + 0 + 2 = 4.
#[test]
fn a_ramp_depends_on_itself_and_a_constant_does_not() {
    assert_eq!(lag1(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap().rho, 0.4);
    let constant = lag1(&[3.0; 10]).unwrap();
    assert_eq!((constant.rho, constant.p), (0.0, 1.0));
    let alternating: Vec<f64> = (0..30).map(|i| f64::from(i % 2)).collect();
    let got = lag1(&alternating).unwrap();
    assert!(got.rho < -0.9 && got.p < 1e-5);
    assert!(lag1(&[1e300, -1e300, 1e300, 1e300]).unwrap().rho.is_finite());
}

#[test]
fn dependence_inflates_variance() {
    assert_eq!(variance_inflation(0.5), 3.0);
    assert_eq!(
        (variance_inflation(-0.4), variance_inflation(1.0)),
        (1.0, variance_inflation(0.99))
    );
}

/// By hand: 10 up, 10 down in two stretches: expected 11, variance 200 * 180 / (400 * 19) = 4.7368.
#[test]
fn levels_have_too_few_stretches() {
    let levels: Vec<f64> = (0..20).map(|i| if i < 10 { 1.0 } else { 2.0 }).collect();
    let got = runs_test(&levels).unwrap();
    assert_eq!((got.runs, got.expected), (2, 11.0));
    assert!((got.p - 2.0 * normal_sf(8.5 / (36_000.0_f64 / 7600.0).sqrt())).abs() < 1e-15);
    assert_eq!(runs_test(&[4.0; 9]).unwrap().p, 1.0);
    assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
}
