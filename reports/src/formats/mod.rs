//! Formats for other machines.
