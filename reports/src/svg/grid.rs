//! Grid of outcomes: one cell for each revision, one path for each state of a row.

use ground_core::finding::{Estimate, OutcomeCounts};

use super::backend::{Canvas, Label};
use super::paint::{Paint, Role};
use super::plot::{Margins, Plot};
use crate::mark::Mark;

/// A row of cells.
pub(crate) struct Cells<'a> {
    /// Outcomes, oldest first; nothing where the testcase was not there.
    pub(crate) outcomes: &'a [OutcomeCounts],
    /// Pixels from one cell to the next.
    pub(crate) pitch: u32,
    /// What the row is, for those who do not see it.
    pub(crate) title: &'a str,
}

/// Draws a row of cells: passed, part failed from the bottom with three times the share, all failed, did not run.
pub(crate) fn outcome_cells(cells: &Cells<'_>) -> String {
    let (pitch, cell) = (cells.pitch, cells.pitch as i32 * 10 - 30);
    let count = cells.outcomes.len().max(1) as u32;
    let mut canvas = Canvas::new(count * pitch, 18);
    let plot = Plot::new(&mut canvas, Margins::default(), 0.0..1.0, 0.0..1.0);
    let each = |wanted: fn(&OutcomeCounts) -> bool| {
        cells.outcomes.iter().enumerate().filter(move |(_, counts)| wanted(counts))
    };
    let left = |index: usize| (index as u32 * pitch * 10) as i32 + 15;
    for (index, _) in each(|c| c.runs() > 0 && c.failures() < c.runs()) {
        plot.rect((left(index), 20), (left(index) + cell, 20 + cell), Paint::Cell);
    }
    for (index, counts) in each(|c| c.failures() > 0 && c.failures() < c.runs()) {
        let share = f64::from(counts.failures()) / f64::from(counts.runs());
        let height = ((share * 3.0).min(1.0) * f64::from(cell)).max(30.0) as i32;
        let from = (left(index), 20 + cell - height);
        plot.rect(from, (left(index) + cell, 20 + cell), Paint::Of(Role::Shape, Mark::Flaky));
    }
    for (index, _) in each(|c| c.runs() > 0 && c.failures() == c.runs()) {
        let paint = Paint::Of(Role::Shape, Mark::Broken);
        plot.rect((left(index), 20), (left(index) + cell, 20 + cell), paint);
    }
    plot.open("cx");
    for (index, _) in each(|c| c.runs() > 0 && c.failures() == c.runs()) {
        let (x, y) = (left(index), 20);
        let (near, far) = (cell * 3 / 10, cell * 7 / 10);
        plot.stroke(vec![(x + near, y + near), (x + far, y + far)], Paint::Data);
        plot.stroke(vec![(x + far, y + near), (x + near, y + far)], Paint::Data);
    }
    plot.close();
    for (index, _) in each(|c| c.runs() == 0) {
        plot.rect((left(index) + 5, 25), (left(index) + cell - 5, 15 + cell), Paint::Empty);
    }
    drop(plot);
    let title = crate::plain::short(cells.title, 160);
    canvas.finish(&Label { title: &title, class: "gr", ..Label::default() })
}

/// Draws a pass rate with its interval on an axis from `from` to 1.
pub(crate) fn interval_bar(pass: Estimate, from: f64) -> String {
    let mut canvas = Canvas::new(56, 18);
    let margins = Margins { left: 2.0, right: 4.0, ..Margins::default() };
    let plot = Plot::new(&mut canvas, margins, from..1.0, 0.0..1.0);
    plot.line(vec![(from, 0.5), (1.0, 0.5)], Paint::Grid);
    let inside = |value: f64| value.clamp(from, 1.0);
    let low = pass.value < 1.0;
    plot.open("iv");
    plot.line(vec![(inside(pass.lo), 0.5), (inside(pass.hi), 0.5)], Paint::Level);
    plot.close();
    plot.open("ed");
    let mark = if low { Mark::Flaky } else { Mark::Equivalent };
    plot.dot(inside(pass.value), 0.5, Paint::Of(Role::Shape, mark));
    plot.close();
    drop(plot);
    canvas.finish(&Label { title: "pass rate with 95 % interval", class: "sp", ..Label::default() })
}

