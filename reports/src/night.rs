//! What a report says as a whole: where every series stands, how many stand where, and the headline.

use std::collections::{BTreeMap, HashMap};

use ground_core::finding::{Change, Estimate, Finding};
use ground_core::report::{Report, SeriesHistory};
use ground_core::series::SeriesKey;
use ground_core::verdict::{Decision, Stability, Verdict};

/// Where a series stands: its verdict, and since when.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing<'a> {
    /// The series.
    pub key: &'a SeriesKey,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether the newest revision brought it; a change found earlier that still holds is open and not new.
    pub new: bool,
    /// The relative change, as a ratio.
    pub effect: Option<Estimate>,
    /// What the two newest revisions say of it.
    pub finding: Option<&'a Finding>,
    /// Its history.
    pub history: Option<&'a SeriesHistory>,
    /// The change that the verdict is about, where history shows one.
    pub change: Option<&'a Change>,
}

impl<'a> Standing<'a> {
    /// Decides where a series stands.
    ///
    /// The comparison of the two newest revisions speaks first. Where it proves no change, a change found earlier in
    /// the history that still holds is open and keeps its verdict.
    fn of(
        key: &'a SeriesKey,
        finding: Option<&'a Finding>,
        history: Option<&'a SeriesHistory>,
    ) -> Self {
        let change = history.and_then(|history| history.changes.last());
        let newest = history.map_or(0, |history| history.series.revisions.len().saturating_sub(1));
        let moved = |verdict| matches!(verdict, Verdict::Regression | Verdict::Improvement);
        if let Some(found) = finding.filter(|finding| moved(finding.verdict)) {
            let about = change.filter(|change| change.verdict == found.verdict);
            let new = about.is_none_or(|change| change.index >= newest);
            return Self {
                key,
                verdict: found.verdict,
                new,
                effect: found.effect,
                finding,
                history,
                change: about,
            };
        }
        let open = change.filter(|change| {
            moved(change.verdict)
                && history.is_some_and(|history| history.verdict == change.verdict)
        });
        if let Some(change) = open {
            return Self {
                key,
                verdict: change.verdict,
                new: change.index >= newest,
                effect: Some(change.effect),
                finding,
                history,
                change: Some(change),
            };
        }
        let verdict = finding
            .map(|finding| finding.verdict)
            .or(history.map(|history| history.verdict))
            .unwrap_or(Verdict::NoData);
        let effect = finding.and_then(|finding| finding.effect);
        Self { key, verdict, new: false, effect, finding, history, change: None }
    }

    /// Returns revisions since the change, the one of the change counted; none where no change is known.
    #[must_use]
    pub fn nights(&self) -> Option<usize> {
        let history = self.history?;
        Some(history.series.revisions.len().saturating_sub(self.change?.index))
    }
}

/// Returns where every series of the report stands: new changes first, then open ones, then the rest.
#[must_use]
pub fn standings(report: &Report) -> Vec<Standing<'_>> {
    let findings: HashMap<&SeriesKey, &Finding> = report
        .comparisons
        .first()
        .map(|first| first.findings.iter().map(|finding| (&finding.series, finding)).collect())
        .unwrap_or_default();
    let mut known: BTreeMap<&SeriesKey, Option<&SeriesHistory>> = BTreeMap::new();
    for history in &report.series {
        known.insert(&history.series.key, Some(history));
    }
    for key in findings.keys() {
        known.entry(key).or_insert(None);
    }
    let mut all: Vec<Standing<'_>> = known
        .into_iter()
        .map(|(key, history)| Standing::of(key, findings.get(key).copied(), history))
        .collect();
    all.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| size(b).total_cmp(&size(a))));
    all
}

fn rank(standing: &Standing<'_>) -> (u8, bool) {
    let place = match standing.verdict {
        Verdict::Regression => 0,
        Verdict::Improvement => 1,
        Verdict::Inconclusive => 2,
        Verdict::NoData => 3,
        Verdict::Equivalent => 4,
    };
    (place, !standing.new)
}

fn size(standing: &Standing<'_>) -> f64 {
    standing.effect.map_or(0.0, |effect| (1.0 + effect.value).max(1e-9).ln().abs())
}

/// How many series and testcases stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Series with a regression, new or open.
    pub regression: usize,
    /// Those that the newest revision brought.
    pub new_regression: usize,
    /// Series with an improvement, new or open.
    pub improvement: usize,
    /// Those that the newest revision brought.
    pub new_improvement: usize,
    /// Series proved equivalent.
    pub equivalent: usize,
    /// Series not decided.
    pub inconclusive: usize,
    /// Series with nothing to judge.
    pub no_data: usize,
    /// Testcases that fail sometimes.
    pub flaky: usize,
    /// Testcases that fail nearly always.
    pub broken: usize,
    /// Testcases whose failures do not pass the declared rate.
    pub stable: usize,
    /// Testcases with nothing to judge.
    pub cases_without_data: usize,
}

