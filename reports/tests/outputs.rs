//! Golden files of the outputs that are text, and the agreement of all outputs on every verdict.
//!
//! `UPDATE_GOLDEN=1 cargo test -p ground-reports --test outputs` writes the files anew; read the difference.

mod page;
mod sample;

use std::collections::BTreeMap;
use std::path::PathBuf;

use ground_core::finding::{Caveat, Estimate, Finding, OutcomeCounts, Side, StabilityFinding};
use ground_core::metric::{Direction, Stat, Unit};
use ground_core::outcome::OutcomeKind;
use ground_core::report::{Comparison, Report};
use ground_core::revision::Revision;
use ground_core::series::SeriesKey;
use ground_core::verdict::{Stability, Verdict};
use ground_reports::formats::{
    atom, badge, csv, github, gitlab, junit, openmetrics, sarif, status,
};
use ground_reports::markdown::{MarkdownOptions, comment};
use ground_reports::text::TextOptions;
use ground_reports::{SiteOptions, json, text, write_site};
use proptest::prelude::*;

fn golden(name: &str, now: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, now).unwrap();
    }
    let known = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; set UPDATE_GOLDEN=1", path.display()));
    assert!(known == now, "{name} differs; now it is:\n{now}");
}

fn ascii() -> TextOptions {
    TextOptions { width: 80, ascii: true, color: false }
}

#[test]
fn text_is_as_it_was() {
    let report = sample::report(40, 5);
    let first = &report.comparisons[0];
    let wide = TextOptions { width: 120, ..TextOptions::default() };
    golden("compare.txt", &text::comparison(first, &wide));
    golden("compare.ascii.txt", &text::comparison(first, &ascii()));
    golden("history.txt", &text::history(&report.series[1], &wide));
    golden("stability.txt", &text::stability(&report.stability, &wide));
    golden("gate.txt", &text::gate(report.gate.as_ref().unwrap(), &wide));
    golden("run.txt", &text::run(&report.runs[0], &wide));
}

#[test]
fn machine_outputs_are_as_they_were() {
    let mut report = sample::report(6, 2);
    report.series.truncate(5);
    report.runs.clear();
    report.comparisons[0].findings.truncate(6);
    report.stability.truncate(2);
    report.comparisons[0].stability.truncate(2);
    let first = &report.comparisons[0];
    let options = MarkdownOptions {
        marker: "ground nightly".to_owned(),
        link: "https://example.org/cmp/a..b.html".to_owned(),
    };
    golden("comment.md", &comment(first, report.gate.as_ref(), &options));
    golden("comparison.json", &json::comparison(first));
    golden("findings.ndjson", &json::findings_lines(first));
    golden("report.json", &json::report(&report));
    golden("gate.json", &json::gate(report.gate.as_ref().unwrap()));
    golden("stability.json", &json::stability(&report.stability));
    golden("junit.xml", &junit::junit(first));
    golden("sarif.json", &sarif::sarif(first));
    golden("annotations.txt", &github::annotations(first));
    golden("gitlab.json", &gitlab::code_quality(first));
    golden("feed.xml", &atom::feed(&report, "https://example.org/"));
    golden("metrics.txt", &openmetrics::metrics(&report));
    golden("status.json", &status::status(&report));
    golden("findings.csv", &csv::findings(&report));
    golden("badge.svg", &badge::report(&report));
}

#[test]
fn pages_are_as_they_were() {
    let mut report = sample::report(6, 2);
    report.series.truncate(3);
    report.comparisons[0].findings.truncate(3);
    report.runs.clear();
    let dir = tempfile::tempdir().unwrap();
    let options = SiteOptions { branch: "main".to_owned(), ..SiteOptions::default() };
    write_site(&report, dir.path(), &options).unwrap();
    for (page, name) in [("index.html", "index.html"), ("gate/index.html", "gate.html")] {
        golden(name, &std::fs::read_to_string(dir.path().join(page)).unwrap());
    }
}

#[test]
fn ascii_is_ascii_and_no_line_is_wider_than_asked() {
    let report = sample::report(40, 5);
    let out = text::comparison(&report.comparisons[0], &TextOptions { width: 100, ..ascii() });
    assert!(out.is_ascii(), "{out}");
    let widest = out.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 100, "{widest} columns:\n{out}");
    for finding in &report.series {
        assert!(text::history(finding, &ascii()).is_ascii());
    }
    assert!(text::stability(&report.stability, &ascii()).is_ascii());
}

