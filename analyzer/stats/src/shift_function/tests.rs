use super::*;
use crate::error::Side;

fn ramp(n: usize) -> Vec<f64> {
    (0..n).map(|i| ((i * 37) % n) as f64).collect()
}

#[test]
fn refuses_quantiles_that_cannot_be() {
    let bad = shift_function(&[], &[1.0], &DECILES, 0.05);
    assert_eq!(bad, Err(StatsError::Empty { side: Side::Baseline }));
    assert!(shift_function(&ramp(60), &ramp(60), &[1.0], 0.05).is_err());
    assert!(paired_shift_function(&ramp(60), &ramp(50), &DECILES, 0.05).is_err());
}

#[test]
fn tails_without_values_are_refused_and_listed() {
    let got = shift_function(&ramp(60), &ramp(61), &LATENCY, 0.05).unwrap();
    assert_eq!(got.refused, [0.99]);
    assert_eq!(got.shifts.len(), 5);
    assert_eq!(shift_function(&ramp(8), &ramp(60), &DECILES, 0.05).unwrap().refused.len(), 9);
}

#[test]
fn a_longer_tail_moves_the_upper_quantiles_only() {
    let a: Vec<f64> = ramp(200);
    let b: Vec<f64> =
        a.iter().map(|v| if *v > 150.0 { v + 3.0 * (v - 150.0) } else { *v }).collect();
    let got = shift_function(&a, &b, &DECILES, 0.05).unwrap();
    let moved: Vec<f64> = got
        .shifts
        .iter()
        .filter(|s| s.difference.lo > 0.0 || s.difference.hi < 0.0)
        .map(|s| s.quantile)
        .collect();
    assert!(moved.contains(&0.9) && moved.iter().all(|q| *q >= 0.8), "{moved:?}");
    assert!(got.shifts.iter().all(|s| (s.p_adjusted <= 0.05) == moved.contains(&s.quantile)));
    assert_eq!(got.shifts[0].difference.value, 0.0);
}

#[test]
fn pairs_take_out_what_they_share() {
    let a: Vec<f64> = ramp(40);
    let b: Vec<f64> = a.iter().enumerate().map(|(i, v)| v + 1.0 + 0.1 * (i % 3) as f64).collect();
    let paired = paired_shift_function(&a, &b, &[0.5], 0.05).unwrap();
    let unpaired = shift_function(&a, &b, &[0.5], 0.05).unwrap();
    assert!(paired.shifts[0].difference.lo > 0.0);
    assert!(unpaired.shifts[0].difference.lo < 0.0);
}