impl Counts {
    /// Counts a report's series and testcases.
    #[must_use]
    pub fn of(report: &Report, standings: &[Standing<'_>]) -> Self {
        let mut counts = Self::of_stability(report.stability.iter().map(|found| found.verdict));
        for standing in standings {
            counts.add(standing.verdict, standing.new);
        }
        counts
    }

    /// Counts findings of one comparison; every change in it is new.
    #[must_use]
    pub fn of_findings(findings: &[Finding]) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            counts.add(finding.verdict, true);
        }
        counts
    }

    /// Counts verdicts on testcases.
    #[must_use]
    pub fn of_stability(verdicts: impl IntoIterator<Item = Stability>) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            *match verdict {
                Stability::Stable => &mut counts.stable,
                Stability::Flaky => &mut counts.flaky,
                Stability::Broken => &mut counts.broken,
                Stability::NoData => &mut counts.cases_without_data,
            } += 1;
        }
        counts
    }

    fn add(&mut self, verdict: Verdict, new: bool) {
        match verdict {
            Verdict::Regression => {
                self.regression += 1;
                self.new_regression += usize::from(new);
            }
            Verdict::Improvement => {
                self.improvement += 1;
                self.new_improvement += usize::from(new);
            }
            Verdict::Equivalent => self.equivalent += 1,
            Verdict::Inconclusive => self.inconclusive += 1,
            Verdict::NoData => self.no_data += 1,
        }
    }

    /// Returns how many series were counted.
    #[must_use]
    pub const fn series(&self) -> usize {
        self.regression + self.improvement + self.equivalent + self.inconclusive + self.no_data
    }

    /// Returns the headline: one sentence made of counts, which never takes silence for good news.
    #[must_use]
    pub fn headline(&self) -> String {
        let parts = self.headline_parts();
        if !parts.is_empty() {
            return sentence(&parts);
        }
        let total = self.series();
        match (total, self.equivalent, self.inconclusive) {
            (0, ..) if self.stable > 0 => sentence(&[format!(
                "nothing was measured, and {} stable",
                number(self.stable, "test is", "tests are")
            )]),
            (0, ..) => "No data: nothing was measured.".to_owned(),
            (_, same, _) if same == total => {
                sentence(&[format!("all {} equivalent", number(total, "series is", "series are"))])
            }
            (_, 0, 0) => "No data: no series could be judged.".to_owned(),
            (_, same, unsure) => {
                let mut tail = format!("no change was proved: {same} of {total} series equivalent");
                if unsure > 0 {
                    tail += &format!(", {unsure} inconclusive");
                }
                if self.no_data > 0 {
                    tail += &format!(", {} without data", self.no_data);
                }
                sentence(&[tail])
            }
        }
    }

    fn headline_parts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        let new = if self.new_regression > 0 && self.new_regression < self.regression {
            format!(
                "{} and {} open",
                number(self.new_regression, "new regression", "new regressions"),
                word(self.regression - self.new_regression)
            )
        } else if self.new_regression > 0 {
            number(self.new_regression, "new regression", "new regressions")
        } else {
            number(self.regression, "open regression", "open regressions")
        };
        if self.regression > 0 {
            parts.push(new);
        }
        if self.improvement > 0 {
            parts.push(number(self.improvement, "improvement", "improvements"));
        }
        if self.broken > 0 {
            parts.push(number(self.broken, "test is broken", "tests are broken"));
        }
        if self.flaky > 0 {
            parts.push(number(self.flaky, "test is flaky", "tests are flaky"));
        }
        parts
    }
}

fn word(count: usize) -> String {
    const WORDS: [&str; 11] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    WORDS.get(count).map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

fn number(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", word(count), if count == 1 { one } else { many })
}

fn sentence(parts: &[String]) -> String {
    let joined = match parts {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] if head.len() == 1 => format!("{} and {last}", head[0]),
        [head @ .., last] => format!("{}, and {last}", head.join(", ")),
    };
    let mut letters = joined.chars();
    letters
        .next()
        .map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// Returns the exit code that the product documents for a decision: 0 go, 1 hold, 3 no answer.
#[must_use]
pub const fn exit_code(decision: Decision) -> u8 {
    match decision {
        Decision::Go => 0,
        Decision::Hold => 1,
        Decision::NoAnswer => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn the_headline_follows_the_counts() {
        let counts = Counts {
            regression: 2,
            new_regression: 1,
            improvement: 1,
            flaky: 1,
            equivalent: 9,
            ..Counts::default()
        };
        assert_eq!(
            counts.headline(),
            "One new regression and one open, one improvement, and one test is flaky."
        );
        let open = Counts { regression: 3, ..Counts::default() };
        assert_eq!(open.headline(), "Three open regressions.");
        let many = Counts { regression: 12, new_regression: 12, ..Counts::default() };
        assert_eq!(many.headline(), "12 new regressions.");
    }

    #[test]
    fn silence_is_never_good_news() {
        assert_eq!(Counts::default().headline(), "No data: nothing was measured.");
        let unsure = Counts { inconclusive: 5, ..Counts::default() };
        assert_eq!(
            unsure.headline(),
            "No change was proved: 0 of 5 series equivalent, 5 inconclusive."
        );
        let none = Counts { no_data: 2, ..Counts::default() };
        assert_eq!(none.headline(), "No data: no series could be judged.");
        let same = Counts { equivalent: 4, ..Counts::default() };
        assert_eq!(same.headline(), "All four series are equivalent.");
    }
}
