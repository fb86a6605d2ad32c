//! SARIF 2.1.0.

use ground_core::report::Comparison;
use serde_json::{Value, json};

use super::github::level;
use super::junit::{case_sentence, sentence};
use crate::mark::Mark;

const RULES: [(Mark, &str); 5] = [
    (
        Mark::Regression,
        "The interval of the change lies wholly beyond the margin on the worse side.",
    ),
    (Mark::Broken, "The testcase fails nearly always since some revision."),
    (Mark::Flaky, "The testcase fails sometimes, beyond the declared rate."),
    (Mark::Inconclusive, "The interval is neither wholly beyond nor wholly inside the margin."),
    (Mark::NoData, "There is nothing to judge."),
];

/// Renders a comparison as SARIF: a result for each finding that needs attention; improvements are none.
#[must_use]
pub fn sarif(comparison: &Comparison) -> String {
    let series = comparison.findings.iter().filter_map(|f| {
        result(Mark::from(f.verdict), &sentence(f), f.series.id().as_str(), &f.series.plan)
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
        result(Mark::from(f.verdict), &case_sentence(f), id.as_str(), &key.plan)
    });
    let results: Vec<Value> = series.chain(cases).collect();
    let rules: Vec<Value> = RULES
        .iter()
        .map(|(mark, text)| json!({ "id": id(*mark), "shortDescription": { "text": text } }))
        .collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "ground",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&document).expect("bug: a document is not JSON");
    text.push('\n');
    text
}

fn id(mark: Mark) -> String {
    mark.word().replace(' ', "-")
}

fn result(mark: Mark, text: &str, fingerprint: &str, plan: &str) -> Option<Value> {
    if !RULES.iter().any(|rule| rule.0 == mark) {
        return None;
    }
    let level = match level(mark)? {
        "notice" => "note",
        level => level,
    };
    Some(json!({
        "ruleId": id(mark),
        "level": level,
        "message": { "text": crate::plain::clean(text) },
        "partialFingerprints": { "groundSeries/v1": fingerprint },
        "locations": [{ "physicalLocation": { "artifactLocation": {
            "uri": format!("plans/{}/manifest.toml", crate::plain::slug(plan)),
        }}}],
    }))
}
