//! Exit codes: documented in `docs/cli.md`, never reused for anything else.

use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Good,
    /// The gate holds, or a run failed.
    Bad,
    /// The input is wrong.
    WrongInput,
    /// No answer: inconclusive, or no data where an answer is needed.
    NoAnswer,
    /// The infrastructure or this program failed.
    Broken,
    /// Interrupted; the state is saved and the same command resumes.
    Interrupted,
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Bad => 1,
            Self::WrongInput => 2,
            Self::NoAnswer => 3,
            Self::Broken => 4,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Prints what clap has to say, and ends with 0 for help and version and with 2 for wrong usage.
pub(crate) fn of_usage(error: &clap::Error) -> ExitCode {
    let exit = if error.use_stderr() { Exit::WrongInput } else { Exit::Good };
    // Nobody can be told that telling failed.
    let _ = error.print();
    exit.into()
}
