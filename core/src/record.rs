//! The record of one attempt, as it is appended to the store.
