//! Reading what instances left behind: metrics, events, outcomes.
