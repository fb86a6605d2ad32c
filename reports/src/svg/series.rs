//! A series over its revisions: runs, medians, segments, changes, margin.

use ground_core::finding::{Change, Estimate, Segment};
use ground_core::report::SeriesHistory;
use ground_core::series::RevisionPoints;

use super::backend::{Canvas, Label};
use super::paint::{Paint, Role};
use super::plot::{Anchor, Margins, Plot};
use super::scale::{fit, step, tick_decimals, ticks};
use super::width::text_width;
use crate::mark::Mark;
use crate::number::{self, Day, Notation, Scale};

const WIDTH: u32 = 1256;
const HEIGHT: u32 = 430;
const MARGINS: Margins = Margins { top: 46.0, right: 150.0, bottom: 40.0, left: 56.0 };

/// Revisions in the page; older ones come with the script.
pub(crate) const SHOWN: usize = 400;

/// Most dots of single runs.
const DOTS: usize = 2400;

/// What the chart of a series is drawn from.
pub(crate) struct SeriesChart<'a> {
    /// The series.
    pub(crate) history: &'a SeriesHistory,
    /// Unit and prefix of the axis.
    pub(crate) scale: &'a Scale,
    /// Median of each revision.
    pub(crate) medians: &'a [Option<f64>],
    /// Things that happened, by index of the revision.
    pub(crate) events: &'a [(usize, String)],
    /// One sentence for those who do not see the chart.
    pub(crate) desc: &'a str,
}

/// Draws the chart of a series' newest revisions.
pub(crate) fn series_chart(chart: &SeriesChart<'_>) -> String {
    let all = &chart.history.series.revisions;
    let first = all.len().saturating_sub(SHOWN);
    let window = Window { chart, first, last: all.len().max(1) - 1 };
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    let y = window.y_range();
    let x = first as f64 - 0.5..window.last as f64 + 0.5;
    let plot = Plot::new(&mut canvas, MARGINS, x, y);
    window.axes(&plot);
    plot.open("zm");
    window.gaps(&plot);
    window.band(&plot);
    window.tints(&plot);
    window.ribbon(&plot);
    window.dots(&plot);
    window.medians(&plot);
    window.segments(&plot);
    plot.close();
    plot.open("fl");
    window.flags(&plot);
    plot.close();
    window.outside(&plot);
    window.events(&plot);
    window.gutter(&plot);
    let y = plot.y.clone();
    drop(plot);
    let data = format!(
        " data-chart=\"series\" data-x=\"{first},{}\" data-y=\"{:e},{:e}\" data-box=\"{},{},{},{}\"",
        window.last,
        y.start,
        y.end,
        MARGINS.left,
        MARGINS.top,
        f64::from(WIDTH) - MARGINS.left - MARGINS.right,
        f64::from(HEIGHT) - MARGINS.top - MARGINS.bottom,
    );
    let title = chart.history.series.key.title();
    canvas.finish(&Label {
        title: &crate::plain::short(&title, 160),
        desc: chart.desc,
        class: "ch",
        data: &data,
    })
}

struct Window<'a> {
    chart: &'a SeriesChart<'a>,
    first: usize,
    last: usize,
}

impl<'a> Window<'a> {
    fn revisions(&self) -> impl Iterator<Item = (usize, &'a RevisionPoints)> {
        self.chart.history.series.revisions.iter().enumerate().skip(self.first)
    }

    fn y_range(&self) -> std::ops::Range<f64> {
        let history = self.chart.history;
        let mut values: Vec<f64> = self
            .revisions()
            .flat_map(|(_, points)| points.points.iter().map(|point| point.value))
            .collect();
        let levels = || history.segments.iter().filter(|s| s.last >= self.first);
        values.extend(levels().map(|segment| segment.level.value));
        let level = history
            .segments
            .last()
            .map(|segment| segment.level.value)
            .or_else(|| self.chart.medians.iter().rev().flatten().copied().next())
            .unwrap_or(0.0);
        let mut range = fit(&values, 4.0 * history.series.margin * level.abs());
        for segment in levels().filter(|segment| segment.level.value.is_finite()) {
            let reach = history.series.margin * segment.level.value.abs();
            range.start = range.start.min(segment.level.value - reach);
            range.end = range.end.max(segment.level.value + reach);
        }
        range
    }

