//! Finding and ending what an execution left behind outside its process groups.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Environment variable that names the execution; whatever carries it belongs to the execution.
pub(super) const TOKEN: &str = "GROUND_TOKEN";

/// How often `/proc` is read again before giving up on something that keeps multiplying.
const ROUNDS: usize = 500;

/// Time between two readings.
const PAUSE: Duration = Duration::from_millis(2);

/// How the processes of one execution are told from all others.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    /// `GROUND_TOKEN=...` as it stands in the environment.
    entry: Vec<u8>,
    /// Holds the files that its processes write their standard output and error to.
    outputs: PathBuf,
}

impl Mark {
    /// Marks by the token's value and by the directory of the execution's outputs.
    pub(super) fn new(token: &str, outputs: PathBuf) -> Self {
        Self { entry: format!("{TOKEN}={token}").into_bytes(), outputs }
    }

    fn matches(&self, process: &Path) -> bool {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|entry| entry == self.entry) {
            return true;
        }
        // A daemon that cleared its environment still writes to the instance's log. Working directories do not
        // count: somebody's shell may stand there.
        ["fd/1", "fd/2"].iter().any(|output| {
            fs::read_link(process.join(output)).is_ok_and(|file| {
                file.starts_with(&self.outputs)
                    && file
                        .file_name()
                        .is_some_and(|name| name == "stdout.log" || name == "stderr.log")
            })
        })
    }
}

/// What a process's line in `/proc/PID/stat` says.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    ended: bool,
    group: i32,
    session: i32,
}

/// Ends every process that carries `mark` or belongs to a session or group in `live`, until none is found.
///
/// Returns how many were ended. The calling process itself is spared.
pub(super) fn sweep(mark: &Mark, live: &[i32]) -> usize {
    let mut ended = BTreeSet::new();
    for _ in 0..ROUNDS {
        let found = find(mark, live);
        if found.is_empty() {
            break;
        }
        for pid in found {
            if kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok() {
                ended.insert(pid);
            }
        }
        // What was killed takes a moment to be gone, and may have made more of itself before.
        std::thread::sleep(PAUSE);
    }
    ended.len()
}

/// Returns the living processes that carry `mark` or belong to a session or group in `live`.
fn find(mark: &Mark, live: &[i32]) -> Vec<i32> {
    let own = nix::unistd::getpid().as_raw();
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let Some(pid) = number(&entry.file_name()) else {
            continue;
        };
        let Some(stat) = stat(pid).filter(|stat| !stat.ended && pid != own) else {
            continue;
        };
        let grouped = live.contains(&stat.group) || live.contains(&stat.session);
        if grouped || mark.matches(&entry.path()) {
            found.push(pid);
        }
    }
    found
}

fn number(name: &OsStr) -> Option<i32> {
    std::str::from_utf8(name.as_bytes()).ok()?.parse().ok()
}

fn stat(pid: i32) -> Option<Stat> {
    parse_stat(&fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads state, group and session; the command's name stands in brackets and may hold anything, brackets included.
fn parse_stat(line: &[u8]) -> Option<Stat> {
    let end = line.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(line.get(end + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let ended = matches!(fields.next()?, "Z" | "X" | "x");
    let _parent = fields.next()?;
    Some(Stat { ended, group: fields.next()?.parse().ok()?, session: fields.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::{Stat, parse_stat};

    #[test]
    fn a_command_name_with_brackets_does_not_shift_the_fields() {
        let line = b"4242 (a) Z 1 (b) S 17 4242 4240 0 -1 4194304 100";
        assert_eq!(parse_stat(line), Some(Stat { ended: false, group: 4242, session: 4240 }));
        assert_eq!(
            parse_stat(b"7 (sh) Z 1 7 7 0"),
            Some(Stat { ended: true, group: 7, session: 7 })
        );
        for torn in [&b""[..], b"7 (sh", b"7 (sh) S 1", b"7 (sh) S 1 x 7"] {
            assert_eq!(parse_stat(torn), None);
        }
    }
}
