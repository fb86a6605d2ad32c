//! How many runs decide, and what a number of runs can see.

use crate::dist::{normal_cdf, normal_quantile, t_quantile};
use crate::equivalence::Band;
use crate::error::{StatsError, check_open_unit, check_positive};
use crate::hodges_lehmann::Estimate;
use std::f64::consts::SQRT_2;

pub use crate::nested::{Level, optimal_repetitions};

/// Most runs a side that are worth announcing; beyond, the answer is "not by more runs".
pub const MOST_RUNS: usize = 10_000;

/// What a plan must achieve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// Two-sided error rate.
    pub alpha: f64,
    /// Chance to see the effect when it is there.
    pub power: f64,
}

impl Default for Goal {
    fn default() -> Self {
        Self { alpha: 0.05, power: 0.8 }
    }
}

impl Goal {
    fn check(&self) -> Result<(), StatsError> {
        check_open_unit("alpha", self.alpha)?;
        check_open_unit("power", self.power)
    }

    /// Sum of the two quantiles at `df` degrees of freedom.
    fn distance(&self, df: f64) -> f64 {
        t_quantile(1.0 - self.alpha / 2.0, df) + t_quantile(self.power, df)
    }

    /// Runs that a normal distribution would need, at least 2; Student's needs as many or more.
    fn normal_runs(&self, sd: f64, shift: f64) -> usize {
        let runs = (self.normal_distance() * sd / shift).powi(2).ceil();
        (runs as usize).clamp(2, MOST_RUNS + 1)
    }

    fn normal_distance(&self) -> f64 {
        normal_quantile(1.0 - self.alpha / 2.0) + normal_quantile(self.power)
    }
}

/// Runs a side that a t test needs to see a shift of `shift` when runs spread by `sd`, both in one unit.
///
/// Starts from the normal formula n = 2 (z + z)^2 (sd / shift)^2 and repeats it with Student's quantiles.
///
/// # Errors
/// [`StatsError::Parameter`] for a goal outside (0, 1), or an `sd` or `shift` that is not above 0.
///
/// # Source
/// Guenther, W. C. (1981). Amer. Statist. 35, 243-244. doi:10.1080/00031305.1981.10479363
pub fn runs_for_t(sd: f64, shift: f64, goal: Goal) -> Result<usize, StatsError> {
    goal.check()?;
    check_positive("sd", sd)?;
    check_positive("shift", shift)?;
    Ok(smallest(goal.normal_runs(sd * SQRT_2, shift), |n| {
        let df = 2.0 * (n - 1.0);
        goal.distance(df) * sd * (2.0 / n).sqrt() <= shift
    }))
}

/// Pairs that a paired t test needs to see a shift when the differences within pairs spread by `sd`.
///
/// # Errors
/// As [`runs_for_t`].
///
/// # Source
/// Guenther, W. C. (1981). Amer. Statist. 35, 243-244. doi:10.1080/00031305.1981.10479363
pub fn pairs_for_t(sd: f64, shift: f64, goal: Goal) -> Result<usize, StatsError> {
    goal.check()?;
    check_positive("sd", sd)?;
    check_positive("shift", shift)?;
    let least = goal.normal_runs(sd, shift);
    Ok(smallest(least, |n| goal.distance(n - 1.0) * sd / n.sqrt() <= shift))
}

/// Runs a side that prove equivalence within plus and minus `margin` when nothing changed at all.
///
/// Each of the two one-sided tests runs at half of the goal's alpha, as the verdict's interval does, and both must
/// succeed together: n = 2 (t + t')^2 (sd / margin)^2 with t' at (1 + power) / 2.
///
/// # Errors
/// As [`runs_for_t`].
///
/// # Source
/// Julious, S. A. (2004). Statist. Med. 23, 1921-1986, section 5. doi:10.1002/sim.1783
pub fn runs_for_equivalence(sd: f64, margin: f64, goal: Goal) -> Result<usize, StatsError> {
    goal.check()?;
    check_positive("sd", sd)?;
    check_positive("margin", margin)?;
    let both = Goal { power: (1.0 + goal.power) / 2.0, ..goal };
    let least = both.normal_runs(sd * SQRT_2, margin);
    Ok(smallest(least, |n| both.distance(2.0 * (n - 1.0)) * sd * (2.0 / n).sqrt() <= margin))
}

/// Runs a side that the Mann-Whitney test needs to see P(candidate > baseline) = `theta`.
///
/// Noether's N = (z + z)^2 / (12 c (1 - c) (theta - 1/2)^2) with c = 1/2, and never fewer than the exact test
/// needs to reach `alpha` at all.
///
/// # Errors
/// [`StatsError::Parameter`] for a goal outside (0, 1) or a `theta` that is 1/2 or outside 0 to 1.
///
/// # Source
/// Noether, G. E. (1987). JASA 82, 645-647. doi:10.1080/01621459.1987.10478478
pub fn runs_for_mann_whitney(theta: f64, goal: Goal) -> Result<usize, StatsError> {
    goal.check()?;
    if !(0.0..=1.0).contains(&theta) || theta == 0.5 {
        let expected = "between 0 and 1 and not 1/2";
        return Err(StatsError::Parameter { name: "theta", value: theta, expected });
    }
    let total = goal.normal_distance().powi(2) / (3.0 * (theta - 0.5).powi(2));
    let least = least_runs(goal.alpha);
    Ok(((total / 2.0).ceil() as usize).max(least))
}

