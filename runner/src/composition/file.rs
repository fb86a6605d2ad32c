//! The composition as its file has it.

use std::collections::BTreeMap;
use std::time::Duration;

use ground_core::composition::{
    Build, Composition, Dependency, Global, Group, Instances, Metadata, Params, ResourceSpec, Run,
    RunGroup, RunPart, Step, SweepSpec,
};
use serde::Deserialize;

use crate::diagnostic::Diagnostic;
use crate::document::{
    Document, DocumentError, DocumentFault, MetricFile, config, duration, metrics, table,
};

/// Every key that a composition may have outside of free-form tables.
const KEYS: &[&str] = &[
    "metadata",
    "global",
    "groups",
    "runs",
    "sweep",
    "metrics",
    "name",
    "author",
    "plan",
    "case",
    "total_instances",
    "concurrent_builds",
    "builder",
    "build_config",
    "build",
    "runner",
    "run_config",
    "run",
    "disable_metrics",
    "timeout",
    "selectors",
    "dependencies",
    "module",
    "target",
    "version",
    "artifact",
    "test_params",
    "profiles",
    "id",
    "group_id",
    "resources",
    "memory",
    "cpu",
    "instances",
    "count",
    "percentage",
    "params",
    "revisions",
    "repetitions",
    "runners",
    "seed",
    "unit",
    "direction",
    "margin",
    "kind",
];

