//! The gate: a policy that turns findings into a decision.

mod evaluate;
mod policy;
#[cfg(test)]
mod tests;

pub use evaluate::evaluate;
pub use policy::{Policy, PolicyError, Require, Requirement, StabilityRule, Undecided};
