//! The command line of Proving Ground.
fn main() {}
