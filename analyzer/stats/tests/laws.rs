//! What must hold for any numbers: order, sides, scale, ties, one value.

#![allow(missing_docs, reason = "tests")]

use ground_stats::compare::{CompareInput, Comparison, Direction, Sample, Scale, Verdict, compare};
use ground_stats::distribution_test as shape;
use ground_stats::harrell_davis::{exact_interval, harrell_davis};
use ground_stats::hodges_lehmann::{centre, shift, shift_interval};
use ground_stats::mann_whitney::mann_whitney;
use ground_stats::multiplicity as many;
use ground_stats::proportion::{Count, clopper_pearson, fisher, jeffreys, wilson};
use ground_stats::sequential::{Spending, spend};
use ground_stats::welch::welch;
use ground_stats::wilcoxon::wilcoxon;
use proptest::collection::vec;
use proptest::prelude::*;

/// Values with many ties.
fn coarse(sizes: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    vec((1_i32..30).prop_map(f64::from), sizes)
}

/// Positive values of any size.
fn fine(sizes: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    vec((-3.0_f64..3.0).prop_map(|e| 10.0_f64.powf(e)), sizes)
}

fn judged(baseline: &[f64], candidate: &[f64]) -> Comparison {
    let runs = CompareInput::new(Sample::Runs(baseline), Sample::Runs(candidate));
    compare(&CompareInput { direction: Direction::Lower, ..runs }).unwrap()
}

