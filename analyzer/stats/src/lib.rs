//! Statistics on plain slices: effects, intervals, equivalence, change points, rates.
//!
//! Nothing here knows a domain type, which is what makes every function checkable against published tables,
//! R and SciPy. Each public function names its source; `docs/statistics.md` says why it was chosen.

mod dist;
mod pairwise;
mod rng;

pub mod autocorrelation;
pub mod bootstrap;
pub mod changes;
pub mod compare;
pub mod culprit;
pub mod distribution_test;
pub mod drift;
pub mod edivisive;
pub mod equivalence;
pub mod error;
pub mod harrell_davis;
pub mod hodges_lehmann;
pub mod kernel;
pub mod mann_whitney;
pub mod multiplicity;
pub mod nested;
pub mod otava;
pub mod outcome_changes;
pub mod outlier;
pub mod perfherder;
pub mod planning;
pub mod proportion;
pub mod rank;
pub mod sequential;
pub mod shift_function;
pub mod tail;
pub mod warmup;
pub mod welch;
pub mod wilcoxon;

pub use compare::{CompareInput, Comparison, compare};
pub use error::{Side, StatsError};
pub use hodges_lehmann::Estimate;
