//! Forest: effects with intervals against the margin band, worse to the right.

use ground_core::finding::Estimate;

use super::backend::{Canvas, Label};
use super::paint::{Paint, Role};
use super::plot::{Anchor, Margins, Plot};
use crate::mark::Mark;
use crate::number::{self, Notation};

/// The common axis of a forest's rows.
#[derive(Debug, Clone)]
pub(crate) struct Forest {
    lo: f64,
    hi: f64,
    width: u32,
    unit: String,
}

/// One row of a forest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ForestRow {
    /// The effect, turned so that positive is worse.
    pub(crate) effect: Option<Estimate>,
    /// The margin.
    pub(crate) margin: f64,
    /// The verdict.
    pub(crate) mark: Mark,
}

fn log(ratio: f64) -> f64 {
    (1.0 + ratio).max(1e-3).ln()
}

impl Forest {
    /// Chooses the axis that shows `rows`, from at least four margins each way to at most a factor of four.
    pub(crate) fn of(rows: &[ForestRow], width: u32) -> Self {
        let margin =
            rows.iter().map(|row| row.margin).filter(|m| m.is_finite()).fold(0.01, f64::max);
        let (mut lo, mut hi) = (log(-margin.min(0.2) * 4.0), log(margin * 4.0));
        let mut lows: Vec<f64> = rows.iter().filter_map(|r| Some(log(r.effect?.lo))).collect();
        let mut highs: Vec<f64> = rows.iter().filter_map(|r| Some(log(r.effect?.hi))).collect();
        lows.sort_by(f64::total_cmp);
        highs.sort_by(f64::total_cmp);
        let trim = rows.len() / 20;
        if let (Some(low), Some(high)) =
            (lows.get(trim), highs.get(highs.len().wrapping_sub(1 + trim)))
        {
            lo = lo.min(*low * 1.1);
            hi = hi.max(*high * 1.1);
        }
        let reach = 4f64.ln();
        Self { lo: lo.max(-reach), hi: hi.min(reach), width, unit: "%".to_owned() }
    }