#[test]
fn colour_is_never_the_only_sign() {
    let report = sample::report(10, 3);
    let plain = text::comparison(&report.comparisons[0], &TextOptions::default());
    let coloured = text::comparison(
        &report.comparisons[0],
        &TextOptions { color: true, ..TextOptions::default() },
    );
    assert!(coloured.contains("\u{1b}[31m"));
    let mut stripped = coloured;
    for code in ["0", "2", "31", "33", "34"] {
        stripped = stripped.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(stripped, plain);
}

#[test]
fn a_comment_keeps_to_its_length() {
    let mut report = sample::large(300, 3, 2);
    for finding in &mut report.comparisons[0].findings {
        finding.verdict = Verdict::Inconclusive;
        finding.more_runs = Some(9);
    }
    let text = comment(&report.comparisons[0], None, &MarkdownOptions::default());
    assert!(text.chars().count() <= 3_000, "{}", text.chars().count());
    assert!(text.contains("more\n"), "{text}");
}

#[test]
fn nothing_to_say_is_said() {
    let empty = sample::empty();
    assert!(json::report(&empty).contains("No data: nothing was measured."));
    assert!(badge::report(&empty).contains("no data"));
    assert_eq!(text::stability(&[], &TextOptions::default()), "no testcase has outcomes\n");
    let revision = Revision::default();
    let nothing = Comparison {
        baseline: revision.clone(),
        candidate: revision,
        environment: Vec::new(),
        findings: Vec::new(),
        stability: Vec::new(),
        unmatched: Vec::new(),
    };
    let out = text::comparison(&nothing, &TextOptions::default());
    assert!(out.contains("no series has points at both revisions"), "{out}");
    assert!(out.trim_end().ends_with("No data: nothing was measured."), "{out}");
}

const VERDICTS: [Verdict; 5] = [
    Verdict::Regression,
    Verdict::Improvement,
    Verdict::Equivalent,
    Verdict::Inconclusive,
    Verdict::NoData,
];
const STABILITIES: [Stability; 4] =
    [Stability::Stable, Stability::Flaky, Stability::Broken, Stability::NoData];

fn made(place: usize, verdict: Verdict, effect: Option<(f64, f64)>) -> Finding {
    let level = |value: f64| Some(Estimate { value, lo: value * 0.98, hi: value * 1.02 });
    let side =
        |value: f64| Side { runs: 5, instances: 5, level: level(value), values: vec![value; 5] };
    Finding {
        series: SeriesKey {
            plan: format!("plan{}", place % 3),
            case: "case".to_owned(),
            metric: format!("m{place:03}x_s"),
            stat: Stat::Value,
            runner: "local:exec".to_owned(),
            lang: "rust".to_owned(),
            params: BTreeMap::new(),
            composition_digest: "d".to_owned(),
            machine_class: "m".to_owned(),
        },
        unit: Unit::new("s"),
        direction: Direction::Lower,
        margin: 0.02,
        verdict,
        effect: effect.map(|(value, half)| Estimate { value, lo: value - half, hi: value + half }),
        p: Some(0.01),
        p_adjusted: Some(0.02),
        minimum_detectable: Some(0.05),
        more_runs: (verdict == Verdict::Inconclusive).then_some(7),
        more_minutes: None,
        test: "made up".to_owned(),
        baseline: side(1.0),
        candidate: side(1.0 + effect.map_or(0.0, |e| e.0)),
        caveats: vec![Caveat { code: "c".to_owned(), text: "a caveat".to_owned() }],
    }
}

fn case(place: usize, verdict: Stability) -> StabilityFinding {
    let mut counts = OutcomeCounts::default();
    counts.add(OutcomeKind::Success);
    counts.add(OutcomeKind::Failure);
    StabilityFinding {
        case: ground_core::finding::CaseKey {
            plan: "plan0".to_owned(),
            case: format!("t{place:03}x"),
            runner: "local:exec".to_owned(),
            lang: String::new(),
            params: String::new(),
        },
        revisions: vec![(Revision::default(), counts)],
        verdict,
        rate: Some(Estimate { value: 0.5, lo: 0.1, hi: 0.9 }),
        since: None,
        p: None,
        signatures: Vec::new(),
        caveats: Vec::new(),
    }
}

fn report_of(findings: Vec<Finding>, stability: Vec<StabilityFinding>) -> Report {
    let revision = |commit: &str| Revision { commit: commit.repeat(8), ..Revision::default() };
    Report {
        revisions: vec![revision("aaaaa"), revision("bbbbb")],
        comparisons: vec![Comparison {
            baseline: revision("aaaaa"),
            candidate: revision("bbbbb"),
            environment: Vec::new(),
            findings,
            stability: stability.clone(),
            unmatched: Vec::new(),
        }],
        stability,
        ..sample::empty()
    }
}

/// Returns the line or element of `text` that names `name`, from `from` to the next `to`.
fn around<'a>(text: &'a str, name: &str, from: &str, to: &str) -> Option<&'a str> {
    let at = text.find(name)?;
    let start = text[..at].rfind(from)?;
    let end = text[at..].find(to).map_or(text.len(), |end| at + end);
    Some(&text[start..end])
}

