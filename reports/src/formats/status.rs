//! One small file for bots.

use ground_core::report::Report;
use serde::Serialize;

use crate::json::{CountsJson, SCHEMA_VERSION};
use crate::night::{Counts, standings};

#[derive(Serialize)]
struct Status<'a> {
    schema: &'static str,
    version: u32,
    project: &'a str,
    head: Option<&'a str>,
    headline: String,
    gate: Option<&'static str>,
    counts: CountsJson,
}

/// Renders headline, counts and gate as JSON, schema `ground.status`.
#[must_use]
pub fn status(report: &Report) -> String {
    let counts = Counts::of(report, &standings(report));
    let status = Status {
        schema: "ground.status",
        version: SCHEMA_VERSION,
        project: &report.project,
        head: report.revisions.last().map(|revision| revision.commit.as_str()),
        headline: counts.headline(),
        gate: report.gate.as_ref().map(|gate| gate.decision.as_str()),
        counts: CountsJson::from(&counts),
    };
    let mut text = serde_json::to_string_pretty(&status).expect("bug: a status is not JSON");
    text.push('\n');
    text
}
