//! The sweep: a matrix of runs in a randomized interleaved order.

use std::collections::BTreeMap;

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

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

impl Matrix {
    /// Returns how many runs the matrix asks for.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.cells.len() as u64 * self.revisions.len() as u64 * u64::from(self.repetitions)
    }
}

/// Puts the runs of `matrix` into the order in which they are executed.
///
/// A block holds all revisions of one cell at one repetition, back to back, so that baseline and candidate meet the
/// same weather. Within each cell the orders of the blocks are rows of randomized Latin squares: after every full
/// square each revision has stood at each place equally often, and in between the counts differ by one at most. All
/// cells get their first repetition before any gets its second, in a fresh random order each time.
///
/// The same matrix always gives the same order.
///
/// # Panics
/// If the matrix asks for more than `u32::MAX` runs.
///
/// # Source
/// Fisher, R. A. and Yates, F. (1938). Statistical Tables for Biological, Agricultural and Medical Research, section
/// "Latin squares": permute rows, columns and letters of a standard square. Blocks: Fisher, R. A. (1926). The
/// arrangement of field experiments. Journal of the Ministry of Agriculture 33, 503-513.
#[must_use]
pub fn schedule(matrix: &Matrix) -> Vec<Slot> {
    let mut rng = ChaCha12Rng::seed_from_u64(matrix.seed);
    let rows: Vec<Vec<Vec<usize>>> = (0..matrix.cells.len())
        .map(|_| latin_rows(matrix.revisions.len(), matrix.repetitions as usize, &mut rng))
        .collect();
    let mut cells: Vec<usize> = (0..matrix.cells.len()).collect();
    let mut slots = Vec::new();
    for (repetition, block_base) in
        (0..matrix.repetitions).zip((0u32..).step_by(cells.len().max(1)))
    {
        shuffle(&mut cells, &mut rng);
        for (block, &cell) in (block_base..).zip(&cells) {
            for &revision in &rows[cell][repetition as usize] {
                let position = u32::try_from(slots.len()).expect("bug: a sweep of over 2^32 runs");
                slots.push(Slot { position, block, cell, revision, repetition });
            }
        }
    }
    slots
}

/// Returns `count` orders of `size` things: rows of one random Latin square after another.
fn latin_rows(size: usize, count: usize, rng: &mut ChaCha12Rng) -> Vec<Vec<usize>> {
    let mut rows = Vec::with_capacity(count);
    while rows.len() < count {
        let square = latin_square(size, rng);
        rows.extend(square.into_iter().take(count - rows.len()));
        if size == 0 {
            rows.resize(count, Vec::new());
        }
    }
    rows
}

/// Returns the cyclic square of `size` with rows, columns and letters permuted at random.
fn latin_square(size: usize, rng: &mut ChaCha12Rng) -> Vec<Vec<usize>> {
    let mut permutation = || {
        let mut order: Vec<usize> = (0..size).collect();
        shuffle(&mut order, rng);
        order
    };
    let (rows, columns, letters) = (permutation(), permutation(), permutation());
    rows.iter()
        .map(|row| columns.iter().map(|column| letters[(row + column) % size]).collect())
        .collect()
}

/// Puts `items` into a random order, each equally likely.
///
/// # Source
/// Durstenfeld, R. (1964). Algorithm 235: Random permutation. Commun. ACM 7, 420. doi:10.1145/364520.364540
fn shuffle(items: &mut [usize], rng: &mut ChaCha12Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(last as u64 + 1, rng) as usize);
    }
}

/// Draws a number below `bound`, each equally likely: draws from the incomplete last round are thrown away.
fn below(bound: u64, rng: &mut ChaCha12Rng) -> u64 {
    let limit = u64::MAX - u64::MAX % bound;
    loop {
        let drawn = rng.next_u64();
        if drawn < limit {
            return drawn % bound;
        }
    }
}

/// Derives a seed of its own for the part of a sweep that `words` name, such as one run.
///
/// This is the first word of the ChaCha stream that has `seed` as its key and `words`, mixed one after the other, as
/// its start; equal arguments always give the same seed.
#[must_use]
pub fn derive_seed(seed: u64, words: &[u64]) -> u64 {
    words.iter().fold(ChaCha12Rng::seed_from_u64(seed).next_u64(), |mixed, &word| {
        ChaCha12Rng::seed_from_u64(mixed ^ word.wrapping_mul(0x9E37_79B9_7F4A_7C15)).next_u64()
    })
}

#[cfg(test)]
mod tests;
