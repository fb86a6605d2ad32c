//! Placebo.
fn main() {}
