use super::*;

fn indices(values: &[f64], settings: &Settings) -> Vec<usize> {
    perfherder(values, settings).iter().map(|change| change.index).collect()
}

fn step(before: usize, after: usize, size: f64) -> Vec<f64> {
    let wobble = |index: usize| (index * 5 % 7) as f64 / 7.0;
    (0..before + after)
        .map(|index| 100.0 + wobble(index) + if index < before { 0.0 } else { size })
        .collect()
}

#[test]
fn a_step_with_twelve_points_on_each_side_is_reported_and_with_eleven_is_not() {
    let settings = Settings::default();
    assert_eq!(indices(&step(12, 12, 5.0), &settings), [12]);
    assert!(indices(&step(11, 30, 5.0), &settings).is_empty());
    assert!(indices(&step(30, 11, 5.0), &settings).is_empty());
}

#[test]
fn two_constant_levels_have_an_infinite_score() {
    let values = [vec![5.0; 20], vec![6.0; 20]].concat();
    let found = perfherder(&values, &Settings::default());
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].index, found[0].score), (20, f64::INFINITY));
    assert!((found[0].effect - 0.2).abs() < 1e-12);
}

#[test]
fn the_floor_of_alerts_hides_small_changes() {
    let values = step(40, 40, 1.5);
    assert_eq!(indices(&values, &Settings::default()), [40]);
    assert!(indices(&values, &Settings { floor: ALERT_FLOOR, ..Settings::default() }).is_empty());
}

#[test]
fn weights_fall_linearly_and_the_variance_is_about_their_mean() {
    // Weights 1, 2/3, 1/3: (3 + 4 + 3) / 2 = 5; squares 4 + 1 + 16 over 2.
    let (mean, variance) = weighted(&[3.0, 6.0, 9.0]);
    assert!((mean - 5.0).abs() < 1e-12 && (variance - 10.5).abs() < 1e-12, "{mean} {variance}");
    assert_eq!(weighted(&[4.0]), (4.0, 0.0));
}

#[test]
fn the_score_is_the_distance_over_its_standard_error() {
    // Means 5 and 11 by weights nearest first, variance 10.5 each: 6 / sqrt(10.5 / 3 * 2).
    let score = score(&[3.0, 6.0, 9.0], &[9.0, 12.0, 15.0]);
    assert!((score - 6.0 / 7.0_f64.sqrt()).abs() < 1e-12, "{score}");
}

#[test]
fn gaps_are_left_out_and_constants_are_quiet() {
    let mut values = step(40, 40, 5.0);
    values.insert(10, f64::NAN);
    assert_eq!(indices(&values, &Settings::default()), [41]);
    assert!(indices(&[7.0; 80], &Settings::default()).is_empty());
    assert!(indices(&[], &Settings::default()).is_empty());
}
