use super::*;
use crate::mann_whitney::mann_whitney;
use crate::wilcoxon::wilcoxon;

#[test]
fn refuses_levels_and_pairs_that_cannot_be() {
    assert!(matches!(shift_interval(&[1.0], &[2.0], 1.0), Err(StatsError::Parameter { .. })));
    let pairs = paired_shift_interval(&[1.0], &[1.0, 2.0], 0.05);
    assert_eq!(pairs, Err(StatsError::Misaligned { baseline: 1, candidate: 2 }));
    assert!(matches!(centre(&[]), Err(StatsError::Empty { .. })));
}

/// Hollander and Wolfe (1973), tables 4.1 and 3.1: the book's estimates and intervals.
#[test]
fn estimates_of_hollander_and_wolfe() {
    let term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    let early = [1.15, 0.88, 0.90, 0.74, 1.21];
    let got = shift_interval(&early, &term, 0.05).unwrap();
    assert!((got.value - 0.305).abs() < 1e-12);
    assert!((got.lo + 0.15).abs() < 1e-12 && (got.hi - 0.76).abs() < 1e-12, "{got:?}");
    let first = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
    let second = [878.0, 647.0, 598.0, 2050.0, 1060.0, 1290.0, 1060.0, 3140.0, 1290.0];
    let second = second.map(|v| v / 1000.0);
    let got = paired_shift_interval(&first, &second, 0.05).unwrap();
    assert!((got.value + 0.46).abs() < 1e-12, "{got:?}");
    let test = wilcoxon(&second, &first).unwrap();
    assert_eq!(test.w, 40.0);
    assert!((test.p_greater - 0.01953).abs() < 5e-6);
}

#[test]
fn an_interval_holds_exactly_the_shifts_that_the_test_accepts() {
    let a: Vec<f64> = [3.1, 0.4, 2.2, 7.9, 5.3, 1.7, 4.4, 6.2].to_vec();
    let b: Vec<f64> = [4.03, 9.11, 2.92, 8.36, 5.87, 7.01, 11.3].to_vec();
    for alpha in [0.2, 0.05, 0.01] {
        let interval = shift_interval(&a, &b, alpha).unwrap();
        let p_at = |shift: f64| {
            let moved: Vec<f64> = a.iter().map(|v| v + shift).collect();
            mann_whitney(&moved, &b).unwrap().p
        };
        for bound in [interval.lo, interval.hi] {
            let outward = if bound == interval.lo { -1e-6 } else { 1e-6 };
            assert!(p_at(bound + outward) <= alpha);
            assert!(p_at(bound - outward) > alpha);
        }
    }
}

#[test]
fn one_value_a_side_has_an_estimate_and_no_bounds() {
    let got = shift_interval(&[2.0], &[5.0], 0.05).unwrap();
    assert_eq!(got, Estimate { value: 3.0, lo: f64::NEG_INFINITY, hi: f64::INFINITY });
    assert!(!got.is_bounded());
    let got = centre_interval(&[2.0, 3.0], 0.05).unwrap();
    assert_eq!((got.value, got.lo), (2.5, f64::NEG_INFINITY));
}

#[test]
fn large_samples_use_the_normal_rank() {
    // n = m = 30: k = floor(450 + 1/2 - 1.96 sqrt(900 * 61 / 12)) = 317.
    assert_eq!(u_rank(30, 30, 0.025), 317);
    // n = 60: k = floor(915 + 1/2 - 1.96 sqrt(60 * 61 * 121 / 24)) = 649.
    assert_eq!(signed_rank(60, 0.025), 649);
}
