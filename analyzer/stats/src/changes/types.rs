//! What goes into the history engine and what comes out.

use thiserror::Error;

/// Settings of the history engine; the defaults were written down before any series was judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Factor of `ln n` in the penalty of one more segment.
    pub penalty: f64,
    /// Points of one search window.
    pub window: usize,
    /// Fewest points of a level: what is shorter and returns is an outlier.
    pub min_run: usize,
    /// Permutations of a significance test.
    pub permutations: usize,
    /// Level of a change inside the history.
    pub alpha: f64,
    /// Level of a step that ranks show where the penalised search saw none.
    pub rank_alpha: f64,
    /// Level of a short run that returns.
    pub revert_alpha: f64,
    /// Level of a change within the newest eight points.
    pub tail_alpha: f64,
    /// Level of a drift, and of a change of variance.
    pub drift_alpha: f64,
    /// Seed of the permutations.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            penalty: 1.25,
            window: 500,
            min_run: 2,
            permutations: 999,
            alpha: 0.01,
            rank_alpha: 0.001,
            revert_alpha: 0.01,
            tail_alpha: 0.005,
            drift_alpha: 0.001,
            seed: 1,
        }
    }
}

/// What is wrong with a series as a whole.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ChangesError {
    /// A value is infinite.
    #[error("value {index} is infinite")]
    Infinite {
        /// Its position.
        index: usize,
    },
    /// A run of a revision is neither a number nor a gap.
    #[error("run {run} of revision {revision} is infinite")]
    InfiniteRun {
        /// The revision's position.
        revision: usize,
        /// The run's position within the revision.
        run: usize,
    },
}

/// How a change was found, which says how much lies behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// A new level in the history.
    Step,
    /// A new level of the newest eight points at most, which later points may still take back.
    Late,
    /// One side of a short run that returned.
    Revert,
    /// A change of the distribution without a change of level that could be told from none.
    Shape,
    /// A change of an exact value, without noise.
    Exact,
}

impl ChangeKind {
    /// Returns the word used in machine output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Late => "late",
            Self::Revert => "revert",
            Self::Shape => "shape",
            Self::Exact => "exact",
        }
    }
}

/// The first point of a new segment, with the interval it may lie in.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangePoint {
    /// The most likely first point of the new segment.
    pub index: usize,
    /// The earliest point of the interval that holds 90 percent of the location's profile.
    pub lo: usize,
    /// The latest point of that interval.
    pub hi: usize,
    /// Relative change of level, 0.05 is five percent more; infinite where the level before is zero.
    pub effect: f64,
    /// Lower end of the effect's 95 percent interval.
    pub effect_lo: f64,
    /// Upper end of the effect's 95 percent interval.
    pub effect_hi: f64,
    /// Probability of a change this strong anywhere in its neighbourhood where there is none; zero for exact series.
    pub p: f64,
    /// How it was found.
    pub kind: ChangeKind,
}

/// A slope that explains the series better than steps do.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// First point of the stretch.
    pub start: usize,
    /// One past the last point of the stretch.
    pub end: usize,
    /// Relative change per point, of the level at the start.
    pub per_point: f64,
    /// Relative change over the whole stretch.
    pub total: f64,
    /// Two-sided p of Kendall's test.
    pub p: f64,
}

/// Neighbouring segments differ in spread.
#[derive(Debug, Clone, PartialEq)]
pub struct VarianceChange {
    /// First point of the segment with the new spread.
    pub index: usize,
    /// New spread over old: 2 is twice as noisy.
    pub ratio: f64,
    /// p of the Brown-Forsythe test.
    pub p: f64,
}

/// A stretch between changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// First point.
    pub start: usize,
    /// One past the last point.
    pub end: usize,
    /// Points that are no gaps.
    pub points: usize,
    /// Median.
    pub level: f64,
    /// Robust standard deviation about the median.
    pub spread: f64,
}

/// A weakness of the data that travels with the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caveat {
    /// Too few points for a change to be told from noise.
    TooShort {
        /// Points there are.
        points: usize,
        /// Points it takes.
        least: usize,
    },
}

/// The history of one series, taken apart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HistoryAnalysis {
    /// Changes of level, ascending.
    pub change_points: Vec<ChangePoint>,
    /// The slope that replaces steps or lies under them.
    pub drift: Option<Drift>,
    /// Single points, or runs too short to be a level, that returned.
    pub outliers: Vec<usize>,
    /// Changes of spread, ascending.
    pub variance_changes: Vec<VarianceChange>,
    /// The stable stretches, covering the series.
    pub segments: Vec<Segment>,
    /// First-order autocorrelation of the noise, zero to 0.95.
    pub autocorrelation: f64,
    /// What the answer cannot promise.
    pub caveats: Vec<Caveat>,
}

/// The points of a series that are there, and the same in a scale that no arithmetic can overflow.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    /// Values as given, gaps left out.
    pub(crate) raw: Vec<f64>,
    /// Position of each in the input.
    pub(crate) positions: Vec<usize>,
    /// Length of the input.
    pub(crate) length: usize,
    most: f64,
}

impl Series {
    pub(crate) fn new(values: &[f64]) -> Result<Self, ChangesError> {
        let mut series = Self { raw: Vec::new(), positions: Vec::new(), length: 0, most: 0.0 };
        for &value in values {
            series.push(value)?;
        }
        Ok(series)
    }

    /// Appends a value; NaN is a gap.
    pub(crate) fn push(&mut self, value: f64) -> Result<(), ChangesError> {
        if value.is_infinite() {
            return Err(ChangesError::Infinite { index: self.length });
        }
        if !value.is_nan() {
            self.raw.push(value);
            self.positions.push(self.length);
            self.most = self.most.max(value.abs());
        }
        self.length += 1;
        Ok(())
    }

    /// The power of two by which the values are multiplied where their squares or sums would leave a double's range.
    pub(crate) fn factor(&self) -> f64 {
        match self.most {
            most if most > 1e100 => 2.0_f64.powi(-600),
            most if most < 1e-100 => 2.0_f64.powi(600),
            _ => 1.0,
        }
    }

    pub(crate) fn scaled(&self) -> Vec<f64> {
        let factor = self.factor();
        self.raw.iter().map(|value| value * factor).collect()
    }
}
