//! The history engine: at which revisions a series changed, by how much, and what was drift, outlier or noise.

mod assemble;
mod effect;
mod exact;
mod excursion;
mod history;
pub(crate) mod locate;
pub(crate) mod noise;
pub(crate) mod order;
pub(crate) mod ranks;
mod replicates;
pub(crate) mod search;
mod steps;
mod trend;
mod types;
mod variance;
pub(crate) mod verify;
pub(crate) mod work;

#[cfg(test)]
mod tests;

pub use history::History;
pub use replicates::analyze_replicated;
pub use types::{
    Caveat, ChangeKind, ChangePoint, ChangesError, Drift, HistoryAnalysis, Segment, Settings,
    VarianceChange,
};

/// Fewest points of a series in which a change of level can be told from noise.
pub const LEAST_POINTS: usize = 8;

/// Analyzes one value per revision, oldest first; NaN is a gap.
///
/// A bounded-kernel search proposes changes, a permutation test of the best split confirms each one inside its own
/// neighbourhood, rank scans add short reverts, a predictive test adds the newest points, and a slope that explains more than
/// the steps replaces them. Indices do not move when the values are scaled by a positive factor or shifted. Series that
/// are constant within pieces are judged without noise.
///
/// # Units and shape
/// `values: [n]`, any unit; effects are relative to the level before the change; indices count gaps.
///
/// # Errors
/// [`ChangesError::Infinite`] names the first infinite value.
///
/// # Source
/// Harchaoui and Cappé (2007), Arlot, Celisse and Harchaoui (2019): search ([`crate::kernel`]); Besag and Clifford (1991):
/// significance; Hodges and Lehmann (1963): effect; [`crate::tail`], [`crate::drift`], [`crate::outlier`] for the rest.
pub fn analyze(values: &[f64], settings: &Settings) -> Result<HistoryAnalysis, ChangesError> {
    Ok(History::new(values, settings.clone())?.analyze())
}