fn near(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

fn reversed(values: &[f64]) -> Vec<f64> {
    values.iter().rev().copied().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_runs_does_not_matter(a in coarse(1..15), b in fine(1..15)) {
        let (ra, rb) = (reversed(&a), reversed(&b));
        prop_assert_eq!(mann_whitney(&a, &b).unwrap(), mann_whitney(&ra, &rb).unwrap());
        prop_assert_eq!(shift_interval(&a, &b, 0.1).unwrap(), shift_interval(&ra, &rb, 0.1).unwrap());
        prop_assert_eq!(harrell_davis(&a, 0.3).unwrap(), harrell_davis(&ra, 0.3).unwrap());
        let (there, back) = (judged(&a, &b), judged(&ra, &rb));
        prop_assert_eq!((there.effect, there.p, there.verdict), (back.effect, back.p, back.verdict));
    }

    #[test]
    fn swapping_the_sides_flips_the_sign(a in coarse(1..15), b in coarse(1..15)) {
        let (there, back) = (mann_whitney(&a, &b).unwrap(), mann_whitney(&b, &a).unwrap());
        prop_assert!(near(there.p, back.p) && near(there.p_greater, back.p_less));
        prop_assert!(near(there.theta, 1.0 - back.theta));
        prop_assert!(near(shift(&a, &b).unwrap(), -shift(&b, &a).unwrap()));
        let (i, j) = (shift_interval(&a, &b, 0.1).unwrap(), shift_interval(&b, &a, 0.1).unwrap());
        prop_assert!(near(i.lo, -j.hi) && near(i.hi, -j.lo));
        let (c, d) = (judged(&a, &b), judged(&b, &a));
        let flipped = match d.verdict {
            Verdict::Regression => Verdict::Improvement,
            Verdict::Improvement => Verdict::Regression,
            same => same,
        };
        prop_assert_eq!(c.verdict, flipped);
        let ratio = |effect: f64| effect.ln_1p();
        prop_assert!(near(ratio(c.effect.unwrap().value), -ratio(d.effect.unwrap().value)));
        prop_assert_eq!((c.mde.is_some(), c.more_runs), (d.mde.is_some(), d.more_runs));
    }

    #[test]
    fn units_do_not_matter(a in fine(1..12), b in fine(1..12), unit in 1e-6_f64..1e6) {
        let scaled = |values: &[f64]| values.iter().map(|v| v * unit).collect::<Vec<f64>>();
        let (plain, other) = (judged(&a, &b), judged(&scaled(&a), &scaled(&b)));
        prop_assert_eq!(plain.verdict, other.verdict);
        prop_assert!(near(plain.effect.unwrap().value, other.effect.unwrap().value));
        prop_assert!(near(shift(&a, &b).unwrap() * unit, shift(&scaled(&a), &scaled(&b)).unwrap()));
        prop_assert!(near(harrell_davis(&a, 0.7).unwrap() * unit, harrell_davis(&scaled(&a), 0.7).unwrap()));
    }

    #[test]
    fn a_side_against_itself_is_no_change(a in coarse(2..15)) {
        let same = judged(&a, &a);
        prop_assert!(same.effect.unwrap().value.abs() < 1e-12);
        prop_assert!(matches!(same.verdict, Verdict::Equivalent | Verdict::Inconclusive));
        prop_assert_eq!((same.p, wilcoxon(&a, &a).unwrap().p), (Some(1.0), 1.0));
        prop_assert_eq!(welch(&a, &a, 0.05).unwrap().p, 1.0);
        prop_assert_eq!(shape::kolmogorov_smirnov(&a, &a).unwrap().p, 1.0);
    }

    #[test]
    fn estimates_lie_inside_their_intervals(a in coarse(1..25), b in fine(1..25), alpha in 0.001_f64..0.5) {
        let got = shift_interval(&a, &b, alpha).unwrap();
        prop_assert!(got.lo <= got.value && got.value <= got.hi);
        let got = exact_interval(&a, 0.4, alpha).unwrap();
        prop_assert!(got.lo <= got.value && got.value <= got.hi);
        let least = a.iter().copied().fold(f64::MAX, f64::min);
        let most = a.iter().copied().fold(f64::MIN, f64::max);
        let middle = centre(&a).unwrap();
        prop_assert!(least <= middle && middle <= most);
    }

    #[test]
    fn verdicts_never_contradict_the_test(a in fine(4..20), b in fine(4..20), factor in 0.5_f64..2.0) {
        let moved: Vec<f64> = b.iter().map(|v| v * factor).collect();
        let got = judged(&a, &moved);
        let effect = got.effect.unwrap();
        match got.verdict {
            Verdict::Regression => prop_assert!(effect.lo > 0.02 && got.p.unwrap() <= 0.05),
            Verdict::Improvement => prop_assert!(effect.hi < 0.0 && got.p.unwrap() <= 0.05),
            Verdict::Equivalent => prop_assert!(effect.lo > -0.02 && effect.hi < 0.02),
            _ => prop_assert!(got.more_runs != Some(0)),
        }
        // The interval holds 0 exactly where the test accepts no change.
        prop_assert_eq!(effect.lo <= 0.0 && effect.hi >= 0.0, got.p.unwrap() > 0.05);
        prop_assert_eq!(got.scale, Scale::Log);
        prop_assert_eq!(got.clone(), judged(&a, &moved));
    }

    #[test]
    fn one_outlier_never_makes_a_regression(a in fine(6..7), at in 0_usize..12) {
        let quiet: Vec<f64> = (0..12).map(|i| 100.0 + 0.01 * f64::from((i * 5) % 12)).collect();
        let mut noisy = reversed(&quiet);
        noisy[at] *= 1e6 * a[0];
        prop_assert!(judged(&quiet, &noisy).verdict == Verdict::Equivalent);
    }

    #[test]
    fn adjusting_keeps_order_and_never_lowers_p(p in vec(0.0_f64..1.0, 1..40)) {
        for adjust in [many::benjamini_hochberg, many::benjamini_yekutieli, many::holm, many::hochberg] {
            let adjusted = adjust(&p).unwrap();
            for (i, q) in adjusted.iter().enumerate() {
                prop_assert!(*q >= p[i] && *q <= 1.0);
                prop_assert!(p.iter().zip(&adjusted).all(|(o, r)| *o < p[i] || r >= q));
            }
        }
        let (bh, by) = (many::benjamini_hochberg(&p).unwrap(), many::benjamini_yekutieli(&p).unwrap());
        let (hochberg, holm) = (many::hochberg(&p).unwrap(), many::holm(&p).unwrap());
        prop_assert!(bh.iter().zip(&by).all(|(a, b)| a <= b));
        prop_assert!(bh.iter().zip(&hochberg).all(|(a, b)| *a <= b + 1e-15));
        prop_assert!(hochberg.iter().zip(&holm).all(|(a, b)| *a <= b + 1e-15));
        prop_assert!(many::simes(&p).unwrap() >= p.iter().copied().fold(1.0, f64::min));
    }

    #[test]
    fn rates_lie_inside_intervals_that_mirror(x in 0_u64..60, more in 1_u64..60, alpha in 0.01_f64..0.3) {
        let count = Count::new(x, x + more).unwrap();
        let mirror = Count::new(more, x + more).unwrap();
        for interval in [wilson, jeffreys, clopper_pearson] {
            let (got, other) = (interval(count, alpha).unwrap(), interval(mirror, alpha).unwrap());
            prop_assert!(got.lo <= got.value && got.value <= got.hi && got.lo >= 0.0 && got.hi <= 1.0);
            prop_assert!((got.lo - (1.0 - other.hi)).abs() < 1e-9);
        }
        let (there, back) = (fisher(count, mirror), fisher(mirror, count));
        prop_assert!(near(there.p, back.p) && there.mid_p <= there.p && there.p <= 1.0);
    }

    #[test]
    fn boundaries_spend_what_they_may(steps in vec(0.05_f64..1.0, 1..6), alpha in 0.01_f64..0.2) {
        let total: f64 = steps.iter().sum();
        let mut sum = 0.0;
        let looks: Vec<f64> = steps.iter().map(|s| { sum += s; (sum / total).min(1.0) }).collect();
        for spending in [Spending::Pocock, Spending::ObrienFleming] {
            let got = spend(&looks, alpha, spending).unwrap();
            prop_assert!(got.windows(2).all(|w| w[0].spent < w[1].spent));
            prop_assert!(got.iter().all(|b| b.nominal_alpha <= alpha + 1e-9));
            prop_assert!((got[got.len() - 1].spent - alpha).abs() < 1e-6);
        }
    }
}
