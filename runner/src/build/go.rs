//! `exec:go`: a Go module.

use std::fs;
use std::path::PathBuf;

use futures::future::BoxFuture;

use super::call::{Call, Called, failed, no_directory};
use super::{BuildSpec, Builder, Fault, Job, Product};
use crate::revisions::Place;

/// Builds a Go module with optimisation and inlining, unlike Testground's builder of the same name.
///
/// Keys: `exec_pkg` (`.` when absent), `module_path` and `fresh_gomod`, `enable_cgo`, `args`, `env`. Selectors are build
/// tags, dependencies are replaced in a copy of `go.mod`, so the plan's own stays as it is.
#[derive(Debug, Clone, Copy)]
pub struct GoBuilder;

/// What Go says when it is the network that is missing, not the source that is wrong.
const NO_NETWORK: [&str; 5] = [
    "dial tcp",
    "no such host",
    "module lookup disabled by GOPROXY=off",
    "i/o timeout",
    "TLS handshake",
];

impl Builder for GoBuilder {
    fn id(&self) -> &'static str {
        "exec:go"
    }

    fn lang(&self, _: &BuildSpec) -> String {
        "go".to_owned()
    }

    fn cacheable(&self, _: &BuildSpec, _: Place) -> bool {
        true
    }

    fn writes_source(&self) -> bool {
        false
    }

    fn toolchain<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<String, Fault>> {
        Box::pin(async {
            let called = Call::new(job, &["go", "version"]).captured().await?;
            succeeded(job, &called)?;
            let mut text = String::from_utf8_lossy(&called.stdout).trim().to_owned();
            for name in ["GOFLAGS", "CGO_ENABLED", "GOAMD64"] {
                text.extend(std::env::var(name).map(|value| format!(" {name}={value}")));
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
            let name = job.plan.rsplit('/').next().unwrap_or("plan");
            let dir = job.scratch.join("out");
            fs::create_dir_all(&dir).map_err(|error| Fault::io(&dir, &error))?;
            let output = dir.join(name);
            let mut words: Vec<String> = ["go", "build", "-trimpath"].map(str::to_owned).into();
            // A version stamp would make equal sources differ; Go before 1.18 has none and does not know the flag.
            if minor_version(&version).is_none_or(|minor| minor >= 18) {
                words.push("-buildvcs=false".to_owned());
            }
            if let Some(file) = module_file(job).await? {
                words.push(format!("-modfile={}", file.display()));
            }
            if !job.spec.selectors.is_empty() {
                words.extend(["-tags".to_owned(), job.spec.selectors.join(",")]);
            }
            words.extend(job.spec.words("args")?.unwrap_or_default());
            words.extend(["-o".to_owned(), output.to_string_lossy().into_owned()]);
            words.push(package(job.spec.text("exec_pkg")?.unwrap_or(".")));
            succeeded(job, &call(job, &words)?.logged().await?)?;
            if !output.is_file() {
                return Err(Fault::source(
                    "`go build` made no executable",
                    "set `exec_pkg` to a package `main`",
                ));
            }
            Ok(Product::executable(&output, Vec::new(), version))
        })
    }
}

fn call<'a>(job: &'a Job<'a>, words: &[String]) -> Result<Call<'a>, Fault> {
    let mut call = Call::new(job, words);
    if job.spec.config.contains_key("enable_cgo") {
        call = call.env("CGO_ENABLED", if job.spec.flag("enable_cgo")? { "1" } else { "0" });
    }
    for (name, value) in job.spec.variables("env")? {
        call = call.env(&name, value);
    }
    Ok(call)
}

/// Writes a module file beside the plan's own when modules are replaced or the file is to be made anew.
async fn module_file(job: &Job<'_>) -> Result<Option<PathBuf>, Fault> {
    let fresh = job.spec.flag("fresh_gomod")?;
    if !fresh && job.spec.dependencies.is_empty() {
        return Ok(None);
    }
    let dir = job.scratch.join("module");
    let file = dir.join("go.mod");
    fs::create_dir_all(&dir).map_err(|error| Fault::io(&dir, &error))?;
    if fresh {
        let module = job.spec.text("module_path")?.unwrap_or(job.plan);
        fs::write(&file, format!("module {module}\n")).map_err(|error| Fault::io(&file, &error))?;
        let _ = fs::remove_file(dir.join("go.sum"));
    } else {
        for name in ["go.mod", "go.sum"] {
            let source = job.dir.join(name);
            if source.exists() {
                fs::copy(&source, dir.join(name)).map_err(|error| Fault::io(&source, &error))?;
            }
        }
    }
    let path = file.to_string_lossy().into_owned();
    for dependency in &job.spec.dependencies {
        let target = dependency.target.as_ref().unwrap_or(&dependency.module);
        let replace = format!("-replace={}={target}@{}", dependency.module, dependency.version);
        let words = ["go", "mod", "edit", &replace, &path].map(str::to_owned);
        succeeded(job, &call(job, &words)?.logged().await?)?;
    }
    let words = ["go", "mod", "tidy", &format!("-modfile={path}")].map(str::to_owned);
    succeeded(job, &call(job, &words)?.logged().await?)?;
    Ok(Some(file))
}

fn succeeded(job: &Job<'_>, called: &Called) -> Result<(), Fault> {
    if called.status.success() {
        return Ok(());
    }
    let fault = failed(job, "go", called.status);
    if job.log.contains(&NO_NETWORK) {
        let hint =
            "`go mod download` at this revision, where there is a network; or vendor the modules";
        return Err(Fault::machinery(fault.summary, hint));
    }
    Err(fault)
}

/// Returns a package's path as Go takes it: a directory of the module begins with a dot.
fn package(path: &str) -> String {
    if path.starts_with('.')
        || path.contains("://")
        || path.split('/').next().is_some_and(|head| head.contains('.'))
    {
        path.to_owned()
    } else {
        format!("./{path}")
    }
}

/// Reads the 22 of `go version go1.22.3 linux/amd64`.
fn minor_version(text: &str) -> Option<u32> {
    let rest = text.split("go1.").nth(1)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
