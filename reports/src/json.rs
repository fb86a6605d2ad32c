//! Machine output: versioned mirrors of the findings.

use ground_core::finding::{Caveat, Change, Estimate, Finding, GateReport, Side, StabilityFinding};
use ground_core::report::{Comparison, Report};
use ground_core::revision::Revision;
use ground_core::series::SeriesKey;
use serde::Serialize;

use crate::mark::rule_word;
use crate::night::{Counts, Standing, exit_code, standings};

/// Version of every shape in this module; raised when a field changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// Renders a comparison as JSON, schema `ground.comparison`.
#[must_use]
pub fn comparison(comparison: &Comparison) -> String {
    text(&Document::new("ground.comparison", ComparisonJson::from(comparison)))
}

/// Renders a comparison's findings as JSON, one a line.
#[must_use]
pub fn findings_lines(comparison: &Comparison) -> String {
    let line = |finding| {
        let json = FindingJson::from(finding);
        serde_json::to_string(&json).expect("bug: a finding is not JSON") + "\n"
    };
    comparison.findings.iter().map(line).collect()
}

/// Renders where every series and testcase of a report stands as JSON, schema `ground.report`.
#[must_use]
pub fn report(report: &Report) -> String {
    text(&Document::new("ground.report", ReportJson::from(report)))
}

/// Renders a gate's decision as JSON, schema `ground.gate`.
#[must_use]
pub fn gate(gate: &GateReport) -> String {
    text(&Document::new("ground.gate", GateJson::from(gate)))
}

/// Renders outcomes of testcases as JSON, schema `ground.stability`.
#[must_use]
pub fn stability(findings: &[StabilityFinding]) -> String {
    let cases: Vec<CaseJson> = findings.iter().map(CaseJson::from).collect();
    text(&Document::new("ground.stability", StabilityJson { cases }))
}

#[derive(Serialize)]
struct StabilityJson {
    cases: Vec<CaseJson>,
}

fn text<T: Serialize>(document: &T) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("bug: a document is not JSON");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<T> {
    schema: &'static str,
    version: u32,
    #[serde(flatten)]
    body: T,
}

impl<T> Document<T> {
    fn new(schema: &'static str, body: T) -> Self {
        Self { schema, version: SCHEMA_VERSION, body }
    }
}

/// A number that JSON can hold; what is not finite is null.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[derive(Serialize)]
struct EstimateJson {
    value: Option<f64>,
    lo: Option<f64>,
    hi: Option<f64>,
}

impl From<Estimate> for EstimateJson {
    fn from(estimate: Estimate) -> Self {
        Self { value: finite(estimate.value), lo: finite(estimate.lo), hi: finite(estimate.hi) }
    }
}

#[derive(Serialize)]
struct RevisionJson<'a> {
    commit: &'a str,
    short: String,
    dirty: bool,
    position: i64,
    committed_at_s: i64,
    subject: &'a str,
}

impl<'a> From<&'a Revision> for RevisionJson<'a> {
    fn from(revision: &'a Revision) -> Self {
        Self {
            commit: &revision.commit,
            short: revision.short(),
            dirty: revision.dirty,
            position: revision.position,
            committed_at_s: revision.committed_at_s,
            subject: &revision.subject,
        }
    }
}

#[derive(Serialize)]
struct KeyJson<'a> {
    id: String,
    plan: &'a str,
    case: &'a str,
    metric: &'a str,
    stat: String,
    runner: &'a str,
    lang: &'a str,
    params: &'a std::collections::BTreeMap<String, String>,
    composition_digest: &'a str,
    machine_class: &'a str,
}

impl<'a> From<&'a SeriesKey> for KeyJson<'a> {
    fn from(key: &'a SeriesKey) -> Self {
        Self {
            id: key.id().to_string(),
            plan: &key.plan,
            case: &key.case,
            metric: &key.metric,
            stat: key.stat.to_string(),
            runner: &key.runner,
            lang: &key.lang,
            params: &key.params,
            composition_digest: &key.composition_digest,
            machine_class: &key.machine_class,
        }
    }
}

#[derive(Serialize)]
struct SideJson {
    runs: u32,
    instances: u64,
    level: Option<EstimateJson>,
    values: Vec<Option<f64>>,
}

impl From<&Side> for SideJson {
    fn from(side: &Side) -> Self {
        Self {
            runs: side.runs,
            instances: side.instances,
            level: side.level.map(EstimateJson::from),
            values: side.values.iter().copied().map(finite).collect(),
        }
    }
}

#[derive(Serialize)]
struct CaveatJson<'a> {
    code: &'a str,
    text: &'a str,
}

