//! What a runner needs of the sync service.

use std::net::SocketAddr;

use ground_core::event::Event;
use ground_core::id::{InstanceId, RunId};

use crate::runner::OpenBarrier;

/// The sync service as a runner sees it.
pub trait SyncView: Send + Sync {
    /// Returns where instances connect.
    fn addr(&self) -> SocketAddr;

    /// Tells who will take part in `run`, so that those who never come can be named.
    fn begin_run(&self, run: &RunId, instances: &[InstanceId]);

    /// Returns the barriers that instances of `run` wait at, by name.
    fn open_barriers(&self, run: &RunId) -> Vec<OpenBarrier>;

    /// Forgets all of `run`, and returns what was reported and which barriers opened meanwhile, by time.
    ///
    /// Reports of connections that nobody identified have no instance.
    fn end_run(&self, run: &RunId) -> Vec<Event>;
}

/// A sync service for plans that need none: nobody listens.
#[derive(Debug, Clone, Copy)]
pub struct IdleSync;

impl SyncView for IdleSync {
    fn addr(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 9))
    }

    fn begin_run(&self, _run: &RunId, _instances: &[InstanceId]) {}

    fn open_barriers(&self, _run: &RunId) -> Vec<OpenBarrier> {
        Vec::new()
    }

    fn end_run(&self, _run: &RunId) -> Vec<Event> {
        Vec::new()
    }
}
