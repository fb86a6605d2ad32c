use super::*;

fn indices(values: &[f64]) -> Vec<usize> {
    otava(values, &Settings::default()).iter().map(|change| change.index).collect()
}

#[test]
fn nothing_and_gaps_only_have_no_change() {
    assert!(indices(&[]).is_empty());
    assert!(indices(&[f64::NAN; 10]).is_empty());
    assert!(indices(&[1.0]).is_empty());
}

#[test]
fn gaps_are_filled_with_the_value_before_them_and_leading_ones_with_the_first() {
    let gap = f64::NAN;
    assert_eq!(filled(&[gap, gap, 1.0, gap, 2.0, gap]), Some(vec![1.0, 1.0, 1.0, 1.0, 2.0, 2.0]));
    assert_eq!(filled(&[gap]), None);
}

#[test]
fn constants_are_not_significant() {
    assert!(indices(&[3.0; 60]).is_empty());
    assert!(TTest::of(&[3.0; 5], &[3.0; 5]).p.is_nan());
    assert_eq!(TTest::of(&[3.0; 5], &[4.0; 5]).p, 0.0);
}

#[test]
fn changes_from_or_to_zero_have_a_magnitude() {
    let test = TTest::of(&[0.0; 5], &[2.0; 5]);
    assert_eq!((test.forward_change(), test.magnitude()), (0.0, 1.0));
}

#[test]
#[should_panic(expected = "bug: Otava's window")]
fn a_window_of_one_is_refused() {
    otava(&[1.0, 2.0], &Settings { window: 1, ..Settings::default() });
}
