//! Proofs of "no change that anybody cares about": two one-sided tests, and one-sided non-inferiority.

use crate::error::{StatsError, check_both, check_open_unit};
use crate::hodges_lehmann::{Estimate, shift_interval};
use crate::mann_whitney::mann_whitney;
use crate::welch::{TTest, welch};

/// The shifts that count as no change, in the values' unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    lo: f64,
    hi: f64,
}

impl Band {
    /// Returns the band from `lo` to `hi`.
    ///
    /// # Errors
    /// [`StatsError::Parameter`] unless `lo <= 0 <= hi` and both are finite.
    pub fn new(lo: f64, hi: f64) -> Result<Self, StatsError> {
        if !(lo.is_finite() && lo <= 0.0) {
            let expected = "finite and at most 0";
            return Err(StatsError::Parameter { name: "lower margin", value: lo, expected });
        }
        if !(hi.is_finite() && hi >= 0.0) {
            let expected = "finite and at least 0";
            return Err(StatsError::Parameter { name: "upper margin", value: hi, expected });
        }
        Ok(Self { lo, hi })
    }

    /// Returns the band of a relative margin on a log scale: plus and minus ln(1 + margin).
    ///
    /// # Errors
    /// [`StatsError::Parameter`] for a margin that is negative or not finite.
    pub fn relative(margin: f64) -> Result<Self, StatsError> {
        Self::new(-margin.ln_1p(), margin.ln_1p())
    }

    /// Returns the lower edge.
    #[must_use]
    pub fn lo(&self) -> f64 {
        self.lo
    }

    /// Returns the upper edge.
    #[must_use]
    pub fn hi(&self) -> f64 {
        self.hi
    }

    /// Returns whether an interval lies strictly inside; the point 0 lies inside any band.
    #[must_use]
    pub fn holds(&self, interval: &Estimate) -> bool {
        // Within a billionth of an edge is on it: rounding moves equal values of a coarse clock apart.
        let inner = 1.0 - 1e-9;
        let strictly = interval.lo > self.lo * inner && interval.hi < self.hi * inner;
        strictly || (interval.lo == 0.0 && interval.hi == 0.0)
    }
}

/// Result of two one-sided tests against a band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Equivalence {
    /// p against "the shift is at or below the lower edge".
    pub p_lower: f64,
    /// p against "the shift is at or above the upper edge".
    pub p_upper: f64,
    /// The larger of both: the p of the proof.
    pub p: f64,
    /// The shift, with its 1 - 2 alpha interval.
    pub shift: Estimate,
    /// Whether the interval lies inside the band, so that equivalence is proved at alpha.
    pub proved: bool,
}

/// Which way a shift would be harmful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Harm {
    /// More is worse, as for latency.
    Up,
    /// Less is worse, as for throughput.
    Down,
}

/// Result of a one-sided proof that nothing got worse by more than a margin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NonInferiority {
    /// p against "worse by the margin or more".
    pub p: f64,
    /// One-sided 1 - alpha bound of the shift in the harmful direction.
    pub bound: f64,
    /// Whether the bound lies on the good side of the margin.
    pub proved: bool,
}

/// Proves equivalence by ranks: the 1 - 2 `alpha` Hodges-Lehmann interval must lie inside the band.
///
/// The two p are Mann-Whitney tests of the candidate against the baseline shifted by each edge; the interval
/// inverts the same tests, so that both ways agree where there are no ties.
///
/// # Errors
/// [`StatsError::Empty`], [`StatsError::NotFinite`], [`StatsError::Parameter`] for an `alpha` outside (0, 1/2).
///
/// # Source
/// Schuirmann, D. J. (1987). J. Pharmacokinet. Biopharm. 15, 657-680. doi:10.1007/BF01068419
/// Hauschke, D., Steinijans, V. W. and Diletti, E. (1990). Int. J. Clin. Pharmacol. 28, 72-78 (by ranks).
pub fn tost_ranks(
    baseline: &[f64],
    candidate: &[f64],
    band: Band,
    alpha: f64,
) -> Result<Equivalence, StatsError> {
    check_level(alpha)?;
    let shift = shift_interval(baseline, candidate, 2.0 * alpha)?;
    let p_lower = mann_whitney(&shifted(baseline, band.lo), candidate)?.p_greater;
    let p_upper = mann_whitney(&shifted(baseline, band.hi), candidate)?.p_less;
    Ok(Equivalence { p_lower, p_upper, p: p_lower.max(p_upper), shift, proved: band.holds(&shift) })
}

/// Proves equivalence of means: the 1 - 2 `alpha` Welch interval must lie inside the band.
///
/// # Errors
/// As [`tost_ranks`], and [`StatsError::TooFew`] below two values a side.
///
/// # Source
/// Schuirmann, D. J. (1987). J. Pharmacokinet. Biopharm. 15, 657-680. doi:10.1007/BF01068419
/// Lakens, D. (2017). Soc. Psychol. Pers. Sci. 8, 355-362 (Welch's version). doi:10.1177/1948550617697177
pub fn tost_welch(
    baseline: &[f64],
    candidate: &[f64],
    band: Band,
    alpha: f64,
) -> Result<Equivalence, StatsError> {
    check_level(alpha)?;
    let test = welch(baseline, candidate, 2.0 * alpha)?;
    let p_lower = upper_tail(&test, test.difference.value - band.lo);
    let p_upper = upper_tail(&test, band.hi - test.difference.value);
    let proved = band.holds(&test.difference);
    Ok(Equivalence { p_lower, p_upper, p: p_lower.max(p_upper), shift: test.difference, proved })
}

/// Proves that nothing got worse by `margin` or more, at `alpha` and on one side only.
///
/// # Errors
/// [`StatsError::Empty`], [`StatsError::NotFinite`]; [`StatsError::Parameter`] for a negative margin or an
/// `alpha` outside (0, 1/2).
///
/// # Source
/// Wellek, S. (2010). Testing Statistical Hypotheses of Equivalence and Noninferiority, second edition,
/// section 6.2. doi:10.1201/EBK1439808184
pub fn non_inferiority(
    baseline: &[f64],
    candidate: &[f64],
    margin: f64,
    harm: Harm,
    alpha: f64,
) -> Result<NonInferiority, StatsError> {
    check_level(alpha)?;
    check_both(baseline, candidate)?;
    let margin = Band::new(0.0, margin)?.hi;
    let shift = shift_interval(baseline, candidate, 2.0 * alpha)?;
    Ok(match harm {
        Harm::Up => NonInferiority {
            p: mann_whitney(&shifted(baseline, margin), candidate)?.p_less,
            bound: shift.hi,
            proved: shift.hi < margin * (1.0 - 1e-9),
        },
        Harm::Down => NonInferiority {
            p: mann_whitney(&shifted(baseline, -margin), candidate)?.p_greater,
            bound: shift.lo,
            proved: shift.lo > -margin * (1.0 - 1e-9),
        },
    })
}

fn check_level(alpha: f64) -> Result<(), StatsError> {
    check_open_unit("alpha", alpha)?;
    if alpha < 0.5 {
        return Ok(());
    }
    Err(StatsError::Parameter { name: "alpha", value: alpha, expected: "below 1/2" })
}

fn shifted(values: &[f64], by: f64) -> Vec<f64> {
    values.iter().map(|v| v + by).collect()
}

fn upper_tail(test: &TTest, distance: f64) -> f64 {
    let t = if distance == 0.0 { 0.0 } else { distance / test.se };
    crate::dist::t_sf(t, test.df)
}

#[cfg(test)]
mod tests;