impl<'a> From<&'a Caveat> for CaveatJson<'a> {
    fn from(caveat: &'a Caveat) -> Self {
        Self { code: &caveat.code, text: &caveat.text }
    }
}

#[derive(Serialize)]
struct FindingJson<'a> {
    series: KeyJson<'a>,
    title: String,
    unit: &'a str,
    direction: &'static str,
    margin: f64,
    verdict: &'static str,
    effect: Option<EstimateJson>,
    p: Option<f64>,
    p_adjusted: Option<f64>,
    minimum_detectable: Option<f64>,
    more_runs: Option<u32>,
    more_minutes: Option<f64>,
    test: &'a str,
    baseline: SideJson,
    candidate: SideJson,
    caveats: Vec<CaveatJson<'a>>,
}

impl<'a> From<&'a Finding> for FindingJson<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            series: KeyJson::from(&finding.series),
            title: finding.series.title(),
            unit: finding.unit.as_str(),
            direction: finding.direction.as_str(),
            margin: finding.margin,
            verdict: finding.verdict.as_str(),
            effect: finding.effect.map(EstimateJson::from),
            p: finding.p.and_then(finite),
            p_adjusted: finding.p_adjusted.and_then(finite),
            minimum_detectable: finding.minimum_detectable.and_then(finite),
            more_runs: finding.more_runs,
            more_minutes: finding.more_minutes.and_then(finite),
            test: &finding.test,
            baseline: SideJson::from(&finding.baseline),
            candidate: SideJson::from(&finding.candidate),
            caveats: finding.caveats.iter().map(CaveatJson::from).collect(),
        }
    }
}

#[derive(Serialize)]
struct OutcomesJson {
    revision: String,
    counts: std::collections::BTreeMap<&'static str, u32>,
}

#[derive(Serialize)]
struct CaseJson {
    plan: String,
    case: String,
    runner: String,
    lang: String,
    params: String,
    verdict: &'static str,
    failures: u32,
    runs: u32,
    rate: Option<EstimateJson>,
    since: Option<[usize; 3]>,
    p: Option<f64>,
    signatures: Vec<SignatureJson>,
    revisions: Vec<OutcomesJson>,
}

#[derive(Serialize)]
struct SignatureJson {
    text: String,
    runs: u32,
    first_seen: String,
}

impl From<&StabilityFinding> for CaseJson {
    fn from(finding: &StabilityFinding) -> Self {
        use ground_core::finding::OutcomeCounts;
        let total = crate::text::total(finding);
        let revisions = finding
            .revisions
            .iter()
            .map(|(revision, counts)| OutcomesJson {
                revision: revision.short(),
                counts: OutcomeCounts::KINDS
                    .iter()
                    .map(|kind| (kind.as_str(), counts.get(*kind)))
                    .filter(|(_, count)| *count > 0)
                    .collect(),
            })
            .collect();
        let signatures = finding
            .signatures
            .iter()
            .map(|signature| SignatureJson {
                text: signature.text.clone(),
                runs: signature.runs,
                first_seen: signature.first_seen.short(),
            })
            .collect();
        Self {
            plan: finding.case.plan.clone(),
            case: finding.case.case.clone(),
            runner: finding.case.runner.clone(),
            lang: finding.case.lang.clone(),
            params: finding.case.params.clone(),
            verdict: finding.verdict.as_str(),
            failures: total.failures(),
            runs: total.runs(),
            rate: finding.rate.map(EstimateJson::from),
            since: finding.since.map(|(at, lo, hi)| [at, lo, hi]),
            p: finding.p.and_then(finite),
            signatures,
            revisions,
        }
    }
}

#[derive(Serialize)]
struct ComparisonJson<'a> {
    headline: String,
    baseline: RevisionJson<'a>,
    candidate: RevisionJson<'a>,
    counts: CountsJson,
    environment: Vec<EnvironmentJson<'a>>,
    findings: Vec<FindingJson<'a>>,
    stability: Vec<CaseJson>,
    unmatched: Vec<UnmatchedJson<'a>>,
}

#[derive(Serialize)]
struct EnvironmentJson<'a> {
    what: &'a str,
    baseline: &'a str,
    candidate: &'a str,
}

#[derive(Serialize)]
struct UnmatchedJson<'a> {
    series: &'a str,
    lacks: &'static str,
}