fn agree(report: &Report) {
    let comparison = &report.comparisons[0];
    let dir = tempfile::tempdir().unwrap();
    write_site(report, dir.path(), &SiteOptions { threads: 1, ..SiteOptions::default() }).unwrap();
    let page = std::fs::read_to_string(dir.path().join("cmp/aaaaaaa..bbbbbbb.html")).unwrap();
    let stab = std::fs::read_to_string(dir.path().join("stab/index.html")).unwrap();
    let table = text::comparison(comparison, &TextOptions { width: 160, ..TextOptions::default() });
    let suites = junit::junit(comparison);
    let machine: serde_json::Value = serde_json::from_str(&json::comparison(comparison)).unwrap();
    let whole: serde_json::Value = serde_json::from_str(&json::report(report)).unwrap();
    let sarif: serde_json::Value = serde_json::from_str(&sarif::sarif(comparison)).unwrap();
    let markdown = comment(comparison, None, &MarkdownOptions::default());
    let rows = csv::findings(report);
    for (place, finding) in comparison.findings.iter().enumerate() {
        let (word, name) = (finding.verdict.as_str(), finding.series.metric.as_str());
        let row = table.lines().find(|line| line.contains(name)).unwrap();
        assert!(row.contains(word), "terminal: {row}");
        let element = around(&page, &format!("<bdi>{name}"), "<tr>", "</tr>").unwrap();
        assert!(element.to_lowercase().contains(&format!(">{word}</span>")), "page: {element}");
        let suite = around(&suites, &format!("{name}\">"), "<testcase", "</testcase>").unwrap();
        assert!(suite.contains(&format!("name=\"verdict\" value=\"{word}\"")), "JUnit: {suite}");
        let fails = finding.verdict == Verdict::Regression;
        assert_eq!(suite.contains("<failure"), fails, "JUnit: {suite}");
        assert_eq!(machine["findings"][place]["verdict"], word);
        let of_report = whole["series"].as_array().unwrap();
        let own = of_report.iter().find(|entry| entry["series"]["metric"] == name).unwrap();
        assert_eq!(own["verdict"], word);
        assert!(
            rows.lines().find(|line| line.contains(name)).unwrap().contains(&format!(",{word},"))
        );
        let rule = sarif["runs"][0]["results"].as_array().unwrap().iter().find(|result| {
            result["partialFingerprints"]["groundSeries/v1"] == finding.series.id().as_str()
        });
        match rule {
            Some(rule) => assert_eq!(rule["ruleId"], word.replace(' ', "-")),
            None => assert!(matches!(finding.verdict, Verdict::Improvement | Verdict::Equivalent)),
        }
        let named = name.replace('_', "\\_");
        if let Some(line) =
            markdown.lines().find(|line| line.contains(&named) && line.starts_with('|'))
        {
            assert!(line.contains(word), "comment: {line}");
        }
    }
    for finding in &comparison.stability {
        let (word, name) = (finding.verdict.as_str(), finding.case.case.as_str());
        let row = table.lines().find(|line| line.contains(name)).unwrap();
        assert!(row.contains(word), "terminal: {row}");
        let element = around(&stab, name, "<tr>", "</tr>").unwrap();
        assert!(element.to_lowercase().contains(&format!(">{word}</span>")), "page: {element}");
        let suite =
            around(&suites, &format!("{name} local:exec\">"), "<testcase", "</testcase>").unwrap();
        assert!(suite.contains(&format!("value=\"{word}\"")), "JUnit: {suite}");
    }
    let headline = machine["headline"].as_str().unwrap();
    assert!(table.trim_end().replace('\n', " ").ends_with(headline), "{headline}");
    assert!(page::read(&page).unwrap().text.contains(headline));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn every_output_agrees_on_every_verdict(
        findings in prop::collection::vec((0usize..5, prop::option::of((-0.6f64..3.0, 0.0f64..0.5))), 1..14),
        cases in prop::collection::vec(0usize..4, 0..4),
    ) {
        let findings = findings
            .into_iter()
            .enumerate()
            .map(|(place, (verdict, effect))| made(place, VERDICTS[verdict], effect))
            .collect();
        let cases = cases
            .into_iter()
            .enumerate()
            .map(|(place, verdict)| case(place, STABILITIES[verdict]))
            .collect();
        agree(&report_of(findings, cases));
    }
}
