//! JUnit XML.

use ground_core::finding::{Finding, StabilityFinding};
use ground_core::report::Comparison;
use ground_core::verdict::{Stability, Verdict};

use crate::mark::Mark;
use crate::number::{self, Notation};
use crate::plain::{clean, markup};

/// Renders a comparison: a suite for each plan and runner, a case for each series and testcase.
///
/// Regressions, flaky and broken testcases are failures; what has no data is skipped; what is inconclusive passes
/// and says so in its output, since the gate and not this file decides on it.
#[must_use]
pub fn junit(comparison: &Comparison) -> String {
    let mut suites: Vec<Suite> = Vec::new();
    for finding in &comparison.findings {
        let name = format!("{} {}", finding.series.plan, finding.series.runner);
        Suite::of(&mut suites, &name).add(series(finding), Mark::from(finding.verdict));
    }
    for finding in &comparison.stability {
        let name = format!("{} {}", finding.case.plan, finding.case.runner);
        Suite::of(&mut suites, &name).add(case(finding), Mark::from(finding.verdict));
    }
    let sum = |pick: fn(&Suite) -> usize| suites.iter().map(pick).sum::<usize>();
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    out += &format!(
        "<testsuites name=\"ground\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n",
        sum(|suite| suite.tests),
        sum(|suite| suite.failures)
    );
    for suite in &suites {
        out += &format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n{}  </testsuite>\n",
            attribute(&suite.name),
            suite.tests,
            suite.failures,
            suite.skipped,
            suite.body
        );
    }
    out + "</testsuites>\n"
}

#[derive(Default)]
struct Suite {
    name: String,
    body: String,
    tests: usize,
    failures: usize,
    skipped: usize,
}

impl Suite {
    fn of<'a>(suites: &'a mut Vec<Self>, name: &str) -> &'a mut Self {
        let place = suites.iter().position(|suite| suite.name == name).unwrap_or_else(|| {
            suites.push(Self { name: name.to_owned(), ..Self::default() });
            suites.len() - 1
        });
        &mut suites[place]
    }

    fn add(&mut self, body: String, mark: Mark) {
        self.tests += 1;
        self.failures += usize::from(fails(mark));
        self.skipped += usize::from(mark == Mark::NoData);
        self.body += &body;
    }
}

fn fails(mark: Mark) -> bool {
    matches!(mark, Mark::Regression | Mark::Flaky | Mark::Broken)
}

fn attribute(text: &str) -> String {
    markup(&clean(text))
}

fn property(name: &str, value: &str) -> String {
    format!("        <property name=\"{name}\" value=\"{}\"/>\n", attribute(value))
}

fn result(mark: Mark, sentence: &str) -> String {
    let sentence = attribute(sentence);
    match mark {
        mark if fails(mark) => {
            format!("      <failure type=\"{}\" message=\"{sentence}\"/>\n", mark.word())
        }
        Mark::NoData => format!("      <skipped message=\"{sentence}\"/>\n"),
        _ => format!("      <system-out>{sentence}</system-out>\n"),
    }
}

fn series(finding: &Finding) -> String {
    let mark = Mark::from(finding.verdict);
    let mut properties = property("verdict", mark.word());
    if let Some(effect) = finding.effect {
        properties += &property("effect", &number::change(effect, Notation::Ascii));
        properties += &property("interval", &number::change_interval(effect, Notation::Ascii));
    }
    properties += &property("n", &format!("{}+{}", finding.baseline.runs, finding.candidate.runs));
    let name = format!("{} {}", finding.series.title(), finding.series.params_text());
    format!(
        "    <testcase classname=\"{}\" name=\"{}\">\n      <properties>\n{properties}      </properties>\n{}    </testcase>\n",
        attribute(&format!("{}.{}", finding.series.plan, finding.series.case)),
        attribute(name.trim_end()),
        result(mark, &sentence(finding)),
    )
}

/// Says a finding in one sentence.
pub(crate) fn sentence(finding: &Finding) -> String {
    let title = finding.series.title();
    let word = finding.verdict.as_str();
    match (finding.effect, finding.verdict) {
        (_, Verdict::NoData) | (None, _) => format!("{word}: {title}"),
        (Some(effect), _) => format!(
            "{word}: {title} {} {}, margin {}",
            number::change(effect, Notation::Ascii),
            number::change_interval(effect, Notation::Ascii),
            number::percent(finding.margin, Notation::Ascii)
        ),
    }
}

/// Says a verdict on a testcase in one sentence.
pub(crate) fn case_sentence(finding: &StabilityFinding) -> String {
    let total = crate::text::total(finding);
    format!(
        "{}: {} failed {} of {} runs",
        finding.verdict.as_str(),
        crate::text::case_title(finding),
        total.failures(),
        total.runs()
    )
}

fn case(finding: &StabilityFinding) -> String {
    let mark = match finding.verdict {
        Stability::NoData => Mark::NoData,
        verdict => Mark::from(verdict),
    };
    let properties = property("verdict", mark.word());
    format!(
        "    <testcase classname=\"{}\" name=\"{}\">\n      <properties>\n{properties}      </properties>\n{}    </testcase>\n",
        attribute(&format!("{}.{}", finding.case.plan, finding.case.case)),
        attribute(&format!("outcome {}", crate::text::case_title(finding))),
        result(mark, &case_sentence(finding)),
    )
}
