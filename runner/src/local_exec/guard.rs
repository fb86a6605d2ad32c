//! The guard: a small process that outlives the engine by a moment and ends whatever instances left behind.
//!
//! An instance dies with the engine by its parent-death signal; its children have no such signal. The guard holds
//! the read end of a pipe whose write end only the engine has: when that closes without a farewell, the engine is
//! gone, and the guard sweeps.
#![expect(unsafe_code, reason = "fork and descriptor ownership have no safe form")]

use std::fs;
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::PathBuf;

use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, pipe2, read, setsid};

use super::cgroup::remove;
use super::sweep::{Mark, sweep};
use super::table::GroupTable;

/// The byte by which the engine says that nothing is left to guard.
const FAREWELL: &[u8] = b"q";

/// What the guard removes when the engine is gone.
#[derive(Debug, Clone)]
pub(super) struct Remains {
    /// The processes of the execution.
    pub(super) mark: Mark,
    /// Directories that are removed with all that is in them.
    pub(super) temporary: Vec<PathBuf>,
    /// Cgroups that are removed once they are empty, children before parents.
    pub(super) cgroups: Vec<PathBuf>,
}

/// A guard at work; dropped without [`Guard::dismiss`] it sweeps.
#[derive(Debug)]
pub(super) struct Guard {
    pid: Pid,
    pipe: Option<fs::File>,
}

impl Guard {
    /// Starts a guard over `table` and `remains`.
    pub(super) fn start(table: &GroupTable, remains: &Remains) -> io::Result<Self> {
        let (reader, writer) = pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
        // SAFETY: the child runs only `watch`, which takes no lock of ours; the C library makes its allocator usable
        // in a forked child.
        match unsafe { fork() }? {
            ForkResult::Parent { child } => {
                drop(reader);
                Ok(Self { pid: child, pipe: Some(fs::File::from(writer)) })
            }
            ForkResult::Child => {
                watch(&reader, table, remains);
                // SAFETY: ends this process without running the engine's exit handlers.
                unsafe { libc::_exit(0) }
            }
        }
    }

    /// Ends the guard's work: nothing of the execution is left.
    pub(super) fn dismiss(mut self) {
        if let Some(mut pipe) = self.pipe.take() {
            let _ = pipe.write_all(FAREWELL);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = waitpid(self.pid, None);
    }
}

fn watch(pipe: &OwnedFd, table: &GroupTable, remains: &Remains) {
    leave_engine(pipe);
    let mut byte = [0u8; 1];
    loop {
        match read(pipe, &mut byte) {
            Err(nix::errno::Errno::EINTR) => {}
            Ok(1) => return,
            Ok(_) | Err(_) => break,
        }
    }
    sweep(&remains.mark, &table.live());
    for directory in &remains.temporary {
        let _ = fs::remove_dir_all(directory);
    }
    for cgroup in &remains.cgroups {
        let _ = remove(cgroup);
    }
}

/// Drops all that the fork copied: terminal, signals, files, working directory.
fn leave_engine(pipe: &OwnedFd) {
    let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), None);
    let _ = setsid();
    let _ = std::env::set_current_dir("/");
    let kept = u32::try_from(pipe.as_raw_fd()).unwrap_or(3);
    // SAFETY: closes descriptors that nothing in this process uses; the pipe's own is spared.
    unsafe {
        libc::prctl(libc::PR_SET_NAME, c"ground-guard".as_ptr(), 0, 0, 0);
        if kept > 0 {
            libc::syscall(libc::SYS_close_range, 0u32, kept - 1, 0);
        }
        libc::syscall(libc::SYS_close_range, kept + 1, u32::MAX, 0);
    }
}
