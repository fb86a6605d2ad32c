use super::*;

#[test]
fn refuses_what_has_no_spread() {
    assert!(matches!(brown_forsythe(&[1.0], &[1.0, 2.0]), Err(StatsError::TooFew { .. })));
    assert!(matches!(brunner_munzel(&[1.0], &[1.0, 2.0]), Err(StatsError::TooFew { .. })));
    assert!(matches!(energy_test(&[1.0], &[2.0], 0, 1), Err(StatsError::TooFew { .. })));
    assert!(kolmogorov_smirnov(&[], &[1.0]).is_err());
}

/// Brunner and Munzel (2000), table 1: pain scores on the third day; the paper gives W = 3.1375, p = 0.0058.
#[test]
fn pain_scores_of_brunner_and_munzel() {
    let control = [1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 4.0, 1.0, 1.0];
    let treated = [3.0, 3.0, 4.0, 3.0, 1.0, 2.0, 3.0, 1.0, 1.0, 5.0, 4.0];
    let got = brunner_munzel(&control, &treated).unwrap();
    assert!((got.statistic - 3.1375).abs() < 5e-5 && (got.p - 0.0058).abs() < 5e-5);
}

#[test]
fn equal_and_separate_samples_are_the_two_ends() {
    let (a, b) = ([1.0, 2.0, 3.0, 4.0], [11.0, 12.0, 13.0, 14.0]);
    assert_eq!(kolmogorov_smirnov(&a, &a).unwrap(), Tested { statistic: 0.0, p: 1.0 });
    // Two of C(8, 4) = 70 orders separate the sides.
    let apart = kolmogorov_smirnov(&a, &b).unwrap();
    assert_eq!(apart.statistic, 1.0);
    assert!((apart.p - 2.0 / 70.0).abs() < 1e-12);
    assert_eq!(energy_distance(&a, &a).unwrap(), 0.0);
    assert_eq!(brunner_munzel(&a, &a).unwrap().p, 1.0);
    assert_eq!(brunner_munzel(&a, &b).unwrap().p, 0.0);
    assert_eq!(brown_forsythe(&[2.0; 3], &[2.0; 3]).unwrap().p, 1.0);
    assert!(brown_forsythe(&[2.0; 3], &[1.0, 9.0, 5.0, 5.0]).unwrap().p > 0.0);
}

#[test]
fn the_energy_test_sees_shape_and_repeats() {
    let a: Vec<f64> = (0..30).map(|i| f64::from((i * 7) % 30) - 14.5).collect();
    let b: Vec<f64> = a.iter().map(|v| v * 6.0).collect();
    let got = energy_test(&a, &b, 999, 3).unwrap();
    assert!(got.p <= 0.005, "{got:?}");
    assert_eq!(got, energy_test(&a, &b, 999, 3).unwrap());
    assert_eq!(energy_test(&a, &a, 99, 3).unwrap().p, 1.0);
}

#[test]
fn the_limit_law_meets_the_exact_one() {
    let exact = exact_ks(400, 400, 400 * 400 / 10);
    let limit = limit_ks(400, 400, 0.1);
    assert!((exact - limit).abs() < 0.1 * exact, "{exact} {limit}");
    // Smirnov (1948): the limit law at 1.36 is 0.0505.
    assert!((limit_ks(2, 2, 1.36) - 0.0495).abs() < 1e-3);
}
