//! What a plan written in Rust calls: environment, sync client, events, metrics.
