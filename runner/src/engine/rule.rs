use futures::future::BoxFuture;
use ground_core::id::SweepId;
use ground_core::outcome::OutcomeKind;
use ground_core::sweep::Cell;

use super::ports::BoxError;

/// Decides after each block whether its cell needs more of them.
///
/// A rule that looks at the data must be made for looking again and again, or it finds differences that are not there.
pub trait StoppingRule: Send + Sync {
    /// Returns what to do about the cell of the block that was just recorded.
    ///
    /// # Errors
    /// An error stops the sweep cleanly.
    fn after_block<'a>(
        &'a self,
        report: &'a BlockReport,
    ) -> BoxFuture<'a, Result<Decision, BoxError>>;
}

/// A block that was just recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockReport {
    /// The sweep; its records are those with this identifier.
    pub sweep: SweepId,
    /// The block's cell.
    pub cell: Cell,
    /// The block's number.
    pub block: u32,
    /// Blocks of this cell that are recorded, this one among them.
    pub recorded: u32,
    /// Blocks of this cell that are still to come.
    pub planned: u32,
    /// The outcomes of the block's runs, in the order they were run.
    pub outcomes: Vec<OutcomeKind>,
}

/// What to do about a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Goes on as planned.
    Continue,
    /// Drops the blocks of the cell that are still to come.
    Decided {
        /// Why, in one line.
        reason: String,
    },
    /// Sees to it that at least so many blocks of the cell are still to come.
    More {
        /// How many.
        blocks: u32,
    },
}
