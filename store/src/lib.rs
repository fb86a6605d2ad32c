//! The Parquet store: atomic append of runs, catalogue, SQL.
//!
//! What lies where, column by column, is in `docs/formats.md`. A run becomes visible by one object: its commit,
//! which names every file of the run with size and digest. Readers look at nothing else, so they see a run whole or
//! not at all.

#![cfg_attr(
    test,
    allow(clippy::print_stdout, clippy::print_stderr, reason = "tests report what they skip")
)]

mod append;
mod blocking;
mod catalogue;
mod commit;
mod compact;
mod decode;
mod encode;
mod layout;
mod local;
mod location;
mod marker;
mod output;
mod provider;
mod query;
mod session;
mod store;
mod table;
mod validate;
mod verify;

pub use append::{AppendError, Appended};
pub use blocking::BlockingStore;
pub use catalogue::Quarantined;
pub use compact::{CompactError, CompactOptions, CompactReport};
pub use decode::DecodeError;
pub use encode::{EncodeError, samples_file};
pub use location::StorageError;
pub use output::{OutputError, OutputFormat, write_batches};
pub use query::{Batches, PointFilter, QueryError, RunFilter, StoredSamples};
pub use store::{OpenError, OpenMode, Store};
pub use table::Table;
pub use validate::InvalidRecord;
pub use verify::{Problem, VerifyError, VerifyReport};
