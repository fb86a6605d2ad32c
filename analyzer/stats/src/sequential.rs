//! Stopping early without fooling oneself: boundaries for a few looks, futility, and looks without limit.

mod group;
mod mixture;

pub use group::{Boundary, RunLook, Spending, fixed_shape, schedule, spend};
pub use mixture::Mixture;

use crate::dist::normal_cdf;
use crate::error::{StatsError, check_open_unit};

/// What is known at a look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// The z statistic now.
    pub z: f64,
    /// Share of the planned information, in (0, 1).
    pub information: f64,
}

/// What the rest of the sweep would bring.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trend {
    /// The effect seen so far goes on.
    Current,
    /// The effect that was planned for: the expected z at full information.
    Planned(f64),
}

/// Returns the chance to end beyond the final two-sided boundary, given what is seen now.
///
/// A sweep is futile where this is below about 10 percent.
///
/// # Errors
/// [`StatsError::Parameter`] for an information share outside (0, 1).
///
/// # Source
/// Lan, K. K. G. and Wittes, J. (1988). The B-value. Biometrics 44, 579-585. doi:10.2307/2531870
pub fn conditional_power(now: Look, final_boundary: f64, trend: Trend) -> Result<f64, StatsError> {
    check_open_unit("information", now.information)?;
    let so_far = now.z * now.information.sqrt();
    let drift = match trend {
        Trend::Current => so_far / now.information,
        Trend::Planned(drift) => drift,
    };
    let left = 1.0 - now.information;
    let end = so_far + drift * left;
    let sd = left.sqrt();
    Ok(normal_cdf((end - final_boundary) / sd) + normal_cdf((-end - final_boundary) / sd))
}

#[cfg(test)]
mod tests;
