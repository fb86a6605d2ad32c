//! What a plan records with.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ground_core::sample_file::Reading;

use super::cell::{Cell, Distribution, Pressure};
use super::registry::{Metric, Registry};

/// One metric and where it is written.
#[derive(Debug, Clone)]
pub(super) struct Handle {
    pub(super) registry: Arc<Registry>,
    pub(super) metric: Arc<Metric>,
}

impl Handle {
    fn push(&self, value: f64) {
        let at_ns = self.registry.now_ns();
        self.relieve(self.metric.cell.push(Reading { at_ns, value }));
    }

    fn distribution(&self) -> &Distribution {
        match &self.metric.cell {
            Cell::Distribution(distribution) => distribution,
            Cell::Count(_) | Cell::Values(_) => unreachable!("bug: not a cell of a distribution"),
        }
    }

    fn relieve(&self, pressure: Pressure) {
        match pressure {
            Pressure::None => {}
            Pressure::BlockFull => self.registry.wake_writer(),
            // What went wrong is told by the next `flush` or `finish`.
            Pressure::TooMuch => drop(self.registry.flush()),
        }
    }
}

/// A monotone count of things; what is written are the increments of each interval.
#[derive(Debug, Clone)]
pub struct Counter(pub(super) Handle);

impl Counter {
    /// Adds `increment`.
    pub fn add(&self, increment: u64) {
        match &self.0.metric.cell {
            Cell::Count(count) => count.fetch_add(increment, Ordering::Relaxed),
            Cell::Values(_) | Cell::Distribution(_) => unreachable!("bug: not a cell of a count"),
        };
    }

    /// Adds one.
    pub fn increment(&self) {
        self.add(1);
    }
}

/// A level that goes up and down; every reading is written.
#[derive(Debug, Clone)]
pub struct Gauge(pub(super) Handle);

impl Gauge {
    /// Records the level as it is now.
    pub fn set(&self, value: f64) {
        self.0.push(value);
    }
}

/// Single values, each meaningful by itself and written.
#[derive(Debug, Clone)]
pub struct Point(pub(super) Handle);

impl Point {
    /// Records a value.
    pub fn record(&self, value: f64) {
        self.0.push(value);
    }
}

/// Durations; written as one sketch per interval.
#[derive(Debug, Clone)]
pub struct Timer(pub(super) Handle);

impl Timer {
    /// Records a duration.
    pub fn record(&self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let now = || self.0.registry.now_ns();
        self.0.relieve(self.0.distribution().record_steps(nanoseconds, now));
    }

    /// Records how long `work` takes, and returns what it returns.
    pub fn time<T>(&self, work: impl FnOnce() -> T) -> T {
        let _guard = self.start();
        work()
    }

    /// Starts a measurement that ends when the guard is dropped.
    pub fn start(&self) -> TimerGuard<'_> {
        TimerGuard { timer: self, begin: Instant::now() }
    }
}

/// A measurement under way.
#[derive(Debug)]
#[must_use = "the measurement ends when the guard is dropped"]
pub struct TimerGuard<'a> {
    timer: &'a Timer,
    begin: Instant,
}

impl TimerGuard<'_> {
    /// Ends without recording anything.
    pub fn discard(self) {
        std::mem::forget(self);
    }
}

impl Drop for TimerGuard<'_> {
    fn drop(&mut self) {
        self.timer.record(self.begin.elapsed());
    }
}

/// A distribution of any quantity; written as one sketch per interval.
///
/// What a sketch cannot hold (negative, not finite) is written as it is, with its time.
#[derive(Debug, Clone)]
pub struct Histogram(pub(super) Handle);

impl Histogram {
    /// Records a value.
    pub fn record(&self, value: f64) {
        let now = || self.0.registry.now_ns();
        self.0.relieve(self.0.distribution().record(value, now));
    }
}
