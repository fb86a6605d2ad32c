//! `exec:bin`: something that is already built.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use futures::future::BoxFuture;

use super::product::{ARTIFACT, Product};
use super::{BuildSpec, Builder, Fault, Job, generic};
use crate::revisions::Place;

/// Takes an executable as it is: key `path` (the plan's name when absent), with the words of key `args`.
///
/// A program is copied, so that rebuilding it during a sweep changes nothing. A script in the working tree is started
/// where it is, since it may need the files beside it; at a commit the plan's directory is copied with it.
#[derive(Debug, Clone, Copy)]
pub struct BinBuilder;

impl BinBuilder {
    fn path(job: &Job<'_>) -> Result<PathBuf, Fault> {
        Ok(job.dir.join(job.spec.text("path")?.unwrap_or(job.plan)))
    }
}

impl Builder for BinBuilder {
    fn id(&self) -> &'static str {
        "exec:bin"
    }

    fn lang(&self, spec: &BuildSpec) -> String {
        spec.text("lang").ok().flatten().unwrap_or_default().to_owned()
    }

    fn cacheable(&self, spec: &BuildSpec, place: Place) -> bool {
        let path = spec.text("path").ok().flatten();
        place == Place::Commit && path.is_none_or(|path| Path::new(path).is_relative())
    }

    fn writes_source(&self) -> bool {
        false
    }

    fn toolchain<'a>(&'a self, _: &'a Job<'a>) -> BoxFuture<'a, Result<String, Fault>> {
        Box::pin(async { Ok(String::new()) })
    }

    fn build<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Product, Fault>> {
        Box::pin(async {
            let path = Self::path(job)?;
            let args = job.spec.words("args")?.unwrap_or_default();
            let metadata = std::fs::metadata(&path).map_err(|error| missing(job, &path, &error))?;
            if !metadata.is_file() {
                return Err(Fault::source(
                    format!("`{}` is not a file", path.display()),
                    "set `path` of `exec:bin` to the executable",
                ));
            }
            if metadata.permissions().mode() & 0o111 == 0 {
                return Err(Fault::source(
                    format!("`{}` is not executable", path.display()),
                    format!("`chmod +x {}`", path.display()),
                ));
            }
            if !is_script(&path).map_err(|error| Fault::io(&path, &error))? {
                return Ok(Product::executable(&path, args, String::new()));
            }
            let inside = path.strip_prefix(&job.dir).ok().filter(|_| job.place == Place::Commit);
            let (files, program) = match inside {
                Some(name) => {
                    (generic::listed(job)?, format!("{ARTIFACT}/{}", name.to_string_lossy()))
                }
                None => (Default::default(), path.to_string_lossy().into_owned()),
            };
            let command = std::iter::once(program).chain(args).collect();
            Ok(Product { files, command, toolchain: String::new() })
        })
    }
}

fn missing(job: &Job<'_>, path: &Path, error: &std::io::Error) -> Fault {
    if error.kind() != std::io::ErrorKind::NotFound {
        return Fault::io(path, error);
    }
    let place = match job.place {
        Place::WorkTree => String::new(),
        Place::Commit => " at this revision".to_owned(),
    };
    let name = path.strip_prefix(&job.dir).unwrap_or(path).display();
    Fault::source(
        format!("there is no executable `{name}`{place}"),
        "build it first, set `path` of `exec:bin`, or use a builder that builds it",
    )
}

fn is_script(path: &Path) -> std::io::Result<bool> {
    let mut start = [0; 2];
    let read = File::open(path)?.read(&mut start)?;
    Ok(read == 2 && start == *b"#!")
}
