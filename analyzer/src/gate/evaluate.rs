//! From a policy and findings to a decision.

use ground_core::finding::{Estimate, Finding, GateReport, GateRule, RuleResult, StabilityFinding};
use ground_core::metric::Direction;
use ground_core::report::Comparison;
use ground_core::series::SeriesKey;
use ground_core::verdict::{Decision, Verdict};

use super::policy::{Policy, Require, Requirement, StabilityRule, Undecided};
use crate::stats::multiplicity::holm;

/// Judges a comparison by a policy.
///
/// A pass needs no correction for many requirements, since a release goes only when all of them pass (an
/// intersection-union test). A fail does: the family of required series keeps its alpha by Holm's method.
///
/// A requirement that covers no series is undecided, never passed.
///
/// # Source
/// Berger, R. L. (1982). Technometrics 24, 295–300. doi:10.2307/1267823 (intersection-union);
/// Holm, S. (1979). Scand. J. Statist. 6, 65–70 (step-down).
#[must_use]
pub fn evaluate(policy: &Policy, comparison: &Comparison) -> GateReport {
    let covered: Vec<(&Requirement, Vec<&Finding>)> = policy
        .requirements
        .iter()
        .map(|requirement| (requirement, findings_of(requirement, comparison)))
        .collect();
    let family: Vec<f64> = covered
        .iter()
        .flat_map(|(_, findings)| findings.iter().map(|finding| finding.p.unwrap_or(1.0)))
        .collect();
    let mut adjusted = holm(&family).unwrap_or_default().into_iter();
    let mut rules = Vec::new();
    for (requirement, findings) in covered {
        let action = requirement.undecided.unwrap_or(policy.undecided);
        if findings.is_empty() {
            rules.push((nothing_covered(requirement), action));
        }
        for finding in findings {
            let p = adjusted.next().unwrap_or(1.0);
            rules.push((judge(requirement, finding, p <= policy.alpha), action));
        }
    }
    if let Some(rule) = policy.stability {
        let action = rule.undecided.unwrap_or(policy.undecided);
        rules.extend(stability_rules(rule, comparison).into_iter().map(|found| (found, action)));
    }
    let decision = decide(&rules);
    GateReport {
        decision,
        baseline: comparison.baseline.clone(),
        candidate: comparison.candidate.clone(),
        rules: rules.into_iter().map(|(rule, _)| rule).collect(),
        policy_digest: policy.digest.clone(),
    }
}

fn decide(rules: &[(GateRule, Undecided)]) -> Decision {
    let holds = |(rule, action): &(GateRule, Undecided)| match rule.result {
        RuleResult::Fail => true,
        RuleResult::Undecided => *action == Undecided::Hold,
        RuleResult::Pass => false,
    };
    let unanswered = |(rule, action): &(GateRule, Undecided)| {
        rule.result == RuleResult::Undecided && *action == Undecided::NoAnswer
    };
    if rules.iter().any(holds) {
        Decision::Hold
    } else if rules.is_empty() || rules.iter().any(unanswered) {
        Decision::NoAnswer
    } else {
        Decision::Go
    }
}

fn findings_of<'a>(requirement: &Requirement, comparison: &'a Comparison) -> Vec<&'a Finding> {
    let covers = |key: &SeriesKey| requirement.covers(&key.plan, &key.case, &key.metric_name());
    comparison.findings.iter().filter(|finding| covers(&finding.series)).collect()
}

fn nothing_covered(requirement: &Requirement) -> GateRule {
    GateRule {
        required: in_words(requirement, None, requirement.margin),
        found: "no series of both revisions matches".to_owned(),
        result: RuleResult::Undecided,
        series: None,
    }
}

fn judge(requirement: &Requirement, finding: &Finding, significant: bool) -> GateRule {
    let margin = requirement.margin.unwrap_or(finding.margin);
    let (result, found) = match finding.effect {
        None => (RuleResult::Undecided, "no data".to_owned()),
        Some(effect) => {
            let found = format!("{} {}", finding.verdict, percent(effect));
            (
                by_interval(requirement.require, effect, margin, finding.direction, significant),
                found,
            )
        }
    };
    let found = match (result, finding.more_runs) {
        (RuleResult::Undecided, Some(runs)) => {
            format!("{found}; about {runs} more runs a side would decide")
        }
        _ => found,
    };
    GateRule {
        required: in_words(requirement, Some(&finding.series), Some(margin)),
        found,
        result,
        series: Some(finding.series.clone()),
    }
}

