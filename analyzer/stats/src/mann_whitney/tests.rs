use super::*;
use crate::error::Side;

#[test]
fn names_the_side_that_cannot_be_ranked() {
    assert_eq!(mann_whitney(&[], &[1.0]), Err(StatsError::Empty { side: Side::Baseline }));
    let bad = mann_whitney(&[1.0], &[2.0, f64::INFINITY]);
    assert_eq!(bad, Err(StatsError::NotFinite { side: Side::Candidate, index: 1 }));
    let large: Vec<f64> = (0..50).map(f64::from).collect();
    let refused = mann_whitney_by(&large, &large, PMethod::Exact);
    assert!(matches!(refused, Err(StatsError::Parameter { name: "size", .. })));
}

/// Critical values of U, two-sided 0.05: Mann and Whitney (1947) as tabulated in Siegel, S. (1956), table K.
#[test]
fn critical_values_are_the_published_ones() {
    let table = [
        (4, 4, 0),
        (5, 5, 2),
        (6, 6, 5),
        (7, 7, 8),
        (8, 8, 13),
        (9, 9, 17),
        (10, 10, 23),
        (5, 10, 8),
        (8, 12, 22),
        (12, 12, 37),
        (15, 15, 64),
        (20, 20, 127),
    ];
    for (n, m, critical) in table {
        let law = UDistribution::of(n, m).unwrap();
        assert_eq!(law.rank_for_tail(0.025), critical + 1, "{n} {m}");
    }
    // 3 against 3 never reaches 0.05.
    assert_eq!(UDistribution::of(3, 3).unwrap().rank_for_tail(0.025), 0);
    assert!((min_attainable_p(3, 3) - 0.1).abs() < 1e-12);
}

/// Hollander and Wolfe (1973), Nonparametric Statistical Methods, table 4.1: permeability of membranes.
#[test]
fn permeability_constants_of_hollander_and_wolfe() {
    let term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    let early = [1.15, 0.88, 0.90, 0.74, 1.21];
    let got = mann_whitney(&early, &term).unwrap();
    assert_eq!(got.u, 35.0);
    assert!((got.p_greater - 0.1272).abs() < 5e-5);
    assert_eq!(got.theta, 0.7);
}

/// Counts assignments by the recursion of Mann and Whitney, in floating point.
fn slow_counts(n: usize, m: usize) -> Vec<f64> {
    let mut law = vec![vec![vec![]; m + 1]; n + 1];
    for i in 0..=n {
        for j in 0..=m {
            law[i][j] = (0..=i * j)
                .map(|u| {
                    if i == 0 || j == 0 {
                        return 1.0;
                    }
                    let below: &Vec<f64> = &law[i - 1][j];
                    let beside: &Vec<f64> = &law[i][j - 1];
                    let with = if u >= j { below.get(u - j).copied().unwrap_or(0.0) } else { 0.0 };
                    with + beside.get(u).copied().unwrap_or(0.0)
                })
                .collect();
        }
    }
    law[n][m].clone()
}

#[test]
fn the_fast_count_equals_the_recursion() {
    for (n, m) in [(1, 1), (1, 9), (2, 5), (6, 4), (7, 7), (20, 13)] {
        let slow = slow_counts(n, m);
        let total: f64 = slow.iter().sum();
        let fast = UDistribution::of(n, m).unwrap();
        let mut sum = 0.0;
        for (k, count) in slow.iter().enumerate() {
            sum += count;
            assert!((fast.at_most(k) - sum / total).abs() < 1e-12, "{n} {m} {k}");
        }
    }
}

#[test]
fn counts_that_do_not_fit_are_left_to_the_normal_distribution() {
    assert!(UDistribution::of(20, 500).is_some());
    assert!(UDistribution::of(20, 5000).is_none());
    assert!(UDistribution::of(21, 21).is_none());
    assert!(UDistribution::of(1, 100_000).is_some());
}

#[test]
fn ties_are_permuted_and_not_approximated() {
    let got = mann_whitney(&[1.0; 4], &[2.0; 4]).unwrap();
    // Two of the 70 assignments are as extreme; the normal approximation would say 0.013.
    assert!((got.p - 2.0 / 70.0).abs() < 1e-12);
    let same = mann_whitney(&[3.0; 4], &[3.0; 5]).unwrap();
    assert_eq!((same.p, same.theta), (1.0, 0.5));
    let many = mann_whitney(&[3.0; 40], &[3.0; 50]).unwrap();
    assert_eq!((many.p, many.method), (1.0, PMethod::Asymptotic));
}
