//! Small bars: counts by night, the smallest change that can be seen.

use super::backend::{Canvas, Label};
use super::paint::{Paint, Role};
use super::plot::{Margins, Plot};
use crate::mark::Mark;

/// Draws counts as bars 3 wide on a pitch of 4, the newest in full colour.
pub(crate) fn bars(counts: &[u32], mark: Option<Mark>, title: &str) -> String {
    let width = (counts.len() as u32 * 4).max(4);
    let mut canvas = Canvas::new(width, 22);
    let most = f64::from(counts.iter().copied().max().unwrap_or(0).max(1));
    let plot = Plot::new(&mut canvas, Margins::default(), 0.0..f64::from(width), 0.0..22.0);
    let paint = mark.map_or(Paint::Bar, |mark| Paint::Of(Role::Shape, mark));
    let bar = |index: usize, count: u32| {
        let x = index as f64 * 4.0;
        let height = if count == 0 { 1.5 } else { (f64::from(count) / most * 22.0).max(3.0) };
        plot.area((x, height), (x + 3.0, 0.0), paint);
    };
    if let Some((newest, older)) = counts.split_last() {
        plot.open("od");
        older.iter().enumerate().for_each(|(index, count)| bar(index, *count));
        plot.close();
        bar(older.len(), *newest);
    }
    drop(plot);
    canvas.finish(&Label { title, class: "sp", ..Label::default() })
}

/// Draws the smallest change that can be seen as a bar on a band up to the margin.
pub(crate) fn detectable(seen: f64, margin: f64) -> String {
    const WIDTH: u32 = 110;
    let mut canvas = Canvas::new(WIDTH, 16);
    let full = (margin * 2.4).max(1e-9);
    let plot = Plot::new(&mut canvas, Margins::default(), 0.0..full, 0.0..16.0);
    plot.area((0.0, 13.0), (margin, 3.0), Paint::Band);
    let late = seen > margin;
    let paint = if late { Paint::Of(Role::Shape, Mark::Flaky) } else { Paint::Bar };
    plot.area((0.0, 10.5), (seen.clamp(0.0, full), 5.5), paint);
    plot.line(vec![(margin, 16.0), (margin, 0.0)], Paint::Data);
    drop(plot);
    let title = if late { "above the margin" } else { "within the margin" };
    canvas.finish(&Label { title, class: "sp", ..Label::default() })
}
