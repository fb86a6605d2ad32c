use super::*;

/// Repeatable noise without a pattern that ranks would notice.
fn noise(count: usize) -> Vec<f64> {
    (0..count).map(|index| ((index * 7919 + 13) % 101) as f64 / 101.0).collect()
}

fn with_end(count: usize, end: &[f64]) -> Vec<f64> {
    noise(count).into_iter().chain(end.iter().copied()).collect()
}

#[test]
fn quiet_ends_are_quiet() {
    assert!(newest(&noise(100), &[], 0.0).expect("enough points").p > 0.05);
}

#[test]
fn eight_points_all_above_have_the_exact_p() {
    let found = newest(&with_end(92, &[2.0; 8]), &[], 0.0).expect("enough points");
    assert_eq!(found.points, 8);
    // 2 / C(100, 8), times eight lengths; the level's own uncertainty adds a little.
    let exact = 2.0 / 186_087_894_300.0 * 8.0;
    assert!(found.p >= exact * 0.99 && found.p < exact * 10.0, "{}", found.p);
}

#[test]
fn one_point_far_beyond_all_noise_is_enough_and_a_near_one_is_not() {
    assert!(newest(&with_end(99, &[5.0]), &[], 0.0).expect("enough points").p < 1e-3);
    assert!(newest(&with_end(99, &[1.2]), &[], 0.0).expect("enough points").p > 0.05);
}

#[test]
fn a_history_of_outliers_makes_one_more_unsuspicious() {
    let mut values = noise(100);
    for index in [10, 35, 60, 80] {
        values[index] = 6.0;
    }
    values.push(5.5);
    assert!(newest(&values, &[], 0.0).expect("enough points").p > 0.05);
}

#[test]
fn a_young_segment_borrows_the_spread_of_older_ones() {
    let young = with_end(6, &[3.0, 3.1, 2.9, 3.0]);
    let alone = newest(&young, &[], 0.0).expect("enough points").p;
    let borrowed: Vec<f64> = noise(80).into_iter().map(|value| value - 0.5).collect();
    let helped = newest(&young, &borrowed, 0.0).expect("enough points").p;
    assert!(helped < alone / 4.0, "{helped} and {alone}");
}

#[test]
fn correlation_asks_for_more() {
    let values = with_end(92, &[1.5; 8]);
    let p = |rho| newest(&values, &[], rho).expect("enough points").p;
    assert!(p(0.0) < p(0.5) && p(0.5) < p(0.9));
}

#[test]
fn too_few_stable_points_decide_nothing() {
    assert_eq!(newest(&[1.0, 2.0, 1.0, 9.0, 9.0], &[], 0.0), None);
    assert_eq!(newest(&[], &[], 0.0), None);
}
