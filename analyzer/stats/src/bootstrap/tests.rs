use super::*;

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn refuses_samples_that_are_too_small_to_resample() {
    let how = Resampling::default();
    let few = bca(&[1.0; 9], mean, how);
    assert_eq!(few, Err(StatsError::TooFew { what: "a bootstrap", needed: 10, got: 9 }));
    assert!(bca(&[1.0; 12], mean, Resampling { resamples: 10, ..how }).is_err());
    assert!(bca(&[1.0; 12], mean, Resampling { alpha: 1.0, ..how }).is_err());
    assert!(bca_two(&[1.0; 12], &[f64::NAN; 12], |a, b| mean(a) - mean(b), how).is_err());
}

#[test]
fn equal_seeds_give_equal_bytes_and_constants_a_point() {
    let values: Vec<f64> = (0..25).map(|i| f64::from((i * i) % 23)).collect();
    let how = Resampling { resamples: 500, seed: 9, alpha: 0.1 };
    let (first, second) = (bca(&values, mean, how).unwrap(), bca(&values, mean, how).unwrap());
    assert_eq!(first, second);
    assert_ne!(first, bca(&values, mean, Resampling { seed: 10, ..how }).unwrap());
    assert!(first.lo < first.value && first.value < first.hi);
    let constant = bca(&[3.0; 12], mean, how).unwrap();
    assert_eq!((constant.lo, constant.value, constant.hi), (3.0, 3.0, 3.0));
}

#[test]
fn quantiles_interpolate_between_neighbours() {
    assert_eq!(interpolated(&[1.0, 3.0, 7.0], 0.25), 2.0);
    assert_eq!((interpolated(&[1.0, 3.0], -1.0), interpolated(&[1.0, 3.0], 2.0)), (1.0, 3.0));
}
