//! The machine's limits that many processes meet: raised where that is allowed, told exactly where it is not.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Descriptors that the engine needs beside one per instance: logs, builds, runtime, metric connections.
const ENGINE_FILES: u64 = 1_500;

/// Tasks left to everything else on the machine.
const SPARE_TASKS: u64 = 512;

/// Tasks that room is made for per instance where room can be made; programs of other languages run a dozen threads.
const ROOMY_TASKS: u64 = 16;

/// Memory of the smallest instance: a static program with one connection was measured at 190 KB.
const SMALLEST_INSTANCE_BYTES: u64 = 190_000;

/// A limit of the machine that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{instances} instances need {needed} {of}, but {limit} allows {allowed}")]
pub struct LimitReached {
    /// Instances that were to be started.
    pub instances: u64,
    /// How many are needed, at least.
    pub needed: u64,
    /// Of what.
    pub of: &'static str,
    /// Which limit, such as `kernel.pid_max`.
    pub limit: String,
    /// What it allows.
    pub allowed: u64,
    /// How to raise it.
    pub hint: String,
}

/// Where the kernel shows and takes its limits; a test puts plain files there.
#[derive(Debug, Clone)]
pub(super) struct Host {
    pub(super) proc: PathBuf,
    pub(super) cgroup: PathBuf,
}

impl Default for Host {
    fn default() -> Self {
        Self { proc: PathBuf::from("/proc"), cgroup: PathBuf::from("/sys/fs/cgroup") }
    }
}

/// Makes room for `instances` processes with one connection each, or names the limit that stands in the way.
///
/// Raises the soft limit of open files to what is needed; with the rights for it also `kernel.pid_max`,
/// `kernel.threads-max`, `net.core.somaxconn` and `net.ipv4.ip_local_port_range`. Nothing is ever lowered.
///
/// # Errors
/// [`LimitReached`] names the first limit that is too low and could not be raised.
pub fn make_room(instances: u64) -> Result<(), LimitReached> {
    open_files(instances)?;
    user_tasks(instances)?;
    Host::default().make_room(instances)
}

fn open_files(instances: u64) -> Result<(), LimitReached> {
    let needed = instances + ENGINE_FILES;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((0, 0));
    if soft >= needed {
        return Ok(());
    }
    let raised = setrlimit(Resource::RLIMIT_NOFILE, needed, hard.max(needed));
    if raised.is_ok() {
        return Ok(());
    }
    Err(LimitReached {
        instances,
        needed,
        of: "open files",
        limit: "the hard limit of open files (RLIMIT_NOFILE)".to_owned(),
        allowed: hard,
        hint: format!(
            "raise it with `ulimit -Hn {needed}` before starting, or `LimitNOFILE={needed}` in the unit that starts this"
        ),
    })
}

/// The limit of a user's tasks does not bind root.
fn user_tasks(instances: u64) -> Result<(), LimitReached> {
    if nix::unistd::geteuid().is_root() {
        return Ok(());
    }
    let needed = instances + SPARE_TASKS;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NPROC).unwrap_or((u64::MAX, u64::MAX));
    if soft >= needed
        || setrlimit(Resource::RLIMIT_NPROC, needed.min(hard), hard).is_ok() && hard >= needed
    {
        return Ok(());
    }
    Err(LimitReached {
        instances,
        needed,
        of: "processes of one user",
        limit: "the hard limit of processes (RLIMIT_NPROC)".to_owned(),
        allowed: hard,
        hint: format!("raise it with `ulimit -Hu {needed}` as root before starting"),
    })
}

impl Host {
    fn make_room(&self, instances: u64) -> Result<(), LimitReached> {
        let running = self.running_tasks();
        for (name, most) in [("kernel/pid_max", 4_194_304), ("kernel/threads-max", u64::MAX)] {
            self.tasks(name, most, instances, running)?;
        }
        self.pids_cgroups(instances)?;
        self.ports(instances)?;
        self.backlog(instances);
        self.memory(instances)
    }

    fn sysctl(&self, name: &str) -> PathBuf {
        self.proc.join("sys").join(name)
    }

    /// The fourth field of `loadavg` tells all tasks of the machine, threads included.
    fn running_tasks(&self) -> u64 {
        let text = fs::read_to_string(self.proc.join("loadavg")).unwrap_or_default();
        let tasks = text.split_whitespace().nth(3).and_then(|field| field.split_once('/'));
        tasks.and_then(|(_, total)| total.parse().ok()).unwrap_or(0)
    }

