//! OpenMetrics text.

use std::fmt::Write as _;

use ground_core::report::Report;
use ground_core::verdict::Verdict;

use crate::night::{Standing, standings};

/// Renders the newest level, the change with its interval, the verdict and outcomes of every series and testcase.
#[must_use]
pub fn metrics(report: &Report) -> String {
    let all = standings(report);
    let mut out = String::new();
    family(&mut out, "ground_change_ratio", "gauge", "Relative change of the newest revision.");
    for standing in &all {
        if let Some(effect) = standing.effect {
            for (bound, value) in [("value", effect.value), ("lo", effect.lo), ("hi", effect.hi)] {
                let labels = labels(standing, &[("bound", bound)]);
                let _ = writeln!(out, "ground_change_ratio{labels} {}", float(value));
            }
        }
    }
    family(&mut out, "ground_verdict", "stateset", "Where the series stands.");
    for standing in &all {
        for verdict in [
            Verdict::Regression,
            Verdict::Improvement,
            Verdict::Equivalent,
            Verdict::Inconclusive,
            Verdict::NoData,
        ] {
            let labels = labels(standing, &[("ground_verdict", verdict.as_str())]);
            let _ =
                writeln!(out, "ground_verdict{labels} {}", u8::from(verdict == standing.verdict));
        }
    }
    family(&mut out, "ground_runs_failed", "gauge", "Runs of the testcase that failed.");
    cases(&mut out, report, "ground_runs_failed", |total| total.failures());
    family(&mut out, "ground_runs", "gauge", "Runs of the testcase that count.");
    cases(&mut out, report, "ground_runs", |total| total.runs());
    out + "# EOF\n"
}

fn cases(
    out: &mut String,
    report: &Report,
    name: &str,
    pick: fn(&ground_core::finding::OutcomeCounts) -> u32,
) {
    for finding in &report.stability {
        let key = &finding.case;
        let labels = label_set(&[
            ("plan", &key.plan),
            ("case", &key.case),
            ("runner", &key.runner),
            ("lang", &key.lang),
            ("params", &key.params),
        ]);
        let _ = writeln!(out, "{name}{labels} {}", pick(&crate::text::total(finding)));
    }
}

fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# TYPE {name} {kind}\n# HELP {name} {help}");
}

fn float(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() }
    } else {
        value.to_string()
    }
}

fn labels(standing: &Standing<'_>, more: &[(&str, &str)]) -> String {
    let key = standing.key;
    let (stat, params, id) = (key.stat.to_string(), key.params_text(), key.id());
    let mut all = vec![
        ("plan", key.plan.as_str()),
        ("case", &key.case),
        ("metric", &key.metric),
        ("stat", &stat),
        ("runner", &key.runner),
        ("lang", &key.lang),
        ("params", &params),
        ("id", id.as_str()),
    ];
    all.extend_from_slice(more);
    label_set(&all)
}

fn label_set(labels: &[(&str, &str)]) -> String {
    let escape = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let parts: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect();
    format!("{{{}}}", parts.join(","))
}
