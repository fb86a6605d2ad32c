//! Statistics on plain slices: effects, intervals, equivalence, change points, rates.

pub mod changes;
pub mod drift;
pub mod edivisive;
pub mod kernel;
pub mod otava;
pub mod outcome_changes;
pub mod outlier;
pub mod perfherder;
pub mod tail;
pub mod warmup;
