//! The compact file in which an instance leaves its metrics.