    fn plot<'c>(&self, canvas: &'c mut Canvas) -> Plot<'c> {
        let margins = Margins { left: 8.0, right: 8.0, ..Margins::default() };
        Plot::new(canvas, margins, self.lo..self.hi, 0.0..1.0)
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        const STEPS: [f64; 9] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0];
        let span = self.hi.exp() - self.lo.exp();
        let step = STEPS.iter().copied().find(|step| span / step <= 9.5).unwrap_or(1.0);
        let range = self.lo.exp() - 1.0..self.hi.exp() - 1.0;
        super::scale::ticks(&range, (span / step).round() as usize)
            .into_iter()
            .map(|tick| {
                let sign = if tick > 1e-9 { "+" } else { "" };
                let decimals = i32::from(step < 0.01);
                (
                    log(tick),
                    format!("{sign}{}", number::fixed(tick * 100.0, decimals, Notation::Html)),
                )
            })
            .collect()
    }

    /// Draws the head: words and ticks.
    pub(crate) fn head(&self) -> String {
        let mut canvas = Canvas::new(self.width, 52);
        let plot = self.plot(&mut canvas);
        let (left, zero, right) =
            (plot.at(self.lo, 0.5).0, plot.at(0.0, 0.5).0, plot.at(self.hi, 0.5).0);
        plot.text("← better", (left, 70), Anchor::Start, Paint::Text);
        plot.text("worse →", (right, 70), Anchor::End, Paint::Text);
        if zero - left > 900 && right - zero > 900 {
            plot.text("effect", (zero, 70), Anchor::Middle, Paint::Text);
        }
        let ticks = self.ticks();
        let mut free = i32::MIN;
        for (value, label) in &ticks {
            let x = plot.at(*value, 0.5).0;
            let last = Some(label) == ticks.last().map(|tick| &tick.1);
            let text = if last { format!("{label}{}", self.unit) } else { label.clone() };
            let half = super::width::text_width(&text, 110.0) as i32 / 2;
            if x - half > free && x + half < right + 80 {
                plot.text(&text, (x, 270), Anchor::Middle, Paint::Text);
                plot.stroke(vec![(x, 370), (x, 410)], Paint::Axis);
                free = x + half + 40;
            }
        }
        plot.stroke(vec![(zero, 370), (zero, 520)], Paint::Axis);
        drop(plot);
        canvas.finish(&Label {
            title: "Axis of relative change, worse to the right",
            class: "fo",
            ..Label::default()
        })
    }

    /// Draws one row, `height` pixels high; the band runs from edge to edge so that rows join.
    pub(crate) fn row(&self, row: &ForestRow, height: u32) -> String {
        let mut canvas = Canvas::new(self.width, height);
        let plot = self.plot(&mut canvas);
        let middle = height as i32 * 5;
        let band =
            (log(-row.margin / (1.0 + row.margin)).max(self.lo), log(row.margin).min(self.hi));
        plot.area((band.0, 1.0), (band.1, 0.0), Paint::Band);
        let zero = plot.at(0.0, 0.5).0;
        plot.stroke(vec![(zero, 0), (zero, height as i32 * 10)], Paint::Axis);
        if let Some(effect) = row.effect.filter(|effect| effect.value.is_finite()) {
            self.interval(&plot, &effect, row.mark, middle);
        }
        drop(plot);
        let title = row.effect.map_or_else(
            || row.mark.word().to_owned(),
            |e| {
                let (change, interval) =
                    (number::change(e, Notation::Html), number::change_interval(e, Notation::Html));
                format!("{}: {change} {interval}, positive is worse", row.mark.word())
            },
        );
        canvas.finish(&Label { title: &title, class: "fo", ..Label::default() })
    }

    fn interval(&self, plot: &Plot<'_>, effect: &Estimate, mark: Mark, middle: i32) {
        let whisker = Paint::Of(Role::Whisker, mark);
        let place = |ratio: f64| plot.at(log(ratio).clamp(self.lo, self.hi), 0.5).0;
        let (from, at, to) = (place(effect.lo), place(effect.value), place(effect.hi));
        plot.stroke(vec![(from, middle), (to, middle)], whisker);
        for (x, clipped, sign) in
            [(from, log(effect.lo) < self.lo, 1), (to, log(effect.hi) > self.hi, -1)]
        {
            let cap = if clipped {
                vec![(x + 50 * sign, middle - 40), (x, middle), (x + 50 * sign, middle + 40)]
            } else {
                vec![(x, middle - 40), (x, middle + 40)]
            };
            plot.stroke(cap, whisker);
        }
        plot.shape((at, middle), 120, mark);
    }

    /// Draws a failure rate on an axis of its own that shares the zero line.
    pub(crate) fn rate(&self, rate: Estimate, mark: Mark, margin: f64, height: u32) -> String {
        let mut canvas = Canvas::new(self.width, height);
        let plot = self.plot(&mut canvas);
        let band = (log(-margin / (1.0 + margin)).max(self.lo), log(margin).min(self.hi));
        plot.area((band.0, 1.0), (band.1, 0.0), Paint::Band);
        let (zero, right) = (plot.at(0.0, 0.5).0, plot.at(self.hi, 0.5).0);
        plot.stroke(vec![(zero, 0), (zero, height as i32 * 10)], Paint::Axis);
        let full = if rate.hi <= 0.2 { 0.2 } else { 1.0 };
        let place = |rate: f64| {
            zero + (f64::from(right - zero - 60) * (rate / full).clamp(0.0, 1.0)) as i32
        };
        let (middle, low) = (height as i32 * 4, height as i32 * 10 - 90);
        let whisker = Paint::Of(Role::Whisker, mark);
        plot.stroke(vec![(place(rate.lo), middle), (place(rate.hi), middle)], whisker);
        for x in [place(rate.lo), place(rate.hi)] {
            plot.stroke(vec![(x, middle - 40), (x, middle + 40)], whisker);
        }
        plot.shape((place(rate.value), middle), 120, mark);
        plot.stroke(vec![(zero, low - 90), (place(full), low - 90)], Paint::Axis);
        for (share, anchor) in [(0.0, Anchor::Start), (0.5, Anchor::Middle), (1.0, Anchor::End)] {
            let number = number::fixed(share * full * 100.0, 0, Notation::Html);
            let text = if share == 1.0 { format!("{number}% fail") } else { number };
            let shift = if share == 0.0 { 30 } else { 0 };
            plot.text(&text, (place(share * full) + shift, low), anchor, Paint::Note);
        }
        drop(plot);
        let title = format!(
            "{}: fails {} of runs, 95 % interval {} to {}",
            mark.word(),
            number::percent(rate.value, Notation::Html),
            number::percent(rate.lo, Notation::Html),
            number::percent(rate.hi, Notation::Html)
        );
        canvas.finish(&Label { title: &title, class: "fo", ..Label::default() })
    }
}
