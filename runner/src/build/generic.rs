//! `exec:generic`: commands of the plan's own, for every language and tool.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use futures::future::BoxFuture;

use super::call::{Call, failed, no_directory};
use super::product::{ARTIFACT, files_below};
use super::{BuildSpec, Builder, Fault, Job, Product};
use crate::revisions::{Git, Place};

/// Builds with the command of key `build`, if any, and starts with the command of key `run`.
///
/// Keys: `build` (a string for `sh -c`, or a list of words), `run` (words), `outputs` (files and directories that make
/// up the artifact; the plan's directory when absent, without what git ignores but with what `run` names), `env` (for the build), `run_env` (for the instances),
/// `toolchain` (a command whose output names the tools, such as `["gcc", "--version"]`) and `lang`. Selectors are in
/// `GROUND_SELECTORS`, separated by commas.
///
/// In `run`, `{artifact}` stands for the directory of the outputs, and a word that names a file among them becomes its
/// path there.
#[derive(Debug, Clone, Copy)]
pub struct GenericBuilder;

impl Builder for GenericBuilder {
    fn id(&self) -> &'static str {
        "exec:generic"
    }

    fn lang(&self, spec: &BuildSpec) -> String {
        let named = spec.text("lang").ok().flatten();
        let program = spec.words("run").ok().flatten().and_then(|words| words.into_iter().next());
        named.map_or_else(
            || program.as_deref().map(language).unwrap_or_default().to_owned(),
            str::to_owned,
        )
    }

    fn cacheable(&self, _: &BuildSpec, _: Place) -> bool {
        true
    }

    fn writes_source(&self) -> bool {
        true
    }

    fn toolchain<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<String, Fault>> {
        Box::pin(async {
            let Some(words) = job.spec.words("toolchain")? else { return Ok(String::new()) };
            let called = Call::new(job, &words).captured().await?;
            if !called.status.success() {
                let summary = job.log.summary().unwrap_or_default();
                return Err(Fault::machinery(
                    format!("`{}` failed: {summary}", words.join(" ")),
                    "",
                ));
            }
            Ok(String::from_utf8_lossy(&called.stdout).trim().to_owned())
        })
    }

    fn build<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Product, Fault>> {
        Box::pin(async {
            if !job.dir.is_dir() {
                return Err(no_directory(job));
            }
            let run = job.spec.words("run")?.ok_or_else(|| {
                Fault::source(
                    "`exec:generic` does not know what to start",
                    "set `run` under `[builders.\"exec:generic\"]`, such as `run = [\"python3\", \"main.py\"]`",
                )
            })?;
            let toolchain = self.toolchain(job).await?;
            build(job).await?;
            let files = match job.spec.texts("outputs")? {
                None => listed_with(job, &run)?,
                Some(outputs) => named(job, &outputs)?,
            };
            let command = command(job, &run, &files)?;
            let toolchain = toolchain.lines().next().unwrap_or_default().to_owned();
            Ok(Product { files, command, toolchain })
        })
    }
}

async fn build(job: &Job<'_>) -> Result<(), Fault> {
    let words = match job.spec.config.get("build").and_then(|value| value.as_str()) {
        Some("") => return Ok(()),
        Some(text) => ["sh", "-c", text].map(str::to_owned).into(),
        None => match job.spec.texts("build")? {
            None => return Ok(()),
            Some(words) if words.is_empty() => return Ok(()),
            Some(words) => words,
        },
    };
    let mut call = Call::new(job, &words).env("GROUND_SELECTORS", job.spec.selectors.join(","));
    for (name, value) in job.spec.variables("env")? {
        call = call.env(&name, value);
    }
    let called = call.logged().await?;
    if called.status.success() { Ok(()) } else { Err(failed(job, &words.join(" "), called.status)) }
}

/// Returns the files of the plan's directory: those git knows or does not ignore, or all outside a repository.
pub(super) fn listed(job: &Job<'_>) -> Result<BTreeMap<String, PathBuf>, Fault> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "."];
    let names = match Git::at(&job.dir).bytes(&list) {
        Ok(names) => names
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty())
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect(),
        Err(_) => files_below(&job.dir).map_err(|error| Fault::io(&job.dir, &error))?,
    };
    let path = |name: String| (name.clone(), job.dir.join(name));
    Ok(names
        .into_iter()
        .map(path)
        .filter(|(_, path)| path.is_file() || path.is_symlink())
        .collect())
}

