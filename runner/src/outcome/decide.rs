//! The rule by which an instance's outcome is decided.

use ground_core::event::EventKind;
use ground_core::outcome::{Outcome, OutcomeKind};
use nix::sys::signal::Signal;

use super::reading::Reading;

/// The exit status of a Rust program that panicked.
const RUST_PANIC: i32 = 101;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ending {
    /// Exit status, where it exited.
    pub exit_code: Option<i32>,
    /// The signal that ended it, where one did.
    pub signal: Option<i32>,
    /// How long it ran, seconds.
    pub ran_s: f64,
    /// The memory limit that the kernel enforced on it, bytes.
    pub memory_limit: Option<u64>,
}

/// What was done to an instance that had not ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// The run's time was up; the text says where the instance stood.
    Timeout(String),
    /// It waited for an instance that had failed; the text says where it stood.
    Lost(String),
    /// Somebody stopped the run.
    Canceled,
}

/// Decides how an instance ended.
///
/// `bare` says that the plan is an executable without a manifest, for which exit status 0 without any event is
/// success; everybody else must say so. What was done to the instance comes first, then the signal, then the last
/// decisive event, then the exit status. Success must be said and not contradicted.
#[must_use]
pub fn decide(
    ending: &Ending,
    reading: &Reading,
    stopped: Option<&Stopped>,
    bare: bool,
) -> Outcome {
    let outcome = match stopped {
        Some(Stopped::Timeout(place)) => {
            let ran = seconds(ending.ran_s);
            Outcome::new(OutcomeKind::Timeout, sentence(&format!("still ran after {ran}"), place))
        }
        Some(Stopped::Lost(place)) => {
            let ran = seconds(ending.ran_s);
            let begin = format!("ended after {ran}: it waited for an instance that had failed");
            Outcome::new(OutcomeKind::Failure, sentence(&begin, place))
        }
        Some(Stopped::Canceled) => {
            Outcome::new(OutcomeKind::Canceled, format!("stopped after {}", seconds(ending.ran_s)))
        }
        None => by_itself(ending, reading, bare),
    };
    explain(outcome, reading)
}

fn by_itself(ending: &Ending, reading: &Reading, bare: bool) -> Outcome {
    let decisive = reading.decisive();
    if let Some(signal) = ending.signal {
        return by_signal(signal, ending, decisive);
    }
    let code = ending.exit_code.unwrap_or(-1);
    match decisive {
        Some(EventKind::Crash { error, .. }) => {
            Outcome::new(OutcomeKind::Crash, sentence("crashed", error))
        }
        Some(EventKind::Failure(error)) => {
            Outcome::new(OutcomeKind::Failure, sentence("failed", error))
        }
        _ if let Some(bytes) = ending.memory_limit => {
            let reason = sentence(&status(code), &limit_reached(bytes));
            Outcome::new(OutcomeKind::Crash, reason)
        }
        Some(_) if code == 0 => Outcome::success(),
        Some(_) => {
            Outcome::new(kind_of_status(code), format!("said success, then {}", status(code)))
        }
        None if code == 0 && bare => Outcome::success(),
        None if code == 0 => Outcome::new(
            OutcomeKind::Failure,
            "no outcome: exited with status 0 without saying success",
        ),
        None => {
            let reason = format!("{} without an outcome", status(code));
            Outcome::new(kind_of_status(code), sentence(&reason, &reading.last_words))
        }
    }
}

fn by_signal(signal: i32, ending: &Ending, decisive: Option<&EventKind>) -> Outcome {
    let name = Signal::try_from(signal).map_or("", Signal::as_str);
    let name = if name.is_empty() { String::new() } else { format!(" ({name})") };
    let mut reason = format!("killed by signal {signal}{name} after {}", seconds(ending.ran_s));
    if let Some(bytes) = ending.memory_limit {
        reason = format!("{reason}; {}", limit_reached(bytes));
    }
    match decisive {
        Some(EventKind::Success) => reason = format!("said success, then {reason}"),
        Some(EventKind::Failure(error) | EventKind::Crash { error, .. }) if !error.is_empty() => {
            reason = format!("{reason}; before that: {error}");
        }
        _ => {}
    }
    Outcome::new(OutcomeKind::Crash, reason)
}

/// Adds what the runner itself could not give.
fn explain(mut outcome: Outcome, reading: &Reading) -> Outcome {
    if !outcome.is_success() && reading.lacks_sync_host {
        outcome.reason = format!(
            "the plan hard-codes the host `testground-sync-service`, which `local:exec` cannot give it; runner \
             `local:netns` can ({})",
            outcome.reason
        );
    }
    outcome.reason = outcome.reason.replace(['\n', '\r'], " ");
    outcome
}

const fn kind_of_status(code: i32) -> OutcomeKind {
    if code == RUST_PANIC { OutcomeKind::Crash } else { OutcomeKind::Failure }
}

fn status(code: i32) -> String {
    match code {
        RUST_PANIC => format!("exited with status {code}, a panic"),
        129..=192 => format!("exited with status {code}, a shell's word for signal {}", code - 128),
        _ => format!("exited with status {code}"),
    }
}

fn sentence(begin: &str, rest: &str) -> String {
    if rest.is_empty() { begin.to_owned() } else { format!("{begin}: {rest}") }
}

fn limit_reached(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    const KIB: u64 = 1 << 10;
    let size = if bytes.is_multiple_of(MIB) {
        format!("{} MiB", bytes / MIB)
    } else if bytes.is_multiple_of(KIB) {
        format!("{} KiB", bytes / KIB)
    } else {
        format!("{bytes} B")
    };
    format!("memory limit {size} was reached")
}

fn seconds(seconds: f64) -> String {
    if seconds < 1.0 { format!("{seconds:.3} s") } else { format!("{seconds:.1} s") }
}

#[cfg(test)]
mod tests;
