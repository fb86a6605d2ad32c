use super::*;

fn wave(count: usize) -> Vec<f64> {
    (0..count).map(|index| ((index * 7919 + 13) % 101) as f64 / 101.0 - 0.5).collect()
}

/// Ten milliseconds with two percent of noise, times a shape.
fn iterations(count: usize, shape: impl Fn(usize) -> f64) -> Vec<f64> {
    wave(count)
        .iter()
        .enumerate()
        .map(|(index, noise)| 0.01 * shape(index) * (1.0 + 0.02 * noise))
        .collect()
}

#[test]
fn a_flat_series_is_steady_from_the_start() {
    assert_eq!(warmup(&iterations(300, |_| 1.0)), Warmup { steady: true, start: Some(0) });
}

#[test]
fn a_slow_start_is_cut_where_it_ends() {
    let found = warmup(&iterations(1000, |index| if index < 137 { 1.8 } else { 1.0 }));
    assert!(found.steady);
    assert!(found.start.expect("steady").abs_diff(137) <= 2, "{found:?}");
}

#[test]
fn an_exponential_warm_up_is_cut_when_little_is_left_of_it() {
    let found = warmup(&iterations(2000, |index| 1.0 + 3.0 * (-(index as f64) / 60.0).exp()));
    let start = found.start.expect("steady");
    // Five percent is left after 245 iterations, one percent after 342.
    assert!((200..500).contains(&start), "{start}");
}

#[test]
fn a_late_change_is_not_steady() {
    let found = warmup(&iterations(600, |index| if index < 560 { 1.0 } else { 1.5 }));
    assert_eq!(found, Warmup { steady: false, start: None });
}

#[test]
fn a_trend_to_the_end_is_not_steady() {
    let found = warmup(&iterations(600, |index| 1.0 + 0.001 * index as f64));
    assert!(!found.steady, "{found:?}");
}

#[test]
fn a_passing_hiccup_does_not_restart_the_count() {
    let found =
        warmup(&iterations(600, |index| if (300..304).contains(&index) { 5.0 } else { 1.0 }));
    assert_eq!(found, Warmup { steady: true, start: Some(0) });
}

#[test]
fn few_iterations_show_nothing() {
    assert!(!warmup(&[]).steady);
    assert!(!warmup(&[1.0; LEAST_ITERATIONS - 1]).steady);
    assert!(!warmup(&[f64::NAN; 100]).steady);
}

#[test]
fn gaps_keep_the_place_of_the_start() {
    let mut values = iterations(400, |index| if index < 100 { 2.0 } else { 1.0 });
    for _ in 0..10 {
        values.insert(50, f64::NAN);
    }
    assert!(warmup(&values).start.expect("steady").abs_diff(110) <= 2);
}

#[test]
fn truncation_minimises_the_standard_error_as_by_definition() {
    let mut cut_some = false;
    for decay in [4.0, 9.0, 15.0, 40.0, 90.0] {
        let values = iterations(400, |index| 1.0 + 2.0 * (-(index as f64) / decay).exp());
        let batches: Vec<f64> =
            values.chunks_exact(5).map(|batch| batch.iter().sum::<f64>() / 5.0).collect();
        let error = |cut: usize| {
            let rest = &batches[cut..];
            let mean = rest.iter().sum::<f64>() / rest.len() as f64;
            rest.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
                / (rest.len() as f64).powi(2)
        };
        let best = (0..=batches.len() - 5)
            .min_by(|&a, &b| error(a).total_cmp(&error(b)))
            .expect("batches");
        let expected = (2 * best <= batches.len()).then_some(best * 5);
        assert_eq!(mser5(&values), expected, "decay {decay}");
        cut_some |= expected.is_some_and(|cut| cut > 0);
    }
    assert!(cut_some);
}

#[test]
fn truncation_refuses_to_cut_more_than_half() {
    assert_eq!(mser5(&iterations(200, |index| if index < 150 { 2.0 } else { 1.0 })), None);
    assert_eq!(mser5(&[1.0; 7]), None);
}
