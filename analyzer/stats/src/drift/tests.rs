use super::*;

#[test]
fn slope_agrees_with_scipy() {
    let text = include_str!("../../tests/reference/scipy_history.txt");
    let lines: Vec<&str> = text.lines().collect();
    let cases: Vec<usize> = (0..lines.len()).filter(|&number| lines[number] == "theil").collect();
    assert_eq!(cases.len(), 3);
    for number in cases {
        let values: Vec<f64> =
            lines[number + 1].split(' ').map(|word| word.parse().expect("a number")).collect();
        let slope: f64 = lines[number + 2].parse().expect("a number");
        let found = trend(&values, 0.0).expect("enough points");
        assert!((found.slope - slope).abs() < 1e-12, "{} is not {slope}", found.slope);
    }
}

#[test]
fn a_perfect_rise_of_ten_points_has_kendalls_p() {
    let values: Vec<f64> = (0..10).map(f64::from).collect();
    let found = trend(&values, 0.0).expect("enough points");
    assert_eq!(found.slope, 1.0);
    // S = 45, variance 10 * 9 * 25 / 18 = 125, z = 44 / sqrt(125) = 3.9355.
    assert!((found.p - 8.3e-5).abs() < 1e-6, "{}", found.p);
}

#[test]
fn a_long_rise_keeps_its_slope_through_blocks() {
    let values: Vec<f64> = (0..1000).map(|index| 5.0 - 0.25 * f64::from(index)).collect();
    let found = trend(&values, 0.0).expect("enough points");
    assert!((found.slope + 0.25).abs() < 0.002, "{}", found.slope);
    assert!(found.p < 1e-10);
}

#[test]
fn few_points_and_constants_have_no_trend() {
    assert_eq!(trend(&[1.0; 7], 0.0), None);
    let flat = trend(&[1.0; 50], 0.0).expect("enough points");
    assert_eq!((flat.slope, flat.p), (0.0, 1.0));
}

#[test]
fn capped_loss_stops_counting_at_three_spreads() {
    assert_eq!(capped_loss(&[1.0, -2.0, 100.0], 1.0), 14.0);
}
