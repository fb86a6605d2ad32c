//! Sparklines.

use ground_core::finding::StabilityFinding;
use ground_core::report::SeriesHistory;

use super::backend::{Canvas, Label};
use super::paint::{Paint, Role};
use super::plot::{Margins, Plot};
use super::scale::fit;
use crate::mark::Mark;

/// Draws the newest `shown` revisions of a series in a small picture.
pub(crate) fn spark(
    history: &SeriesHistory,
    medians: &[Option<f64>],
    size: (u32, u32),
    shown: usize,
    mark: Mark,
) -> String {
    let first = medians.len().saturating_sub(shown);
    let last = medians.len().max(1) - 1;
    let visible: Vec<f64> = medians[first..].iter().flatten().copied().collect();
    let level = visible.last().copied().unwrap_or(0.0);
    let mut y = fit(&visible, 4.0 * history.series.margin * level.abs());
    for segment in history.segments.iter().filter(|s| s.last >= first && s.level.value.is_finite())
    {
        y.start = y.start.min(segment.level.value);
        y.end = y.end.max(segment.level.value);
    }
    let mut canvas = Canvas::new(size.0, size.1);
    let margins = Margins { top: 3.0, right: 4.0, bottom: 3.0, left: 1.0 };
    let plot = Plot::new(&mut canvas, margins, first as f64 - 0.5..last as f64 + 0.5, y);
    let mut line = Vec::new();
    for (index, median) in medians.iter().enumerate().skip(first) {
        match median {
            Some(median) => line.push((index as f64, *median)),
            None => plot.line(std::mem::take(&mut line), Paint::Raw),
        }
    }
    plot.line(line, Paint::Raw);
    levels(&plot, history, first, mark);
    for change in history.changes.iter().filter(|change| change.index > first) {
        let paint = Paint::Of(Role::Dash, Mark::from(change.verdict));
        let x = change.index as f64 - 0.5;
        plot.line(vec![(x, plot.y.end), (x, plot.y.start)], paint);
    }
    if let Some((index, Some(value))) = medians.iter().enumerate().next_back() {
        plot.open("ed");
        plot.dot(index as f64, *value, Paint::Of(Role::Shape, mark));
        plot.close();
    }
    drop(plot);
    let title = format!(
        "{}, newest {} revisions: {}",
        history.series.key.title(),
        visible.len(),
        mark.word()
    );
    canvas.finish(&Label {
        title: &crate::plain::short(&title, 120),
        class: "sp",
        ..Label::default()
    })
}

fn levels(plot: &Plot<'_>, history: &SeriesHistory, first: usize, mark: Mark) {
    for (place, segment) in history.segments.iter().enumerate() {
        if segment.last < first || !segment.level.value.is_finite() {
            continue;
        }
        let current = place + 1 == history.segments.len() && history.segments.len() > 1;
        let moved = matches!(mark, Mark::Regression | Mark::Improvement);
        let paint = if current && moved { Paint::Of(Role::Level, mark) } else { Paint::Level };
        let from = segment.first.max(first) as f64 - 0.5;
        let level = segment.level.value;
        plot.line(vec![(from, level), (segment.last as f64 + 0.5, level)], paint);
    }
}

/// Draws the newest `shown` revisions of a testcase as bars: failed ones taller.
pub(crate) fn outcome_strip(finding: &StabilityFinding, size: (u32, u32), shown: usize) -> String {
    let first = finding.revisions.len().saturating_sub(shown);
    let mut canvas = Canvas::new(size.0, size.1);
    let count = finding.revisions.len() - first;
    let width = count.max(shown / 2);
    let left = width - count;
    let margins = Margins { top: 2.0, right: 4.0, bottom: 2.0, left: 1.0 };
    let plot = Plot::new(&mut canvas, margins, 0.0..width as f64, 0.0..1.0);
    let mark = Mark::from(finding.verdict);
    let mark = if mark == Mark::Stable { Mark::Flaky } else { mark };
    for failed in [false, true] {
        for (place, (_, counts)) in finding.revisions[first..].iter().enumerate() {
            if counts.runs() == 0 || (counts.failures() > 0) != failed {
                continue;
            }
            let x = (left + place) as f64 + 0.12;
            let (half, paint) =
                if failed { (0.5, Paint::Of(Role::Shape, mark)) } else { (0.2, Paint::Cell) };
            plot.area((x, 0.5 + half), (x + 0.7, 0.5 - half), paint);
        }
    }
    drop(plot);
    let title = format!("{}/{}: outcomes, newest right", finding.case.plan, finding.case.case);
    canvas.finish(&Label {
        title: &crate::plain::short(&title, 120),
        class: "sp",
        ..Label::default()
    })
}
