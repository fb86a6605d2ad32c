//! Which testcases can be relied on: failure rates, when they rose, and why runs failed.

use std::collections::BTreeMap;

use ground_core::finding::{
    CaseKey, Caveat, Estimate, FailureSignature, OutcomeCounts, StabilityFinding,
};
use ground_core::outcome::{Outcome, OutcomeKind};
use ground_core::revision::Revision;
use ground_core::verdict::Stability;

use crate::signature::normalise;
use crate::stats::outcome_changes::{OutcomeChange, Outcomes, Settings, outcome_changes};
use crate::stats::proportion::{self, Count};

/// The level of the rate's interval.
const ALPHA: f64 = 0.05;
/// The level at which a rise of the failure rate is told.
const RISE_ALPHA: f64 = 0.01;
/// A testcase that fails in more than this share of runs is broken and not flaky.
const BROKEN: f64 = 0.9;
/// Runs below which a clean record is told with a caveat.
const FEW_RUNS: u32 = 20;

/// One run's outcome with what makes it comparable.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOutcome {
    /// What makes it comparable.
    pub case: CaseKey,
    /// What was run.
    pub revision: Revision,
    /// How it ended.
    pub outcome: Outcome,
}

/// Returns the failure rate with its 95 percent interval (Wilson where some runs failed and some did not, Jeffreys at the
/// ends, where Wilson's is too short on one side); nothing without runs.
#[must_use]
pub fn rate(failures: u32, runs: u32) -> Option<Estimate> {
    let count = Count::new(u64::from(failures), u64::from(runs)).ok()?;
    let interval = if failures == 0 || failures == runs {
        proportion::jeffreys(count, ALPHA)
    } else {
        proportion::wilson(count, ALPHA)
    };
    let interval = interval.ok()?;
    Some(Estimate {
        value: f64::from(failures) / f64::from(runs),
        lo: interval.lo,
        hi: interval.hi,
    })
}

/// Judges the outcomes of every testcase; `outcomes` in order of revisions, oldest first.
#[must_use]
pub fn stability(outcomes: &[RunOutcome]) -> Vec<StabilityFinding> {
    let mut cases: BTreeMap<&CaseKey, Vec<&RunOutcome>> = BTreeMap::new();
    for outcome in outcomes {
        cases.entry(&outcome.case).or_default().push(outcome);
    }
    cases.into_iter().map(|(case, outcomes)| judge(case.clone(), &outcomes)).collect()
}

fn judge(case: CaseKey, outcomes: &[&RunOutcome]) -> StabilityFinding {
    let revisions = by_revision(outcomes);
    let change = newest_change(&revisions);
    let newest = change.as_ref().map_or(0, |change| change.index);
    let rise = change.filter(|change| change.after.value > change.before.value);
    let mut stretch = OutcomeCounts::default();
    for (_, counts) in &revisions[newest..] {
        stretch.merge(counts);
    }
    let rate = rate(stretch.failures(), stretch.runs());
    StabilityFinding {
        verdict: verdict(&stretch),
        rate,
        since: rise.as_ref().map(|rise| (rise.index, rise.lo, rise.hi)),
        p: rise.as_ref().map(|rise| rise.p),
        signatures: signatures(outcomes),
        caveats: caveats(&revisions, &stretch),
        case,
        revisions,
    }
}

/// The newest revision at which the rate of failure changed: the stretch since then is what is judged.
fn newest_change(revisions: &[(Revision, OutcomeCounts)]) -> Option<OutcomeChange> {
    let outcomes: Vec<Outcomes> = revisions
        .iter()
        .map(|(_, counts)| Outcomes { failures: counts.failures(), runs: counts.runs() })
        .collect();
    let settings = Settings { alpha: RISE_ALPHA, ..Settings::default() };
    outcome_changes(&outcomes, &settings).ok()?.pop()
}

fn by_revision(outcomes: &[&RunOutcome]) -> Vec<(Revision, OutcomeCounts)> {
    let mut revisions: Vec<(Revision, OutcomeCounts)> = Vec::new();
    for run in outcomes {
        let place = revisions.iter().position(|(known, _)| *known == run.revision);
        let place = place.unwrap_or_else(|| {
            revisions.push((run.revision.clone(), OutcomeCounts::default()));
            revisions.len() - 1
        });
        revisions[place].1.add(run.outcome.kind);
    }
    revisions
}

fn verdict(stretch: &OutcomeCounts) -> Stability {
    let (failures, runs) = (stretch.failures(), stretch.runs());
    match (failures, runs) {
        (_, 0) => Stability::NoData,
        (0, _) => Stability::Stable,
        _ if f64::from(failures) > BROKEN * f64::from(runs) => Stability::Broken,
        _ => Stability::Flaky,
    }
}

fn signatures(outcomes: &[&RunOutcome]) -> Vec<FailureSignature> {
    let mut known: Vec<FailureSignature> = Vec::new();
    for run in outcomes.iter().filter(|run| run.outcome.kind != OutcomeKind::Success) {
        let text = normalise(&run.outcome.reason);
        match known.iter_mut().find(|signature| signature.text == text) {
            Some(signature) => signature.runs += 1,
            None => {
                known.push(FailureSignature { text, runs: 1, first_seen: run.revision.clone() });
            }
        }
    }
    known.sort_by(|a, b| b.runs.cmp(&a.runs).then_with(|| a.text.cmp(&b.text)));
    known
}

fn caveats(revisions: &[(Revision, OutcomeCounts)], stretch: &OutcomeCounts) -> Vec<Caveat> {
    let mut caveats = Vec::new();
    let runs = stretch.runs();
    if stretch.failures() == 0 && (1..FEW_RUNS).contains(&runs) {
        let unseen = 300.0 / f64::from(runs);
        caveats.push(Caveat {
            code: "few_runs".to_owned(),
            text: format!(
                "{runs} clean runs cannot rule out a failure rate of up to {unseen:.0} %"
            ),
        });
    }
    let aside = |kind| revisions.iter().map(|(_, counts)| counts.get(kind)).sum::<u32>();
    for (kind, code) in
        [(OutcomeKind::InfraError, "infra_errors"), (OutcomeKind::Canceled, "canceled")]
    {
        let count = aside(kind);
        if count > 0 {
            caveats.push(Caveat {
                code: code.to_owned(),
                text: format!("{count} runs ended as {kind} and are not counted"),
            });
        }
    }
    caveats
}
