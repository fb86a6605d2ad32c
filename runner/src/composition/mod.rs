//! Loading compositions: templates, parsing, resolution.

mod error;
mod file;
mod hints;
mod locate;
mod resource;
mod single;
pub mod template;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ground_core::composition::{
    self as core, Composition, Document as Source, KeyPath, Overrides, ResolveError, ResolvedRun,
    Warning,
};

use crate::diagnostic::{Diagnostic, Place, did_you_mean};
use crate::document::{Document, Spot};
use crate::plan::{self, LoadedPlan};

pub use error::{CompositionError, Unresolved};
pub use single::{SINGLE_GROUP, SingleRun, single};

use template::Value;

/// The process environment by name, as `.Env` of a template sees it.
pub type Environment = BTreeMap<String, String>;

/// A composition as it was found on disk, with the plan it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedComposition {
    /// The file, as the user named it; nothing for one that was made from a command line.
    pub path: Option<PathBuf>,
    /// What it says.
    pub composition: Composition,
    /// The plan it runs.
    pub plan: LoadedPlan,
    /// What is doubtful about both files.
    pub warnings: Vec<Diagnostic>,
    document: Option<Document>,
}

/// Loads the composition at `path`, and the plan it names.
///
/// The file is a template over `env`; resources are relative to its directory. The plan is looked
/// up relative to that directory and its parents, in their `plans`, in the working directory's
/// `plans`, and in `$TESTGROUND_HOME/plans`.
///
/// # Errors
/// [`CompositionError`] says what is wrong, and [`CompositionError::diagnostic`] where and what to change.
pub fn load(
    path: impl AsRef<Path>,
    env: &Environment,
) -> Result<LoadedComposition, CompositionError> {
    let path = path.as_ref();
    let (composition, document, mut warnings) = read(path, env)?;
    let plan = find_plan(path, &composition, &document, env)?;
    warnings.extend(plan.warnings.iter().cloned());
    Ok(LoadedComposition {
        path: Some(path.to_owned()),
        composition,
        plan,
        warnings,
        document: Some(document),
    })
}

impl LoadedComposition {
    /// Makes a composition of one group from a command line, for a plan that is loaded already.
    #[must_use]
    pub fn single(plan: LoadedPlan, run: &SingleRun) -> Self {
        let composition = single(&plan.manifest, run);
        Self { path: None, composition, warnings: plan.warnings.clone(), plan, document: None }
    }

    /// Resolves the run called `run_id`, with `overrides` above everything that the file says.
    ///
    /// # Errors
    /// [`CompositionError::Unresolved`] says which rule is broken, with the places in both files.
    pub fn resolve(
        &self,
        run_id: &str,
        overrides: &Overrides,
    ) -> Result<ResolvedRun, CompositionError> {
        core::resolve_with(&self.composition, &self.plan.manifest, run_id, overrides)
            .map_err(|error| CompositionError::Unresolved(Box::new(self.unresolved(error))))
    }

    /// Resolves every run as the file has it, in its order.
    ///
    /// # Errors
    /// The first run that breaks a rule.
    pub fn resolve_all(&self) -> Result<Vec<ResolvedRun>, CompositionError> {
        let none = Overrides::default();
        self.composition.run_ids().into_iter().map(|run| self.resolve(run, &none)).collect()
    }

    /// Returns what is doubtful about `run`, with places.
    #[must_use]
    pub fn warnings_of(&self, run: &ResolvedRun) -> Vec<Diagnostic> {
        run.warnings.iter().map(|warning| self.warning(warning)).collect()
    }

    fn warning(&self, warning: &Warning) -> Diagnostic {
        let diagnostic =
            Diagnostic::warning(warning.kind.to_string()).hint(hints::of_warning(&warning.kind));
        match self.spot(&warning.at) {
            Some(spot) => spot.show(diagnostic),
            None => diagnostic,
        }
    }

    fn unresolved(&self, error: ResolveError) -> Unresolved {
        Unresolved {
            at: self.spot(&error.at),
            against: error.against.as_ref().and_then(|key| self.spot(key)),
            from_file: self.document.is_some(),
            error,
        }
    }

    fn spot(&self, key: &KeyPath) -> Option<Spot> {
        match key.document {
            Source::Composition => self.document.as_ref().map(|document| document.find(&key.steps)),
            Source::Manifest => self.plan.spot(key),
        }
    }
}

/// Renders and parses the file at `path`.
fn read(
    path: &Path,
    env: &Environment,
) -> Result<(Composition, Document, Vec<Diagnostic>), CompositionError> {
    let unreadable = |source| CompositionError::Unreadable { path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let source = String::from_utf8(bytes).map_err(|error| CompositionError::NotText {
        path: path.to_owned(),
        valid_up_to: error.utf8_error().valid_up_to(),
    })?;
    let file = path.display().to_string();
    let directory = path.parent().unwrap_or(Path::new(""));
    let data = Value::root([("Env".to_owned(), Value::texts(env))].into());
    let rendered =
        template::render(&source, data, &resource::Directory(directory)).map_err(|error| {
            let place = Place::new(&file, &source, error.at.clone());
            CompositionError::Template { error, place: Box::new(place) }
        })?;
    let mut warnings: Vec<Diagnostic> = rendered
        .missing
        .iter()
        .map(|at| {
            Diagnostic::warning("this value is missing, and is written as `<no value>`")
                .at(Place::new(&file, &source, at.clone()))
                .hint("guard it with `{{ with … }}`, or give the key a value".to_owned())
        })
        .collect();
    warnings.dedup();
    let document = Document::rendered(file, source, rendered);
    let (composition, unknown) = file::read(&document)?;
    warnings.extend(unknown);
    Ok((composition, document, warnings))
}

fn find_plan(
    path: &Path,
    composition: &Composition,
    document: &Document,
    env: &Environment,
) -> Result<LoadedPlan, CompositionError> {
    let wanted = &composition.global.plan;
    let home = env.get("TESTGROUND_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    match locate::locate(path, wanted, home.as_deref()) {
        Ok(found) => Ok(plan::load(found)?),
        Err(search) => {
            let key = KeyPath::composition("global").key("plan");
            Err(CompositionError::PlanNotFound {
                plan: wanted.clone(),
                hint: did_you_mean(wanted, &search.known),
                searched: search.searched,
                spot: Box::new(document.find(&key.steps)),
            })
        }
    }
}
