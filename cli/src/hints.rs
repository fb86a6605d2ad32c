//! What to do about failures that several commands meet.

use ground_store::OpenError;

use crate::error::CliError;
use crate::exit::Exit;

/// A store that cannot be opened.
pub(crate) fn of_open(error: OpenError) -> CliError {
    let failure = CliError::from_error(Exit::WrongInput, &error);
    match error {
        OpenError::Missing { .. } => failure
            .hint("`ground run PLAN` makes a store; --store or GROUND_STORE names another place"),
        OpenError::Newer { .. } => {
            failure.hint("update ground, or name another store with --store")
        }
        OpenError::NotAStore { .. } => {
            failure.hint("name a directory that is empty or a store with --store")
        }
        _ => failure,
    }
}
