//! Data for the script: calls of one global function, so that they load from disk.

use std::fmt::Write as _;

use ground_core::report::SeriesHistory;

use super::Context;
use super::context::{medians, scale_of};
use crate::mark::Mark;
use crate::number::Notation;
use crate::plain::short;

/// Writes text as a string of the script's language that cannot end a script element.
fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).expect("bug: text is not JSON");
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// Writes every commit of the history, oldest first: short name, day of commit, subject, full name.
pub(super) fn commits(context: &Context<'_>) -> String {
    let mut out = format!("gd(\"commits\",{{url:{},c:[", quoted(&context.options.commit_url));
    for revision in &context.report.revisions {
        let _ = writeln!(
            out,
            "[{},{},{},{}],",
            quoted(&short(&revision.short(), 16)),
            revision.committed_at_s.div_euclid(86_400),
            quoted(&short(&revision.subject, 72)),
            quoted(&short(&revision.commit, 40)),
        );
    }
    out + "]});\n"
}

/// Writes what can be searched: text, address, verdict's class.
pub(super) fn find(context: &Context<'_>) -> String {
    let mut out = "gd(\"find\",[".to_owned();
    let mut line = |text: &str, href: &str, class: &str| {
        let _ = writeln!(out, "[{},{},{}],", quoted(text), quoted(href), quoted(class));
    };
    for standing in &context.standings {
        if let Some(href) = context.series_link(standing.key) {
            let text =
                format!("{} {}", standing.key.title(), super::context::where_line(standing.key));
            line(&short(&text, 140), href, Mark::from(standing.verdict).class());
        }
    }
    for detail in &context.report.runs {
        if let Some(href) = context.run_link(detail.run.run.as_str()) {
            let text = format!(
                "run {} {}/{} {}",
                detail.run.run,
                detail.run.plan,
                detail.run.case,
                detail.run.revision.short()
            );
            line(&short(&text, 140), &href, "");
        }
    }
    for (place, comparison) in context.report.comparisons.iter().enumerate() {
        let text =
            format!("compare {}..{}", comparison.baseline.short(), comparison.candidate.short());
        line(&text, &format!("cmp/{}", context.compare_name(place)), "");
    }
    out + "]);\n"
}

/// Significant steps that a value is written with.
const STEPS: f64 = 1e5;

/// Writes the points of a series as integers: first value, then differences; a gap is null.
pub(super) fn series(context: &Context<'_>, history: &SeriesHistory) -> String {
    let middles = medians(history);
    let scale = scale_of(history, &middles);
    let most = history
        .series
        .revisions
        .iter()
        .flat_map(|points| points.points.iter().map(|point| point.value.abs()))
        .filter(|value| value.is_finite())
        .fold(0.0, f64::max);
    let unit = if most > 0.0 { most / STEPS } else { 1.0 };
    let integers = |values: &mut dyn Iterator<Item = Option<f64>>| {
        let mut before = 0i64;
        let parts: Vec<String> = values
            .map(|value| match value {
                Some(value) if value.is_finite() => {
                    let now = (value / unit).round() as i64;
                    let text = (now - before).to_string();
                    before = now;
                    text
                }
                _ => String::new(),
            })
            .collect();
        parts.join(" ").replace(' ', ",")
    };
    let edge = |pick: fn(f64, f64) -> f64| {
        integers(&mut history.series.revisions.iter().map(|points| {
            points.points.iter().map(|point| point.value).filter(|v| v.is_finite()).reduce(pick)
        }))
    };
    let mut at = 0i64;
    let places: Vec<String> = history
        .series
        .revisions
        .iter()
        .map(|points| {
            let now = context.place(&points.revision).map_or(-1, |place| place as i64);
            let text = (now - at).to_string();
            at = now;
            text
        })
        .collect();
    let counts: Vec<String> =
        history.series.revisions.iter().map(|p| p.points.len().to_string()).collect();
    let segments: Vec<String> = history
        .segments
        .iter()
        .filter(|segment| segment.level.value.is_finite())
        .map(|s| format!("[{},{},{:e}]", s.first, s.last, s.level.value * scale.factor))
        .collect();
    let changes: Vec<String> = history
        .changes
        .iter()
        .map(|change| {
            format!(
                "[{},{},{},{},{}]",
                change.index,
                change.lo,
                change.hi,
                quoted(Mark::from(change.verdict).class()),
                quoted(&crate::number::change(change.effect, Notation::Html))
            )
        })
        .collect();
    format!(
        "gd({},{{u:{},f:{:e},k:{:e},m:\"{}\",l:\"{}\",h:\"{}\",p:\"{}\",n:\"{}\",g:{:e},s:[{}],c:[{}],v:{}}});\n",
        quoted(&crate::plain::slug(history.series.key.id().as_str())),
        quoted(&scale.unit),
        scale.factor,
        unit * scale.factor,
        integers(&mut middles.iter().copied()),
        edge(f64::min),
        edge(f64::max),
        places.join(","),
        counts.join(","),
        history.series.margin,
        segments.join(","),
        changes.join(","),
        quoted(Mark::from(history.verdict).class()),
    )
}
