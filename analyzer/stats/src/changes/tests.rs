use super::excursion::{Ends, best_split, strongest};
use super::order::Order;
use super::ranks::{Standing, exact_tail};
use super::types::Series;
use super::*;

const SCIPY: &str = include_str!("../../tests/reference/scipy_history.txt");

/// The cases of one kind: all their lines as numbers.
fn reference(kind: &str) -> Vec<Vec<Vec<f64>>> {
    let mut cases = Vec::new();
    let mut wanted = false;
    for line in SCIPY.lines() {
        if line.chars().next().is_some_and(char::is_alphabetic) {
            wanted = line == kind;
            if wanted {
                cases.push(Vec::new());
            }
        } else if wanted {
            let numbers = line.split(' ').map(|word| word.parse().expect("a number")).collect();
            cases.last_mut().expect("a case was begun").push(numbers);
        }
    }
    assert!(!cases.is_empty(), "no case of {kind}");
    cases
}

fn near(ours: f64, theirs: f64, relative: f64) {
    assert!((ours - theirs).abs() <= relative * theirs.abs(), "{ours} is not {theirs}");
}

fn ranks(values: &[f64]) -> Vec<f64> {
    Order::new(values).doubled_ranks(0, values.len())
}

const WHOLE: Ends = Ends { first: true, last: true };

#[test]
fn spread_test_agrees_with_scipy() {
    for case in reference("levene") {
        let (_, p) = variance::compare(&case[0], &case[1], 0.0).expect("enough points");
        near(p, case[2][0], 1e-9);
    }
}

#[test]
fn rank_sum_p_agrees_with_scipy() {
    for case in reference("mannwhitney") {
        let (few, many) = (case[0].len(), case[1].len());
        let all: Vec<f64> = case[0].iter().chain(&case[1]).copied().collect();
        let doubled_sum = ranks(&all)[..few].iter().sum();
        let standing = Standing { few, many, doubled_sum };
        // Far from the tail the normal approximation stands in.
        let relative = if standing.score().abs() < 1.5 { 0.25 } else { 1e-9 };
        near(standing.p(1.0), case[2][0], relative);
    }
}

#[test]
fn exact_tail_counts_like_enumeration() {
    for (few, many) in [(1, 4), (2, 3), (3, 5), (4, 4)] {
        let all = few + many;
        let mut counts = vec![0_usize; few * many + 1];
        for set in 0_u32..1 << all {
            if set.count_ones() as usize == few {
                let inside = (0..all).filter(|bit| set >> bit & 1 == 1);
                let inversions: usize =
                    inside.map(|bit| (0..bit).filter(|lower| set >> lower & 1 == 0).count()).sum();
                counts[inversions] += 1;
            }
        }
        let total: usize = counts.iter().sum();
        let mut sum = 0;
        for (inversions, count) in counts.iter().enumerate() {
            sum += count;
            near(exact_tail(few, many, inversions), sum as f64 / total as f64, 1e-12);
        }
    }
}

#[test]
fn shift_is_the_median_of_all_differences() {
    for case in reference("shift") {
        let level = 100.0;
        let lift =
            |values: &[f64]| values.iter().map(|value| (value / level).exp()).collect::<Vec<_>>();
        let effect = effect::relative_shift(&lift(&case[0]), &lift(&case[1]), 1.0);
        near(effect.estimate.ln_1p() * level, case[2][0], 1e-9);
        assert!(effect.lo <= effect.estimate && effect.estimate <= effect.hi);
    }
}

#[test]
fn shift_of_values_that_are_not_positive_is_relative_to_the_level() {
    let effect = effect::relative_shift(&[-10.0; 8], &[-9.0; 8], 1.0);
    near(effect.estimate, 0.1, 1e-12);
    let from_zero = effect::relative_shift(&[0.0; 8], &[3.0; 8], 1.0);
    assert_eq!(from_zero.estimate, f64::INFINITY);
}

#[test]
fn order_of_a_stretch_is_that_of_sorting_it() {
    let values = [3.0, -0.0, 0.0, f64::MAX, -5.0, 3.0, 2.0, -1e-300, 7.0, 3.0];
    let mut grown = Order::new(&values[..4]);
    values[4..].iter().for_each(|&value| grown.push(value));
    for start in 0..values.len() {
        for end in start..=values.len() {
            let mut expected = values[start..end].to_vec();
            expected.sort_by(|a, b| a.partial_cmp(b).expect("finite"));
            assert_eq!(Order::new(&values).sorted(start, end), expected);
            assert_eq!(grown.sorted(start, end), expected);
        }
    }
    assert_eq!(ranks(&[5.0, 1.0, 5.0, 9.0]), [5.0, 2.0, 5.0, 8.0]);
}

