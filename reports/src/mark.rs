//! Verdicts as readers see them: one word, one shape and one class for all renderers.

use ground_core::finding::RuleResult;
use ground_core::verdict::{Decision, Stability, Verdict};

/// A verdict of either kind, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Mark {
    /// Wholly beyond the margin on the worse side.
    Regression,
    /// A testcase that fails (nearly) always.
    Broken,
    /// A testcase that fails sometimes.
    Flaky,
    /// Wholly beyond the margin on the better side.
    Improvement,
    /// Anything else.
    Inconclusive,
    /// Nothing to judge.
    NoData,
    /// Wholly inside the margin.
    Equivalent,
    /// A testcase whose failures do not pass the declared rate.
    Stable,
}

impl From<Verdict> for Mark {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Regression => Self::Regression,
            Verdict::Improvement => Self::Improvement,
            Verdict::Equivalent => Self::Equivalent,
            Verdict::Inconclusive => Self::Inconclusive,
            Verdict::NoData => Self::NoData,
        }
    }
}

impl From<Stability> for Mark {
    fn from(verdict: Stability) -> Self {
        match verdict {
            Stability::Stable => Self::Stable,
            Stability::Flaky => Self::Flaky,
            Stability::Broken => Self::Broken,
            Stability::NoData => Self::NoData,
        }
    }
}

impl From<RuleResult> for Mark {
    fn from(result: RuleResult) -> Self {
        match result {
            RuleResult::Pass => Self::Equivalent,
            RuleResult::Fail => Self::Regression,
            RuleResult::Undecided => Self::Inconclusive,
        }
    }
}

impl Mark {
    /// Returns the word used in text and machine output.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Regression => Verdict::Regression.as_str(),
            Self::Improvement => Verdict::Improvement.as_str(),
            Self::Equivalent => Verdict::Equivalent.as_str(),
            Self::Inconclusive => Verdict::Inconclusive.as_str(),
            Self::NoData => Verdict::NoData.as_str(),
            Self::Stable => Stability::Stable.as_str(),
            Self::Flaky => Stability::Flaky.as_str(),
            Self::Broken => Stability::Broken.as_str(),
        }
    }

    /// Returns the word with a capital, for badges and headings.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Regression => "Regression",
            Self::Improvement => "Improvement",
            Self::Equivalent => "Equivalent",
            Self::Inconclusive => "Inconclusive",
            Self::NoData => "No data",
            Self::Stable => "Stable",
            Self::Flaky => "Flaky",
            Self::Broken => "Broken",
        }
    }

    /// Returns the letter of the style classes: `w`orse, `b`etter, `f`laky, `u`nsure, `n`othing, `s`ame.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Regression | Self::Broken => "w",
            Self::Improvement => "b",
            Self::Flaky => "f",
            Self::Inconclusive => "u",
            Self::NoData => "n",
            Self::Equivalent | Self::Stable => "s",
        }
    }

    /// Returns the mark's shape as one character.
    pub(crate) const fn glyph(self, ascii: bool) -> &'static str {
        match (self, ascii) {
            (Self::Regression, false) => "◆",
            (Self::Regression, true) => "!",
            (Self::Improvement, false) => "●",
            (Self::Improvement, true) => "*",
            (Self::Equivalent | Self::Stable, _) => "=",
            (Self::Inconclusive, false) => "○",
            (Self::Inconclusive, true) => "?",
            (Self::NoData, false) => "◌",
            (Self::NoData, true) => ".",
            (Self::Flaky, false) => "▲",
            (Self::Flaky, true) => "~",
            (Self::Broken, false) => "✕",
            (Self::Broken, true) => "X",
        }
    }

    /// Returns the escape sequence that colours the mark on a terminal.
    pub(crate) const fn ansi(self) -> &'static str {
        match self {
            Self::Regression | Self::Broken => "31",
            Self::Improvement => "34",
            Self::Flaky => "33",
            Self::Inconclusive | Self::NoData | Self::Equivalent | Self::Stable => "2",
        }
    }

    /// Returns the path of the shape in a box of 12 by 12.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Regression => "M6 1l5 5-5 5-5-5z",
            Self::Improvement => "M6 1.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9z",
            Self::Flaky => "M6 1.2l5.4 9.6H.6z",
            Self::Broken => {
                "M1.2 3.3l2.1-2.1L6 3.9l2.7-2.7 2.1 2.1L8.100 6l2.7 2.7-2.1 2.1L6 8.100l-2.7 2.7-2.1-2.1L3.900 6z"
            }
            Self::Inconclusive => "M6 1.9a4.1 4.1 0 1 1 0 8.200a4.1 4.1 0 1 1 0-8.200z",
            Self::Equivalent | Self::Stable => "M1 3.500h10v1.600H1zM1 7h10v1.600H1z",
            Self::NoData => "M1.500 1.500h9v9h-9z",
        }
    }
}

/// Returns what a gate's decision looks like.
pub(crate) const fn decision_class(decision: Decision) -> &'static str {
    match decision {
        Decision::Go => "b",
        Decision::Hold => "w",
        Decision::NoAnswer => "u",
    }
}

/// Returns the word for a rule's result.
pub(crate) const fn rule_word(result: RuleResult) -> &'static str {
    match result {
        RuleResult::Pass => "pass",
        RuleResult::Fail => "fail",
        RuleResult::Undecided => "undecided",
    }
}
