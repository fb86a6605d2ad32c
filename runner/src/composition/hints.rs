//! What to change when a composition is wrong.

use ground_core::composition::{Fault, WarningKind};

use super::template::{FUNCTIONS, ResourceError, TemplateFault};
use crate::diagnostic::did_you_mean;

/// Says what to change about a broken rule; a command line has flags where a file has keys.
pub(super) fn of_fault(fault: &Fault, from_file: bool) -> Option<String> {
    let keys = |file: String, flags: &str| Some(if from_file { file } else { flags.to_owned() });
    match fault {
        Fault::NoGroups => {
            Some("add `[[groups]]` with `id` and `instances = { count = 1 }`".to_owned())
        }
        Fault::UnknownRun { run: word, known }
        | Fault::UnknownGroup { group: word, known, .. }
        | Fault::UnknownTestcase { testcase: word, known, .. } => did_you_mean(word, known),
        Fault::UnsupportedBuilder { builder: word, supported, .. } => {
            supported_hint("builder", word, supported)
        }
        Fault::UnsupportedRunner { runner: word, supported, .. } => {
            supported_hint("runner", word, supported)
        }
        Fault::NoBuilder { supported, .. } => keys(
            format!("set `global.builder` to one of `{}`", supported.join("`, `")),
            "name it with `--builder`",
        ),
        Fault::NoRunner { supported } => keys(
            format!("set `global.runner` to one of `{}`", supported.join("`, `")),
            "name it with `--runner`",
        ),
        Fault::NoInstances { .. } => keys(
            "give it `instances = { count = 1 }`".to_owned(),
            "say how many with `--instances`",
        ),
        Fault::CountAndPercentage { .. } => {
            Some("keep one of them; a run inherits each field that it does not set".to_owned())
        }
        Fault::NotAFraction { percentage, .. } if (1.0..=100.0).contains(percentage) => {
            Some(format!("write `percentage = {}`", percentage / 100.0))
        }
        Fault::NotAFraction { .. } => Some("0.5 is half of the run's instances".to_owned()),
        Fault::PercentageOfNothing { .. } => {
            Some("set `total_instances` of the run, or `global.total_instances`".to_owned())
        }
        Fault::RoundsToZero { .. } => {
            Some("raise `percentage` or `total_instances`, or give a `count`".to_owned())
        }
        Fault::TotalMismatch { sum, .. } => Some(format!(
            "set `total_instances = {sum}`, or change the groups; percentages are rounded one by one"
        )),
        Fault::TotalOutOfRange { max: 0, testcase, .. } => Some(format!(
            "testcase `{testcase}` does not say how many it takes: add `instances = {{ min = 1, max = 100 }}`"
        )),
        Fault::TotalOutOfRange { total, min, .. } => {
            let (change, end) = if *total < u64::from(*min) {
                ("raise", "lower its `instances.min`")
            } else {
                ("lower", "raise its `instances.max`")
            };
            let what = if from_file { "the groups' instances" } else { "`--instances`" };
            Some(format!("{change} {what}, or {end} in the manifest"))
        }
        Fault::NotAnAmount { resource, .. } => Some(
            if *resource == "cpu" {
                "write `\"500m\"` or `\"2\"`"
            } else {
                "write `\"64Mi\"` or `\"1Gi\"`"
            }
            .to_owned(),
        ),
        Fault::UnrepresentableParam { .. } => Some(
            "instances get parameters as `name=value|name=value`, which has no escapes".to_owned(),
        ),
        Fault::NotAMargin { .. } => Some("a margin of 2 percent is `margin = 0.02`".to_owned()),
        Fault::EmptySweep { .. } => Some("give it values, or leave it out".to_owned()),
        Fault::RepeatedSweep { .. } => {
            Some("`repetitions` runs everything several times".to_owned())
        }
        Fault::NoRepetitions => Some("set `sweep.repetitions` to at least 1".to_owned()),
        _ => None,
    }
}

fn supported_hint(what: &str, word: &str, supported: &[String]) -> Option<String> {
    let known: &[&str] =
        if what == "builder" { &ground_core::plan::BUILDERS } else { &ground_core::plan::RUNNERS };
    let near = did_you_mean(word, supported);
    if known.contains(&word) {
        let have = near.filter(|_| !supported.is_empty()).map(|_| supported.join("`, `"));
        let or = have.map_or(String::new(), |have| format!(", or use `{have}`"));
        return Some(format!(
            "if the plan works with it, add `[{what}s.\"{word}\"]` to its manifest{or}"
        ));
    }
    near
}

/// Says what to change about something doubtful.
pub(super) fn of_warning(warning: &WarningKind) -> Option<String> {
    match warning {
        WarningKind::UndeclaredParam { name, known, .. } => did_you_mean(name, known),
        WarningKind::UnexpectedValue { value, known, .. } => did_you_mean(value, known),
        _ => None,
    }
}

/// Says what to change about a template.
pub(super) fn of_template(fault: &TemplateFault) -> Option<String> {
    match fault {
        TemplateFault::UnknownFunction { name } => did_you_mean(name, FUNCTIONS),
        TemplateFault::UnknownTemplate { name, known } => did_you_mean(name, known),
        TemplateFault::UnknownVariable { name } => Some(format!("declare it with `{{{{ {name} := … }}}}`; a template that is called sees none of its caller's variables")),
        TemplateFault::Unclosed { what: "action" } => Some("close it with `}}`, and every `if`, `with`, `range`, `define` and `block` with `{{ end }}`".to_owned()),
        TemplateFault::NoField { .. } => Some("only tables have fields; `index` takes an item of a list".to_owned()),
        TemplateFault::Resource(ResourceError::Unreadable { .. }) => {
            Some("resources are relative to the composition's directory".to_owned())
        }
        TemplateFault::Incomparable { .. } => Some("texts become numbers with `atoi`; texts are quoted".to_owned()),
        _ => None,
    }
}
