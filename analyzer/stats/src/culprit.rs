//! Which revision did it: bisection that measures noisy revisions where it learns most.

mod posterior;

use crate::error::{StatsError, check_open_unit};
use crate::sequential::{RunLook, Spending, schedule};
use crate::welch::student;
use posterior::posterior;

/// Measurements of each end at which the two ends are compared.
const END_LOOKS: [usize; 5] = [4, 6, 8, 10, 13];

/// How sure a search must be, and how far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// Chance to take two equal ends for different ones.
    pub alpha: f64,
    /// Probability that the revisions named must hold.
    pub probability: f64,
    /// Most revisions to name.
    pub width: usize,
    /// Most measurements.
    pub budget: usize,
}

impl Default for Goal {
    fn default() -> Self {
        Self { alpha: 0.03, probability: 0.98, width: 1, budget: 200 }
    }
}

/// What a search wants next, or has found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// Measure this revision once.
    Measure {
        /// Index of the revision.
        revision: usize,
    },
    /// The change came with one of these revisions.
    Found(Suspects),
    /// The two ends do not differ, as far as can be seen: there is nothing to search for.
    NoRepro {
        /// Two-sided p of equal ends.
        p: f64,
    },
    /// The budget is spent; these revisions are the best guess.
    Exhausted(Suspects),
}

/// Revisions one of which brought the change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suspects {
    /// First revision that it may be.
    pub first: usize,
    /// Last revision that it may be.
    pub last: usize,
    /// Posterior probability that it is one of them.
    pub probability: f64,
}

/// A search over revisions 0 to `last`, of which the first is good and the last is not.
///
/// The searcher holds no clock and no randomness: the same measurements give the same next step, so that a search is
/// resumed by recording what was measured.
#[derive(Debug, Clone)]
pub struct Search {
    goal: Goal,
    looks: Vec<RunLook>,
    buildable: Vec<bool>,
    values: Vec<Vec<f64>>,
    prior: Vec<f64>,
}

impl Search {
    /// Starts a search over `revisions`, the two ends included; any of them but the first is equally suspect.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] below two revisions; [`StatsError::Parameter`] for a goal that cannot be.
    ///
    /// # Source
    /// Ben-Or, M. and Hassidim, A. (2008). The Bayesian learner is optimal for noisy binary search. FOCS '08, 221-230.
    /// doi:10.1109/FOCS.2008.58
    pub fn new(revisions: usize, goal: Goal) -> Result<Self, StatsError> {
        crate::error::check_count("a search for a culprit", 2, revisions)?;
        check_open_unit("probability", goal.probability)?;
        crate::error::check_count("a search for a culprit (width)", 1, goal.width)?;
        let looks = schedule(&END_LOOKS, goal.alpha, Spending::Pocock)?;
        let mut prior = vec![1.0; revisions];
        prior[0] = 0.0;
        Ok(Self {
            goal,
            looks,
            buildable: vec![true; revisions],
            values: vec![Vec::new(); revisions],
            prior,
        })
    }

    /// Weighs how suspect each revision is beforehand, such as by the paths that it changed; the first is ignored.
    ///
    /// # Errors
    /// [`StatsError::Entry`] for a weight that is negative or not finite, or when there are not as many weights as
    /// revisions or all of them are 0.
    pub fn suspect(&mut self, weights: &[f64]) -> Result<(), StatsError> {
        let name = "weights";
        if weights.len() != self.prior.len() || weights.iter().skip(1).all(|w| *w == 0.0) {
            let expected = "one per revision, not all 0";
            return Err(StatsError::Entry { name, index: weights.len(), expected });
        }
        if let Some(index) = weights.iter().position(|w| !(*w >= 0.0 && w.is_finite())) {
            return Err(StatsError::Entry { name, index, expected: "finite and at least 0" });
        }
        self.prior[1..].copy_from_slice(&weights[1..]);
        Ok(())
    }

    /// Tells that a revision cannot be measured; it stays suspect.
    ///
    /// # Errors
    /// [`StatsError::Entry`] for a revision that is an end or does not exist.
    pub fn skip(&mut self, revision: usize) -> Result<(), StatsError> {
        if revision == 0 || revision + 1 >= self.values.len() {
            let expected = "a revision between the two ends";
            return Err(StatsError::Entry { name: "revision", index: revision, expected });
        }
        self.buildable[revision] = false;
        Ok(())
    }

