//! Why a composition cannot be loaded or resolved.

use std::io;
use std::path::PathBuf;

use ground_core::composition::ResolveError;

use super::hints;
use super::template::{ResourceError, TemplateError, TemplateFault};
use crate::diagnostic::{Diagnostic, Place};
use crate::document::{DocumentError, Spot};
use crate::plan::PlanError;

/// Why a composition cannot be loaded or resolved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompositionError {
    /// The file system does not let us read.
    #[error("cannot read composition `{}`: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file is not text.
    #[error("composition `{}` is not UTF-8 text from byte {valid_up_to} on", path.display())]
    NotText {
        /// The path.
        path: PathBuf,
        /// How many bytes are text.
        valid_up_to: usize,
    },
    /// The template in which it is written is wrong.
    #[error("{error}")]
    Template {
        /// What is wrong.
        error: TemplateError,
        /// Where it stands.
        place: Box<Place>,
    },
    /// The TOML is wrong.
    #[error("{0}")]
    File(#[from] DocumentError),
    /// The plan it names is nowhere.
    #[error("plan `{plan}` is nowhere to be found")]
    PlanNotFound {
        /// The plan.
        plan: String,
        /// Where it was looked for.
        searched: Vec<PathBuf>,
        /// A plan with a similar name, or those there are.
        hint: Option<String>,
        /// Where the composition names it.
        spot: Box<Spot>,
    },
    /// The plan it names cannot be loaded.
    #[error("{0}")]
    Plan(#[from] PlanError),
    /// A run of it breaks a rule.
    #[error("{0}")]
    Unresolved(Box<Unresolved>),
}

/// A rule that a run breaks, with the places in both files.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Unresolved {
    /// The rule.
    pub error: ResolveError,
    /// The place to look at first.
    pub at: Option<Spot>,
    /// The place it contradicts.
    pub against: Option<Spot>,
    /// Whether the composition is a file, and not a command line.
    pub from_file: bool,
}

impl CompositionError {
    /// Returns the message with its places and its hint.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let message = || Diagnostic::error(self.to_string());
        match self {
            Self::Unreadable { .. } | Self::NotText { .. } => message(),
            Self::Template { error, place } => {
                let diagnostic =
                    message().at((**place).clone()).hint(hints::of_template(&error.fault));
                match &*error.fault {
                    TemplateFault::Resource(ResourceError::NotToml { place, .. }) => {
                        diagnostic.against((**place).clone())
                    }
                    _ => diagnostic,
                }
            }
            Self::File(error) => error.diagnostic(),
            Self::PlanNotFound { searched, hint, spot, .. } => {
                let places = searched.iter().fold(spot.show(message()), |diagnostic, path| {
                    diagnostic.evidence(format!("looked at {}", path.display()))
                });
                let way =
                    "give the plan's path relative to the composition, or set TESTGROUND_HOME"
                        .to_owned();
                places.hint(hint.clone().or(Some(way)))
            }
            Self::Plan(error) => error.diagnostic(),
            Self::Unresolved(unresolved) => unresolved.diagnostic(),
        }
    }
}

impl Unresolved {
    fn diagnostic(&self) -> Diagnostic {
        let diagnostic = Diagnostic::error(self.error.to_string());
        let diagnostic = match &self.at {
            Some(spot) => spot.show(diagnostic),
            None => diagnostic,
        };
        diagnostic
            .against(self.against.as_ref().map(|spot| spot.place.clone()))
            .hint(hints::of_fault(&self.error.fault, self.from_file))
    }
}
