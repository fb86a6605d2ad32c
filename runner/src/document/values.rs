//! Values that manifests and compositions share.

use std::collections::BTreeMap;
use std::time::Duration;

use ground_core::composition::Step;
use ground_core::config_value::{ConfigMap, ConfigValue};
use ground_core::metric::{MetricSpec, Unit};
use serde::Deserialize;

use super::{Document, DocumentError, DocumentFault};

/// What a file says about a metric.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MetricFile {
    unit: Option<String>,
    direction: Option<String>,
    margin: Option<f64>,
    kind: Option<String>,
}

/// Reads `[metrics]`, which stands at `at`.
pub(crate) fn metrics(
    document: &Document,
    at: &[Step],
    files: BTreeMap<String, MetricFile>,
) -> Result<BTreeMap<String, MetricSpec>, DocumentError> {
    files
        .into_iter()
        .map(|(name, file)| {
            let wrong = |key: &str, error| {
                let steps = [at, &[Step::Key(name.clone()), Step::Key(key.to_owned())]].concat();
                document.fault(&steps, DocumentFault::UnknownWord(error))
            };
            let direction = file.direction.map(|word| word.parse()).transpose();
            let kind = file.kind.map(|word| word.parse()).transpose();
            let spec = MetricSpec {
                unit: file.unit.map(Unit::new),
                direction: direction.map_err(|error| wrong("direction", error))?,
                margin: file.margin,
                kind: kind.map_err(|error| wrong("kind", error))?,
            };
            Ok((name, spec))
        })
        .collect()
}

/// Takes a table of free-form configuration.
pub(crate) fn table(table: toml::Table) -> ConfigMap {
    table.into_iter().map(|(key, value)| (key, config(value))).collect()
}

/// Takes a value of free-form configuration.
pub(crate) fn config(value: toml::Value) -> ConfigValue {
    match value {
        toml::Value::String(text) => ConfigValue::String(text),
        toml::Value::Integer(number) => ConfigValue::Integer(number),
        toml::Value::Float(number) => ConfigValue::Float(number),
        toml::Value::Boolean(value) => ConfigValue::Boolean(value),
        toml::Value::Datetime(date) => ConfigValue::String(date.to_string()),
        toml::Value::Array(items) => ConfigValue::List(items.into_iter().map(config).collect()),
        toml::Value::Table(entries) => ConfigValue::Map(table(entries)),
    }
}

/// Reads a duration: a text such as `1m30s`, or a number of seconds.
pub(crate) fn duration(value: &toml::Value) -> Result<Duration, DocumentFault> {
    let text = config(value.clone()).to_param();
    let seconds = match value {
        toml::Value::String(text) => go_duration(text),
        toml::Value::Integer(_) | toml::Value::Float(_) => text.parse().ok(),
        _ => None,
    };
    let positive = seconds.filter(|seconds: &f64| *seconds > 0.0);
    let duration = positive.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.filter(|duration| !duration.is_zero()).ok_or(DocumentFault::NotADuration { text })
}

/// Reads numbers with units one after the other, as Go's `time.ParseDuration` does, in seconds.
fn go_duration(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let factor = match rest[..letters].trim() {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        seconds += number * factor;
        rest = &rest[letters..];
    }
    Some(seconds)
}
