//! Two revisions compared over every series that both have.

use std::collections::BTreeMap;

use ground_core::finding::{Caveat, Estimate, Finding, Side};
use ground_core::metric::Direction;
use ground_core::revision::Revision;
use ground_core::series::{RevisionPoints, Series};
use ground_core::verdict::Verdict;

use crate::design::{Design, design};
use crate::stats::compare::{self, CompareInput, Sample};
use crate::stats::error::StatsError;
use crate::stats::multiplicity::{benjamini_hochberg, one_sidedness};
use crate::summary::median_interval;

/// Rules of a comparison, fixed before the data are seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CompareOptions {
    /// Error rate of each interval, and the false discovery rate over the family.
    pub alpha: f64,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self { alpha: 0.05 }
    }
}

/// Fewest findings, all to one side, that make the environment a suspect.
const LEAST_ONE_SIDED: usize = 5;
/// The p below which that many to one side are no chance.
const ONE_SIDED_ALPHA: f64 = 0.01;

/// Judges every series with points at either revision, worst first.
///
/// The family of the correction is every judged series; it is fixed by what was declared of the metrics, not by their
/// values. A verdict that does not survive the correction becomes inconclusive, and says so.
///
/// # Source
/// Benjamini, Y. and Hochberg, Y. (1995). J. R. Statist. Soc. B 57, 289–300.
/// doi:10.1111/j.2517-6161.1995.tb02031.x
#[must_use]
pub fn findings(
    series: &[Series],
    baseline: &Revision,
    candidate: &Revision,
    options: CompareOptions,
) -> Vec<Finding> {
    let mut found: Vec<(bool, Finding)> = series
        .iter()
        .filter_map(|one| Some((one.judged, judge(one, baseline, candidate, options)?)))
        .collect();
    correct(&mut found, options.alpha);
    suspect_environment(&mut found);
    let mut findings: Vec<Finding> = found.into_iter().map(|(_, finding)| finding).collect();
    findings
        .sort_by(|a, b| severity(b).total_cmp(&severity(a)).then_with(|| a.series.cmp(&b.series)));
    findings
}

/// Judges one series; nothing when neither revision has points of it.
fn judge(
    series: &Series,
    baseline: &Revision,
    candidate: &Revision,
    options: CompareOptions,
) -> Option<Finding> {
    let at =
        |revision: &Revision| series.revisions.iter().find(|points| points.revision == *revision);
    let sides = (at(baseline), at(candidate));
    if let (None, None) = sides {
        return None;
    }
    let design = design(sides.0, sides.1);
    let compared = compare::compare(&CompareInput {
        baseline: Sample::Runs(&design.baseline),
        candidate: Sample::Runs(&design.candidate),
        paired: design.paired,
        margin: series.margin,
        direction: direction(series.direction),
        alpha: options.alpha,
        exact: series.exact,
        scale: None,
        known_spread: None,
    });
    Some(finding(series, sides, &design, compared))
}

fn finding(
    series: &Series,
    sides: (Option<&RevisionPoints>, Option<&RevisionPoints>),
    design: &Design,
    compared: Result<compare::Comparison, StatsError>,
) -> Finding {
    let mut finding = Finding {
        series: series.key.clone(),
        unit: series.unit.clone(),
        direction: series.direction,
        margin: series.margin,
        verdict: Verdict::NoData,
        effect: None,
        p: None,
        p_adjusted: None,
        minimum_detectable: None,
        more_runs: None,
        more_minutes: None,
        test: "none".to_owned(),
        baseline: side(sides.0),
        candidate: side(sides.1),
        caveats: missing_caveats(sides),
    };
    match compared {
        Ok(compared) => fill(&mut finding, &compared, design),
        Err(error) => {
            finding.verdict = Verdict::Inconclusive;
            finding.caveats.push(caveat("not_comparable", error.to_string()));
        }
    }
    finding
}

fn fill(finding: &mut Finding, compared: &compare::Comparison, design: &Design) {
    finding.verdict = verdict(compared.verdict);
    finding.effect = compared.effect.map(|effect| Estimate {
        value: effect.value,
        lo: effect.lo,
        hi: effect.hi,
    });
    finding.p = compared.p;
    finding.minimum_detectable = compared.mde;
    finding.more_runs = compared.more_runs.and_then(|runs| u32::try_from(runs).ok());
    finding.test = if design.paired {
        format!("{} (pairs of one block)", compared.test)
    } else {
        compared.test.to_string()
    };
    finding
        .caveats
        .extend(compared.caveats.iter().map(|known| caveat(known.code(), known.to_string())));
    if !design.paired && design.could_not_pair {
        finding.caveats.push(caveat(
            "not_interleaved",
            "the two sides were not run in common blocks, so a drift of the machine looks like a change",
        ));
    }
}

