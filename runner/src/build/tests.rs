mod cargo;
mod generic;
mod go;
mod shared;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use ground_core::config_value::{ConfigMap, ConfigValue};
use ground_core::execution::Artifact;
use tokio_util::sync::CancellationToken;

use super::{BuildEvent, BuildOutcome, BuildRequest, BuildSpec, Builds, FaultKind, Workshop};
use crate::revisions::resolve;

pub(crate) use crate::revisions::tests::Scratch;

pub(crate) fn spec(builder: &str, config: &[(&str, ConfigValue)]) -> BuildSpec {
    let config: ConfigMap =
        config.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    BuildSpec { builder: builder.to_owned(), config, ..BuildSpec::default() }
}

pub(crate) fn words(words: &[&str]) -> ConfigValue {
    words.iter().map(|&word| ConfigValue::from(word)).collect()
}

/// A workshop with its cache in a directory of its own.
struct Bench {
    cache: tempfile::TempDir,
    env: Vec<(String, String)>,
    events: Mutex<Vec<BuildEvent>>,
}

impl Bench {
    fn new() -> Self {
        Self { cache: tempfile::tempdir().unwrap(), env: Vec::new(), events: Mutex::default() }
    }

    fn request(dir: &Path, revisions: &[&str], specs: &[BuildSpec]) -> BuildRequest {
        let revisions: Vec<String> = revisions.iter().map(|&name| name.to_owned()).collect();
        BuildRequest {
            plan: "demo".to_owned(),
            dir: dir.to_path_buf(),
            targets: resolve(dir, &revisions).unwrap(),
            specs: specs.to_vec(),
            concurrent: None,
            cancel: CancellationToken::new(),
        }
    }

    fn workshop(&self) -> Workshop {
        let workshop = Workshop::new(self.cache.path().to_path_buf());
        self.env.iter().fold(workshop, |workshop, (name, value)| workshop.with_env(name, value))
    }

    fn run(&self, request: &BuildRequest) -> Result<Builds, super::BuildError> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let note = |event| self.events.lock().unwrap().push(event);
        runtime.unwrap().block_on(self.workshop().build_all(request, &note))
    }

    fn build(&self, dir: &Path, revisions: &[&str], specs: &[BuildSpec]) -> Builds {
        self.run(&Self::request(dir, revisions, specs)).unwrap()
    }

    /// Builds one specification at one revision.
    fn one(&self, dir: &Path, revision: &str, spec: &BuildSpec) -> BuildOutcome {
        self.build(dir, &[revision], std::slice::from_ref(spec)).outcome(0, 0).clone()
    }

    fn builds_started(&self) -> usize {
        let events = self.events.lock().unwrap();
        events.iter().filter(|event| matches!(event, BuildEvent::Started { .. })).count()
    }
}

fn artifact(outcome: &BuildOutcome) -> &Artifact {
    match outcome {
        BuildOutcome::Ready { artifact, .. } => artifact,
        BuildOutcome::Failed { summary, log, .. } => {
            panic!("{summary}\n{}", std::fs::read_to_string(log).unwrap_or_default())
        }
    }
}

fn failure(outcome: &BuildOutcome) -> (FaultKind, &str, &str) {
    match outcome {
        BuildOutcome::Failed { kind, summary, hint, .. } => (*kind, summary, hint),
        BuildOutcome::Ready { .. } => panic!("{outcome:?}"),
    }
}

/// Runs what was built and returns what it prints.
fn output(outcome: &BuildOutcome) -> String {
    let artifact = artifact(outcome);
    let elsewhere = tempfile::tempdir().unwrap();
    let output =
        Command::new(&artifact.path).args(&artifact.args).current_dir(elsewhere.path()).output();
    String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned()
}

fn script(path: &Path, text: &str) -> PathBuf {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    path.to_path_buf()
}