    fn axes(&self, plot: &Plot<'_>) {
        let factor = self.chart.scale.factor;
        let range = plot.y.start * factor..plot.y.end * factor;
        let found = ticks(&range, 8);
        let decimals = match found[..] {
            [a, b, ..] => tick_decimals(step((b - a).abs())),
            _ => 1,
        };
        let labels: Vec<(f64, String)> = found
            .iter()
            .map(|tick| (tick / factor, number::fixed(*tick, decimals, Notation::Html)))
            .collect();
        plot.open("ax");
        plot.y_ticks(&labels);
        for (index, label) in self.months() {
            let (top, bottom) = (
                plot.at(index as f64 - 0.5, plot.y.end),
                plot.at(index as f64 - 0.5, plot.y.start),
            );
            plot.stroke(vec![top, bottom], Paint::Grid);
            plot.text(&label, (bottom.0 + 60, bottom.1 + 330), Anchor::Start, Paint::Text);
        }
        let unit = if self.chart.scale.unit.is_empty() { "count" } else { &self.chart.scale.unit };
        let corner = plot.at(plot.x.start, plot.y.end);
        plot.text(unit, (corner.0 - 80, corner.1 - 130), Anchor::End, Paint::Text);
        plot.close();
    }

    /// Returns revisions that begin a month, fewer where names would overlap.
    fn months(&self) -> Vec<(usize, String)> {
        let mut found: Vec<(usize, String)> = Vec::new();
        let mut before: Option<(i64, u32)> = None;
        for (index, points) in self.revisions() {
            let day = Day::of_seconds(points.revision.committed_at_s);
            if before.is_some_and(|month| month != (day.year, day.month)) {
                let name =
                    if day.month == 1 { day.year.to_string() } else { day.month_name().to_owned() };
                found.push((index, name));
            }
            before = Some((day.year, day.month));
        }
        let span = (self.last - self.first).max(1);
        let mut kept: Vec<(usize, String)> = Vec::new();
        for month in found {
            let far = kept.last().is_none_or(|last| (month.0 - last.0) * 22 >= span);
            if far {
                kept.push(month);
            }
        }
        kept
    }

    /// Returns stretches of revisions without a finite point.
    fn missing(&self) -> Vec<(usize, usize)> {
        let mut stretches: Vec<(usize, usize)> = Vec::new();
        for index in self.first..self.chart.medians.len() {
            if self.chart.medians[index].is_none() {
                match stretches.last_mut() {
                    Some(stretch) if stretch.1 + 1 == index => stretch.1 = index,
                    _ => stretches.push((index, index)),
                }
            }
        }
        stretches
    }

    fn gaps(&self, plot: &Plot<'_>) {
        for (from, to) in self.missing() {
            let (left, right) = (from as f64 - 0.5, to as f64 + 0.5);
            plot.area((left, plot.y.end), (right, plot.y.start), Paint::Hatch);
            if to - from >= (self.last - self.first) / 30 {
                let at = plot.at((left + right) / 2.0, plot.y.start);
                plot.text("no data", (at.0, at.1 - 80), Anchor::Middle, Paint::Note);
            }
        }
    }

