//! Memory and processor limits of instances by cgroups, version 1 and version 2.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ground_core::execution::Resources;

/// The scheduler's period, its default of 100 ms: shares of a processor are granted per period.
const CPU_PERIOD_US: u64 = 100_000;

/// The smallest quota that the kernel takes: 1 ms per period.
const MIN_QUOTA_US: u64 = 1_000;

/// How often a cgroup that is still busy is tried to be removed again, and the time between: 2 s in all.
const REMOVE_TRIES: usize = 200;

const REMOVE_PAUSE: Duration = Duration::from_millis(10);

/// Where controllers are mounted and which groups this process is in; a test puts plain directories there.
#[derive(Debug, Clone)]
pub(super) struct Host {
    /// `/sys/fs/cgroup`.
    pub(super) root: PathBuf,
    /// The text of `/proc/self/cgroup`.
    pub(super) own: String,
}

impl Host {
    pub(super) fn detect() -> Self {
        Self {
            root: PathBuf::from("/sys/fs/cgroup"),
            own: fs::read_to_string("/proc/self/cgroup").unwrap_or_default(),
        }
    }

    /// Returns this process's directory of a version 1 controller.
    fn v1(&self, controller: &str) -> Option<PathBuf> {
        let path = self.own.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let controllers = parts.next()?;
            let path = parts.next()?;
            controllers.split(',').any(|name| name == controller).then_some(path)
        })?;
        let mount = self.root.join(controller);
        // In a container the path may be that of the host, which is not visible here.
        [mount.join(path.trim_start_matches('/')), mount.clone()]
            .into_iter()
            .find(|directory| directory.is_dir())
    }

    /// Returns this process's directory of version 2.
    fn v2(&self) -> Option<PathBuf> {
        let path = self.own.lines().find_map(|line| line.strip_prefix("0::"))?;
        let directory = self.root.join(path.trim_start_matches('/'));
        directory.join("cgroup.controllers").is_file().then_some(directory)
    }
}

/// The cgroups of one execution: one directory per hierarchy, in it one per instance.
#[derive(Debug, Default)]
pub(super) struct Cgroups {
    memory: Option<Hierarchy>,
    cpu: Option<Hierarchy>,
    made: Vec<PathBuf>,
    /// By controller, why a limit is not held by cgroups; empty where every one is.
    pub(super) trouble: BTreeMap<&'static str, String>,
}

#[derive(Debug, Clone)]
struct Hierarchy {
    directory: PathBuf,
    unified: bool,
}

/// The cgroups of one instance.
#[derive(Debug, Clone, Default)]
pub(super) struct InstanceCgroup {
    /// Each `cgroup.procs` that the instance enters.
    pub(super) procs: Vec<PathBuf>,
    memory: Option<PathBuf>,
}

impl Cgroups {
    /// Makes the execution's directories for the controllers that `wanted` needs.
    pub(super) fn make(host: &Host, name: &str, wanted: &[Resources]) -> Self {
        let mut cgroups = Self::default();
        if wanted.iter().any(|resources| resources.memory_bytes.is_some()) {
            cgroups.memory = cgroups.hierarchy(host, "memory", name);
        }
        if wanted.iter().any(|resources| resources.cpu_millis.is_some()) {
            cgroups.cpu = cgroups.hierarchy(host, "cpu", name);
        }
        cgroups
    }

    fn hierarchy(
        &mut self,
        host: &Host,
        controller: &'static str,
        name: &str,
    ) -> Option<Hierarchy> {
        let (parent, unified) = match (host.v1(controller), host.v2()) {
            (Some(directory), _) => (directory, false),
            (None, Some(directory)) => (directory, true),
            (None, None) => {
                let text = format!("no cgroup controller `{controller}` is mounted");
                self.trouble.entry(controller).or_insert(text);
                return None;
            }
        };
        let made =
            if unified { delegated(&parent, controller, name) } else { child(&parent, name) };
        match made {
            Ok(directory) => {
                if !self.made.contains(&directory) {
                    self.made.push(directory.clone());
                }
                Some(Hierarchy { directory, unified })
            }
            Err(error) => {
                let text = format!("cgroup `{}` cannot be written: {error}", parent.display());
                self.trouble.entry(controller).or_insert(text);
                None
            }
        }
    }

    /// Makes one instance's cgroups; a limit that cannot be set is left out and told in [`Cgroups::trouble`].
    pub(super) fn instance(&mut self, name: &str, resources: Resources) -> InstanceCgroup {
        let mut instance = InstanceCgroup::default();
        let memory = self.memory.clone().zip(resources.memory_bytes);
        if let Some((hierarchy, bytes)) = memory {
            let limits = memory_files(hierarchy.unified, bytes);
            if let Some(directory) =
                self.limited("memory", &hierarchy.directory.join(name), &limits)
            {
                instance.memory = Some(directory.clone());
                instance.add(&directory);
            }
        }
        if let Some((hierarchy, millis)) = self.cpu.clone().zip(resources.cpu_millis) {
            let limits = cpu_files(hierarchy.unified, millis);
            if let Some(directory) = self.limited("cpu", &hierarchy.directory.join(name), &limits) {
                instance.add(&directory);
            }
        }
        instance
    }

