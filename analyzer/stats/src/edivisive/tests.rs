use super::*;

fn wave(count: usize) -> Vec<f64> {
    (0..count).map(|index| ((index * 7919 + 13) % 101) as f64 / 101.0).collect()
}

fn indices(values: &[f64]) -> Vec<usize> {
    edivisive(values, &Settings::default()).iter().map(|change| change.index).collect()
}

/// The statistic as it is defined, over all splits and ends.
fn slow(points: &[f64], least: usize) -> (usize, f64) {
    let pairs = |left: &[f64], right: &[f64]| -> f64 {
        left.iter().map(|a| right.iter().map(|b| (a - b).abs()).sum::<f64>()).sum()
    };
    let mut best = (0, f64::NEG_INFINITY);
    for split in least..points.len() {
        for end in split + least..=points.len() {
            let (left, right) = (&points[..split], &points[split..end]);
            let (n, m) = (left.len() as f64, right.len() as f64);
            let within = |part: &[f64], size: f64| pairs(part, part) / (size * (size - 1.0));
            let energy = 2.0 * pairs(left, right) / (n * m) - within(left, n) - within(right, m);
            let strength = n * m / (n + m) * energy;
            if strength > best.1 {
                best = (split, strength);
            }
        }
    }
    best
}

#[test]
fn the_running_sums_give_the_statistic_over_all_pairs() {
    for count in [4, 7, 25] {
        let mut values = wave(count);
        values[count / 2..].iter_mut().for_each(|value| *value += 0.7);
        let (split, strength) = strongest(&values, 2).expect("long enough");
        let (slow_split, slow_strength) = slow(&values, 2);
        assert_eq!(split, slow_split);
        assert!((strength - slow_strength).abs() < 1e-9);
    }
}

#[test]
fn steps_are_found_and_noise_is_not() {
    let mut values = wave(120);
    values[40..80].iter_mut().for_each(|value| *value += 2.0);
    assert_eq!(indices(&values), [40, 80]);
    assert!(indices(&wave(120)).is_empty());
}

#[test]
fn a_change_of_shape_at_the_same_mean_is_seen() {
    let values: Vec<f64> = wave(160)
        .iter()
        .enumerate()
        .map(|(index, value)| (value - 0.5) * if index < 80 { 0.1 } else { 4.0 })
        .collect();
    let found = indices(&values);
    assert!(found.iter().any(|index| index.abs_diff(80) <= 3), "{found:?}");
}

#[test]
fn bad_input_is_answered() {
    assert!(indices(&[]).is_empty());
    assert!(indices(&[1.0, 9.0, 1.0]).is_empty());
    assert!(indices(&[4.0; 50]).is_empty());
    let mut values = [vec![1.0; 20], vec![2.0; 20]].concat();
    values.insert(5, f64::NAN);
    assert_eq!(indices(&values), [21]);
}

#[test]
fn the_seed_decides_everything() {
    let mut values = wave(60);
    values[30..].iter_mut().for_each(|value| *value += 0.8);
    let run = |seed| edivisive(&values, &Settings { seed, ..Settings::default() });
    assert_eq!(run(3), run(3));
}
