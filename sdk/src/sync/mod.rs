//! The sync service's client: blocking calls, one connection, one thread that reads.

mod client;
mod link;
mod subscription;
mod wire;

pub use client::{SyncClient, SyncError};
pub use subscription::Subscription;
