//! Loading manifests and compositions from files, with every message they can give.
#![allow(missing_docs, reason = "tests")]

mod compositions;
mod fuzz;
mod manifests;
mod messages;
mod reference;

/// The directory of the fixtures, relative to where tests run.
const FIXTURES: &str = "tests/fixtures";
