//! What a journal means: the order of all runs, and how far each has come.

use std::collections::BTreeMap;

use ground_core::id::RunId;
use ground_core::outcome::OutcomeKind;
use ground_core::sweep::{Matrix, Slot, schedule};

use super::journal::{Batch, Header, Line, Why};

/// How far a run has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tried {
    /// The last attempt, from 1.
    pub(super) attempt: u32,
    /// Its name.
    pub(super) run: RunId,
    /// What is known of it.
    pub(super) stage: Stage,
    /// How it ended, once that is known.
    pub(super) outcome: Option<OutcomeKind>,
}

/// What is known of an attempt; an open one leaves the run to be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It began.
    Started,
    /// It ended, and may be recorded or not.
    Executed { open: bool },
    /// It is recorded.
    Recorded { open: bool },
}

/// A sweep as far as it has come.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) header: Header,
    /// All runs, by position.
    pub(super) slots: Vec<Slot>,
    /// Batches so far.
    pub(super) batches: u32,
    /// Whether every run of every batch is done.
    pub(super) ended: bool,
    /// The matrix without repetitions and seed.
    matrix: Matrix,
    tried: BTreeMap<u32, Tried>,
    /// Ranges of blocks that are not needed, by cell.
    dropped: Vec<(usize, std::ops::Range<u32>)>,
}

impl State {
    /// Begins with the first line of a journal.
    pub(super) fn new(header: Header, matrix: Matrix) -> Self {
        Self {
            header,
            slots: Vec::new(),
            batches: 0,
            ended: false,
            matrix,
            tried: BTreeMap::new(),
            dropped: Vec::new(),
        }
    }

    /// Takes in one further line.
    pub(super) fn apply(&mut self, line: &Line) {
        match line {
            Line::Sweep(_) => {}
            Line::Batch(batch) => self.add(batch),
            Line::Started { position, attempt, run, .. } => {
                self.note((*position, *attempt), run, Stage::Started, None);
            }
            Line::Executed { position, attempt, run, open, outcome, .. } => {
                let stage = Stage::Executed { open: *open };
                self.note((*position, *attempt), run, stage, outcome.parse().ok());
            }
            Line::Recorded { position, attempt, run } => {
                let known = self.tried.get(position);
                let executed = |open| Stage::Executed { open };
                let open = known.is_some_and(|tried| tried.stage == executed(true));
                let outcome = known.and_then(|tried| tried.outcome);
                self.note((*position, *attempt), run, Stage::Recorded { open }, outcome);
            }
            Line::Decided { cell, from_block, to_block, .. } => {
                self.dropped.push((*cell, *from_block..*to_block));
            }
            Line::Ended { .. } => self.ended = true,
        }
    }

    fn note(&mut self, at: (u32, u32), run: &str, stage: Stage, outcome: Option<OutcomeKind>) {
        let (position, attempt) = at;
        self.tried.insert(position, Tried { attempt, run: RunId::new(run), stage, outcome });
    }

    /// Puts the blocks of a batch behind all others.
    fn add(&mut self, batch: &Batch) {
        let matrix = Matrix {
            cells: batch.cells.iter().map(|&cell| self.matrix.cells[cell].clone()).collect(),
            revisions: self.matrix.revisions.clone(),
            repetitions: batch.repetitions,
            seed: batch.seed,
        };
        let first_position =
            u32::try_from(self.slots.len()).expect("bug: a sweep of over 2^32 runs");
        let first_block = self.next_block();
        let before: Vec<u32> = batch.cells.iter().map(|&cell| self.repetitions(cell)).collect();
        self.slots.extend(schedule(&matrix).into_iter().map(|slot| Slot {
            position: slot.position + first_position,
            block: slot.block + first_block,
            cell: batch.cells[slot.cell],
            revision: slot.revision,
            repetition: slot.repetition + before[slot.cell],
        }));
        self.batches += 1;
        self.ended = false;
    }

    /// Returns the number that the next block gets.
    pub(super) fn next_block(&self) -> u32 {
        self.slots.last().map_or(0, |slot| slot.block + 1)
    }

    /// Returns how many repetitions of a cell are in order.
    fn repetitions(&self, cell: usize) -> u32 {
        let own = self.slots.iter().filter(|slot| slot.cell == cell);
        own.map(|slot| slot.repetition + 1).max().unwrap_or(0)
    }

    /// Returns the batch to append for further blocks of `cells`.
    pub(super) fn further(&self, cells: Vec<usize>, repetitions: u32, why: Why) -> Batch {
        let seed = match self.batches {
            0 => self.header.seed,
            batch => ground_core::sweep::derive_seed(self.header.seed, &[u64::from(batch)]),
        };
        Batch { batch: self.batches, cells, repetitions, seed, why }
    }

    /// Returns how far a run has come; nothing when it was never tried.
    pub(super) fn tried(&self, position: u32) -> Option<&Tried> {
        self.tried.get(&position)
    }

    /// Returns how the last attempt of a run ended.
    pub(super) fn outcome(&self, position: u32) -> Option<OutcomeKind> {
        self.tried(position)?.outcome
    }

    /// Returns whether a run is recorded and never to be repeated.
    pub(super) fn is_done(&self, position: u32) -> bool {
        self.tried(position).is_some_and(|tried| tried.stage == Stage::Recorded { open: false })
    }

    /// Returns whether the block of `slot` is not needed.
    pub(super) fn is_dropped(&self, slot: &Slot) -> bool {
        self.dropped.iter().any(|(cell, blocks)| *cell == slot.cell && blocks.contains(&slot.block))
    }

    /// Returns the runs that are not dropped.
    pub(super) fn needed(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| !self.is_dropped(slot))
    }

    /// Returns the runs of the block that begins at `position`.
    pub(super) fn block_at(&self, position: usize) -> &[Slot] {
        let rest = &self.slots[position..];
        let len = rest.iter().take_while(|slot| slot.block == rest[0].block).count();
        &rest[..len]
    }

    /// Returns whether a run of the cell behind `block` was ever tried.
    pub(super) fn went_beyond(&self, cell: usize, block: u32) -> bool {
        self.tried.keys().any(|&position| {
            let slot = &self.slots[position as usize];
            slot.cell == cell && slot.block > block
        })
    }
}

#[cfg(test)]
mod tests;
