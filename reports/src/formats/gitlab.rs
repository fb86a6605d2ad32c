//! Code quality as GitLab reads it.

use ground_core::report::Comparison;
use serde::Serialize;

use super::github::level;
use super::junit::{case_sentence, sentence};
use crate::mark::Mark;

#[derive(Serialize)]
struct Entry {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

fn entry(mark: Mark, text: String, fingerprint: String, plan: &str) -> Option<Entry> {
    let severity = match level(mark)? {
        "error" => "critical",
        "warning" => "major",
        _ => "info",
    };
    Some(Entry {
        description: crate::plain::short(&text, 400),
        check_name: mark.word(),
        fingerprint,
        severity,
        location: Location {
            path: format!("plans/{}/manifest.toml", crate::plain::slug(plan)),
            lines: Lines { begin: 1 },
        },
    })
}

/// Renders a comparison as a code-quality report.
#[must_use]
pub fn code_quality(comparison: &Comparison) -> String {
    let series = comparison.findings.iter().filter_map(|f| {
        entry(Mark::from(f.verdict), sentence(f), f.series.id().to_string(), &f.series.plan)
    });
    let cases = comparison.stability.iter().filter_map(|f| {
        let key = &f.case;
        let id = ground_core::id::SeriesId::derive(&[
            &key.plan,
            &key.case,
            &key.runner,
            &key.lang,
            &key.params,
        ]);
        entry(Mark::from(f.verdict), case_sentence(f), id.to_string(), &key.plan)
    });
    let entries: Vec<Entry> = series.chain(cases).collect();
    let mut text = serde_json::to_string_pretty(&entries).expect("bug: entries are not JSON");
    text.push('\n');
    text
}
