//! How an instance or a run ended.