/// Least runs a side for which the exact Mann-Whitney test can reach `alpha` at all.
///
/// # Source
/// Mann, H. B. and Whitney, D. R. (1947). Ann. Math. Statist. 18, 50-60. doi:10.1214/aoms/1177730491
#[must_use]
pub fn least_runs(alpha: f64) -> usize {
    smallest(1, |n| crate::mann_whitney::min_attainable_p(n as usize, n as usize) <= alpha)
}

/// Least pairs for which the exact signed rank test can reach `alpha` at all.
///
/// # Source
/// Wilcoxon, F. (1945). Biometrics Bulletin 1, 80-83. doi:10.2307/3001968
#[must_use]
pub fn least_pairs(alpha: f64) -> usize {
    smallest(1, |n| crate::wilcoxon::min_attainable_p(n as usize) <= alpha)
}

/// Smallest shift that a test with standard error `se` and `df` degrees of freedom sees with the goal's power.
///
/// # Errors
/// [`StatsError::Parameter`] for a goal outside (0, 1), a negative `se` or a `df` that is not above 0.
///
/// # Source
/// Bloom, H. S. (1995). Evaluation Review 19, 547-556. doi:10.1177/0193841X9501900504
pub fn minimum_detectable(se: f64, df: f64, goal: Goal) -> Result<f64, StatsError> {
    goal.check()?;
    check_positive("df", df)?;
    if se < 0.0 || !se.is_finite() {
        let expected = "finite and at least 0";
        return Err(StatsError::Parameter { name: "se", value: se, expected });
    }
    Ok(goal.distance(df) * se)
}

/// What an undecided comparison looks like now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Undecided {
    /// The shift, in the band's unit.
    pub shift: Estimate,
    /// Its standard error.
    pub se: f64,
    /// Runs on the smaller side.
    pub runs: usize,
    /// Shifts that count as no change.
    pub band: Band,
}

/// Estimates how many more runs a side would decide with the goal's power.
///
/// The true shift is not what it looks like now, but somewhere around it; so the chance to decide with n runs is
/// taken over all shifts that the present interval leaves credible. `None` when more than [`MOST_RUNS`] are needed.
///
/// # Errors
/// [`StatsError::Parameter`] for a goal outside (0, 1) or a negative `se`.
///
/// # Source
/// O'Hagan, A., Stevens, J. W. and Campbell, M. J. (2005). Assurance in clinical trial design. Pharm. Statist. 4,
/// 187-201. doi:10.1002/pst.175
pub fn more_runs(now: &Undecided, goal: Goal) -> Result<Option<usize>, StatsError> {
    goal.check()?;
    minimum_detectable(now.se, 1.0, goal)?;
    let least = now.runs + 1;
    let needed = if now.se == 0.0 {
        least
    } else {
        smallest(least.max(2), |n| now.assurance(n, goal.alpha) >= goal.power)
    };
    Ok((needed <= MOST_RUNS).then(|| needed - now.runs))
}

impl Undecided {
    /// Chance that the interval after `n` runs a side lies wholly inside the band or wholly beyond an edge.
    fn assurance(&self, n: f64, alpha: f64) -> f64 {
        let se = self.se * (self.runs as f64 / n).sqrt();
        let half = t_quantile(1.0 - alpha / 2.0, 2.0 * (n - 1.0)) * se;
        // The estimate after n runs contains the present ones; it moves by what the further runs add.
        let moves = (self.se * self.se - se * se).sqrt();
        let below = |x: f64| normal_cdf((x - self.shift.value) / moves);
        let (lo, hi) = (self.band.lo(), self.band.hi());
        let inside = (below(hi - half) - below(lo + half)).max(0.0);
        inside + below(lo - half) + 1.0 - below(hi + half)
    }
}

/// Returns the smallest n from `least` that is enough, or one above [`MOST_RUNS`]; more should never be worse.
fn smallest(least: usize, enough: impl Fn(f64) -> bool) -> usize {
    let (mut lo, mut hi, mut step) = (least, least, 1);
    while !enough(hi as f64) {
        if hi > MOST_RUNS {
            return MOST_RUNS + 1;
        }
        lo = hi + 1;
        hi += step;
        step *= 2;
    }
    while lo < hi {
        let middle = lo.midpoint(hi);
        if enough(middle as f64) { hi = middle } else { lo = middle + 1 }
    }
    lo
}

#[cfg(test)]
mod tests;
