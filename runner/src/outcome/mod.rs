//! How an instance ended: what it said, how it exited, what was done to it.
//!
//! The last decisive event is combined with exit status and signal. An instance that said nothing failed; one that
//! said success and then crashed did not succeed.

mod decide;
mod event;
mod lines;
mod reading;

pub use decide::{Ending, Stopped, decide};
pub use event::{Reported, parse_event, parse_payload};
pub(crate) use lines::{Lines, plain};
pub use reading::{Reading, read_instance};
