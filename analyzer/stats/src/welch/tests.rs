use super::*;

#[test]
fn refuses_what_has_no_spread() {
    let one = welch(&[1.0], &[1.0, 2.0], 0.05);
    assert_eq!(one, Err(StatsError::TooFew { what: "Welch's t test", needed: 2, got: 1 }));
    assert!(matches!(student(&[1.0], &[2.0], 0.05), Err(StatsError::TooFew { .. })));
    assert!(matches!(paired_t(&[1.0], &[2.0], 0.05), Err(StatsError::TooFew { .. })));
    assert!(matches!(welch(&[1.0, 2.0], &[1.0, 2.0], 0.0), Err(StatsError::Parameter { .. })));
}

/// Table of Student's t: Fisher and Yates (1963), table III.
#[test]
fn intervals_use_students_table() {
    for (n, expected) in [(3, 4.303), (5, 2.776), (11, 2.228), (31, 2.042)] {
        let values: Vec<f64> = (0..n).map(|i| f64::from(i % 7)).collect();
        let zeros = vec![0.0; n as usize];
        let t = paired_t(&zeros, &values, 0.05).unwrap();
        assert!(((t.difference.hi - t.difference.value) / t.se - expected).abs() < 5e-4);
    }
}

#[test]
fn constants_are_told_apart_without_dividing_by_zero() {
    let same = welch(&[2.0; 3], &[2.0; 3], 0.05).unwrap();
    assert_eq!((same.t, same.p, same.difference.lo, same.difference.hi), (0.0, 1.0, 0.0, 0.0));
    let apart = welch(&[2.0; 3], &[3.0; 3], 0.05).unwrap();
    assert_eq!((apart.p, apart.difference.lo), (0.0, 1.0));
    let one = student(&[2.0, 4.0, 3.0], &[9.0], 0.05).unwrap();
    assert_eq!((one.df, one.difference.value), (2.0, 6.0));
}

#[test]
fn a_large_level_does_not_swallow_the_spread() {
    let values: Vec<f64> = [4.0, 7.0, 13.0, 16.0].iter().map(|v| v + 1e9).collect();
    let moments = Moments::of(&values).unwrap();
    assert_eq!((moments.mean, moments.variance), (1e9 + 10.0, 30.0));
    assert_eq!(Moments::of(&[f64::MAX, f64::MAX]).unwrap().mean, f64::MAX);
    assert_eq!(Moments::of(&[3.0]).unwrap().variance, 0.0);
}
