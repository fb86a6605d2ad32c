//! One message a night for chat and other receivers.

use ground_core::id::SeriesId;
use ground_core::report::Report;
use ground_core::verdict::Verdict;
use serde::Serialize;

use crate::html::series_path;
use crate::json::{CountsJson, SCHEMA_VERSION};
use crate::night::{Counts, Standing, standings};

/// Changes of one message; the rest is a number.
const MOST: usize = 20;

#[derive(Serialize)]
struct Event<'a> {
    schema: &'static str,
    version: u32,
    event: &'static str,
    key: String,
    project: &'a str,
    head: Option<&'a str>,
    headline: String,
    gate: Option<&'static str>,
    url: String,
    counts: CountsJson,
    changes: Vec<Change>,
    more: usize,
}

#[derive(Serialize)]
struct Change {
    id: String,
    series: String,
    verdict: &'static str,
    state: &'static str,
    effect: Option<f64>,
    lo: Option<f64>,
    hi: Option<f64>,
    range: Option<[String; 2]>,
    url: String,
}

/// Renders a night as JSON, schema `ground.event`: headline, counts, gate and at most 20 changes.
///
/// `event` is `gate` where a gate was asked, `change` where something changed, `night` otherwise. `key` is the same
/// for the same findings on the same revision, so that a receiver can drop what it has seen.
#[must_use]
pub fn event(report: &Report, base_url: &str) -> String {
    let all = standings(report);
    let counts = Counts::of(report, &all);
    let moved: Vec<&Standing<'_>> = all
        .iter()
        .filter(|s| matches!(s.verdict, Verdict::Regression | Verdict::Improvement))
        .collect();
    let head = report.revisions.last().map(|revision| revision.commit.as_str());
    let headline = counts.headline();
    let ids: Vec<String> = moved.iter().map(|s| format!("{} {}", s.key.id(), s.verdict)).collect();
    let gate = report.gate.as_ref().map(|gate| gate.decision.as_str());
    let parts =
        [&report.project, head.unwrap_or(""), &headline, gate.unwrap_or(""), &ids.join(",")];
    let event = Event {
        schema: "ground.event",
        version: SCHEMA_VERSION,
        event: match (gate, moved.is_empty()) {
            (Some(_), _) => "gate",
            (None, false) => "change",
            (None, true) => "night",
        },
        key: SeriesId::derive(&parts).to_string(),
        project: &report.project,
        head,
        headline,
        gate,
        url: format!("{base_url}index.html"),
        counts: CountsJson::from(&counts),
        changes: moved.iter().take(MOST).map(|standing| change(standing, base_url)).collect(),
        more: moved.len().saturating_sub(MOST),
    };
    let mut text = serde_json::to_string_pretty(&event).expect("bug: an event is not JSON");
    text.push('\n');
    text
}

fn change(standing: &Standing<'_>, base_url: &str) -> Change {
    let finite = |value: f64| value.is_finite().then_some(value);
    let range = standing.change.zip(standing.history).and_then(|(change, history)| {
        let short = |index: usize| {
            history.series.revisions.get(index).map(|points| points.revision.short())
        };
        Some([short(change.lo)?, short(change.hi)?])
    });
    Change {
        id: standing.key.id().to_string(),
        series: standing.key.title(),
        verdict: standing.verdict.as_str(),
        state: if standing.new { "new" } else { "open" },
        effect: standing.effect.and_then(|effect| finite(effect.value)),
        lo: standing.effect.and_then(|effect| finite(effect.lo)),
        hi: standing.effect.and_then(|effect| finite(effect.hi)),
        range,
        url: match standing.history {
            Some(_) => format!("{base_url}{}", series_path(standing.key)),
            None => format!("{base_url}index.html"),
        },
    }
}