/// Judges one interval. The worse side is turned to the right first.
fn by_interval(
    require: Require,
    effect: Estimate,
    margin: f64,
    direction: Direction,
    significant: bool,
) -> RuleResult {
    let verdict = Verdict::of_interval(effect.lo, effect.hi, margin, direction);
    let below = 1.0 / (1.0 + margin) - 1.0;
    let not_worse = match direction {
        Direction::Lower => effect.hi < margin,
        Direction::Higher => effect.lo > below,
        Direction::None => verdict == Verdict::Equivalent,
    };
    let (pass, fail) = match require {
        Require::NotWorse => (not_worse, verdict == Verdict::Regression),
        Require::Equivalent => {
            let beyond = effect.lo > margin || effect.hi < below;
            (verdict == Verdict::Equivalent, beyond)
        }
        Require::Improved => {
            let worse_or_same = matches!(verdict, Verdict::Regression | Verdict::Equivalent);
            (verdict == Verdict::Improvement, worse_or_same)
        }
    };
    match (pass, fail && significant) {
        (true, _) => RuleResult::Pass,
        (false, true) => RuleResult::Fail,
        (false, false) => RuleResult::Undecided,
    }
}

fn stability_rules(rule: StabilityRule, comparison: &Comparison) -> Vec<GateRule> {
    if comparison.stability.is_empty() {
        return vec![GateRule {
            required: format!("failure rate at most {} %", rule.max_failure_rate * 100.0),
            found: "no run of the candidate".to_owned(),
            result: RuleResult::Undecided,
            series: None,
        }];
    }
    comparison.stability.iter().map(|finding| stability_rule(rule, comparison, finding)).collect()
}

fn stability_rule(
    rule: StabilityRule,
    comparison: &Comparison,
    finding: &StabilityFinding,
) -> GateRule {
    let most = rule.max_failure_rate;
    let counts = finding
        .revisions
        .iter()
        .find(|(revision, _)| *revision == comparison.candidate)
        .map(|(_, counts)| counts);
    let (failures, runs) = counts.map_or((0, 0), |counts| (counts.failures(), counts.runs()));
    let interval = crate::stability::rate(failures, runs);
    let result = match interval {
        Some(rate) if rate.lo > most => RuleResult::Fail,
        Some(rate) if rate.hi <= most => RuleResult::Pass,
        _ => RuleResult::Undecided,
    };
    let found = interval.map_or_else(
        || "no run that counts".to_owned(),
        |rate| {
            let (lo, hi) = (rate.lo * 100.0, rate.hi * 100.0);
            format!("{failures} of {runs} runs failed, rate {lo:.1} to {hi:.1} %")
        },
    );
    GateRule {
        required: format!(
            "{}/{} fails in at most {} % of runs",
            finding.case.plan,
            finding.case.case,
            most * 100.0
        ),
        found,
        result,
        series: None,
    }
}

fn in_words(requirement: &Requirement, series: Option<&SeriesKey>, margin: Option<f64>) -> String {
    let what = series.map_or_else(
        || format!("{}/{} {}", requirement.plan, requirement.case, requirement.metric),
        SeriesKey::title,
    );
    let margin = margin
        .map_or_else(|| "its margin".to_owned(), |margin| format!("{} %", round(margin * 100.0)));
    match requirement.require {
        Require::NotWorse => format!("{what} is not worse by {margin} or more"),
        Require::Equivalent => format!("{what} stays within {margin}"),
        Require::Improved => format!("{what} is better by more than {margin}"),
    }
}

fn percent(effect: Estimate) -> String {
    let [value, lo, hi] = [effect.value, effect.lo, effect.hi].map(|ratio| ratio * 100.0);
    format!("{value:+.1} % [{lo:+.1}, {hi:+.1}]")
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