fn side(points: Option<&RevisionPoints>) -> Side {
    let values = points.map(RevisionPoints::values).unwrap_or_default();
    Side { runs: values.len() as u32, instances: 0, level: median_interval(&values), values }
}

fn missing_caveats(sides: (Option<&RevisionPoints>, Option<&RevisionPoints>)) -> Vec<Caveat> {
    [("baseline", sides.0), ("candidate", sides.1)]
        .into_iter()
        .filter_map(|(name, points)| {
            let points = points?;
            let runs = points.points.len() as u32 + points.missing;
            (points.missing > 0).then(|| {
                let text = format!(
                    "{} of {runs} runs of the {name} did not succeed and are left out",
                    points.missing
                );
                caveat("failed_runs", text)
            })
        })
        .collect()
}

fn caveat(code: &str, text: impl Into<String>) -> Caveat {
    Caveat { code: code.to_owned(), text: text.into() }
}

/// Adjusts the p of judged findings over their family, and withdraws verdicts that do not survive.
fn correct(found: &mut [(bool, Finding)], alpha: f64) {
    let family: Vec<usize> =
        (0..found.len()).filter(|index| found[*index].0 && found[*index].1.p.is_some()).collect();
    let p: Vec<f64> = family.iter().filter_map(|index| found[*index].1.p).collect();
    let Ok(adjusted) = benjamini_hochberg(&p) else { return };
    for (index, adjusted) in family.iter().zip(adjusted) {
        let finding = &mut found[*index].1;
        finding.p_adjusted = Some(adjusted);
        let moved = matches!(finding.verdict, Verdict::Regression | Verdict::Improvement);
        if moved && adjusted > alpha {
            let text = format!(
                "{} before the correction over {} series, not after (p {adjusted:.3})",
                finding.verdict,
                p.len()
            );
            finding.caveats.push(caveat("not_significant_in_family", text));
            finding.verdict = Verdict::Inconclusive;
        }
    }
}

/// Adds a caveat where (nearly) everything moved the same way.
fn suspect_environment(found: &mut [(bool, Finding)]) {
    let moved: Vec<f64> = found
        .iter()
        .filter(|(judged, finding)| {
            *judged && matches!(finding.verdict, Verdict::Regression | Verdict::Improvement)
        })
        .map(|(_, finding)| if finding.verdict == Verdict::Regression { 1.0 } else { -1.0 })
        .collect();
    if moved.len() < LEAST_ONE_SIDED || moved.len() * 5 < found.len() * 4 {
        return;
    }
    if one_sidedness(&moved).is_ok_and(|sides| sides.p < ONE_SIDED_ALPHA) {
        for (_, finding) in found.iter_mut().filter(|(judged, _)| *judged) {
            finding.caveats.push(caveat(
                "one_sided",
                "nearly every series moved the same way: suspect the environment",
            ));
        }
    }
}

/// Orders findings: regressions by how far they lie beyond the margin, then improvements, inconclusive, equivalent.
fn severity(finding: &Finding) -> f64 {
    let size = finding.effect.map_or(0.0, |effect| effect.value.abs().min(1e6) / 1e7);
    size + match finding.verdict {
        Verdict::Regression => 5.0,
        Verdict::Improvement => 4.0,
        Verdict::Inconclusive => 3.0,
        Verdict::NoData => 2.0,
        Verdict::Equivalent => 1.0,
    }
}

fn direction(direction: Direction) -> compare::Direction {
    match direction {
        Direction::Lower => compare::Direction::Lower,
        Direction::Higher => compare::Direction::Higher,
        Direction::None => compare::Direction::None,
    }
}

fn verdict(verdict: compare::Verdict) -> Verdict {
    match verdict {
        compare::Verdict::Regression => Verdict::Regression,
        compare::Verdict::Improvement => Verdict::Improvement,
        compare::Verdict::Equivalent => Verdict::Equivalent,
        compare::Verdict::Inconclusive => Verdict::Inconclusive,
        compare::Verdict::NoData => Verdict::NoData,
    }
}

/// Fills in how long deciding would take, from how long runs took.
pub(crate) fn add_minutes(
    findings: &mut [Finding],
    seconds_a_run: &BTreeMap<(String, String), f64>,
) {
    for finding in findings {
        let key = (finding.series.plan.clone(), finding.series.case.clone());
        if let (Some(runs), Some(seconds)) = (finding.more_runs, seconds_a_run.get(&key)) {
            finding.more_minutes = Some(2.0 * f64::from(runs) * seconds / 60.0);
        }
    }
}
