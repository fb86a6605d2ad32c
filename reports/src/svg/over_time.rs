//! Quantiles of one run over time, with barriers.

use ground_core::metric::{Stat, Unit};

use super::backend::{Canvas, Label};
use super::paint::Paint;
use super::plot::{Anchor, Margins, Plot};
use super::scale::{fit, log_ticks, tick_decimals, ticks};
use crate::number::{self, Notation, Scale};

/// One interval: begin in seconds, p50, p95, p99, values.
pub(crate) type Interval = (f64, f64, f64, f64, u64);

/// A barrier: its name, first arrival and opening, in seconds since the run began.
#[derive(Debug, Clone)]
pub(crate) struct Barrier {
    /// The state's name.
    pub(crate) name: String,
    /// When the first instance arrived.
    pub(crate) first: f64,
    /// When it opened.
    pub(crate) opened: f64,
}

/// A curve: its name, which value of an interval it shows, how it looks.
type Curve = (&'static str, fn(&Interval) -> f64, Paint);

/// Values that the p99 of an interval needs.
const NEEDED_P99: u64 = 100;

/// Draws p50, p95 and p99 over time; none where no interval holds a finite value.
pub(crate) fn over_time(
    intervals: &[Interval],
    barriers: &[Barrier],
    unit: &Unit,
    title: &str,
    size: (u32, u32),
) -> Option<String> {
    let last = intervals.last()?;
    let mut values: Vec<f64> = intervals.iter().flat_map(|i| [i.1, i.2, i.3]).collect();
    values.retain(|value| value.is_finite());
    let end = last.0.max(barriers.iter().map(|b| b.opened).fold(0.0, f64::max)).max(1e-3);
    let most = values.iter().copied().reduce(f64::max)?;
    let least = values.iter().copied().reduce(f64::min)?;
    let log = least > 0.0 && most / least > 8.0;
    let y =
        if log { least.log10() - 0.1..most.log10() + 0.1 } else { fit(&values, most.abs() * 0.2) };
    let map = |value: f64| if log { value.max(least).log10() } else { value };
    let scale = &Scale::of(unit, Stat::Value, last.1);
    let written = |value: f64| Scale::of(unit, Stat::Value, value).value(value, Notation::Html);
    let mut canvas = Canvas::new(size.0, size.1);
    let margins = Margins { top: 28.0, right: 74.0, bottom: 26.0, left: 50.0 };
    let plot = Plot::new(&mut canvas, margins, 0.0..end, y);
    y_axis(&plot, scale, unit, log);
    time_axis(&plot);
    draw_barriers(&plot, barriers);
    let curves: [Curve; 3] = [
        ("p50", |i| i.1, Paint::Raw),
        ("p95", |i| i.2, Paint::Data),
        ("p99", |i| if i.4 >= NEEDED_P99 { i.3 } else { f64::NAN }, Paint::Raw),
    ];
    let mut free = i32::MAX;
    for (name, value, paint) in curves {
        let mut line = Vec::new();
        for interval in intervals {
            let v = value(interval);
            if v.is_finite() {
                line.push((interval.0, map(v)));
            } else {
                plot.line(std::mem::take(&mut line), paint);
            }
        }
        let tip = line.last().copied();
        plot.line(line, paint);
        if let Some(tip) = tip {
            let at = plot.at(plot.x.end, tip.1);
            let y = at.1.min(free);
            free = y - 120;
            let number = value(last);
            let text = format!("{name} {}", written(number));
            plot.text(&text, (at.0 + 50, y), Anchor::Start, Paint::Text);
        }
    }
    drop(plot);
    let desc = format!(
        "{} intervals up to {}; the newest has p50 {}, p95 {}",
        intervals.len(),
        number::clock(end, Notation::Html),
        written(last.1),
        written(last.2)
    );
    let title = crate::plain::short(title, 160);
    Some(canvas.finish(&Label { title: &title, desc: &desc, class: "ch", ..Label::default() }))
}

fn y_axis(plot: &Plot<'_>, scale: &Scale, unit: &Unit, log: bool) {
    let labels: Vec<(f64, String)> = if log {
        log_ticks(&(10f64.powf(plot.y.start)..10f64.powf(plot.y.end)), 6)
            .into_iter()
            .map(|tick| {
                let own = Scale::of(unit, Stat::Value, tick);
                (tick.log10(), own.short(tick, Notation::Html))
            })
            .collect()
    } else {
        let range = plot.y.start * scale.factor..plot.y.end * scale.factor;
        let found = ticks(&range, 5);
        let decimals = match found[..] {
            [a, b, ..] => tick_decimals(b - a),
            _ => 1,
        };
        found
            .iter()
            .map(|tick| (tick / scale.factor, number::fixed(*tick, decimals, Notation::Html)))
            .collect()
    };
    plot.y_ticks(&labels);
}

/// Writes times under the plot.
pub(super) fn time_axis(plot: &Plot<'_>) {
    let span = plot.x.end;
    let labels: Vec<(f64, String)> = if span >= 120.0 {
        let steps = [30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21_600.0];
        let step = steps.into_iter().find(|step| span / step <= 8.0).unwrap_or(86_400.0);
        let count = (span / step).min(40.0) as u32;
        (0..=count)
            .map(|i| f64::from(i) * step)
            .map(|t| (t, number::clock(t, Notation::Html)))
            .collect()
    } else {
        ticks(&plot.x, 6).into_iter().map(|t| (t, number::span(t, Notation::Html))).collect()
    };
    plot.x_ticks(&labels, 150);
}

/// Draws barriers: the spread of arrivals shaded, the opening dotted and named.
pub(super) fn draw_barriers(plot: &Plot<'_>, barriers: &[Barrier]) {
    for barrier in barriers.iter().filter(|barrier| barrier.opened > barrier.first) {
        plot.area((barrier.first, plot.y.end), (barrier.opened, plot.y.start), Paint::Ribbon);
    }
    let mut free = i32::MIN;
    for barrier in barriers {
        plot.line(vec![(barrier.opened, plot.y.end), (barrier.opened, plot.y.start)], Paint::Mark);
        let at = plot.at(barrier.opened, plot.y.end);
        let name = format!("▾ {}", crate::plain::short(&barrier.name, 24));
        let width = super::width::text_width(&name, 110.0) as i32;
        if at.0 - width / 2 > free {
            plot.text(&name, (at.0, at.1 - 100), Anchor::Middle, Paint::Text);
            free = at.0 + width / 2 + 40;
        }
    }
}
