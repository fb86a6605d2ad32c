//! Builders: from a plan's source at a revision to something runnable.
//!
//! A [`Workshop`] builds every artifact that a sweep needs before anything is measured. A build that fails is an
//! outcome with its log, never an error of the workshop.

mod bin;
mod cache;
mod call;
mod cargo;
mod checkout;
mod config;
mod generic;
mod go;
mod lock;
mod product;
mod spec;
mod workshop;

use std::path::{Path, PathBuf};

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub use bin::BinBuilder;
pub use call::Log;
pub use cargo::CargoBuilder;
pub use generic::GenericBuilder;
pub use go::GoBuilder;
pub(crate) use lock::{FileLock, LockError};
pub use product::Product;
pub use spec::BuildSpec;
pub(crate) use workshop::hide_from_git;
pub use workshop::{BuildError, BuildEvent, BuildOutcome, BuildRequest, Builds, Workshop};

use crate::revisions::Place;

/// Turns a plan's source into something runnable.
pub trait Builder: Send + Sync {
    /// Returns the identifier, such as `exec:cargo`.
    fn id(&self) -> &'static str;

    /// Returns the language of what it builds, as far as it knows.
    fn lang(&self, spec: &BuildSpec) -> String;

    /// Returns whether what it makes depends on nothing but source, specification and toolchain, so that it may be
    /// taken from the cache.
    fn cacheable(&self, spec: &BuildSpec, place: Place) -> bool;

    /// Returns whether it writes into the source's directory, so that two builds of it exclude each other there.
    fn writes_source(&self) -> bool;

    /// Tells what it would build with in `dir`, as exactly as the result depends on it.
    ///
    /// # Errors
    /// A [`Fault`] when the tools are missing or the specification cannot be understood.
    fn toolchain<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<String, Fault>>;

    /// Builds.
    ///
    /// # Errors
    /// A [`Fault`] when the source cannot be built, the tools are missing or the build was canceled.
    fn build<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Product, Fault>>;
}

/// One build as a builder is asked to do it.
#[derive(Debug)]
pub struct Job<'a> {
    /// What to build.
    pub spec: &'a BuildSpec,
    /// The plan's name.
    pub plan: &'a str,
    /// The plan's directory, with the files of the revision in it.
    pub dir: PathBuf,
    /// The root of the repository, or the plan's directory outside any.
    pub root: PathBuf,
    /// Where the directory's files come from.
    pub place: Place,
    /// A directory that stays from one revision to the next, of this plan and specification alone.
    pub scratch: PathBuf,
    /// Variables that differ from the environment of this process.
    pub env: &'a [(String, String)],
    /// Where everything goes that the tools say.
    pub log: Log,
    /// Ends the build at once.
    pub cancel: CancellationToken,
}

/// Why a build gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Whose fault it is.
    pub kind: FaultKind,
    /// What failed, in one line.
    pub summary: String,
    /// What to do about it; empty where nothing is known.
    pub hint: String,
}

/// Whose fault it is that a build gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The source at this revision cannot be built.
    Source,
    /// A tool, the network or the disk is missing; the source may be good.
    Machinery,
    /// Somebody stopped the build.
    Canceled,
}

impl Fault {
    /// Returns a fault of the source.
    pub fn source(summary: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: FaultKind::Source, summary: summary.into(), hint: hint.into() }
    }

    /// Returns a fault of the machinery.
    pub fn machinery(summary: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: FaultKind::Machinery, summary: summary.into(), hint: hint.into() }
    }

    /// Returns that somebody stopped the build.
    #[must_use]
    pub fn canceled() -> Self {
        let summary = "the build was canceled".to_owned();
        Self { kind: FaultKind::Canceled, summary, hint: String::new() }
    }

    /// Returns the fault of a file that cannot be read or written.
    #[must_use]
    pub fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::machinery(format!("`{}`: {error}", path.display()), String::new())
    }
}

/// Returns every builder there is.
#[must_use]
pub fn builders() -> Vec<Box<dyn Builder>> {
    vec![
        Box::new(BinBuilder),
        Box::new(CargoBuilder),
        Box::new(GoBuilder),
        Box::new(GenericBuilder),
    ]
}

#[cfg(test)]
pub(crate) mod tests;
