use super::*;

#[test]
fn single_far_points_are_listed() {
    let mut values: Vec<f64> = (0..40).map(|index| f64::from(index % 7)).collect();
    values[11] = 90.0;
    values[30] = -90.0;
    assert_eq!(outliers(&values), [11, 30]);
}

#[test]
fn a_second_mode_is_no_outlier() {
    let values: Vec<f64> =
        (0..40).map(|index| if index % 4 == 0 { 500.0 } else { f64::from(index % 3) }).collect();
    assert!(outliers(&values).is_empty());
}

#[test]
fn short_and_constant_segments_have_none() {
    assert!(outliers(&[1.0, 1.0, 9.0, 1.0]).is_empty());
    assert!(outliers(&[3.0; 30]).is_empty());
    assert!(outliers(&[]).is_empty());
}

#[test]
fn five_spreads_are_the_border() {
    // Median 2, median deviation 1: the border lies at 2 + 5 * 1.4826 = 9.413.
    let with = |far: f64| {
        [vec![1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 1.0, 3.0, 2.0, 1.0, 3.0], vec![far]].concat()
    };
    assert!(outliers(&with(9.4)).is_empty());
    assert_eq!(outliers(&with(9.5)), [11]);
}
