//! The composition that a command line amounts to.

use ground_core::composition::{Composition, Global, Group, Instances, Params, RunPart};
use ground_core::plan::Manifest;

/// The id of the only group of such a composition.
pub const SINGLE_GROUP: &str = "single";

/// What a command line says about a run of one group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SingleRun {
    /// The testcase; the only one there is when absent.
    pub case: Option<String>,
    /// How many instances; the testcase's own number when absent.
    pub instances: Option<u32>,
    /// Parameters by name.
    pub params: Params,
    /// The builder; the manifest's preferred one when absent.
    pub builder: Option<String>,
    /// The runner; the manifest's preferred one when absent.
    pub runner: Option<String>,
}

/// Makes a composition of one group called [`SINGLE_GROUP`] that runs the plan of `manifest`.
#[must_use]
pub fn single(manifest: &Manifest, run: &SingleRun) -> Composition {
    let case = run.case.clone().unwrap_or_default();
    let only =
        manifest.testcases.first().filter(|_| case.is_empty() && manifest.testcases.len() == 1);
    let range = only.or_else(|| manifest.testcase(&case)).map(|case| case.instances);
    let own = || range.and_then(|range| range.default.or(Some(range.min).filter(|&min| min > 0)));
    Composition {
        global: Global {
            plan: manifest.name.clone(),
            case,
            builder: run.builder.clone(),
            runner: run.runner.clone(),
            run: RunPart { test_params: run.params.clone(), ..RunPart::default() },
            ..Global::default()
        },
        groups: vec![Group {
            id: SINGLE_GROUP.to_owned(),
            instances: Instances { count: run.instances.or_else(own), percentage: None },
            ..Group::default()
        }],
        ..Composition::default()
    }
}
