//! The manifest as its file has it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ground_core::composition::Step;
use ground_core::plan::{Defaults, InstanceRange, Manifest, Param, TestCase};
use serde::Deserialize;

use crate::diagnostic::Diagnostic;
use crate::document::{
    Document, DocumentError, DocumentFault, MetricFile, duration, metrics, table,
};

/// Every key that a manifest may have outside of free-form tables.
const KEYS: &[&str] = &[
    "name",
    "defaults",
    "builders",
    "runners",
    "extra_sources",
    "testcases",
    "metrics",
    "builder",
    "runner",
    "instances",
    "params",
    "timeout",
    "min",
    "max",
    "default",
    "type",
    "desc",
    "unit",
    "values",
    "direction",
    "margin",
    "kind",
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ManifestFile {
    name: String,
    defaults: DefaultsFile,
    builders: BTreeMap<String, toml::Table>,
    runners: BTreeMap<String, toml::Table>,
    extra_sources: BTreeMap<String, Vec<String>>,
    testcases: Vec<TestCaseFile>,
    metrics: BTreeMap<String, MetricFile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DefaultsFile {
    builder: Option<String>,
    runner: Option<String>,
    /// Written by old manifests, and without meaning in all of them.
    #[serde(rename = "disable_metrics")]
    _disable_metrics: IgnoredValue,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TestCaseFile {
    name: String,
    instances: InstancesFile,
    params: BTreeMap<String, ParamFile>,
    timeout: Option<toml::Value>,
    metrics: BTreeMap<String, MetricFile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InstancesFile {
    min: u32,
    max: u32,
    /// Old manifests may have anything here, because nothing read it.
    default: Option<toml::Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ParamFile {
    #[serde(rename = "type")]
    kind: Option<toml::Value>,
    #[serde(alias = "description")]
    desc: Option<toml::Value>,
    unit: Option<toml::Value>,
    default: Option<toml::Value>,
    values: Vec<toml::Value>,
}

/// A value of any type that is read and thrown away, so that its key counts as known.
#[derive(Debug, Default)]
struct IgnoredValue;

impl<'de> Deserialize<'de> for IgnoredValue {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        toml::Value::deserialize(deserializer).map(|_| Self)
    }
}

/// Reads the manifest `document` of the plan in the directory `root`.
pub(super) fn read(
    document: &Document,
    root: &Path,
) -> Result<(Manifest, Vec<Diagnostic>), DocumentError> {
    let (file, unknown): (ManifestFile, _) = document.parse()?;
    let warnings = unknown.iter().map(|key| document.warn(key, KEYS)).collect();
    let name = if file.name.is_empty() {
        root.file_name().unwrap_or_default().to_string_lossy().into_owned()
    } else {
        file.name
    };
    check_name(document, "plan", &name, &[key("name")])?;
    let manifest = Manifest {
        name,
        defaults: Defaults { builder: file.defaults.builder, runner: file.defaults.runner },
        builders: file.builders.into_iter().map(|(id, config)| (id, table(config))).collect(),
        runners: file.runners.into_iter().map(|(id, config)| (id, table(config))).collect(),
        // A `:` cannot stand in a bare key, so `docker:go` is written as `docker_go`.
        extra_sources: file
            .extra_sources
            .into_iter()
            .map(|(id, dirs)| (id.replacen('_', ":", 1), dirs))
            .collect(),
        testcases: testcases(document, file.testcases)?,
        metrics: metrics(document, &[key("metrics")], file.metrics)?,
    };
    Ok((manifest, warnings))
}

fn key(name: &str) -> Step {
    Step::Key(name.to_owned())
}

fn check_name(
    document: &Document,
    what: &'static str,
    name: &str,
    at: &[Step],
) -> Result<(), DocumentError> {
    let climbs = name.split('/').any(|part| matches!(part, "" | "." | ".."));
    if climbs || name.contains(char::is_control) {
        return Err(document.fault(at, DocumentFault::BadName { what, name: name.to_owned() }));
    }
    Ok(())
}

fn testcases(
    document: &Document,
    files: Vec<TestCaseFile>,
) -> Result<Vec<TestCase>, DocumentError> {
    if files.is_empty() {
        return Err(document.fault(&[key("testcases")], DocumentFault::NoTestcases));
    }
    let mut names = BTreeSet::new();
    let mut testcases = Vec::with_capacity(files.len());
    for (index, file) in files.into_iter().enumerate() {
        let at = [key("testcases"), Step::Index(index)];
        let name_at = [&at[..], &[key("name")]].concat();
        check_name(document, "testcase", &file.name, &name_at)?;
        if !names.insert(file.name.clone()) {
            return Err(
                document.fault(&name_at, DocumentFault::RepeatedTestcase { name: file.name })
            );
        }
        testcases.push(testcase(document, &at, file)?);
    }
    Ok(testcases)
}

fn testcase(
    document: &Document,
    at: &[Step],
    file: TestCaseFile,
) -> Result<TestCase, DocumentError> {
    let below = |name: &str| [at, &[key(name)]].concat();
    let InstancesFile { min, max, default } = file.instances;
    if max > 0 && min > max {
        let fault = DocumentFault::EmptyRange { name: file.name, min, max };
        return Err(document.fault(&[&below("instances")[..], &[key("min")]].concat(), fault));
    }
    let default =
        default.and_then(|value| value.as_integer()).and_then(|number| u32::try_from(number).ok());
    let timeout = file.timeout.map(|value| duration(&value)).transpose();
    Ok(TestCase {
        instances: InstanceRange { min, max, default: default.filter(|&default| default > 0) },
        params: file.params.into_iter().map(|(name, param)| (name, param.into())).collect(),
        any_param: false,
        timeout: timeout.map_err(|fault| document.fault(&below("timeout"), fault))?,
        metrics: metrics(document, &below("metrics"), file.metrics)?,
        name: file.name,
    })
}

impl From<ParamFile> for Param {
    fn from(file: ParamFile) -> Self {
        let text = |value: Option<toml::Value>| {
            value.map_or(String::new(), |value| crate::document::config(value).to_param())
        };
        Self {
            kind: text(file.kind),
            description: text(file.desc),
            unit: text(file.unit),
            default: file.default.map(crate::document::config),
            values: file.values.into_iter().map(crate::document::config).collect(),
        }
    }
}
