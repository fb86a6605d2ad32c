//! Always-valid inference: look after every run, stop whenever.

use crate::error::{StatsError, check_open_unit, check_positive};
use crate::hodges_lehmann::Estimate;

/// The mixture sequential probability ratio test of a mean, with a normal mixture over effects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixture {
    variance: f64,
    tau_squared: f64,
}

impl Mixture {
    /// Returns the test for values of known `variance` and effects of size about `tau`.
    ///
    /// # Errors
    /// [`StatsError::Parameter`] unless both are finite and above 0.
    ///
    /// # Source
    /// Robbins, H. (1970). Ann. Math. Statist. 41, 1397-1409. doi:10.1214/aoms/1177696786
    /// Johari, R., Koomen, P., Pekelis, L. and Walsh, D. (2022). Always valid inference. Oper. Res. 70, 1806-1821.
    /// doi:10.1287/opre.2021.2135
    pub fn new(variance: f64, tau: f64) -> Result<Self, StatsError> {
        check_positive("variance", variance)?;
        check_positive("tau", tau)?;
        Ok(Self { variance, tau_squared: tau * tau })
    }

    /// Returns the likelihood ratio after `n` values with mean `mean`; reject no effect at 1 / alpha or above.
    ///
    /// # Source
    /// Johari, R., Koomen, P., Pekelis, L. and Walsh, D. (2022). Oper. Res. 70, 1806-1821.
    /// doi:10.1287/opre.2021.2135
    #[must_use]
    pub fn likelihood_ratio(&self, n: usize, mean: f64) -> f64 {
        let n = n as f64;
        let (v, tau) = (self.variance, self.tau_squared);
        let wide = v + n * tau;
        (v / wide).sqrt() * (n * n * tau * mean * mean / (2.0 * v * wide)).exp()
    }

    /// Returns the always-valid p after a history of means over 1, 2, 3... values: the least 1 / ratio so far.
    ///
    /// # Source
    /// Johari, R., Koomen, P., Pekelis, L. and Walsh, D. (2022). Oper. Res. 70, 1806-1821.
    /// doi:10.1287/opre.2021.2135
    #[must_use]
    pub fn always_valid_p(&self, means: &[f64]) -> f64 {
        let each = means.iter().enumerate().map(|(i, m)| 1.0 / self.likelihood_ratio(i + 1, *m));
        each.fold(1.0, f64::min)
    }

    /// Returns the 1 - alpha confidence sequence after `n` values: it holds at all n together.
    ///
    /// # Errors
    /// [`StatsError::Parameter`] for an `alpha` outside (0, 1); [`StatsError::TooFew`] without values.
    ///
    /// # Source
    /// Robbins, H. (1970). Ann. Math. Statist. 41, 1397-1409. doi:10.1214/aoms/1177696786
    pub fn interval(&self, n: usize, mean: f64, alpha: f64) -> Result<Estimate, StatsError> {
        check_open_unit("alpha", alpha)?;
        crate::error::check_count("a confidence sequence", 1, n)?;
        let n = n as f64;
        let (v, tau) = (self.variance, self.tau_squared);
        let wide = v + n * tau;
        let inner = 2.0 * v * wide / (n * n * tau) * (0.5 * (wide / v).ln() - alpha.ln());
        let half = inner.sqrt();
        Ok(Estimate { value: mean, lo: mean - half, hi: mean + half })
    }
}
