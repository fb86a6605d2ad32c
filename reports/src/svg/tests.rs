use ground_core::finding::{Estimate, OutcomeCounts};
use ground_core::metric::{Direction, Stat, Unit};
use ground_core::outcome::OutcomeKind;

use super::*;
use crate::mark::Mark;
use crate::number::Scale;

fn estimate(value: f64, half: f64) -> Estimate {
    Estimate { value, lo: value - half, hi: value + half }
}

/// Returns where the shape of a forest's row begins, in tenths of a pixel.
fn shape_at(row: &str) -> i32 {
    let at = row.find("class=\"m").or(row.find("class=\"k")).unwrap();
    let data = &row[row[at..].find("d=\"M").unwrap() + at + 4..];
    data[..data.find(' ').unwrap()].parse().unwrap()
}

#[test]
fn worse_is_right_of_better_and_the_band_is_in_the_middle() {
    let row =
        |value: f64, mark| ForestRow { effect: Some(estimate(value, 0.01)), margin: 0.03, mark };
    let rows =
        [row(0.1, Mark::Regression), row(0.0, Mark::Equivalent), row(-0.1, Mark::Improvement)];
    let forest = Forest::of(&rows, 312);
    let places: Vec<i32> = rows.iter().map(|row| shape_at(&forest.row(row, 60))).collect();
    assert!(places[0] > places[1] && places[1] > places[2], "{places:?}");
    let drawn = forest.row(&rows[0], 60);
    assert!(drawn.contains("<path class=\"j\""), "{drawn}");
    assert!(
        drawn
            .contains("<title>regression: +10.0\u{202f}% [+9.0, +11.0], positive is worse</title>")
    );
}

#[test]
fn an_interval_that_leaves_the_picture_ends_in_an_arrow() {
    let row = ForestRow {
        effect: Some(Estimate { value: 0.05, lo: f64::NEG_INFINITY, hi: f64::INFINITY }),
        margin: 0.03,
        mark: Mark::Inconclusive,
    };
    let drawn = Forest::of(&[row], 312).row(&row, 60);
    assert_eq!(drawn.matches("l-50 40").count() + drawn.matches("l50 40").count(), 2, "{drawn}");
}

#[test]
fn a_row_without_an_effect_shows_the_band_only() {
    let row = ForestRow { effect: None, margin: 0.03, mark: Mark::NoData };
    let drawn = Forest::of(&[row], 312).row(&row, 44);
    assert!(drawn.contains("<title>no data</title>") && !drawn.contains("class=\"h"), "{drawn}");
}

#[test]
fn cells_show_the_share_that_failed() {
    let counts = |good: usize, bad: usize| {
        let mut counts = OutcomeCounts::default();
        (0..good).for_each(|_| counts.add(OutcomeKind::Success));
        (0..bad).for_each(|_| counts.add(OutcomeKind::Timeout));
        counts
    };
    let outcomes = [counts(5, 0), counts(4, 1), counts(0, 5), counts(0, 0)];
    let drawn = outcome_cells(&Cells { outcomes: &outcomes, pitch: 16, title: "a < b" });
    assert!(drawn.contains("<title>a &lt; b</title>"));
    assert!(
        drawn.contains("<path class=\"c\" d=\"M15 20h130v130h-130zm160 0h130v130h-130z\"/>"),
        "{drawn}"
    );
    assert!(drawn.contains("<path class=\"m f\" d=\"M175 72h130v78h-130z\"/>"), "{drawn}");
    assert!(drawn.contains("<path class=\"m w\" d=\"M335 20"), "{drawn}");
    assert!(drawn.contains("<path class=\"em\" d=\"M500 25"), "{drawn}");
}

#[test]
fn more_is_worse_or_better_as_the_metric_says() {
    let cells = |direction| commit_cells(&[Some(0.2), Some(0.0), None], 0.03, direction);
    assert!(cells(Direction::Lower).contains("class=\"m w\""));
    assert!(cells(Direction::Higher).contains("class=\"m b\""));
    let quiet = cells(Direction::None);
    assert!(!quiet.contains("class=\"m"), "{quiet}");
}

#[test]
fn pictures_of_nothing_are_not_drawn() {
    let scale = Scale::of(&Unit::new("s"), Stat::Value, 1.0);
    let unit = Unit::new("s");
    assert!(over_time(&[], &[], &unit, "t", (600, 200)).is_none());
    assert!(
        over_time(&[(0.0, f64::NAN, f64::NAN, f64::NAN, 0)], &[], &unit, "t", (600, 200)).is_none()
    );
    assert!(instance_strip(&[f64::NAN], &scale).is_none());
    let point = |at| SweepPoint { at, level: estimate(1.0, 0.1) };
    assert!(sweep(&[point(1.0)], "n", (&unit, Stat::Value), "t").is_none());
    assert!(
        sweep(&[point(-1.0), point(0.0), point(2.0)], "n", (&unit, Stat::Value), "t").is_none()
    );
    let ridges = [Ridge { name: "a".to_owned(), values: vec![f64::NAN], after: false }];
    assert!(ridge(&ridges, &scale, Mark::Regression).is_none());
}

#[test]
fn a_ridge_never_shows_less_than_zero_of_what_cannot_be_negative() {
    let scale = Scale::of(&Unit::new("s"), Stat::Value, 0.1);
    let values: Vec<f64> = (0..200).map(|i| f64::from(i) / 1000.0).collect();
    let ridges = [Ridge { name: "abc".to_owned(), values, after: false }];
    let drawn = ridge(&ridges, &scale, Mark::Regression).unwrap();
    assert!(drawn.contains(">0</text>") && !drawn.contains(">\u{2212}"), "{drawn}");
}

#[test]
fn a_percentile_of_too_few_values_is_left_out() {
    let intervals: Vec<_> = (0..10).map(|i| (f64::from(i), 1.0, 2.0, 3.0, 20u64)).collect();
    let drawn = over_time(&intervals, &[], &Unit::new("s"), "t", (600, 200)).unwrap();
    assert!(drawn.contains(">p95 ") && !drawn.contains(">p99 "), "{drawn}");
}
