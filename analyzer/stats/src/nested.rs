//! Instances in runs in builds: where the variance lives, what to repeat, and tests that count runs, not instances.

mod bootstrap;
mod test;

pub use bootstrap::nested_bootstrap;
pub use test::{KnownSpread, run_means_test};

use crate::error::{Side, StatsError, check_count, check_positive};
use crate::welch::Moments;

/// Where the variance of instances in runs lives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunComponents {
    /// Variance between instances of a run.
    pub within: f64,
    /// Variance between runs beyond what averaging instances leaves; 0 where the estimate is negative.
    pub between: f64,
    /// Instances per run, the harmonic mean where runs differ.
    pub instances: f64,
}

impl RunComponents {
    /// Returns the intraclass correlation: the share of the variance that instances of a run have in common.
    ///
    /// # Source
    /// Fisher, R. A. (1925). Statistical Methods for Research Workers, chapter VII.
    #[must_use]
    pub fn icc(&self) -> f64 {
        let total = self.within + self.between;
        if total > 0.0 { self.between / total } else { 0.0 }
    }

    /// Returns the factor by which pooled instances understate the variance of a mean: 1 + (k - 1) icc.
    ///
    /// # Source
    /// Kish, L. (1965). Survey Sampling, section 5.4.
    #[must_use]
    pub fn design_effect(&self) -> f64 {
        1.0 + (self.instances - 1.0).max(0.0) * self.icc()
    }
}

/// Splits the variance of instances in runs; at least two runs, one of them with two instances or more.
///
/// # Errors
/// [`StatsError::TooFew`], [`StatsError::EmptyRun`], [`StatsError::NotFiniteInstance`].
///
/// # Source
/// Kalibera, T. and Jones, R. (2013). Rigorous benchmarking in reasonable time. ISMM '13, 63-74, section 6.
/// doi:10.1145/2464157.2464160
pub fn run_components(runs: &[Vec<f64>]) -> Result<RunComponents, StatsError> {
    check_runs(runs)?;
    check_count("variance components (runs)", 2, runs.len())?;
    let most = runs.iter().map(Vec::len).max().unwrap_or(0);
    check_count("variance components (instances)", 2, most)?;
    let moments: Vec<Moments> = runs.iter().map(|run| Moments::of_finite(run)).collect();
    let means: Vec<f64> = moments.iter().map(|m| m.mean).collect();
    let within = pooled_variance(&moments);
    let instances = harmonic(runs.iter().map(Vec::len));
    let between = (Moments::of_finite(&means).variance - within / instances).max(0.0);
    Ok(RunComponents { within, between, instances })
}

/// Where the variance of instances in runs in builds lives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BuildComponents {
    /// Instances in runs, pooled over builds.
    pub runs: RunComponents,
    /// Variance between builds beyond what averaging runs leaves; 0 where the estimate is negative.
    pub builds: f64,
    /// Runs per build, the harmonic mean where builds differ.
    pub runs_per_build: f64,
}

/// Splits the variance of instances in runs in builds; at least two builds of two runs, and two instances in one.
///
/// # Errors
/// [`StatsError::TooFew`], [`StatsError::EmptyRun`], [`StatsError::NotFiniteInstance`].
///
/// # Source
/// Kalibera, T. and Jones, R. (2013). ISMM '13, 63-74, section 6. doi:10.1145/2464157.2464160
pub fn build_components(builds: &[Vec<Vec<f64>>]) -> Result<BuildComponents, StatsError> {
    check_count("variance components (builds)", 2, builds.len())?;
    let mut instances = Vec::new();
    let (mut of_runs, mut of_builds) = (Vec::new(), Vec::new());
    for build in builds {
        check_runs(build)?;
        check_count("variance components (runs of a build)", 2, build.len())?;
        let moments: Vec<Moments> = build.iter().map(|run| Moments::of_finite(run)).collect();
        let means: Vec<f64> = moments.iter().map(|m| m.mean).collect();
        instances.extend(moments);
        of_builds.push(Moments::of_finite(&means));
        of_runs.push(means);
    }
    let most = instances.iter().map(|m| m.n).max().unwrap_or(0);
    check_count("variance components (instances)", 2, most)?;
    let within = pooled_variance(&instances);
    let per_run = harmonic(instances.iter().map(|m| m.n));
    let run_variance = pooled_variance(&of_builds);
    let between = (run_variance - within / per_run).max(0.0);
    let runs_per_build = harmonic(of_runs.iter().map(Vec::len));
    let build_means: Vec<f64> = of_builds.iter().map(|m| m.mean).collect();
    let builds_variance =
        (Moments::of_finite(&build_means).variance - run_variance / runs_per_build).max(0.0);
    Ok(BuildComponents {
        runs: RunComponents { within, between, instances: per_run },
        builds: builds_variance,
        runs_per_build,
    })
}

/// Returns how often to repeat a level for each repetition of the level above it:
/// ceil sqrt((cost above / cost here) (variance here / variance above)).
///
/// Where the level above adds no variance, all repetitions belong here, and the answer is `None`.
///
/// # Errors
/// [`StatsError::Parameter`] for costs that are not above 0 or variances below 0.
///
/// # Source
/// Kalibera, T. and Jones, R. (2013). ISMM '13, 63-74, equation 3. doi:10.1145/2464157.2464160
pub fn optimal_repetitions(here: Level, above: Level) -> Result<Option<usize>, StatsError> {
    for level in [here, above] {
        check_positive("cost", level.cost)?;
        if !(level.variance >= 0.0 && level.variance.is_finite()) {
            let expected = "finite and at least 0";
            return Err(StatsError::Parameter {
                name: "variance",
                value: level.variance,
                expected,
            });
        }
    }
    if above.variance == 0.0 {
        return Ok(None);
    }
    let ratio = above.cost / here.cost * (here.variance / above.variance);
    Ok(Some((ratio.sqrt().ceil() as usize).max(1)))
}

/// One level of a nested design.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Cost of one repetition, such as seconds.
    pub cost: f64,
    /// Variance that the level adds.
    pub variance: f64,
}

pub(crate) fn check_runs(runs: &[Vec<f64>]) -> Result<(), StatsError> {
    let side = Side::Sample;
    for (run, instances) in runs.iter().enumerate() {
        if instances.is_empty() {
            return Err(StatsError::EmptyRun { side, run });
        }
        if let Some(instance) = instances.iter().position(|v| !v.is_finite()) {
            return Err(StatsError::NotFiniteInstance { side, run, instance });
        }
    }
    Ok(())
}

fn pooled_variance(moments: &[Moments]) -> f64 {
    let df: f64 = moments.iter().map(|m| m.n as f64 - 1.0).sum();
    if df == 0.0 {
        return 0.0;
    }
    moments.iter().map(|m| (m.n as f64 - 1.0) * m.variance).sum::<f64>() / df
}

fn harmonic(counts: impl ExactSizeIterator<Item = usize>) -> f64 {
    let n = counts.len() as f64;
    n / counts.map(|count| 1.0 / count as f64).sum::<f64>()
}

#[cfg(test)]
mod tests;