#[test]
fn a_run_that_stands_out_is_found_with_the_exact_p() {
    let mut values: Vec<f64> = (0..100).map(|index| f64::from(index * 37 % 100)).collect();
    values[50..54].iter_mut().for_each(|value| *value += 1000.0);
    (values[49], values[54]) = (-1.0, -2.0);
    let found = strongest(&ranks(&values), WHOLE, 0.0).expect("a run");
    assert_eq!((found.start, found.end), (50, 54));
    // All of 4 above all of 96: 2 / C(100, 4), times the runs tried.
    near(found.p, 2.0 / 3_921_225.0 * 400.0, 1e-9);
}

#[test]
fn runs_beside_another_change_are_left_to_it() {
    let mut values: Vec<f64> = (0..100).map(|index| f64::from(index * 37 % 100)).collect();
    values[..5].iter_mut().for_each(|value| *value += 1000.0);
    assert_eq!(
        strongest(&ranks(&values), WHOLE, 0.0).map(|run| (run.start, run.end)),
        Some((0, 5))
    );
    let inner = strongest(&ranks(&values), Ends { first: false, last: true }, 0.0);
    assert!(inner.is_none_or(|run| run.start > 0));
}

#[test]
fn the_greatest_rank_difference_lies_at_the_step() {
    let values: Vec<f64> = (0..60)
        .map(|index| f64::from(index * 7 % 10) + if index < 40 { 0.0 } else { 20.0 })
        .collect();
    let (split, p) = best_split(&ranks(&values), 0.0).expect("a split");
    assert_eq!(split, 40);
    assert!(p < 1e-6);
    assert!(best_split(&ranks(&values[..40]), 0.0).is_none_or(|(_, p)| p > 0.05));
}

#[test]
fn correlation_makes_every_p_larger() {
    let standing = Standing { few: 20, many: 80, doubled_sum: 2600.0 };
    let ps = [0.0, 0.3, 0.6, 0.9].map(|rho| standing.p(noise::inflation(rho, 20)));
    assert!(ps.is_sorted() && ps[0] < ps[3], "{ps:?}");
}

#[test]
fn inflation_is_the_variance_of_a_correlated_mean() {
    for (rho, count) in [(0.3_f64, 1_usize), (0.6, 2), (0.5, 3), (0.9, 7)] {
        let mut sum = 0.0;
        for left in 0..count {
            for right in 0..count {
                sum += rho.powi(left.abs_diff(right) as i32);
            }
        }
        near(noise::inflation(rho, count), sum / count as f64, 1e-12);
    }
}

#[test]
fn robust_levels_and_spreads_of_known_samples() {
    assert_eq!(noise::median(&[3.0, 1.0, 2.0]), 2.0);
    assert_eq!(noise::median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    assert_eq!(noise::median(&[]), 0.0);
    near(noise::spread(&[1.0, 2.0, 3.0, 4.0, 100.0], 3.0), 1.482_602_218_505_602, 1e-12);
    // More than half equal: the mean absolute deviation, 0.4, times sqrt(pi / 2).
    near(
        noise::spread(&[5.0, 5.0, 5.0, 5.0, 7.0], 5.0),
        0.4 * (std::f64::consts::PI / 2.0).sqrt(),
        1e-9,
    );
}

#[test]
fn blocks_grow_with_correlation_and_stay_within_the_series() {
    assert_eq!(verify::block_length(0.0, 100), 1);
    // (1.2 / 0.64)^(2/3) 100^(1/3) = 7.06.
    assert_eq!(verify::block_length(0.6, 100), 8);
    assert_eq!(verify::block_length(0.95, 20), 5);
}

#[test]
fn gaps_keep_their_place_and_infinities_are_named() {
    let series = Series::new(&[f64::NAN, 1.0, f64::NAN, 2.0]).expect("finite");
    assert_eq!((series.raw, series.positions, series.length), (vec![1.0, 2.0], vec![1, 3], 4));
    let wrong = Series::new(&[1.0, f64::NAN, f64::NEG_INFINITY]);
    assert_eq!(wrong.err(), Some(ChangesError::Infinite { index: 2 }));
}