/// Returns [`listed`] files and those that `run` names, which git often ignores since they were built.
fn listed_with(job: &Job<'_>, run: &[String]) -> Result<BTreeMap<String, PathBuf>, Fault> {
    let mut files = listed(job)?;
    for word in run {
        let name = word.strip_prefix("./").unwrap_or(word);
        let path = job.dir.join(name);
        let inside = !name.split('/').any(|part| matches!(part, "" | "." | ".."));
        if inside && path.is_file() {
            files.insert(name.to_owned(), path);
        }
    }
    Ok(files)
}

/// Returns the files that `outputs` name, directories with everything in them.
fn named(job: &Job<'_>, outputs: &[String]) -> Result<BTreeMap<String, PathBuf>, Fault> {
    let mut files = BTreeMap::new();
    for output in outputs {
        if matches!(output.as_str(), "." | "./") {
            files.extend(listed(job)?);
            continue;
        }
        let path = job.dir.join(output);
        let name = Path::new(output.trim_start_matches("./").trim_end_matches('/'));
        let inside = name.is_relative() && !name.components().any(|part| part.as_os_str() == "..");
        if !inside || !path.exists() {
            return Err(Fault::source(
                format!("output `{output}` does not exist in the plan's directory after the build"),
                "correct `outputs`, or make `build` write it",
            ));
        }
        if path.is_dir() {
            for below in files_below(&path).map_err(|error| Fault::io(&path, &error))? {
                files.insert(name.join(&below).to_string_lossy().into_owned(), path.join(below));
            }
        } else {
            files.insert(name.to_string_lossy().into_owned(), path);
        }
    }
    Ok(files)
}

/// Returns `run` with outputs by their paths in the artifact and the program by its full path.
fn command(
    job: &Job<'_>,
    run: &[String],
    files: &BTreeMap<String, PathBuf>,
) -> Result<Vec<String>, Fault> {
    let within = |word: &String| {
        let name = word.strip_prefix("./").unwrap_or(word);
        if files.contains_key(name) { format!("{ARTIFACT}/{name}") } else { word.clone() }
    };
    let mut words: Vec<String> = run.iter().map(within).collect();
    let program = &words[0];
    if let Some(name) = program.strip_prefix(ARTIFACT) {
        let name = name.trim_start_matches('/');
        let executable = files.get(name).is_some_and(|path| is_executable(path));
        if !executable {
            return Err(Fault::source(
                format!("`run` starts `{name}`, which is no executable file among the outputs"),
                "add it to `outputs`, or make it executable",
            ));
        }
    } else if !program.contains('/') {
        let path = found(job, program).ok_or_else(|| {
            Fault::machinery(
                format!(
                    "`run` starts `{program}`, which is neither among the outputs nor installed"
                ),
                format!("install `{program}`, or add it to `outputs`"),
            )
        })?;
        words[0] = path.to_string_lossy().into_owned();
    } else if Path::new(program).is_relative() {
        return Err(Fault::source(
            format!("`run` starts `{program}`, which is not among the outputs"),
            "add it to `outputs`",
        ));
    }
    let variables = job.spec.variables("run_env")?;
    if !variables.is_empty() {
        let env = found(job, "env").unwrap_or_else(|| PathBuf::from("/usr/bin/env"));
        let set = variables.into_iter().map(|(name, value)| format!("{name}={value}"));
        words =
            std::iter::once(env.to_string_lossy().into_owned()).chain(set).chain(words).collect();
    }
    Ok(words)
}

/// Finds a program on PATH.
fn found(job: &Job<'_>, program: &str) -> Option<PathBuf> {
    let own = job.env.iter().rev().find(|(name, _)| name == "PATH");
    let path =
        own.map_or_else(|| std::env::var_os("PATH"), |(_, path)| Some(OsString::from(path)))?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// Returns the language that a program runs.
fn language(program: &str) -> &'static str {
    let name = program.rsplit('/').next().unwrap_or(program);
    match name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') {
        "python" | "pypy" => "python",
        "node" | "deno" | "bun" => "javascript",
        "ruby" => "ruby",
        "java" => "java",
        "sh" | "bash" => "shell",
        _ => "",
    }
}