    fn limited(
        &mut self,
        controller: &'static str,
        directory: &Path,
        limits: &[Setting],
    ) -> Option<PathBuf> {
        let made = make(directory).and_then(|()| {
            for setting in limits {
                match fs::write(directory.join(setting.file), &setting.value) {
                    Err(error) if setting.needed => return Err(error),
                    _ => {}
                }
            }
            Ok(())
        });
        match made {
            Ok(()) => {
                self.made.push(directory.to_owned());
                Some(directory.to_owned())
            }
            Err(error) => {
                let _ = fs::remove_dir(directory);
                let text = format!("cgroup `{}`: {error}", directory.display());
                self.trouble.entry(controller).or_insert(text);
                None
            }
        }
    }

    /// Returns every directory that was made, children before parents.
    pub(super) fn directories(&self) -> Vec<PathBuf> {
        let mut directories = self.made.clone();
        directories.sort_by_key(|directory| std::cmp::Reverse(directory.components().count()));
        directories
    }
}

impl InstanceCgroup {
    fn add(&mut self, directory: &Path) {
        let procs = directory.join("cgroup.procs");
        if !self.procs.contains(&procs) {
            self.procs.push(procs);
        }
    }

    /// Returns whether a memory limit is held.
    pub(super) const fn holds_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// Returns whether the kernel ended a process of the instance because its memory limit was reached.
    pub(super) fn memory_limit_was_reached(&self) -> bool {
        let Some(directory) = &self.memory else {
            return false;
        };
        ["memory.oom_control", "memory.events"].iter().any(|file| {
            let text = fs::read_to_string(directory.join(file)).unwrap_or_default();
            text.lines()
                .any(|line| line.strip_prefix("oom_kill ").is_some_and(|count| count.trim() != "0"))
        })
    }

    /// Returns the processes that are still in it.
    pub(super) fn processes(&self) -> Vec<i32> {
        let texts = self.procs.iter().filter_map(|procs| fs::read_to_string(procs).ok());
        let pids = |text: String| -> Vec<i32> {
            text.lines().filter_map(|line| line.parse().ok()).collect()
        };
        texts.flat_map(pids).collect()
    }
}

/// One file of a cgroup and what is written into it.
#[derive(Debug, PartialEq, Eq)]
struct Setting {
    file: &'static str,
    value: String,
    /// Whether the limit does not hold without it.
    needed: bool,
}

fn memory_files(unified: bool, bytes: u64) -> Vec<Setting> {
    let (limit, swap, swap_value) = if unified {
        ("memory.max", "memory.swap.max", "0".to_owned())
    } else {
        ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", bytes.to_string())
    };
    vec![
        Setting { file: limit, value: bytes.to_string(), needed: true },
        // Absent where the kernel counts no swap.
        Setting { file: swap, value: swap_value, needed: false },
    ]
}

fn cpu_files(unified: bool, millis: u64) -> Vec<Setting> {
    let quota = (millis * CPU_PERIOD_US / 1000).max(MIN_QUOTA_US);
    if unified {
        vec![Setting { file: "cpu.max", value: format!("{quota} {CPU_PERIOD_US}"), needed: true }]
    } else {
        vec![
            Setting { file: "cpu.cfs_period_us", value: CPU_PERIOD_US.to_string(), needed: true },
            Setting { file: "cpu.cfs_quota_us", value: quota.to_string(), needed: true },
        ]
    }
}

fn child(parent: &Path, name: &str) -> io::Result<PathBuf> {
    let directory = parent.join(name);
    make(&directory).map(|()| directory)
}

/// Removes a cgroup; the kernel takes a moment to forget processes that have just ended.
pub(super) fn remove(directory: &Path) -> io::Result<()> {
    let mut tries = 0;
    loop {
        match fs::remove_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && tries < REMOVE_TRIES => {
                tries += 1;
                std::thread::sleep(REMOVE_PAUSE);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            removed => return removed,
        }
    }
}

fn make(directory: &Path) -> io::Result<()> {
    match fs::create_dir(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Version 2 lets a group with processes have no limited children, so the parent of ours is tried as well.
fn delegated(own: &Path, controller: &str, name: &str) -> io::Result<PathBuf> {
    let mut last = io::Error::from(io::ErrorKind::PermissionDenied);
    for parent in own.ancestors().take(2).filter(|level| level.join("cgroup.controllers").is_file())
    {
        let enabled = format!("+{controller}");
        let made = fs::write(parent.join("cgroup.subtree_control"), &enabled)
            .and_then(|()| child(parent, name))
            .and_then(|directory| {
                fs::write(directory.join("cgroup.subtree_control"), &enabled).map(|()| directory)
            });
        match made {
            Ok(directory) => return Ok(directory),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests;
