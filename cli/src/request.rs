//! From flags and files to a sweep: what is run, at which revisions, how often.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use clap::Parser;
use ground_core::composition::{Overrides, Params, SweepSpec};
use ground_core::config_value::ConfigValue;
use ground_core::sweep::Cell;
use ground_runner::composition::{self, CompositionError, LoadedComposition, SingleRun};
use ground_runner::diagnostic::Diagnostic;
use ground_runner::engine::{RetryPolicy, SweepOptions, SweepRequest, SweepRun};
use ground_runner::plan::{self, PlanOrigin};
use ground_runner::revisions;

use crate::args::{Args, Command, Run};
use crate::error::CliError;
use crate::exit::Exit;

/// A sweep that is asked for, with what is doubtful about its files.
pub(crate) struct Asked {
    pub(crate) request: SweepRequest,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Reads what the command names.
pub(crate) fn of(command: &Run) -> Result<Asked, CliError> {
    let loaded = load(command)?;
    let matrix = matrix(command, &loaded)?;
    // Before anything is made: a revision that nobody knows leaves nothing behind.
    revisions::resolve(&loaded.plan.root, &matrix.revisions).map_err(|error| {
        let hint = error.hint();
        CliError::from_error(Exit::WrongInput, &error).hint(hint)
    })?;
    let mut warnings = loaded.warnings.clone();
    let mut runs = Vec::new();
    for id in run_ids(command, &loaded)? {
        for runner in &matrix.runners {
            for params in &matrix.params {
                let run = cell(command, &loaded, &id, runner.as_deref(), params)?;
                warnings.extend(loaded.warnings_of(&run.resolved));
                runs.push(run);
            }
        }
    }
    warnings.dedup();
    let request = SweepRequest {
        plan: loaded.plan.manifest.name.clone(),
        dir: loaded.plan.root.clone(),
        bare: matches!(loaded.plan.origin, PlanOrigin::Executable(_)),
        runs,
        revisions: matrix.revisions,
        repetitions: matrix.repetitions,
        seed: command.seed.or(loaded.composition.sweep.seed),
        options: SweepOptions {
            retries: RetryPolicy { retries: command.retries, failures: false },
            timeout: command.timeout,
            pin: command.pin,
            ..SweepOptions::default()
        },
    };
    Ok(Asked { request, warnings })
}

/// Asks for one plan over a range of revisions, everything else by its defaults.
pub(crate) fn of_plan(path: &Path, revisions: &str, repetitions: u32) -> Result<Asked, CliError> {
    let path = path.as_os_str().to_owned();
    let mut words = vec!["ground".into(), "run".into(), path];
    words.extend(["--revisions", revisions, "--repetitions"].map(OsString::from));
    words.push(repetitions.to_string().into());
    let parsed =
        Args::try_parse_from(words).map_err(|error| CliError::from_error(Exit::Broken, &error))?;
    match parsed.command {
        Command::Run(command) => of(&command),
        _ => unreachable!("bug: the words of a run are another command"),
    }
}

/// Loads a composition, or makes one for a plan or an executable.
pub(crate) fn load(command: &Run) -> Result<LoadedComposition, CliError> {
    if is_composition(&command.path) {
        if let Some(flag) = flag_for_plans(command) {
            return Err(CliError::new(
                Exit::WrongInput,
                format!("{flag} is for plans; `{}` is a composition", command.path.display()),
            )
            .hint("set it in the composition, or name the plan's directory"));
        }
        return composition::load(&command.path, &std::env::vars().collect())
            .map_err(|error| of_composition(&error));
    }
    let plan = plan::load(&command.path)
        .map_err(|error| CliError::of_diagnostic(Exit::WrongInput, &error.diagnostic()))?;
    let executable = matches!(plan.origin, PlanOrigin::Executable(_));
    let mut loaded = LoadedComposition::single(
        plan,
        &SingleRun {
            case: command.case.clone(),
            instances: command.instances,
            params: params(&command.params)?,
            builder: command.builder.clone(),
            runner: command.runner.clone(),
        },
    );
    if !command.arguments.is_empty() {
        if !executable {
            return Err(CliError::new(
                Exit::WrongInput,
                "arguments after `--` are for executables",
            )
            .hint("a plan takes parameters: --param NAME=VALUE"));
        }
        let words = command.arguments.iter().map(|word| ConfigValue::from(word.as_str())).collect();
        if let Some(group) = loaded.composition.groups.first_mut() {
            group.build_config.insert("args".to_owned(), ConfigValue::List(words));
        }
    }
    Ok(loaded)
}

/// A TOML file with groups is a composition, whatever it is called.
pub(crate) fn is_composition(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
        && path.file_name().is_some_and(|name| name != plan::MANIFEST)
        && fs::read_to_string(path)
            .is_ok_and(|text| text.contains("[global]") || text.contains("[[groups]]"))
}

fn flag_for_plans(command: &Run) -> Option<&'static str> {
    [
        (command.case.is_some(), "--case"),
        (command.instances.is_some(), "--instances"),
        (!command.arguments.is_empty(), "an argument after `--`"),
    ]
    .into_iter()
    .find_map(|(given, flag)| given.then_some(flag))
}

