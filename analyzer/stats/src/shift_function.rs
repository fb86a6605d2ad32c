//! Where a distribution moved: differences of quantiles, one by one, all of them true together.

use crate::dist::{t_quantile, t_two_sided};
use crate::error::{StatsError, check_both, check_open_unit, check_pairs};
use crate::harrell_davis::{check_estimable, harrell_davis, jackknife_error};
use crate::hodges_lehmann::Estimate;
use crate::multiplicity::hochberg;

/// The nine deciles.
pub const DECILES: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// The quantiles that latency is talked about in.
pub const LATENCY: [f64; 6] = [0.1, 0.25, 0.5, 0.75, 0.9, 0.99];

/// The shift of one quantile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantileShift {
    /// Which quantile.
    pub quantile: f64,
    /// Its value on the baseline side.
    pub baseline: f64,
    /// Its value on the candidate side.
    pub candidate: f64,
    /// Candidate less baseline, with an interval that holds for all quantiles together.
    pub difference: Estimate,
    /// p of no difference.
    pub p: f64,
    /// The same after Hochberg's correction over the quantiles.
    pub p_adjusted: f64,
}

/// A shift function.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftFunction {
    /// The quantiles that could be estimated, in the order asked for.
    pub shifts: Vec<QuantileShift>,
    /// The quantiles that have fewer than five values beyond them on a side.
    pub refused: Vec<f64>,
}

/// Compares quantile by quantile with simultaneous 1 - `alpha` intervals.
///
/// Each difference of Harrell-Davis quantiles has a jackknife standard error and a t interval; the interval of the
/// i-th largest p has level alpha / i, as Hochberg's procedure tests it.
///
/// # Errors
/// [`StatsError::Empty`], [`StatsError::NotFinite`]; [`StatsError::Parameter`] for an `alpha` or a quantile outside
/// (0, 1).
///
/// # Source
/// Doksum, K. (1974). Ann. Statist. 2, 267-277. doi:10.1214/aos/1176342662
/// Wilcox, R. R., Erceg-Hurn, D. M., Clark, F. and Carlson, M. (2014). J. Statist. Comput. Simul. 84, 1543-1551.
/// doi:10.1080/00949655.2012.754026
/// Rousselet, G. A., Pernet, C. R. and Wilcox, R. R. (2017). Eur. J. Neurosci. 46, 1738-1748.
/// doi:10.1111/ejn.13610
pub fn shift_function(
    baseline: &[f64],
    candidate: &[f64],
    quantiles: &[f64],
    alpha: f64,
) -> Result<ShiftFunction, StatsError> {
    check_both(baseline, candidate)?;
    check_open_unit("alpha", alpha)?;
    let (mut raw, mut refused) = (Vec::new(), Vec::new());
    for &quantile in quantiles {
        check_open_unit("quantile", quantile)?;
        let fewer = baseline.len().min(candidate.len());
        if check_estimable(fewer, quantile).is_err() {
            refused.push(quantile);
            continue;
        }
        raw.push(Raw {
            quantile,
            baseline: harrell_davis(baseline, quantile)?,
            candidate: harrell_davis(candidate, quantile)?,
            error: jackknife_error(baseline, quantile)?
                .hypot(jackknife_error(candidate, quantile)?),
            df: tail_df(baseline.len(), quantile) + tail_df(candidate.len(), quantile),
        });
    }
    Ok(ShiftFunction { shifts: simultaneous(&raw, alpha)?, refused })
}

/// Compares quantile by quantile within pairs, the pairs being left out together.
///
/// # Errors
/// As [`shift_function`], and [`StatsError::Misaligned`].
///
/// # Source
/// Wilcox, R. R. and Erceg-Hurn, D. M. (2012). J. Appl. Statist. 39, 2655-2664. doi:10.1080/02664763.2012.724665
pub fn paired_shift_function(
    baseline: &[f64],
    candidate: &[f64],
    quantiles: &[f64],
    alpha: f64,
) -> Result<ShiftFunction, StatsError> {
    check_pairs(baseline, candidate)?;
    check_open_unit("alpha", alpha)?;
    let (mut raw, mut refused) = (Vec::new(), Vec::new());
    for &quantile in quantiles {
        check_open_unit("quantile", quantile)?;
        if check_estimable(baseline.len(), quantile).is_err() {
            refused.push(quantile);
            continue;
        }
        raw.push(Raw {
            quantile,
            baseline: harrell_davis(baseline, quantile)?,
            candidate: harrell_davis(candidate, quantile)?,
            error: paired_error(baseline, candidate, quantile)?,
            df: tail_df(baseline.len(), quantile),
        });
    }
    Ok(ShiftFunction { shifts: simultaneous(&raw, alpha)?, refused })
}

struct Raw {
    quantile: f64,
    baseline: f64,
    candidate: f64,
    error: f64,
    df: f64,
}

/// Degrees of freedom of a jackknife error: an extreme quantile rests on the values beyond it, twice over.
fn tail_df(n: usize, quantile: f64) -> f64 {
    let n = n as f64;
    (2.0 * n * quantile.min(1.0 - quantile) - 1.0).min(n - 1.0)
}

fn paired_error(baseline: &[f64], candidate: &[f64], quantile: f64) -> Result<f64, StatsError> {
    let n = baseline.len();
    let without = |values: &[f64], i: usize| [&values[..i], &values[i + 1..]].concat();
    let left_out = (0..n)
        .map(|i| {
            Ok(harrell_davis(&without(candidate, i), quantile)?
                - harrell_davis(&without(baseline, i), quantile)?)
        })
        .collect::<Result<Vec<f64>, StatsError>>()?;
    let count = n as f64;
    let moments = crate::welch::Moments::of_finite(&left_out);
    Ok((moments.variance * (count - 1.0) * (count - 1.0) / count).sqrt())
}

fn simultaneous(raw: &[Raw], alpha: f64) -> Result<Vec<QuantileShift>, StatsError> {
    let p: Vec<f64> = raw.iter().map(p_of).collect();
    let adjusted = hochberg(&p)?;
    let shift = |(i, raw): (usize, &Raw)| {
        let not_smaller = p.iter().filter(|other| **other >= p[i]).count() as f64;
        let value = raw.candidate - raw.baseline;
        let t = t_quantile(1.0 - alpha / (2.0 * not_smaller), raw.df);
        let half = if raw.error == 0.0 { 0.0 } else { t * raw.error };
        QuantileShift {
            quantile: raw.quantile,
            baseline: raw.baseline,
            candidate: raw.candidate,
            difference: Estimate { value, lo: value - half, hi: value + half },
            p: p[i],
            p_adjusted: adjusted[i],
        }
    };
    Ok(raw.iter().enumerate().map(shift).collect())
}

fn p_of(raw: &Raw) -> f64 {
    let value = raw.candidate - raw.baseline;
    if value == 0.0 { 1.0 } else { t_two_sided(value / raw.error, raw.df) }
}

#[cfg(test)]
mod tests;
