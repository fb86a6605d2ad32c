//! The process groups that are alive, where both the engine and its guard can see them.
#![expect(unsafe_code, reason = "memory shared with the guard has no safe form")]

use std::io;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// One cell per instance: the id of its process group while its first process is not reaped, else 0.
///
/// As long as that process is not reaped the kernel gives its number to nobody else, so a signal sent under the lock
/// always reaches what it is meant for.
#[derive(Debug)]
pub(super) struct GroupTable {
    cells: NonNull<AtomicI32>,
    len: usize,
    lock: Mutex<()>,
}

// SAFETY: the cells are atomics, and the mapping lives as long as the table.
unsafe impl Send for GroupTable {}
// SAFETY: as above.
unsafe impl Sync for GroupTable {}

impl GroupTable {
    /// Makes a table of `len` empty cells, shared with processes that are forked later.
    pub(super) fn new(len: usize) -> io::Result<Self> {
        let bytes = len.max(1) * size_of::<AtomicI32>();
        // SAFETY: a new anonymous mapping at an address of the kernel's choice.
        let address = unsafe {
            libc::mmap(
                ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let cells = NonNull::new(address.cast()).expect("bug: a mapping lies at address 0");
        Ok(Self { cells, len, lock: Mutex::new(()) })
    }

    fn cells(&self) -> &[AtomicI32] {
        // SAFETY: the mapping holds `len` zeroed integers, which are valid atomics, until the table is dropped.
        unsafe { std::slice::from_raw_parts(self.cells.as_ptr(), self.len) }
    }

    /// Records that the instance in `slot` leads the process group `pid`.
    pub(super) fn enter(&self, slot: usize, pid: i32) {
        let _held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.cells()[slot].store(pid, Ordering::SeqCst);
    }

    /// Ends what is left of the group in `slot` and forgets it; its first process has ended and may then be reaped.
    pub(super) fn leave(&self, slot: usize) {
        let _held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = self.cells()[slot].swap(0, Ordering::SeqCst);
        if pid != 0 {
            let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }

    /// Sends `signal` to the group in `slot`, if it is alive.
    pub(super) fn signal(&self, slot: usize, signal: Signal) {
        let _held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = self.cells()[slot].load(Ordering::SeqCst);
        if pid != 0 {
            let _ = killpg(Pid::from_raw(pid), signal);
        }
    }

    /// Sends `signal` to every group that is alive.
    pub(super) fn signal_all(&self, signal: Signal) {
        let _held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        for pid in self.live() {
            let _ = killpg(Pid::from_raw(pid), signal);
        }
    }

    /// Returns the process in `slot`, if it is alive.
    pub(super) fn pid(&self, slot: usize) -> Option<i32> {
        let pid = self.cells().get(slot)?.load(Ordering::SeqCst);
        (pid != 0).then_some(pid)
    }

    /// Returns the groups that are alive.
    pub(super) fn live(&self) -> Vec<i32> {
        let cells = self.cells().iter().map(|cell| cell.load(Ordering::SeqCst));
        cells.filter(|pid| *pid != 0).collect()
    }

    /// Returns how many instances the table is for.
    pub(super) const fn len(&self) -> usize {
        self.len
    }
}

impl Drop for GroupTable {
    fn drop(&mut self) {
        let bytes = self.len.max(1) * size_of::<AtomicI32>();
        // SAFETY: unmaps exactly what `new` mapped; nobody holds a reference any more.
        unsafe { libc::munmap(self.cells.as_ptr().cast(), bytes) };
    }
}