    /// Returns the segment that the newest change is measured against, or the only one.
    fn reference(&self) -> Option<&'a Segment> {
        let segments = &self.chart.history.segments;
        segments.len().checked_sub(2).map_or_else(|| segments.last(), |place| segments.get(place))
    }

    fn band(&self, plot: &Plot<'_>) {
        let Some(segment) = self.reference() else { return };
        let (level, margin) = (segment.level.value, self.chart.history.series.margin);
        if !level.is_finite() {
            return;
        }
        let from = segment.first.max(self.first) as f64 - 0.5;
        plot.area(
            (from, level * (1.0 + margin)),
            (plot.x.end, level / (1.0 + margin)),
            Paint::Band,
        );
    }

    fn changes(&self) -> impl Iterator<Item = &'a Change> {
        let (first, last) = (self.first, self.last);
        self.chart
            .history
            .changes
            .iter()
            .filter(move |change| (first..=last).contains(&change.index) && change.lo <= change.hi)
    }

    fn tints(&self, plot: &Plot<'_>) {
        for change in self.changes() {
            let (from, to) = (change.lo.max(self.first) as f64, change.hi.min(self.last) as f64);
            let paint = Paint::Of(Role::Tint, Mark::from(change.verdict));
            plot.area((from - 0.5, plot.y.end), (to + 0.5, plot.y.start), paint);
        }
    }

    fn ribbon(&self, plot: &Plot<'_>) {
        let mut upper: Vec<(f64, f64)> = Vec::new();
        let mut lower: Vec<(f64, f64)> = Vec::new();
        let flush = |upper: &mut Vec<(f64, f64)>, lower: &mut Vec<(f64, f64)>| {
            lower.reverse();
            upper.append(lower);
            plot.polygon(std::mem::take(upper), Paint::Ribbon);
        };
        for (index, points) in self.revisions() {
            let ends = middle_half(points);
            match ends {
                Some((lo, hi)) => {
                    upper.push((index as f64, hi));
                    lower.push((index as f64, lo));
                }
                None => flush(&mut upper, &mut lower),
            }
        }
        flush(&mut upper, &mut lower);
    }

    fn dots(&self, plot: &Plot<'_>) {
        let several = self.revisions().any(|(_, points)| points.points.len() > 1);
        let count: usize = self.revisions().map(|(_, points)| points.points.len()).sum();
        let alone = self.chart.medians.iter().flatten().count() == 1;
        if (!several && !alone) || count > DOTS {
            return;
        }
        plot.open("rn");
        for (index, points) in self.revisions() {
            for point in &points.points {
                if point.value.is_finite() && (plot.y.start..=plot.y.end).contains(&point.value) {
                    plot.dot(index as f64, point.value, Paint::Dot);
                }
            }
        }
        plot.close();
    }

    fn medians(&self, plot: &Plot<'_>) {
        let mut line: Vec<(f64, f64)> = Vec::new();
        plot.open("md");
        for (index, _) in self.revisions() {
            match self.chart.medians.get(index).copied().flatten() {
                Some(median) => line.push((index as f64, median)),
                None => plot.line(std::mem::take(&mut line), Paint::Data),
            }
        }
        plot.line(line, Paint::Data);
        plot.close();
    }

    fn segments(&self, plot: &Plot<'_>) {
        let segments = &self.chart.history.segments;
        for (place, segment) in segments.iter().enumerate() {
            if segment.last < self.first || !segment.level.value.is_finite() {
                continue;
            }
            let current = place + 1 == segments.len();
            let paint = if current && segments.len() > 1 {
                Paint::Of(Role::Level, Mark::from(self.chart.history.verdict))
            } else {
                Paint::Level
            };
            let (from, to) = (segment.first.max(self.first), segment.last.min(self.last));
            let level = segment.level.value;
            plot.line(vec![(from as f64 - 0.5, level), (to as f64 + 0.5, level)], paint);
        }
        for change in self.changes() {
            let paint = Paint::Of(Role::Dash, Mark::from(change.verdict));
            let x = change.index as f64 - 0.5;
            plot.line(vec![(x, plot.y.end), (x, plot.y.start)], paint);
        }
    }

    fn flags(&self, plot: &Plot<'_>) {
        let mut free = i32::MIN;
        let right_edge = plot.at(plot.x.end, plot.y.end).0 + 1400;
        for change in self.changes() {
            let mark = Mark::from(change.verdict);
            let at = plot.at(change.index as f64 - 0.5, plot.y.end);
            let place = (at.0, at.1 - 120);
            plot.shape(place, 100, mark);
            let inside = if mark == Mark::Equivalent { ", inside margin" } else { "" };
            let text = format!("{}{inside}", number::change(change.effect, Notation::Html));
            let width = text_width(&text, 120.0) as i32;
            if place.0 + 80 > free && place.0 + 80 + width < right_edge {
                let paint = Paint::Of(Role::Label, mark);
                plot.text(&text, (place.0 + 80, place.1), Anchor::Start, paint);
                free = place.0 + 100 + width;
            } else {
                free = free.max(place.0 + 60);
            }
        }
    }

    /// Marks revisions whose runs lie outside the plot.
    fn outside(&self, plot: &Plot<'_>) {
        for (index, points) in self.revisions() {
            let count = |above: bool| {
                let beyond =
                    |value: f64| if above { value > plot.y.end } else { value < plot.y.start };
                points.points.iter().filter(|p| p.value.is_finite() && beyond(p.value)).count()
            };
            for (above, y, sign) in [(true, plot.y.end, 1), (false, plot.y.start, -1)] {
                if count(above) > 0 {
                    let at = plot.at(index as f64, y);
                    plot.stroke(vec![at, (at.0, at.1 + 60 * sign)], Paint::Data);
                }
            }
        }
    }

    fn events(&self, plot: &Plot<'_>) {
        let mut free = i32::MIN;
        for (index, text) in self.chart.events {
            if !(self.first..=self.last).contains(index) {
                continue;
            }
            let at = plot.at(*index as f64, plot.y.start);
            plot.stroke(
                vec![
                    (at.0, at.1 + 20),
                    (at.0 + 32, at.1 + 70),
                    (at.0 - 32, at.1 + 70),
                    (at.0, at.1 + 20),
                ],
                Paint::Bar,
            );
            let text = crate::plain::short(text, 28);
            let width = text_width(&text, 100.0) as i32;
            if at.0 - width / 2 > free {
                plot.text(&text, (at.0, at.1 + 140), Anchor::Middle, Paint::Note);
                free = at.0 + width / 2 + 60;
            }
        }
    }

    fn gutter(&self, plot: &Plot<'_>) {
        let history = self.chart.history;
        let Some(current) = history.segments.last() else { return };
        if !current.level.value.is_finite() {
            return;
        }
        let scale = self.chart.scale;
        let mark = Mark::from(history.verdict);
        let write = |level: Estimate| {
            let number = scale.level_number(level, Notation::Html);
            if scale.unit.is_empty() { number } else { format!("{number} {}", scale.unit) }
        };
        let now = plot.at(plot.x.end, current.level.value);
        let x = now.0 + 80;
        let before = history.segments.len().checked_sub(2).map(|place| &history.segments[place]);
        let mut now_y = now.1;
        let mut before_y = 0;
        if let Some(before) = before {
            before_y = plot.at(plot.x.end, before.level.value).1;
            let near = 330 - (now_y - before_y).abs();
            if near > 0 {
                let sign = if now_y < before_y { 1 } else { -1 };
                now_y -= sign * near / 2;
                before_y += sign * near / 2;
            }
        }
        let paint = if before.is_some() { Paint::Of(Role::Label, mark) } else { Paint::Strong };
        plot.text(&format!("{} now", write(current.level)), (x, now_y), Anchor::Start, paint);
        let since = history
            .series
            .revisions
            .get(current.first)
            .map(|points| Day::of_seconds(points.revision.committed_at_s).short());
        let length = current.last + 1 - current.first.min(current.last);
        if let Some(since) = since {
            let text =
                format!("since {since}, {length} revision{}", if length == 1 { "" } else { "s" });
            plot.text(&text, (x, now_y + 150), Anchor::Start, Paint::Note);
        }
        if let Some(before) = before {
            let text = format!("{} before", write(before.level));
            plot.text(&text, (x, before_y), Anchor::Start, Paint::Text);
            let margin = number::percent(history.series.margin, Notation::Html);
            let text = format!("±{margin} is equivalent");
            plot.text(&text, (x, before_y + 150), Anchor::Start, Paint::Note);
        }
    }
}

/// Returns the ends of the middle half of a revision's runs; of all of them where they are four or fewer.
fn middle_half(points: &RevisionPoints) -> Option<(f64, f64)> {
    let mut values: Vec<f64> =
        points.points.iter().map(|point| point.value).filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let skip = if values.len() > 4 { values.len() / 4 } else { 0 };
    match values.len() {
        0 | 1 => None,
        n => Some((values[skip], values[n - 1 - skip])),
    }
}
