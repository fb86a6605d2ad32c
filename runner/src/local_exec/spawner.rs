//! Threads that start instances and reap them.
//!
//! A parent-death signal comes when the thread dies that made the process, so the threads live as long as their
//! instances. Each waits for its own children only; the engine's other commands are not disturbed.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::mpsc::UnboundedSender;

use super::cgroup::InstanceCgroup;
use super::launch::{Launch, LaunchError, Launcher, Reaped, ZeroByte, next_ended, reap};
use super::table::GroupTable;
use crate::clock::now_ns;

/// Starts between two looks at who has ended already.
const STARTS_PER_LOOK: usize = 8;

/// What happened to one instance's process.
#[derive(Debug)]
pub(super) enum ProcessEvent {
    /// It executes.
    Started { slot: usize, at_ns: i64 },
    /// It could not be started.
    Refused { slot: usize, why: String },
    /// It ended and was reaped.
    Ended { slot: usize, at_ns: i64, reaped: Reaped },
}

/// What the threads share with the run.
pub(super) struct Crew {
    pub(super) table: GroupTable,
    /// Prepares the start of the instance in a slot.
    pub(super) launch: Box<dyn Fn(usize) -> Result<Launch, ZeroByte> + Send + Sync>,
    /// The cgroups of each instance, by slot; empty where no limits are set.
    pub(super) cgroups: Vec<InstanceCgroup>,
    /// Set when no further instance shall be started.
    pub(super) stop: AtomicBool,
    /// Set when everything that still starts shall be ended at once.
    pub(super) kill: AtomicBool,
}

impl Crew {
    /// Ends every instance at once, also those that are just being started.
    pub(super) fn kill_all(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.kill.store(true, Ordering::SeqCst);
        self.table.signal_all(Signal::SIGKILL);
        for cgroup in &self.cgroups {
            kill_processes(&cgroup.processes());
        }
    }

    /// Asks every instance to end, and starts no more.
    pub(super) fn ask_all(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.table.signal_all(Signal::SIGTERM);
    }
}

/// Starts `threads` threads that together start every instance of `crew`.
pub(super) fn start(
    crew: &Arc<Crew>,
    threads: usize,
    events: &UnboundedSender<ProcessEvent>,
) -> io::Result<Vec<JoinHandle<()>>> {
    (0..threads)
        .map(|first| {
            let spawner =
                Spawner { crew: Arc::clone(crew), events: events.clone(), running: HashMap::new() };
            std::thread::Builder::new()
                .name(format!("spawner-{first}"))
                .spawn(move || spawner.work(first, threads))
        })
        .collect()
}

struct Spawner {
    crew: Arc<Crew>,
    events: UnboundedSender<ProcessEvent>,
    running: HashMap<i32, usize>,
}

impl Spawner {
    /// Starts every `step`th instance from `first` on, then reaps until none is left.
    fn work(mut self, first: usize, step: usize) {
        let mut launcher = Launcher::new();
        for (count, slot) in (first..self.crew.table.len()).step_by(step).enumerate() {
            if self.crew.stop.load(Ordering::SeqCst) {
                break;
            }
            self.start(&mut launcher, slot);
            if count % STARTS_PER_LOOK == 0 {
                while self.reap_one(false) {}
            }
        }
        while !self.running.is_empty() && self.reap_one(true) {}
    }

    fn start(&mut self, launcher: &mut Launcher, slot: usize) {
        let launch = match (self.crew.launch)(slot) {
            Ok(launch) => launch,
            Err(error) => return self.refuse(slot, error.to_string()),
        };
        let at_ns = now_ns();
        match launcher.start(&launch) {
            Ok(pid) => {
                self.running.insert(pid, slot);
                self.crew.table.enter(slot, pid);
                let _ = self.events.send(ProcessEvent::Started { slot, at_ns });
                if self.crew.kill.load(Ordering::SeqCst) {
                    self.crew.table.signal(slot, Signal::SIGKILL);
                } else if self.crew.stop.load(Ordering::SeqCst) {
                    self.crew.table.signal(slot, Signal::SIGTERM);
                }
            }
            Err(error) => self.refuse(slot, refusal(error)),
        }
    }

    /// One instance that cannot start makes the run worthless, so the others are not started either.
    fn refuse(&self, slot: usize, why: String) {
        let _ = self.events.send(ProcessEvent::Refused { slot, why });
        self.crew.stop.store(true, Ordering::SeqCst);
    }

    /// Reaps one ended child; false when there is none, or with `block` when nobody is left.
    fn reap_one(&mut self, block: bool) -> bool {
        let Ok(Some(pid)) = next_ended(block) else {
            return false;
        };
        let at_ns = now_ns();
        let slot = self.running.remove(&pid);
        if let Some(slot) = slot {
            // Before it is reaped: so long its number is nobody else's.
            self.crew.table.leave(slot);
            if let Some(cgroup) = self.crew.cgroups.get(slot) {
                kill_processes(&cgroup.processes());
            }
        }
        let Ok(reaped) = reap(pid) else {
            return false;
        };
        if let Some(slot) = slot {
            let _ = self.events.send(ProcessEvent::Ended { slot, at_ns, reaped });
        }
        true
    }
}

fn kill_processes(pids: &[i32]) {
    for pid in pids {
        let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
    }
}

fn refusal(error: LaunchError) -> String {
    let doing = error.step.as_str();
    let text = error.errno.desc();
    match error.errno {
        Errno::EAGAIN => format!(
            "{doing} failed: {text}; a limit of processes is reached (kernel.pid_max, kernel.threads-max, \
             RLIMIT_NPROC or pids.max)"
        ),
        Errno::ENOEXEC => {
            format!("{doing} failed: {text}; a script needs a first line such as `#!/bin/sh`")
        }
        _ => format!("{doing} failed: {text}"),
    }
}
