//! Metrics, units, directions.