/// Draws the ratio of each revision to the level before: seven steps from better to worse, the margin a quiet middle.
pub(crate) fn commit_cells(
    ratios: &[Option<f64>],
    margin: f64,
    direction: ground_core::metric::Direction,
) -> String {
    use ground_core::metric::Direction;
    let mut canvas = Canvas::new(ratios.len().max(1) as u32 * 13, 24);
    let plot = Plot::new(&mut canvas, Margins::default(), 0.0..1.0, 0.0..1.0);
    let sign = if direction == Direction::Higher { -1.0 } else { 1.0 };
    let step = |ratio: f64| {
        let size = (1.0 + ratio).max(1e-3).ln() / margin.max(1e-6).ln_1p();
        let size = if direction == Direction::None { 0.0 } else { size * sign };
        match size {
            s if s.abs() <= 1.0 => 0,
            s if s.abs() <= 2.0 => s.signum() as i8,
            s if s.abs() <= 4.0 => 2 * s.signum() as i8,
            s => 3 * s.signum() as i8,
        }
    };
    let groups: [(i8, &'static str); 7] =
        [(0, "s0"), (1, "s1"), (2, "s2"), (3, "s3"), (-1, "s1"), (-2, "s2"), (-3, "s3")];
    for (wanted, class) in groups {
        let paint = match wanted {
            0 => Paint::Cell,
            w if w > 0 => Paint::Of(Role::Shape, Mark::Regression),
            _ => Paint::Of(Role::Shape, Mark::Improvement),
        };
        let cells: Vec<usize> = ratios
            .iter()
            .enumerate()
            .filter(|(_, ratio)| ratio.is_some_and(|r| r.is_finite() && step(r) == wanted))
            .map(|(index, _)| index)
            .collect();
        if cells.is_empty() {
            continue;
        }
        plot.open(class);
        for index in cells {
            let x = index as i32 * 130 + 10;
            let rise = 25 * i32::from(wanted);
            let (top, bottom) = (120 - rise.max(0) - 30, 120 - rise.min(0) + 30);
            plot.rect((x, top), (x + 110, bottom), paint);
        }
        plot.close();
    }
    for (index, _) in ratios.iter().enumerate().filter(|(_, r)| !r.is_some_and(f64::is_finite)) {
        let x = index as i32 * 130 + 15;
        plot.rect((x, 85), (x + 100, 155), Paint::Empty);
    }
    drop(plot);
    canvas.finish(&Label {
        title: "newest revisions against the level before, up is worse",
        class: "gr",
        ..Label::default()
    })
}

/// Draws one value an instance as a row of dots, in the order of instances; none where no value is finite.
pub(crate) fn instance_strip(values: &[f64], scale: &crate::number::Scale) -> Option<String> {
    use super::plot::Anchor;
    use super::scale::fit;
    use crate::number::Notation;
    let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    if finite.is_empty() {
        return None;
    }
    let most = finite.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = finite.iter().copied().fold(f64::INFINITY, f64::min);
    let mut canvas = Canvas::new(390, 150);
    let margins = Margins { top: 12.0, right: 8.0, bottom: 24.0, left: 58.0 };
    let mut y = fit(&finite, most.abs() * 0.1);
    y.start = y.start.min(least);
    y.end = y.end.max(most);
    let plot = Plot::new(&mut canvas, margins, -0.5..values.len() as f64 - 0.5, y);
    let labels: Vec<(f64, String)> = [least, most]
        .into_iter()
        .take(if least == most { 1 } else { 2 })
        .map(|value| (value, scale.value(value, Notation::Html)))
        .collect();
    plot.y_ticks(&labels);
    let stride = values.len().div_ceil(4000).max(1);
    for (index, value) in values.iter().enumerate().step_by(stride) {
        if value.is_finite() {
            plot.dot(index as f64, *value, Paint::Dot);
        }
    }
    let bottom = plot.at(plot.x.start, plot.y.start);
    plot.text("0", (bottom.0, bottom.1 + 140), Anchor::Start, Paint::Text);
    let right = plot.at(plot.x.end, plot.y.start);
    let last = values.len().saturating_sub(1).to_string();
    plot.text(&last, (right.0, right.1 + 140), Anchor::End, Paint::Text);
    drop(plot);
    let title = format!("{} instances, median of each", values.len());
    Some(canvas.finish(&Label { title: &title, class: "ch", ..Label::default() }))
}
