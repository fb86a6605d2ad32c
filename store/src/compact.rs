//! Merging many small files into few.

/// Placeholder.
#[derive(Debug)]
pub struct CompactOptions;
/// Placeholder.
#[derive(Debug)]
pub struct CompactReport;
/// Placeholder.
#[derive(Debug)]
pub struct CompactError;
