//! The sweep: a matrix of runs in a randomized interleaved order.

use std::collections::BTreeMap;

use crate::revision::Revision;

/// One cell of a sweep's matrix: everything but revision and repetition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// The run's identifier within the composition.
    pub composition_run: String,
    /// Parameters that the sweep's matrix sets.
    pub params: BTreeMap<String, String>,
    /// The runner's identifier.
    pub runner: String,
}

/// A sweep's matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Cells, in the order of the composition.
    pub cells: Vec<Cell>,
    /// Revisions, baseline first.
    pub revisions: Vec<Revision>,
    /// How often each cell is run at each revision.
    pub repetitions: u32,
    /// The seed of order and runs.
    pub seed: u64,
}

/// One run of a sweep at its place in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot {
    /// Its place in the order of execution, from 0.
    pub position: u32,
    /// The block: all revisions of one cell at one repetition, run back to back.
    pub block: u32,
    /// Index into [`Matrix::cells`].
    pub cell: usize,
    /// Index into [`Matrix::revisions`].
    pub revision: usize,
    /// The repetition, from 0.
    pub repetition: u32,
}
