//! Statistics on plain slices: effects, intervals, equivalence, change points, rates.

pub mod changes;
pub mod drift;
pub mod kernel;
pub mod outlier;
pub mod tail;
