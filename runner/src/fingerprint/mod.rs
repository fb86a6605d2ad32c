//! The environment fingerprint of a run.
