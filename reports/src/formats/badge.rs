//! Badges: a label, a text, one colour.

use ground_core::report::Report;

use crate::mark::Mark;
use crate::night::{Counts, standings};
use crate::plain::{markup, short};
use crate::svg::text_width;

fn colour(mark: Mark) -> &'static str {
    match mark {
        Mark::Regression | Mark::Broken => "#ae2a22",
        Mark::Flaky => "#7a5200",
        Mark::Improvement => "#134e9b",
        Mark::Equivalent | Mark::Stable => "#36414e",
        Mark::Inconclusive | Mark::NoData => "#67707c",
    }
}

/// Returns what a badge of the whole report says.
fn says(report: &Report) -> (Mark, String) {
    let counts = Counts::of(report, &standings(report));
    let mark = if counts.regression > 0 {
        (Mark::Regression, counts.regression)
    } else if counts.broken > 0 {
        (Mark::Broken, counts.broken)
    } else if counts.flaky > 0 {
        (Mark::Flaky, counts.flaky)
    } else if counts.improvement > 0 {
        (Mark::Improvement, counts.improvement)
    } else if counts.inconclusive > 0 {
        (Mark::Inconclusive, counts.inconclusive)
    } else if counts.equivalent > 0 {
        (Mark::Equivalent, counts.equivalent)
    } else {
        (Mark::NoData, 0)
    };
    let plural = matches!(mark.0, Mark::Regression | Mark::Improvement) && mark.1 != 1;
    let text = match mark.0 {
        Mark::NoData => mark.0.word().to_owned(),
        word => format!("{} {}{}", mark.1, word.word(), if plural { "s" } else { "" }),
    };
    (mark.0, text)
}

/// Renders the badge of a whole report: its gravest verdict with the count.
#[must_use]
pub fn report(report: &Report) -> String {
    let (mark, text) = says(report);
    let label = if report.project.is_empty() { "ground" } else { &report.project };
    badge(label, &text, colour(mark))
}

fn badge(label: &str, text: &str, colour: &str) -> String {
    let (label, text) = (short(label, 30), short(text, 40));
    let width = |text: &str| text_width(text, 11.0).ceil() as u32 + 12;
    let (left, right) = (width(&label), width(&text));
    let (label, text) = (markup(&label), markup(&text));
    let total = left + right;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{total}\" height=\"20\" role=\"img\">\
         <title>{label}: {text}</title><rect width=\"{left}\" height=\"20\" fill=\"#1b222b\"/>\
         <rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{colour}\"/>\
         <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\
         <text x=\"6\" y=\"14\">{label}</text><text x=\"{}\" y=\"14\">{text}</text></g></svg>\n",
        left + 6
    )
}
