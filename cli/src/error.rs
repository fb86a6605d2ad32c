//! What goes wrong, as people read it: one line, evidence, a hint.

use std::error::Error;
use std::fmt;

use ground_runner::diagnostic::Diagnostic;

use crate::exit::Exit;

/// A failure ready for printing.
#[derive(Debug)]
pub(crate) struct CliError {
    /// What failed, in one line.
    pub(crate) message: String,
    /// Lines of evidence.
    pub(crate) evidence: Vec<String>,
    /// What to change; empty where nothing is known.
    pub(crate) hint: String,
    /// How the program ends.
    pub(crate) exit: Exit,
}

impl CliError {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { message: message.into(), evidence: Vec::new(), hint: String::new(), exit }
    }

    /// Takes an error of a room with everything that led to it.
    pub(crate) fn from_error(exit: Exit, error: &dyn Error) -> Self {
        let mut failure = Self::new(exit, error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            failure.evidence.push(format!("because {cause}"));
            source = cause.source();
        }
        failure
    }

    /// Takes a message about a file, which says by itself where it is.
    pub(crate) fn of_diagnostic(exit: Exit, diagnostic: &Diagnostic) -> Self {
        let text = diagnostic.to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        let (text, hint) = text.split_once("\nhint: ").unwrap_or((text, ""));
        let mut lines = text.lines();
        let mut failure = Self::new(exit, lines.next().unwrap_or_default());
        failure.evidence =
            lines.map(|line| line.strip_prefix("  ").unwrap_or(line).to_owned()).collect();
        failure.hint(hint)
    }

    pub(crate) fn evidence(mut self, line: impl Into<String>) -> Self {
        self.evidence.push(line.into());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        for line in &self.evidence {
            write!(f, "\n  {line}")?;
        }
        if !self.hint.is_empty() {
            write!(f, "\nhint: {}", self.hint)?;
        }
        Ok(())
    }
}
