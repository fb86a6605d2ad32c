//! What the commands that judge have in common: loading, finding revisions, printing.

use std::path::Path;

use ground_analyzer::dataset::{Dataset, Selection};
use ground_analyzer::series::Margins;
use ground_core::revision::Revision;
use ground_reports::text::TextOptions;
use ground_runner::revisions;
use ground_store::Store;

use super::Context;
use crate::args::Select;
use crate::error::CliError;
use crate::exit::Exit;
use crate::terminal;

/// A loaded store.
pub(crate) struct Loaded {
    pub(crate) store: Store,
    pub(crate) dataset: Dataset,
    pub(crate) revisions: Vec<Revision>,
}

/// Opens the store and loads what is selected.
pub(crate) fn load(
    context: &Context,
    select: &Select,
    margin: Option<f64>,
) -> Result<Loaded, CliError> {
    let store = context.open_store()?;
    let selection = Selection { plan: select.plan.clone(), margins: Margins { default: margin } };
    let reader = store.clone();
    let dataset = context
        .block_on(async move { Dataset::load(&reader, &selection).await })
        .map_err(|error| CliError::from_error(Exit::Broken, &error))?;
    let revisions =
        dataset.revisions().map_err(|error| CliError::from_error(Exit::Broken, &error))?;
    if revisions.is_empty() {
        let what = select
            .plan
            .as_ref()
            .map_or_else(|| "no runs".to_owned(), |plan| format!("no runs of plan `{plan}`"));
        return Err(CliError::new(
            Exit::NoAnswer,
            format!("store `{}` holds {what}", store.location()),
        )
        .hint("`ground run PLAN --revisions BASE..HEAD` measures some"));
    }
    Ok(Loaded { store, dataset, revisions })
}

/// Finds the two revisions of `BASE..HEAD` among those that were run.
pub(crate) fn range(
    loaded: &Loaded,
    repository: &Path,
    range: &str,
) -> Result<(Revision, Revision), CliError> {
    let Some((base, head)) = range.split_once("..") else {
        return Err(CliError::new(Exit::WrongInput, format!("`{range}` is no range of revisions"))
            .hint("write BASE..HEAD, such as v1.2..HEAD"));
    };
    Ok((revision(loaded, repository, base)?, revision(loaded, repository, head)?))
}

/// Finds one revision among those that were run: by the digits of its commit, or by whatever Git makes of the name.
fn revision(loaded: &Loaded, repository: &Path, name: &str) -> Result<Revision, CliError> {
    let name = if name.is_empty() { "HEAD" } else { name };
    let by_digits: Vec<&Revision> = loaded
        .revisions
        .iter()
        .filter(|known| name.len() >= 4 && known.commit.starts_with(name.trim_end_matches('+')))
        .collect();
    if let [one] = by_digits[..] {
        return Ok(one.clone());
    }
    let resolved = revisions::resolve(repository, &[name.to_owned()]).map_err(|error| {
        CliError::from_error(Exit::WrongInput, &error).evidence(known(&loaded.revisions)).hint(
            "name a revision that was run, or give --repository where the name means something",
        )
    })?;
    let commit =
        resolved.into_iter().next().map(|target| target.revision.commit).unwrap_or_default();
    let matching = loaded.revisions.iter().filter(|known| known.commit == commit);
    matching.max_by_key(|known| !known.dirty).cloned().ok_or_else(|| {
        let short: String = commit.chars().take(7).collect();
        CliError::new(Exit::NoAnswer, format!("revision `{name}` ({short}) was never run"))
            .evidence(known(&loaded.revisions))
            .hint(format!("`ground run PLAN --revisions {name}` measures it"))
    })
}

fn known(revisions: &[Revision]) -> String {
    let newest: Vec<String> = revisions.iter().rev().take(8).map(Revision::short).collect();
    format!("revisions in the store, newest first: {}", newest.join(" "))
}

/// How texts are laid out on this terminal.
pub(crate) fn text_options(context: &Context) -> TextOptions {
    TextOptions { width: terminal::width(), ascii: context.global.ascii, color: terminal::colors() }
}