    fn tasks(
        &self,
        name: &str,
        most: u64,
        instances: u64,
        running: u64,
    ) -> Result<(), LimitReached> {
        let file = self.sysctl(name);
        let Some(allowed) = number(&file) else {
            return Ok(());
        };
        let roomy = (running + instances * ROOMY_TASKS + SPARE_TASKS).min(most);
        if allowed >= roomy || raise(&file, roomy).is_ok() {
            return Ok(());
        }
        let needed = running + instances + SPARE_TASKS;
        if allowed >= needed {
            return Ok(());
        }
        let limit = name.replace('/', ".");
        let hint = format!("raise it with `sysctl -w {limit}={roomy}` as root");
        Err(LimitReached { instances, needed, of: "tasks", limit, allowed, hint })
    }

    /// Every level of the pids controller above this process binds.
    fn pids_cgroups(&self, instances: u64) -> Result<(), LimitReached> {
        let own = fs::read_to_string(self.proc.join("self/cgroup")).unwrap_or_default();
        for line in own.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
                continue;
            };
            let root = if controllers.is_empty() {
                self.cgroup.clone()
            } else if controllers.split(',').any(|name| name == "pids") {
                self.cgroup.join("pids")
            } else {
                continue;
            };
            for level in Path::new(path.trim_start_matches('/')).ancestors() {
                pids_cgroup(&root.join(level), instances)?;
            }
        }
        Ok(())
    }

    /// All instances connect to one address and port, so each needs a local port of its own.
    fn ports(&self, instances: u64) -> Result<(), LimitReached> {
        let file = self.sysctl("net/ipv4/ip_local_port_range");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let mut bounds = text.split_whitespace().filter_map(|bound| bound.parse::<u64>().ok());
        let (Some(low), Some(high)) = (bounds.next(), bounds.next()) else {
            return Ok(());
        };
        let allowed = (high + 1).saturating_sub(low);
        let needed = instances + SPARE_TASKS;
        if allowed >= needed || fs::write(&file, "1024 65535").is_ok() && needed <= 64_512 {
            return Ok(());
        }
        let limit = "net.ipv4.ip_local_port_range".to_owned();
        let hint = format!("widen it with `sysctl -w {limit}='1024 65535'` as root");
        Err(LimitReached { instances, needed, of: "local ports", limit, allowed, hint })
    }

    /// A short queue of unaccepted connections delays a start by a second, but prevents none.
    fn backlog(&self, instances: u64) {
        let file = self.sysctl("net/core/somaxconn");
        let needed = instances.clamp(128, 65_535);
        if number(&file).is_some_and(|allowed| allowed < needed) && raise(&file, needed).is_err() {
            tracing::warn!("net.core.somaxconn is below {needed}: connecting may take seconds");
        }
    }

    fn memory(&self, instances: u64) -> Result<(), LimitReached> {
        let text = fs::read_to_string(self.proc.join("meminfo")).unwrap_or_default();
        let available = text.lines().find_map(|line| {
            let kib = line.strip_prefix("MemAvailable:")?.trim().strip_suffix("kB")?;
            kib.trim().parse::<u64>().ok()
        });
        let needed = instances * SMALLEST_INSTANCE_BYTES;
        match available.map(|kib| kib * 1024) {
            Some(allowed) if allowed < needed => Err(LimitReached {
                instances,
                needed,
                of: "bytes of memory at the least",
                limit: "the machine's available memory".to_owned(),
                allowed,
                hint: "lower the number of instances, or free memory".to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

fn pids_cgroup(directory: &Path, instances: u64) -> Result<(), LimitReached> {
    let file = directory.join("pids.max");
    let (Some(allowed), Some(current)) = (number(&file), number(&directory.join("pids.current")))
    else {
        return Ok(());
    };
    let needed = current + instances;
    if allowed >= needed || raise(&file, current + instances * ROOMY_TASKS).is_ok() {
        return Ok(());
    }
    Err(LimitReached {
        instances,
        needed,
        of: "tasks in one cgroup",
        limit: format!("`{}`", file.display()),
        allowed,
        hint: format!(
            "raise it with `echo max > {}` as root, or `TasksMax=infinity`",
            file.display()
        ),
    })
}

fn number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

fn raise(file: &Path, value: u64) -> io::Result<()> {
    fs::write(file, value.to_string())?;
    tracing::info!("raised {} to {value}", file.display());
    Ok(())
}

#[cfg(test)]
mod tests;
