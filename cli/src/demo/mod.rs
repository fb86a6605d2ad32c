//! The demo: a repository made on the spot, in which one commit is slow and one is flaky.

pub(crate) mod history;
pub(crate) mod repository;
