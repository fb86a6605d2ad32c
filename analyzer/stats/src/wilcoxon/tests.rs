use super::*;

#[test]
fn refuses_what_cannot_be_paired_or_counted() {
    let bad = wilcoxon(&[1.0, 2.0], &[1.0]);
    assert_eq!(bad, Err(StatsError::Misaligned { baseline: 2, candidate: 1 }));
    let many: Vec<f64> = (1..=51).map(f64::from).collect();
    assert!(matches!(signed_rank(&many, PMethod::Exact), Err(StatsError::Parameter { .. })));
}

/// Critical values, two-sided 0.05: Wilcoxon (1945), as tabulated in Siegel, S. (1956), table G.
#[test]
fn critical_values_are_the_published_ones() {
    let table = [
        (6, 0),
        (7, 2),
        (8, 3),
        (9, 5),
        (10, 8),
        (12, 13),
        (15, 25),
        (20, 52),
        (25, 89),
        (30, 137),
    ];
    for (n, critical) in table {
        let law = SignedRankDistribution::of(n).unwrap();
        assert_eq!(law.rank_for_tail(0.025), critical + 1, "{n}");
    }
    assert_eq!(SignedRankDistribution::of(5).unwrap().rank_for_tail(0.025), 0);
    assert!(SignedRankDistribution::of(51).is_none());
    assert_eq!(min_attainable_p(5), 0.0625);
}

#[test]
fn zeros_are_dropped_and_all_zeros_say_nothing() {
    let got = signed_rank(&[0.0, 1.0, 0.0, 2.0, 3.0], PMethod::Auto).unwrap();
    assert_eq!((got.n, got.w, got.p), (3, 6.0, 0.25));
    assert_eq!(signed_rank(&[0.0, 0.0], PMethod::Auto).unwrap().p, 1.0);
}

#[test]
fn swapped_pairs_swap_the_tails() {
    let (a, b) = ([5.0, 3.0, 9.0, 4.0, 1.0], [6.0, 1.0, 12.0, 8.0, 2.0]);
    let (there, back) = (wilcoxon(&a, &b).unwrap(), wilcoxon(&b, &a).unwrap());
    assert_eq!((there.p_greater, there.p), (back.p_less, back.p));
}