    /// Records one measurement; logarithms, where ratios are meant.
    ///
    /// # Errors
    /// [`StatsError::Entry`] for a revision that does not exist or a value that is not finite.
    pub fn record(&mut self, revision: usize, value: f64) -> Result<(), StatsError> {
        if revision >= self.values.len() || !value.is_finite() {
            let expected = "a known revision with a finite value";
            return Err(StatsError::Entry { name: "measurement", index: revision, expected });
        }
        self.values[revision].push(value);
        Ok(())
    }

    /// Returns the number of measurements so far.
    #[must_use]
    pub fn measurements(&self) -> usize {
        self.values.iter().map(Vec::len).sum()
    }

    /// Returns the probability of each revision to have brought the change, given that one did.
    ///
    /// Values left of the change have one level, values from it on another; both levels and the spread are
    /// integrated out. Values far outside the ends' range are drawn in, so that one wild run convicts nobody.
    ///
    /// # Source
    /// Smith, A. F. M. (1975). A Bayesian approach to inference about a change-point. Biometrika 62, 407-416.
    /// doi:10.1093/biomet/62.2.407
    #[must_use]
    pub fn probabilities(&self) -> Vec<f64> {
        posterior(&self.values, &self.prior)
    }

    /// Returns what to do next.
    ///
    /// Both ends are measured in turn first, and compared at up to five looks that share alpha. Then the revision is
    /// measured that splits the posterior in halves, until few enough revisions hold enough of it.
    ///
    /// # Source
    /// Burnashev, M. V. and Zigangirov, K. S. (1974). Problems Inform. Transmission 10, 223-231.
    #[must_use]
    pub fn step(&self) -> Step {
        let last = self.values.len() - 1;
        let (good, bad) = (&self.values[0], &self.values[last]);
        let look = self.looks.iter().rev().find(|l| good.len().min(bad.len()) >= l.runs);
        let p = |look: &RunLook| student(good, bad, look.alpha).map_or(1.0, |t| t.p);
        let differ = look.is_some_and(|look| p(look) <= look.alpha);
        let searching = self.values[1..last].iter().any(|v| !v.is_empty());
        if !differ && !searching {
            if let Some(look) = look.filter(|l| l.runs == END_LOOKS[END_LOOKS.len() - 1]) {
                return Step::NoRepro { p: p(look) };
            }
            let revision = if bad.len() < good.len() { last } else { 0 };
            return Step::Measure { revision };
        }
        let probabilities = self.probabilities();
        let suspects = self.suspects(&probabilities);
        let narrow =
            suspects.last - suspects.first < self.goal.width.max(self.narrowest(&suspects));
        if narrow && suspects.probability >= self.goal.probability {
            return Step::Found(suspects);
        }
        if self.measurements() >= self.goal.budget {
            return Step::Exhausted(suspects);
        }
        Step::Measure { revision: self.halving(&probabilities) }
    }

    /// The fewest neighbouring revisions that hold the wanted probability; the likeliest of those.
    fn suspects(&self, probabilities: &[f64]) -> Suspects {
        let mut best = Suspects { first: 1, last: probabilities.len() - 1, probability: 1.0 };
        let mut first = 1;
        let mut held = 0.0;
        for last in 1..probabilities.len() {
            held += probabilities[last];
            while held - probabilities[first] >= self.goal.probability {
                held -= probabilities[first];
                first += 1;
            }
            let shorter = last - first < best.last - best.first;
            let likelier = last - first == best.last - best.first && held > best.probability;
            if held >= self.goal.probability && (shorter || likelier) {
                best = Suspects { first, last, probability: held };
            }
        }
        best
    }

    /// How few revisions can be told apart there: those that cannot be measured stay together with the next.
    fn narrowest(&self, suspects: &Suspects) -> usize {
        let inner = &self.buildable[suspects.first..suspects.last];
        if inner.iter().any(|buildable| *buildable) { 1 } else { inner.len() + 1 }
    }

    /// The measurable revision at which "already changed" is nearest to an even bet.
    fn halving(&self, probabilities: &[f64]) -> usize {
        let mut changed = 0.0;
        let mut best = (f64::MAX, 0);
        for (revision, p) in probabilities.iter().enumerate() {
            changed += p;
            let distance = (changed - 0.5_f64).abs();
            if self.buildable[revision] && distance < best.0 {
                best = (distance, revision);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests;
