//! All that can fail before the first instance starts.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use ground_core::execution::{GroupRequest, Resources, RunRequest};
use ground_core::id::InstanceId;

use super::cgroup::{self, Cgroups, InstanceCgroup};
use super::environment::{ParamError, check_params, dropped_params};
use super::limits::{LimitReached, make_room};
use crate::runner::RunnerError;

/// Directories among which temporary directories are spread, to be removed side by side.
///
/// Removing a directory waits for the file system's journal: 10,000 of one parent took 38 s on a busy machine.
const SHELVES: usize = 16;

/// An instance's place on this machine.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Index into the request's groups.
    pub(super) group: usize,
    pub(super) instance: InstanceId,
    pub(super) outputs: PathBuf,
    pub(super) temporary: PathBuf,
}

/// A run made ready to start.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Every instance, in order of groups and indices.
    pub(super) places: Vec<Place>,
    /// Each group's executable.
    pub(super) programs: Vec<CString>,
    /// Holds all temporary directories.
    pub(super) temporary: PathBuf,
    pub(super) cgroups: Cgroups,
    /// The cgroups of each instance, by slot.
    pub(super) instance_cgroups: Vec<InstanceCgroup>,
    pub(super) caveats: Vec<String>,
}

/// Why a run cannot start.
#[derive(Debug, thiserror::Error)]
pub(super) enum PrepareError {
    #[error("the run has no instances")]
    NoInstances,
    #[error("group name `{0}` cannot be the name of a directory")]
    GroupName(String),
    #[error("group `{0}` appears twice")]
    GroupTwice(String),
    #[error("executable `{path}` of group `{group}` cannot be started")]
    Executable { group: String, path: PathBuf, source: io::Error },
    #[error("directory `{path}` cannot be made")]
    Directory { path: PathBuf, source: io::Error },
    #[error("path `{0}` is not valid UTF-8")]
    Utf8(PathBuf),
    #[error(transparent)]
    Param(#[from] ParamError),
    #[error(transparent)]
    Limit(#[from] LimitReached),
}

impl PrepareError {
    fn hint(&self) -> String {
        match self {
            Self::NoInstances => "set `instances.count` of at least one group".to_owned(),
            Self::GroupName(_) | Self::GroupTwice(_) => {
                "use distinct names of letters, digits, `-` and `_`".to_owned()
            }
            Self::Executable { .. } => {
                "build it first, or check the path and that it is executable".to_owned()
            }
            Self::Directory { .. } => {
                "check free space and rights of the directory above".to_owned()
            }
            Self::Utf8(_) => "use a path of UTF-8 text".to_owned(),
            Self::Param(_) => {
                "use another separator in the value: Testground's encoding has no escapes"
                    .to_owned()
            }
            Self::Limit(limit) => limit.hint.clone(),
        }
    }
}

impl From<PrepareError> for RunnerError {
    fn from(error: PrepareError) -> Self {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        Self {
            what: match source {
                Some(source) if !error.to_string().contains(&source) => {
                    format!("{error}: {source}")
                }
                _ => error.to_string(),
            },
            hint: error.hint(),
            source: Some(Box::new(error)),
        }
    }
}

/// Checks the request, makes room on the machine, and makes directories and cgroups.
pub(super) fn prepare(
    request: &RunRequest,
    temporary: &Path,
    token: &str,
) -> Result<Prepared, PrepareError> {
    check_groups(&request.groups)?;
    make_room(request.instances())?;
    let programs = request.groups.iter().map(program).collect::<Result<_, _>>()?;
    let outputs = absolute(&request.outputs)?;
    let temporary = absolute(temporary)?.join(format!("ground-{token}"));
    let places = places(request, &outputs, &temporary);
    for place in &places {
        for directory in [&place.outputs, &place.temporary] {
            make_directory(directory)?;
        }
        remove_stale_logs(&place.outputs);
    }
    let mut caveats = param_caveats(&request.groups);
    let (cgroups, instance_cgroups) = limit(request, &places, token);
    caveats.extend(limit_caveats(&cgroups));
    Ok(Prepared { places, programs, temporary, cgroups, instance_cgroups, caveats })
}

fn check_groups(groups: &[GroupRequest]) -> Result<(), PrepareError> {
    if groups.iter().all(|group| group.count == 0) {
        return Err(PrepareError::NoInstances);
    }
    let mut seen = BTreeSet::new();
    for group in groups {
        let mut components = Path::new(&group.id).components();
        let plain = matches!(
            (components.next(), components.next()),
            (Some(Component::Normal(name)), None) if name == group.id.as_str()
        );
        if !plain || group.id.contains(['\0', '=', '|']) {
            return Err(PrepareError::GroupName(group.id.clone()));
        }
        if !seen.insert(&group.id) {
            return Err(PrepareError::GroupTwice(group.id.clone()));
        }
        check_params(group)?;
    }
    Ok(())
}

fn program(group: &GroupRequest) -> Result<CString, PrepareError> {
    let fail = |source: io::Error| PrepareError::Executable {
        group: group.id.clone(),
        path: group.artifact.path.clone(),
        source,
    };
    // The working directory of instances is another one.
    let path = std::path::absolute(&group.artifact.path).map_err(fail)?;
    let metadata = fs::metadata(&path).map_err(fail)?;
    if metadata.is_dir() {
        return Err(fail(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        return Err(fail(io::Error::new(io::ErrorKind::PermissionDenied, "it is not executable")));
    }
    let text = path.to_str().ok_or_else(|| PrepareError::Utf8(path.clone()))?;
    CString::new(text).map_err(|_| PrepareError::Utf8(path.clone()))
}

fn absolute(path: &Path) -> Result<PathBuf, PrepareError> {
    let absolute = std::path::absolute(path)
        .map_err(|source| PrepareError::Directory { path: path.to_owned(), source })?;
    if absolute.to_str().is_none() {
        return Err(PrepareError::Utf8(absolute));
    }
    Ok(absolute)
}

fn places(request: &RunRequest, outputs: &Path, temporary: &Path) -> Vec<Place> {
    let mut places = Vec::with_capacity(usize::try_from(request.instances()).unwrap_or(0));
    for (group, asked) in request.groups.iter().enumerate() {
        for index in 0..asked.count {
            let slot = places.len();
            let shelf = temporary.join((slot % SHELVES).to_string());
            places.push(Place {
                group,
                instance: InstanceId { group: asked.id.clone(), index },
                outputs: outputs.join(&asked.id).join(index.to_string()),
                temporary: shelf.join(slot.to_string()),
            });
        }
    }
    places
}

/// Removes `temporary` with all that is in it.
pub(super) fn remove_temporary(temporary: &Path) -> io::Result<()> {
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..SHELVES)
            .map(|shelf| {
                let shelf = temporary.join(shelf.to_string());
                scope.spawn(move || fs::remove_dir_all(shelf))
            })
            .collect();
        for worker in workers {
            match worker.join().expect("bug: removing a directory panicked") {
                // Fewer instances than shelves.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed?,
            }
        }
        fs::remove_dir(temporary)
    })
}

fn make_directory(directory: &Path) -> Result<(), PrepareError> {
    fs::create_dir_all(directory)
        .map_err(|source| PrepareError::Directory { path: directory.to_owned(), source })
}

/// What an earlier try of the same attempt left must not be read as this one's.
fn remove_stale_logs(outputs: &Path) {
    for name in [
        "stdout.log",
        "stderr.log",
        "run.out",
        "results.out",
        "diagnostics.out",
        "metrics.ground",
        "metrics.ndjson",
    ] {
        let _ = fs::remove_file(outputs.join(name));
    }
}

fn limit(request: &RunRequest, places: &[Place], token: &str) -> (Cgroups, Vec<InstanceCgroup>) {
    let wanted: Vec<Resources> = request.groups.iter().map(|group| group.resources).collect();
    if wanted.iter().all(|resources| *resources == Resources::default()) {
        return (Cgroups::default(), Vec::new());
    }
    let mut cgroups = Cgroups::make(&cgroup::Host::detect(), &format!("ground-{token}"), &wanted);
    let instances = places
        .iter()
        .enumerate()
        .map(|(slot, place)| cgroups.instance(&slot.to_string(), wanted[place.group]))
        .collect();
    (cgroups, instances)
}

fn param_caveats(groups: &[GroupRequest]) -> Vec<String> {
    let dropped = groups
        .iter()
        .flat_map(|group| dropped_params(group).into_iter().map(move |name| (name, &group.id)));
    dropped
        .map(|(name, group)| {
            format!(
                "parameter `{name}` of group `{group}` contains `=`: the Go and JS SDKs drop it"
            )
        })
        .collect()
}

fn limit_caveats(cgroups: &Cgroups) -> Vec<String> {
    let memory = cgroups.trouble.get("memory").map(|why| {
        format!(
            "memory limits hold for the private writable memory of each process (RLIMIT_DATA), not for an instance \
             as a whole: {why}"
        )
    });
    let cpu = cgroups.trouble.get("cpu").map(|why| format!("processor limits are not set: {why}"));
    memory.into_iter().chain(cpu).collect()
}
