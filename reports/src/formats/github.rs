//! Annotations of a workflow.

use ground_core::report::Comparison;
use ground_core::verdict::{Stability, Verdict};

use super::junit::{case_sentence, sentence};
use crate::mark::Mark;

/// Lines of one level that are shown.
const MOST: usize = 10;

/// Renders a comparison as workflow command lines: at most ten errors, warnings and notices each.
#[must_use]
pub fn annotations(comparison: &Comparison) -> String {
    let mut lines: Vec<(Mark, String)> =
        comparison.findings.iter().map(|f| (Mark::from(f.verdict), sentence(f))).collect();
    lines.extend(
        comparison
            .stability
            .iter()
            .filter(|finding| finding.verdict != Stability::Stable)
            .map(|finding| (Mark::from(finding.verdict), case_sentence(finding))),
    );
    let mut out = String::new();
    for level in ["error", "warning", "notice"] {
        for (mark, text) in
            lines.iter().filter(|line| self::level(line.0) == Some(level)).take(MOST)
        {
            out += &format!("::{level} title={}::{}\n", value(mark.title()), data(text));
        }
    }
    out
}

/// Returns the level of an annotation; none for what needs no attention.
pub(crate) fn level(mark: Mark) -> Option<&'static str> {
    match mark {
        Mark::Regression | Mark::Broken => Some("error"),
        Mark::Flaky => Some("warning"),
        Mark::Improvement | Mark::Inconclusive | Mark::NoData => Some("notice"),
        Mark::Equivalent | Mark::Stable => None,
    }
}

fn data(text: &str) -> String {
    crate::plain::clean(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn value(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Returns whether a verdict on a series needs attention.
#[must_use]
pub fn needs_attention(verdict: Verdict) -> bool {
    level(Mark::from(verdict)).is_some()
}
