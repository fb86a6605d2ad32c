//! Locks between processes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio_util::sync::CancellationToken;

/// How often a lock that another process holds is tried again.
const RETRY: Duration = Duration::from_millis(100);

/// The variable by which processes started under a lock are known.
pub(crate) const LOCK_VARIABLE: &str = "GROUND_BUILD_LOCK";

/// A lock that is not to be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum LockError {
    /// Another process holds it.
    #[error("`{path}` is held by process {holder}", path = path.display())]
    Held {
        /// The lock file.
        path: PathBuf,
        /// The holder's process id, as it wrote it.
        holder: String,
    },
    /// The lock file cannot be opened.
    #[error("lock file `{path}` cannot be used", path = path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nobody waits for it any more.
    #[error("waiting for `{path}` was canceled", path = path.display())]
    Canceled {
        /// The lock file.
        path: PathBuf,
    },
}

/// A lock on a file, held until it is dropped or this process ends, however it ends.
#[derive(Debug)]
pub(crate) struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileLock {
    /// Takes the lock at `path`, or tells who holds it.
    ///
    /// When its last holder died, whatever it had started under [`LOCK_VARIABLE`] is ended first.
    pub(crate) fn try_take(path: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { path: path.to_path_buf(), source };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(failed)?;
        let mut holder = String::new();
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let _ = file.read_to_string(&mut holder);
                let holder = holder.trim().to_owned();
                return Err(LockError::Held { path: path.to_path_buf(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.read_to_string(&mut holder).map_err(failed)?;
        if !holder.trim().is_empty() {
            end_orphans(path);
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        write(&mut file).map_err(failed)?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    /// Takes the lock at `path` as soon as nobody else holds it; `waiting` hears once who does.
    pub(crate) async fn take(
        path: &Path,
        cancel: &CancellationToken,
        mut waiting: impl FnMut(&str),
    ) -> Result<Self, LockError> {
        let mut told = false;
        loop {
            match Self::try_take(path) {
                Err(LockError::Held { holder, .. }) => {
                    if !std::mem::replace(&mut told, true) {
                        waiting(&holder);
                    }
                }
                done => return done,
            }
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                () = cancel.cancelled() => {
                    return Err(LockError::Canceled { path: path.to_path_buf() });
                }
            }
        }
    }

    /// Returns the variable that marks what is started under this lock.
    pub(crate) fn mark(&self) -> (String, String) {
        (LOCK_VARIABLE.to_owned(), self.path.to_string_lossy().into_owned())
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // An empty file says that nothing was left behind.
        let _ = self.file.set_len(0);
        // Closing is not enough: a child between fork and exec has the descriptor too.
        let _ = self.file.unlock();
    }
}

/// Ends processes that a dead holder of the lock at `path` left behind.
fn end_orphans(path: &Path) {
    let mark = format!("{LOCK_VARIABLE}={}", path.to_string_lossy());
    let Ok(entries) = fs::read_dir("/proc") else { return };
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let Ok(environment) = fs::read(entry.path().join("environ")) else { continue };
        let marked =
            environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes());
        if marked && u32::try_from(pid) != Ok(std::process::id()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    use super::{FileLock, LockError};

    #[test]
    fn a_lock_is_held_once_and_names_its_holder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("locks/a");
        let lock = FileLock::try_take(&path).unwrap();
        let LockError::Held { holder, .. } = FileLock::try_take(&path).unwrap_err() else {
            panic!()
        };
        assert_eq!(holder, std::process::id().to_string());
        drop(lock);
        drop(FileLock::try_take(&path).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn what_a_dead_holder_left_behind_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let lock = FileLock::try_take(&path).unwrap();
        let (name, value) = lock.mark();
        let mut orphan = Command::new("sh")
            .args(["-c", "echo up; sleep 60"])
            .env(name, value)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(orphan.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        drop(lock);
        // As a holder leaves it that was killed: the file names it, and nobody holds it.
        std::fs::write(&path, "1\n").unwrap();
        let _lock = FileLock::try_take(&path).unwrap();
        assert!(!orphan.wait().unwrap().success());
    }
}
