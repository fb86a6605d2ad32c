//! Plans to events: manifests, compositions, builders, runners, sync service, run engine.

pub mod build;
mod clock;
pub mod composition;
pub mod diagnostic;
pub mod document;
pub mod engine;
pub mod fingerprint;
pub mod influx;
pub mod ingest;
pub mod local_exec;
pub mod outcome;
pub mod plan;
pub mod revisions;
pub mod runner;
pub mod sync_service;
