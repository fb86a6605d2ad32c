//! Events that instances report.

use crate::id::InstanceId;

/// What an instance reported, whichever SDK dialect it spoke.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// The plan's code began.
    Start,
    /// Free text.
    Message(String),
    /// A named stage began.
    StageStart(String),
    /// A named stage ended.
    StageEnd(String),
    /// The instance succeeded.
    Success,
    /// The instance failed and said why.
    Failure(String),
    /// The instance crashed and said so itself.
    Crash {
        /// What went wrong.
        error: String,
        /// Where, as far as it knows.
        stack: String,
    },
    /// Everybody needed had signalled a state: the barrier opened.
    BarrierOpened {
        /// The state's name.
        state: String,
        /// Signals it waited for.
        target: u64,
        /// When the first signal came, nanoseconds since the epoch.
        first_ns: i64,
    },
}

impl EventKind {
    /// Returns the event's word in tables and files.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Message(_) => "message",
            Self::StageStart(_) => "stage_start",
            Self::StageEnd(_) => "stage_end",
            Self::Success => "success",
            Self::Failure(_) => "failure",
            Self::Crash { .. } => "crash",
            Self::BarrierOpened { .. } => "barrier",
        }
    }

    /// Returns the event's text: message, name of the stage or state, error.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Start | Self::Success => "",
            Self::Message(text)
            | Self::StageStart(text)
            | Self::StageEnd(text)
            | Self::Failure(text)
            | Self::Crash { error: text, .. }
            | Self::BarrierOpened { state: text, .. } => text,
        }
    }
}

/// One event with its time and its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Nanoseconds since the epoch; where the line had no time, when it was read.
    pub at_ns: i64,
    /// Who reported it; nobody for events of the run as a whole.
    pub instance: Option<InstanceId>,
    /// What was reported.
    pub kind: EventKind,
}
