//! `exec:cargo`: a Rust package.

use std::collections::BTreeMap;
use std::path::PathBuf;

use futures::future::BoxFuture;
use serde::Deserialize;

use super::call::{Call, failed, no_directory};
use super::{BuildSpec, Builder, Fault, Job, Product};
use crate::revisions::Place;

/// Builds a Rust package with cargo, in the release profile unless told otherwise.
///
/// Keys: `profile`, `package`, `bin`, `features`, `no_default_features`, `offline`, `locked`, `args`, `env`. Selectors
/// are further features. A dependency is replaced by its target, a path or the address of a git repository. The target
/// directory stays from one revision to the next, so only what changed is compiled.
#[derive(Debug, Clone, Copy)]
pub struct CargoBuilder;

/// What cargo says when it is the network that is missing, not the source that is wrong.
const NO_NETWORK: [&str; 8] = [
    "Could not resolve host",
    "failed to download",
    "unable to update registry",
    "spurious network error",
    "you may want to run without the `--offline` flag",
    "can't checkout from",
    "failed to fetch",
    "you're using offline mode",
];

impl Builder for CargoBuilder {
    fn id(&self) -> &'static str {
        "exec:cargo"
    }

    fn lang(&self, _: &BuildSpec) -> String {
        "rust".to_owned()
    }

    fn cacheable(&self, _: &BuildSpec, _: Place) -> bool {
        true
    }

    fn writes_source(&self) -> bool {
        false
    }

    fn toolchain<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<String, Fault>> {
        Box::pin(async {
            let called = Call::new(job, &["rustc", "-vV"]).captured().await?;
            if !called.status.success() {
                let summary = job.log.summary().unwrap_or_default();
                let hint = "`rustup show` tells which toolchain this directory asks for";
                return Err(Fault::machinery(format!("`rustc` does not work: {summary}"), hint));
            }
            let mut text = String::from_utf8_lossy(&called.stdout).into_owned();
            for name in [
                "RUSTFLAGS",
                "CARGO_ENCODED_RUSTFLAGS",
                "CARGO_BUILD_RUSTFLAGS",
                "CARGO_BUILD_TARGET",
            ] {
                text.extend(std::env::var(name).map(|value| format!("{name}={value}\n")));
            }
            Ok(text)
        })
    }

    fn build<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Product, Fault>> {
        Box::pin(async {
            if !job.dir.is_dir() {
                return Err(no_directory(job));
            }
            let version = self.toolchain(job).await?;
            let mut call = Call::new(job, &words(job)?)
                .env("CARGO_TARGET_DIR", job.scratch.join("target").to_string_lossy())
                .env("CARGO_TERM_COLOR", "never");
            for (name, value) in job.spec.variables("env")? {
                call = call.env(&name, value);
            }
            let called = call.captured().await?;
            if !called.status.success() {
                let mut fault = failed(job, "cargo", called.status);
                if job.log.contains(&NO_NETWORK) {
                    let hint = "`cargo fetch` at this revision, where there is a network; or vendor the packages";
                    fault = Fault::machinery(fault.summary, hint);
                }
                return Err(fault);
            }
            let path = executable(job, &called.stdout)?;
            let first = version.lines().next().unwrap_or_default().to_owned();
            Ok(Product::executable(&path, Vec::new(), first))
        })
    }
}

fn words(job: &Job<'_>) -> Result<Vec<String>, Fault> {
    let spec = job.spec;
    let mut words: Vec<String> =
        ["cargo", "build", "--message-format=json-render-diagnostics"].map(str::to_owned).into();
    let mut option = |name: &str, value: &str| words.extend([name.to_owned(), value.to_owned()]);
    option("--profile", spec.text("profile")?.unwrap_or("release"));
    if let Some(package) = spec.text("package")? {
        option("--package", package);
    }
    if let Some(bin) = spec.text("bin")? {
        option("--bin", bin);
    }
    let mut features = spec.texts("features")?.unwrap_or_default();
    features.extend(spec.selectors.iter().cloned());
    if !features.is_empty() {
        option("--features", &features.join(","));
    }
    for dependency in &spec.dependencies {
        let Some(target) = &dependency.target else {
            return Err(Fault::source(
                format!("`exec:cargo` cannot build `{}` at another version", dependency.module),
                "give the dependency a `target`: a path, or the address of a git repository",
            ));
        };
        let quoted = toml::Value::String(target.clone());
        let revision = toml::Value::String(dependency.version.clone());
        let source = if target.contains("://") {
            format!("{{git={quoted}, rev={revision}}}")
        } else {
            format!("{{path={quoted}}}")
        };
        option("--config", &format!("patch.crates-io.{}={source}", dependency.module));
    }
    for (key, flag) in [
        ("no_default_features", "--no-default-features"),
        ("offline", "--offline"),
        ("locked", "--locked"),
    ] {
        if spec.flag(key)? {
            words.push(flag.to_owned());
        }
    }
    words.extend(spec.words("args")?.unwrap_or_default());
    Ok(words)
}

/// One line of cargo's output, as far as it is read.
#[derive(Deserialize)]
struct Message {
    reason: String,
    executable: Option<PathBuf>,
    target: Option<MessageTarget>,
}

#[derive(Deserialize)]
struct MessageTarget {
    name: String,
    kind: Vec<String>,
}

/// Picks the executable: the only one, or the one called like the plan.
fn executable(job: &Job<'_>, output: &[u8]) -> Result<PathBuf, Fault> {
    let text = String::from_utf8_lossy(output);
    let mut found: BTreeMap<String, PathBuf> = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter(|message| message.reason == "compiler-artifact")
        .filter_map(|message| {
            let target =
                message.target.filter(|target| target.kind.iter().any(|kind| kind == "bin"))?;
            Some((target.name, message.executable?))
        })
        .collect();
    let base = job.plan.rsplit('/').next().unwrap_or(job.plan);
    if let Some(path) = found.remove(base) {
        return Ok(path);
    }
    if found.len() > 1 {
        let names: Vec<String> = found.keys().map(|name| format!("`{name}`")).collect();
        return Err(Fault::source(
            format!("the package has several executables: {}", names.join(", ")),
            "set `bin` under `[builders.\"exec:cargo\"]`",
        ));
    }
    found.into_values().next().ok_or_else(|| {
        Fault::source(
            "the package has no executable",
            "add `src/main.rs`, or set `package` and `bin`",
        )
    })
}
