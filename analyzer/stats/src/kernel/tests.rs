use super::*;

fn wave(count: usize) -> Vec<f64> {
    (0..count).map(|index| ((index * 7919 + 13) % 101) as f64 / 101.0).collect()
}

/// The kernel cost as it is defined, over all pairs.
fn slow_cost(values: &[f64], width: f64) -> f64 {
    let kernel = |a: f64, b: f64| (-((a - b) / width).powi(2)).exp();
    let sum: f64 = values.iter().map(|a| values.iter().map(|b| kernel(*a, *b)).sum::<f64>()).sum();
    values.len() as f64 - sum / values.len() as f64
}

#[test]
fn costs_are_those_of_the_kernel_over_all_pairs() {
    let values: Vec<f64> = wave(60)
        .into_iter()
        .enumerate()
        .map(|(index, value)| value + (index / 30) as f64)
        .collect();
    let embedding = Embedding::new(&values).expect("values differ");
    let width = bandwidth(&sorted(&values)).expect("values differ");
    for (start, end) in [(0, 60), (0, 30), (10, 45), (59, 60), (20, 22)] {
        let (fast, slow) = (embedding.cost(start, end), slow_cost(&values[start..end], width));
        assert!(
            (fast - slow).abs() < 0.012 * (end - start) as f64,
            "{start}..{end}: {fast} and {slow}"
        );
    }
}

#[test]
fn gain_is_the_cost_that_a_split_saves() {
    let embedding = Embedding::new(&wave(50)).expect("values differ");
    for split in 11..40 {
        let saved = embedding.cost(10, 40) - embedding.cost(10, split) - embedding.cost(split, 40);
        assert!((embedding.gain(10, split, 40) - saved).abs() < 1e-9);
    }
}

#[test]
fn outliers_cannot_buy_a_segment() {
    let mut values = wave(100);
    let alone = Embedding::new(&values).expect("values differ");
    values[40] = 1e9;
    let with = Embedding::new(&values).expect("values differ");
    assert!(with.gain(0, 40, 100) < alone.gain(0, 40, 100) + 1.5);
    assert!(partition(&with, 1.25 * 100_f64.ln(), 2, 50).is_empty());
}

#[test]
fn bandwidth_is_the_median_distance() {
    // Distances 1, 2, 3, 4, 6, 7: of six, the upper median.
    assert_eq!(bandwidth(&[0.0, 1.0, 3.0, 7.0]), Some(4.0));
    assert_eq!(bandwidth(&[2.0, 2.0, 2.0]), None);
    assert_eq!(bandwidth(&[]), None);
    let mostly_equal = bandwidth(&[1.0, 1.0, 1.0, 1.0, 1.0, 2.0]).expect("values differ");
    assert!(mostly_equal > 0.0 && mostly_equal < 1.0);
}

/// The least penalised cost over all segmentations, by trying all.
fn exhaustive(embedding: &Embedding, penalty: f64, min_run: usize) -> f64 {
    let count = embedding.len();
    let mut least = f64::INFINITY;
    for mask in 0_u32..1 << (count - 1) {
        let mut bounds = vec![0];
        bounds.extend((1..count).filter(|place| mask >> (place - 1) & 1 == 1));
        bounds.push(count);
        if bounds.windows(2).all(|pair| pair[1] - pair[0] >= min_run) {
            let cost: f64 =
                bounds.windows(2).map(|pair| embedding.cost(pair[0], pair[1]) + penalty).sum();
            least = least.min(cost);
        }
    }
    least
}

fn penalised(embedding: &Embedding, splits: &[usize], penalty: f64) -> f64 {
    let mut bounds = vec![0];
    bounds.extend(splits);
    bounds.push(embedding.len());
    bounds.windows(2).map(|pair| embedding.cost(pair[0], pair[1]) + penalty).sum()
}

#[test]
fn a_full_grid_finds_the_optimum_of_all_segmentations() {
    for (penalty, step) in [(0.3, 0.0), (0.6, 1.0), (1.0, 3.0), (2.0, 2.0)] {
        let values: Vec<f64> = wave(14)
            .into_iter()
            .enumerate()
            .map(|(index, value)| value + step * (index / 5) as f64)
            .collect();
        let embedding = Embedding::new(&values).expect("values differ");
        let splits = partition(&embedding, penalty, 2, 14);
        let (ours, least) =
            (penalised(&embedding, &splits, penalty), exhaustive(&embedding, penalty, 2));
        assert!((ours - least).abs() < 1e-9, "penalty {penalty}: {ours} and {least}");
    }
}

#[test]
fn a_coarse_grid_still_finds_the_very_place() {
    let values: Vec<f64> = wave(500)
        .into_iter()
        .enumerate()
        .map(|(index, value)| value + if index < 203 { 0.0 } else { 2.0 })
        .collect();
    let embedding = Embedding::new(&values).expect("values differ");
    assert_eq!(partition(&embedding, 1.25 * 500_f64.ln(), 2, 50), [203]);
}

#[test]
fn greatest_gain_of_the_given_order_is_the_best_split() {
    let values = wave(40);
    let embedding = Embedding::new(&values).expect("values differ");
    let rows: Vec<_> = (0..40).map(|index| embedding.point(index)).collect();
    let order: Vec<usize> = (0..40).collect();
    let (_, best) = embedding.best_split(0, 40, 2).expect("long enough");
    assert!((greatest_gain(&rows, &order, 2) - best).abs() < 1e-9);
}
