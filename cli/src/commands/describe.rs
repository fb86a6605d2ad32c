//! `ground describe`: what a plan or a composition is made of.

use std::fmt::Write as _;

use ground_core::config_value::ConfigValue;
use ground_core::plan::{Manifest, TestCase};
use ground_runner::composition::{self, LoadedComposition};
use ground_runner::plan;

use super::print;
use crate::args::Describe;
use crate::error::CliError;
use crate::exit::Exit;
use crate::request;

pub(crate) fn run(command: &Describe) -> Result<Exit, CliError> {
    let text = if request::is_composition(&command.path) {
        let loaded = composition::load(&command.path, &std::env::vars().collect())
            .map_err(|error| request::of_composition(&error))?;
        of_composition(&loaded)?
    } else {
        let loaded = plan::load(&command.path)
            .map_err(|error| CliError::of_diagnostic(Exit::WrongInput, &error.diagnostic()))?;
        for warning in &loaded.warnings {
            eprintln!("{warning}");
        }
        of_manifest(&loaded.manifest)
    };
    print(&text)?;
    Ok(Exit::Good)
}

fn of_manifest(manifest: &Manifest) -> String {
    let mut text = format!("plan {}\n", manifest.name);
    let join =
        |ids: Vec<&String>| ids.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let _ = writeln!(text, "builders: {}", join(manifest.builders.keys().collect()));
    let _ = writeln!(text, "runners: {}", join(manifest.runners.keys().collect()));
    for case in &manifest.testcases {
        text += &of_case(case);
    }
    text
}

fn of_case(case: &TestCase) -> String {
    let range = &case.instances;
    let mut text = format!("\ntestcase {}: {} to {} instances", case.name, range.min, range.max);
    if let Some(default) = range.default {
        let _ = write!(text, ", {default} by default");
    }
    text.push('\n');
    for (name, param) in &case.params {
        let default = param.default.as_ref().map(ConfigValue::to_param).unwrap_or_default();
        let _ = writeln!(text, "  {name} = {default}  {}", param.description);
    }
    text
}

fn of_composition(loaded: &LoadedComposition) -> Result<String, CliError> {
    for warning in &loaded.warnings {
        eprintln!("{warning}");
    }
    let runs = loaded.resolve_all().map_err(|error| request::of_composition(&error))?;
    let mut text = format!("plan {}\n", loaded.plan.manifest.name);
    for run in runs {
        let _ = writeln!(text, "\nrun {}: testcase {}, runner {}", run.id, run.case, run.runner);
        for group in &run.groups {
            let _ = writeln!(
                text,
                "  group {}: {} instances, {}",
                group.id, group.count, group.builder
            );
            for (name, value) in &group.params {
                let _ = writeln!(text, "    {name} = {value}");
            }
        }
    }
    Ok(text)
}
