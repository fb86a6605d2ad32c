use std::collections::BTreeMap;

use ground_core::finding::{CaseKey, OutcomeCounts};
use ground_core::finding::{Estimate, Finding, RuleResult, Side, StabilityFinding};
use ground_core::metric::{Direction, Stat, Unit};
use ground_core::outcome::OutcomeKind;
use ground_core::report::Comparison;
use ground_core::revision::Revision;
use ground_core::series::SeriesKey;
use ground_core::verdict::{Decision, Stability, Verdict};

use super::{Policy, evaluate};

const POLICY: &str = r#"
[[require]]
metric = "latency_s_p50"
margin = 0.05
"#;

fn revision(commit: &str) -> Revision {
    Revision { commit: commit.to_owned(), ..Revision::default() }
}

fn finding(metric: &str, stat: Stat, effect: Option<(f64, f64)>, p: f64) -> Finding {
    let side = Side { runs: 10, instances: 50, level: None, values: Vec::new() };
    Finding {
        series: SeriesKey {
            plan: "kv".to_owned(),
            case: "load".to_owned(),
            metric: metric.to_owned(),
            stat,
            runner: "local:exec".to_owned(),
            lang: String::new(),
            params: BTreeMap::new(),
            composition_digest: String::new(),
            machine_class: String::new(),
        },
        unit: Unit::new("s"),
        direction: Direction::Lower,
        margin: 0.02,
        verdict: Verdict::Inconclusive,
        effect: effect.map(|(lo, hi)| Estimate { value: f64::midpoint(lo, hi), lo, hi }),
        p: effect.map(|_| p),
        p_adjusted: None,
        minimum_detectable: None,
        more_runs: Some(6),
        more_minutes: None,
        test: "mann-whitney".to_owned(),
        baseline: side.clone(),
        candidate: side,
        caveats: Vec::new(),
    }
}

fn comparison(findings: Vec<Finding>) -> Comparison {
    Comparison {
        baseline: revision("a"),
        candidate: revision("b"),
        environment: Vec::new(),
        findings,
        stability: Vec::new(),
        unmatched: Vec::new(),
    }
}

fn decide(policy: &str, findings: Vec<Finding>) -> Decision {
    evaluate(&Policy::parse(policy).unwrap(), &comparison(findings)).decision
}

#[test]
fn a_gate_that_covers_nothing_gives_no_answer() {
    assert_eq!(decide(POLICY, Vec::new()), Decision::NoAnswer);
    let other = finding("throughput", Stat::Rate, Some((-0.01, 0.01)), 0.9);
    assert_eq!(decide(POLICY, vec![other]), Decision::NoAnswer);
    let silent = finding("latency_s", Stat::Q(500), None, 1.0);
    assert_eq!(decide(POLICY, vec![silent]), Decision::NoAnswer);
}

#[test]
fn the_interval_decides_between_go_hold_and_no_answer() {
    let latency = |lo, hi, p| vec![finding("latency_s", Stat::Q(500), Some((lo, hi)), p)];
    assert_eq!(decide(POLICY, latency(-0.01, 0.03, 0.4)), Decision::Go);
    assert_eq!(decide(POLICY, latency(-0.40, -0.20, 1e-6)), Decision::Go);
    assert_eq!(decide(POLICY, latency(0.08, 0.20, 1e-6)), Decision::Hold);
    assert_eq!(decide(POLICY, latency(0.01, 0.09, 0.03)), Decision::NoAnswer);
    let pass = format!("undecided = \"pass\"\n{POLICY}");
    assert_eq!(decide(&pass, latency(0.01, 0.09, 0.03)), Decision::Go);
    let hold = format!("undecided = \"hold\"\n{POLICY}");
    assert_eq!(decide(&hold, latency(0.01, 0.09, 0.03)), Decision::Hold);
}

/// Two fails at p 0.03 do not survive Holm at 0.05 (2 x 0.03 = 0.06); one does.
#[test]
fn a_family_of_fails_keeps_its_alpha() {
    let policy = "[[require]]\nmetric = \"*\"\n";
    let fail = |metric: &str| finding(metric, Stat::Q(500), Some((0.08, 0.2)), 0.03);
    assert_eq!(decide(policy, vec![fail("a")]), Decision::Hold);
    assert_eq!(decide(policy, vec![fail("a"), fail("b")]), Decision::NoAnswer);
}

#[test]
fn stability_must_be_proved() {
    let policy = Policy::parse("[stability]\nmax_failure_rate = 0.05\n").unwrap();
    let decide = |failures: u32, runs: u32| {
        let mut counts = OutcomeCounts::default();
        for run in 0..runs {
            let kind = if run < failures { OutcomeKind::Crash } else { OutcomeKind::Success };
            counts.add(kind);
        }
        let mut comparison = comparison(Vec::new());
        comparison.stability.push(StabilityFinding {
            case: CaseKey {
                plan: "kv".to_owned(),
                case: "load".to_owned(),
                runner: "local:exec".to_owned(),
                lang: String::new(),
                params: String::new(),
            },
            revisions: vec![(revision("b"), counts)],
            verdict: Stability::Flaky,
            rate: None,
            since: None,
            p: None,
            signatures: Vec::new(),
            caveats: Vec::new(),
        });
        let report = evaluate(&policy, &comparison);
        assert_eq!(report.rules.len(), 1);
        (report.decision, report.rules[0].result)
    };
    assert_eq!(decide(0, 10), (Decision::NoAnswer, RuleResult::Undecided));
    assert_eq!(decide(0, 100), (Decision::Go, RuleResult::Pass));
    assert_eq!(decide(9, 20), (Decision::Hold, RuleResult::Fail));
    assert_eq!(decide(0, 0), (Decision::NoAnswer, RuleResult::Undecided));
}

#[test]
fn a_wrong_policy_says_what_and_where() {
    for (text, message) in [
        ("", "the policy requires nothing"),
        ("[[require]]\nmetric = \"x\"\nmargin = 2\n", "`margin` is 2; it lies above 0 and up to 1"),
        (
            "[stability]\nmax_failure_rate = -1.0\n",
            "`max_failure_rate` is -1; it lies above 0 and up to 1",
        ),
    ] {
        assert_eq!(Policy::parse(text).unwrap_err().message, message);
    }
    let typo = Policy::parse("[[require]]\nmetrik = \"x\"\n").unwrap_err();
    assert!(typo.message.contains("metrik"), "{}", typo.message);
    assert!(typo.span.is_some());
}