struct Matrix {
    runners: Vec<Option<String>>,
    params: Vec<Params>,
    revisions: Vec<String>,
    repetitions: u32,
}

/// What flags say goes above what the composition's `[sweep]` says.
fn matrix(command: &Run, loaded: &LoadedComposition) -> Result<Matrix, CliError> {
    let declared = &loaded.composition.sweep;
    let mut spec = SweepSpec { params: declared.params.clone(), ..SweepSpec::default() };
    for (name, values) in pairs(&command.sweep, "--sweep", "NAME=V1,V2")? {
        spec.params.insert(name, values.split(',').map(str::to_owned).collect());
    }
    let runners = match (&command.runner, &declared.runners[..]) {
        (Some(runner), _) => vec![Some(runner.clone())],
        (None, []) => vec![None],
        (None, runners) => runners.iter().cloned().map(Some).collect(),
    };
    let revisions = match &command.revisions {
        Some(revisions) => revisions.split(',').map(|name| name.trim().to_owned()).collect(),
        None => declared.revisions.clone(),
    };
    Ok(Matrix {
        runners,
        params: spec.param_cells(),
        revisions,
        repetitions: command.repetitions.or(declared.repetitions).unwrap_or(1),
    })
}

fn run_ids(command: &Run, loaded: &LoadedComposition) -> Result<Vec<String>, CliError> {
    let known = loaded.composition.run_ids();
    if command.run_ids.is_empty() {
        return Ok(known.into_iter().map(str::to_owned).collect());
    }
    for id in &command.run_ids {
        if !known.contains(&id.as_str()) {
            return Err(CliError::new(
                Exit::WrongInput,
                format!("the composition has no run `{id}`"),
            )
            .hint(format!("its runs are {}", known.join(", "))));
        }
    }
    Ok(command.run_ids.clone())
}

fn cell(
    command: &Run,
    loaded: &LoadedComposition,
    id: &str,
    runner: Option<&str>,
    swept: &Params,
) -> Result<SweepRun, CliError> {
    let mut overrides = params(&command.params)?;
    overrides.extend(swept.clone());
    let overrides = Overrides {
        params: overrides,
        runner: runner.map(str::to_owned),
        builder: command.builder.clone(),
    };
    let resolved = loaded.resolve(id, &overrides).map_err(|error| of_composition(&error))?;
    let cell = Cell {
        composition_run: id.to_owned(),
        params: swept.clone(),
        runner: resolved.runner.clone(),
    };
    Ok(SweepRun { cell, resolved })
}

fn params(given: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    Ok(pairs(given, "--param", "NAME=VALUE")?.into_iter().collect())
}

fn pairs(given: &[String], flag: &str, form: &str) -> Result<Vec<(String, String)>, CliError> {
    given
        .iter()
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            _ => Err(CliError::new(
                Exit::WrongInput,
                format!("`{flag} {pair}` has no name and value"),
            )
            .hint(format!("write {flag} {form}"))),
        })
        .collect()
}

/// A composition that cannot be used, with the place in the file.
pub(crate) fn of_composition(error: &CompositionError) -> CliError {
    CliError::of_diagnostic(Exit::WrongInput, &error.diagnostic())
}
