//! The sync state machine, without sockets, clock or serialization.
//!
//! [`SyncMachine`] counts signals, holds barriers and keeps topics. Whoever owns the sockets calls it once per request
//! and carries its answers out: [`Signal::released`] names the waiters of barriers that just passed, [`Published::wake`]
//! names the clients that have something to read, and [`SyncMachine::deliver`] hands it to them. Messages are pulled, not pushed:
//! a subscription is a position in its topic, so a slow reader holds no memory but that position.

mod answer;
mod barrier;
pub mod key;
mod machine;
mod run;
#[cfg(test)]
mod tests;

pub use answer::{
    Barrier, ClientId, EndedRun, Opened, Published, RequestId, Role, Signal, SyncError, Waiter,
};
pub use barrier::{OpenBarrier, Party};
pub use machine::SyncMachine;
