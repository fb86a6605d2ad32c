//! The vocabulary of Proving Ground: domain types and pure state machines.
//!
//! No I/O, no clock, no async, no arrow: time and randomness enter as arguments.

pub mod composition;
pub mod config_value;
pub mod digest;
pub mod event;
pub mod execution;
pub mod finding;
pub mod id;
pub mod metric;
pub mod outcome;
pub mod plan;
pub mod record;
pub mod report;
pub mod revision;
pub mod sample_file;
pub mod series;
pub mod summary;
pub mod sweep;
pub mod sync;
pub mod verdict;