impl<'a> From<&'a Comparison> for ComparisonJson<'a> {
    fn from(comparison: &'a Comparison) -> Self {
        let cases = Counts::of_stability(comparison.stability.iter().map(|case| case.verdict));
        let series = Counts::of_findings(&comparison.findings);
        Self {
            headline: crate::text::compare_headline(comparison),
            baseline: RevisionJson::from(&comparison.baseline),
            candidate: RevisionJson::from(&comparison.candidate),
            counts: CountsJson::from(&Counts {
                flaky: cases.flaky,
                broken: cases.broken,
                stable: cases.stable,
                cases_without_data: cases.cases_without_data,
                ..series
            }),
            environment: comparison
                .environment
                .iter()
                .map(|(what, baseline, candidate)| EnvironmentJson { what, baseline, candidate })
                .collect(),
            findings: comparison.findings.iter().map(FindingJson::from).collect(),
            stability: comparison.stability.iter().map(CaseJson::from).collect(),
            unmatched: comparison
                .unmatched
                .iter()
                .map(|(series, lacks)| UnmatchedJson { series, lacks })
                .collect(),
        }
    }
}

/// Counts under the words of the verdicts.
#[derive(Serialize)]
pub(crate) struct CountsJson {
    regression: usize,
    new_regression: usize,
    improvement: usize,
    new_improvement: usize,
    equivalent: usize,
    inconclusive: usize,
    no_data: usize,
    flaky: usize,
    broken: usize,
    stable: usize,
}

impl From<&Counts> for CountsJson {
    fn from(counts: &Counts) -> Self {
        Self {
            regression: counts.regression,
            new_regression: counts.new_regression,
            improvement: counts.improvement,
            new_improvement: counts.new_improvement,
            equivalent: counts.equivalent,
            inconclusive: counts.inconclusive,
            no_data: counts.no_data,
            flaky: counts.flaky,
            broken: counts.broken,
            stable: counts.stable,
        }
    }
}

#[derive(Serialize)]
struct GateJson<'a> {
    decision: &'static str,
    exit_code: u8,
    baseline: RevisionJson<'a>,
    candidate: RevisionJson<'a>,
    policy_digest: &'a str,
    rules: Vec<RuleJson<'a>>,
}

#[derive(Serialize)]
struct RuleJson<'a> {
    required: &'a str,
    found: &'a str,
    result: &'static str,
    series: Option<String>,
}

impl<'a> From<&'a GateReport> for GateJson<'a> {
    fn from(gate: &'a GateReport) -> Self {
        Self {
            decision: gate.decision.as_str(),
            exit_code: exit_code(gate.decision),
            baseline: RevisionJson::from(&gate.baseline),
            candidate: RevisionJson::from(&gate.candidate),
            policy_digest: &gate.policy_digest,
            rules: gate
                .rules
                .iter()
                .map(|rule| RuleJson {
                    required: &rule.required,
                    found: &rule.found,
                    result: rule_word(rule.result),
                    series: rule.series.as_ref().map(|key| key.id().to_string()),
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct StandingJson<'a> {
    series: KeyJson<'a>,
    title: String,
    verdict: &'static str,
    new: bool,
    effect: Option<EstimateJson>,
    nights: Option<usize>,
    change: Option<ChangeJson>,
}

#[derive(Serialize)]
struct ChangeJson {
    revision: String,
    lo: String,
    hi: String,
    effect: EstimateJson,
    p: Option<f64>,
    verdict: &'static str,
}

impl ChangeJson {
    fn of(standing: &Standing<'_>, change: &Change) -> Option<Self> {
        let revisions = &standing.history?.series.revisions;
        let short = |index: usize| revisions.get(index).map(|points| points.revision.short());
        Some(Self {
            revision: short(change.index)?,
            lo: short(change.lo)?,
            hi: short(change.hi)?,
            effect: EstimateJson::from(change.effect),
            p: finite(change.p),
            verdict: change.verdict.as_str(),
        })
    }
}

#[derive(Serialize)]
struct ReportJson<'a> {
    project: &'a str,
    headline: String,
    head: Option<RevisionJson<'a>>,
    counts: CountsJson,
    series: Vec<StandingJson<'a>>,
    stability: Vec<CaseJson>,
    gate: Option<GateJson<'a>>,
}

impl<'a> From<&'a Report> for ReportJson<'a> {
    fn from(report: &'a Report) -> Self {
        let standings = standings(report);
        let counts = Counts::of(report, &standings);
        Self {
            project: &report.project,
            headline: counts.headline(),
            head: report.revisions.last().map(RevisionJson::from),
            counts: CountsJson::from(&counts),
            series: standings
                .iter()
                .map(|standing| StandingJson {
                    series: KeyJson::from(standing.key),
                    title: standing.key.title(),
                    verdict: standing.verdict.as_str(),
                    new: standing.new,
                    effect: standing.effect.map(EstimateJson::from),
                    nights: standing.nights(),
                    change: standing.change.and_then(|change| ChangeJson::of(standing, change)),
                })
                .collect(),
            stability: report.stability.iter().map(CaseJson::from).collect(),
            gate: report.gate.as_ref().map(GateJson::from),
        }
    }
}