/// Parameters before they are known to be texts.
type Values = BTreeMap<String, toml::Value>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CompositionFile {
    metadata: MetadataFile,
    global: GlobalFile,
    groups: Vec<GroupFile>,
    runs: Vec<RunFile>,
    sweep: SweepFile,
    metrics: BTreeMap<String, MetricFile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MetadataFile {
    name: String,
    author: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GlobalFile {
    plan: String,
    case: String,
    total_instances: Option<u32>,
    concurrent_builds: Option<u32>,
    builder: Option<String>,
    build_config: toml::Table,
    build: BuildFile,
    runner: Option<String>,
    run_config: toml::Table,
    run: RunPartFile,
    disable_metrics: bool,
    timeout: Option<toml::Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BuildFile {
    selectors: Vec<String>,
    dependencies: Vec<DependencyFile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DependencyFile {
    module: String,
    target: Option<String>,
    version: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RunPartFile {
    artifact: Option<String>,
    test_params: Values,
    profiles: Values,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GroupFile {
    id: String,
    builder: Option<String>,
    build_config: toml::Table,
    build: BuildFile,
    resources: ResourcesFile,
    instances: InstancesFile,
    run: RunPartFile,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ResourcesFile {
    memory: Option<String>,
    cpu: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InstancesFile {
    count: Option<u32>,
    percentage: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RunFile {
    id: String,
    test_params: Values,
    total_instances: Option<u32>,
    timeout: Option<toml::Value>,
    groups: Vec<RunGroupFile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RunGroupFile {
    id: String,
    group_id: Option<String>,
    resources: ResourcesFile,
    instances: InstancesFile,
    test_params: Values,
    profiles: Values,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SweepFile {
    params: BTreeMap<String, Vec<toml::Value>>,
    revisions: Vec<String>,
    repetitions: Option<u32>,
    runners: Vec<String>,
    seed: Option<u64>,
}

/// Reads the composition `document`, and warns of keys that nobody knows.
pub(super) fn read(document: &Document) -> Result<(Composition, Vec<Diagnostic>), DocumentError> {
    let (file, unknown): (CompositionFile, _) = document.parse()?;
    let warnings = unknown.iter().map(|unknown| document.warn(unknown, KEYS)).collect();
    let reader = Reader { document };
    let composition = Composition {
        metadata: Metadata { name: file.metadata.name, author: file.metadata.author },
        global: reader.global(&At::root("global"), file.global)?,
        groups: reader.list("groups", file.groups, Reader::group)?,
        runs: reader.list("runs", file.runs, Reader::run)?,
        sweep: reader.sweep(&At::root("sweep"), file.sweep)?,
        metrics: metrics(document, &At::root("metrics").0, file.metrics)?,
    };
    Ok((composition, warnings))
}

/// The way to the table that is being read.
#[derive(Clone)]
struct At(Vec<Step>);

impl At {
    fn root(key: &str) -> Self {
        Self(vec![Step::Key(key.to_owned())])
    }

    fn key(&self, key: &str) -> Self {
        Self([&self.0[..], &[Step::Key(key.to_owned())]].concat())
    }

    fn index(&self, index: usize) -> Self {
        Self([&self.0[..], &[Step::Index(index)]].concat())
    }
}

struct Reader<'a> {
    document: &'a Document,
}

type Read<T> = Result<T, DocumentError>;

impl Reader<'_> {
    fn list<F, T>(
        &self,
        key: &str,
        files: Vec<F>,
        read: fn(&Self, &At, F) -> Read<T>,
    ) -> Read<Vec<T>> {
        self.list_at(&At::root(key), files, read)
    }

    fn list_at<F, T>(
        &self,
        at: &At,
        files: Vec<F>,
        read: fn(&Self, &At, F) -> Read<T>,
    ) -> Read<Vec<T>> {
        files
            .into_iter()
            .enumerate()
            .map(|(index, file)| read(self, &at.index(index), file))
            .collect()
    }

    fn global(&self, at: &At, file: GlobalFile) -> Read<Global> {
        Ok(Global {
            plan: file.plan,
            case: file.case,
            total_instances: file.total_instances,
            concurrent_builds: file.concurrent_builds,
            builder: given(file.builder),
            build_config: table(file.build_config),
            build: file.build.into(),
            runner: given(file.runner),
            run_config: table(file.run_config),
            run: self.run_part(&at.key("run"), file.run)?,
            disable_metrics: file.disable_metrics,
            timeout: self.timeout(at, file.timeout)?,
        })
    }

    fn group(&self, at: &At, file: GroupFile) -> Read<Group> {
        Ok(Group {
            id: file.id,
            builder: given(file.builder),
            build_config: table(file.build_config),
            build: file.build.into(),
            resources: file.resources.into(),
            instances: file.instances.into(),
            run: self.run_part(&at.key("run"), file.run)?,
        })
    }

    fn run_part(&self, at: &At, file: RunPartFile) -> Read<RunPart> {
        Ok(RunPart {
            artifact: file.artifact,
            test_params: self.texts(&at.key("test_params"), file.test_params)?,
            profiles: self.texts(&at.key("profiles"), file.profiles)?,
        })
    }

    fn run(&self, at: &At, file: RunFile) -> Read<Run> {
        Ok(Run {
            id: file.id,
            test_params: self.texts(&at.key("test_params"), file.test_params)?,
            total_instances: file.total_instances,
            timeout: self.timeout(at, file.timeout)?,
            groups: self.list_at(&at.key("groups"), file.groups, Reader::run_group)?,
        })
    }

    fn run_group(&self, at: &At, file: RunGroupFile) -> Read<RunGroup> {
        Ok(RunGroup {
            id: file.id,
            group_id: given(file.group_id),
            resources: file.resources.into(),
            instances: file.instances.into(),
            test_params: self.texts(&at.key("test_params"), file.test_params)?,
            profiles: self.texts(&at.key("profiles"), file.profiles)?,
        })
    }

    fn sweep(&self, at: &At, file: SweepFile) -> Read<SweepSpec> {
        let params_at = at.key("params");
        let values = |(name, values): (String, Vec<toml::Value>)| {
            let at = params_at.key(&name);
            let texts = values
                .into_iter()
                .enumerate()
                .map(|(i, value)| self.text(&at.index(i), &name, value));
            Ok((name.clone(), texts.collect::<Read<Vec<String>>>()?))
        };
        Ok(SweepSpec {
            params: file.params.into_iter().map(values).collect::<Read<_>>()?,
            revisions: file.revisions,
            repetitions: file.repetitions,
            runners: file.runners,
            seed: file.seed,
        })
    }

    fn texts(&self, at: &At, values: Values) -> Read<Params> {
        let text = |(name, value): (String, toml::Value)| {
            let text = self.text(&at.key(&name), &name, value)?;
            Ok((name, text))
        };
        values.into_iter().map(text).collect()
    }

    fn text(&self, at: &At, name: &str, value: toml::Value) -> Read<String> {
        match value {
            toml::Value::String(text) => Ok(text),
            other => {
                let value = config(other);
                let fault = DocumentFault::NotText {
                    key: name.to_owned(),
                    given: value.type_name(),
                    text: value.to_param(),
                };
                Err(self.document.fault(&at.0, fault))
            }
        }
    }

    fn timeout(&self, at: &At, value: Option<toml::Value>) -> Read<Option<Duration>> {
        let duration = value.map(|value| duration(&value)).transpose();
        duration.map_err(|fault| self.document.fault(&at.key("timeout").0, fault))
    }
}

/// Takes an empty text for none, as Go does.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

impl From<BuildFile> for Build {
    fn from(file: BuildFile) -> Self {
        let dependency = |file: DependencyFile| Dependency {
            module: file.module,
            target: given(file.target),
            version: file.version,
        };
        Self {
            selectors: file.selectors,
            dependencies: file.dependencies.into_iter().map(dependency).collect(),
        }
    }
}

impl From<ResourcesFile> for ResourceSpec {
    fn from(file: ResourcesFile) -> Self {
        Self { memory: given(file.memory), cpu: given(file.cpu) }
    }
}

impl From<InstancesFile> for Instances {
    fn from(file: InstancesFile) -> Self {
        Self { count: file.count, percentage: file.percentage }
    }
}
