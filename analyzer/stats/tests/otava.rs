//! The Otava mode against Apache Otava 0.8.0 itself (`reference/otava_0_8_0.py`).

use ground_stats::otava::{OtavaChange, Settings, otava};

const REFERENCE: &str = include_str!("reference/otava_0_8_0.txt");

struct Case {
    settings: Settings,
    values: Vec<f64>,
    indices: Vec<usize>,
    figures: Vec<f64>,
}

fn numbers(line: &str) -> Vec<f64> {
    line.split_whitespace().map(|word| word.parse().expect("the reference holds numbers")).collect()
}

fn cases() -> Vec<Case> {
    let lines: Vec<&str> = REFERENCE.lines().collect();
    let case = |lines: &[&str]| {
        let settings = numbers(lines[0]);
        Case {
            settings: Settings {
                window: settings[0] as usize,
                max_p: settings[1],
                min_magnitude: settings[2],
            },
            values: numbers(lines[1]),
            indices: numbers(lines[2]).into_iter().map(|index| index as usize).collect(),
            figures: numbers(lines[3]),
        }
    };
    lines.chunks_exact(4).map(case).collect()
}

fn figures(change: &OtavaChange) -> [f64; 5] {
    let test = change.test;
    [test.mean_before, test.mean_after, test.deviation_before, test.deviation_after, test.p]
}

#[test]
fn reports_the_points_that_otava_reports() {
    let cases = cases();
    assert!(cases.len() >= 70, "the reference is cut short: {} cases", cases.len());
    for (number, case) in cases.iter().enumerate() {
        let found: Vec<usize> =
            otava(&case.values, &case.settings).iter().map(|change| change.index).collect();
        assert_eq!(found, case.indices, "case {number}, {:?}", case.settings);
    }
}

#[test]
fn means_and_deviations_have_the_same_bits_and_p_agrees_to_ten_digits() {
    for (number, case) in cases().iter().enumerate() {
        let found: Vec<f64> =
            otava(&case.values, &case.settings).iter().flat_map(figures).collect();
        assert_eq!(found.len(), case.figures.len(), "case {number}");
        for (place, (ours, theirs)) in found.iter().zip(&case.figures).enumerate() {
            if place % 5 == 4 {
                assert!(
                    (ours - theirs).abs() <= 1e-10 * theirs.abs(),
                    "case {number}: p {ours} and {theirs}"
                );
            } else {
                assert_eq!(ours.to_bits(), theirs.to_bits(), "case {number}: {ours} and {theirs}");
            }
        }
    }
}
