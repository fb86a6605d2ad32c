//! The most memory an instance held.
//!
//! The kernel counts the memory that a process shared with its parent before it executed into its peak, so whatever
//! held less than the engine itself shows the engine's. Below that floor the peak is sampled while it lives.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};

use super::spawner::Crew;

/// Time between two rounds.
const ROUND: Duration = Duration::from_millis(50);

/// Instances looked at per round: with about 20 us each, 0.4 percent of one processor.
const LOOKS_PER_ROUND: usize = 10;

/// Looks at the peaks of living instances, a few at a time.
pub(super) struct PeakSampler {
    peaks: Arc<Vec<AtomicU64>>,
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl PeakSampler {
    /// Starts looking; without a thread to do it nothing is ever seen.
    pub(super) fn start(crew: &Arc<Crew>) -> Self {
        let peaks: Arc<Vec<AtomicU64>> =
            Arc::new((0..crew.table.len()).map(|_| AtomicU64::new(0)).collect());
        let done = Arc::new(AtomicBool::new(false));
        let (crew, seen, ended) = (Arc::clone(crew), Arc::clone(&peaks), Arc::clone(&done));
        let thread = std::thread::Builder::new().name("peak-sampler".to_owned()).spawn(move || {
            let mut slots = (0..seen.len()).cycle();
            while !ended.load(Ordering::SeqCst) {
                for slot in slots.by_ref().take(LOOKS_PER_ROUND.min(seen.len())) {
                    let peak = crew.table.pid(slot).and_then(peak_of);
                    seen[slot].fetch_max(peak.unwrap_or(0), Ordering::SeqCst);
                }
                std::thread::park_timeout(ROUND);
            }
        });
        Self { peaks, done, thread: thread.ok() }
    }

    /// Stops looking.
    pub(super) fn stop(&mut self) {
        self.done.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }

    /// Returns the peak of the instance in `slot`: the kernel's where it lies above `floor`, else the sampled one,
    /// else 0 for unknown.
    pub(super) fn resolve(&self, slot: usize, counted: u64, floor: u64) -> u64 {
        if counted > floor { counted } else { self.peaks[slot].load(Ordering::SeqCst).min(counted) }
    }
}

impl Drop for PeakSampler {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Returns the most memory that this process ever held.
pub(super) fn own_peak() -> u64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.max_rss());
    u64::try_from(usage).unwrap_or(0).saturating_mul(1024)
}

fn peak_of(pid: i32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
