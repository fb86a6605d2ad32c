//! What one metric has recorded since the last write.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ground_core::sample_file::{Reading, Sketch, write_samples, write_sketch};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2Serializer};

/// Readings in one block: 64 KiB of memory, which the allocator hands out again without the kernel.
const BLOCK: usize = 4096;
/// Full blocks of one metric at which whoever records writes them itself: 8 MiB.
const MOST_BLOCKS: usize = 128;
/// Values are told apart to three significant digits.
const DIGITS: u8 = 3;
/// The largest number of steps a histogram is given.
const MOST_STEPS: u64 = 1 << 62;

#[derive(Debug)]
pub(crate) enum Cell {
    Count(AtomicU64),
    Values(Mutex<Blocks>),
    Distribution(Box<Distribution>),
}

/// What is to be done after a value was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pressure {
    None,
    /// A block is full: let it be written soon.
    BlockFull,
    /// Nobody keeps up: write now.
    TooMuch,
}

/// Readings in order: full blocks, then the one being filled.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    full: Vec<Vec<Reading>>,
    current: Vec<Reading>,
}

#[derive(Debug)]
pub(crate) struct Distribution {
    scale: f64,
    keeps_samples: bool,
    interval: Mutex<Interval>,
    /// All values where they are kept, and those a histogram cannot take: negative, not finite, too large.
    samples: Mutex<Blocks>,
}

#[derive(Debug)]
struct Interval {
    histogram: Histogram<u64>,
    sum: f64,
    start_ns: i64,
}

impl Cell {
    pub(crate) fn count() -> Self {
        Self::Count(AtomicU64::new(0))
    }

    pub(crate) fn values() -> Self {
        Self::Values(Mutex::default())
    }

    pub(crate) fn distribution(scale: f64, keeps_samples: bool) -> Self {
        let histogram = Histogram::new(DIGITS).expect("bug: three digits are allowed");
        Self::Distribution(Box::new(Distribution {
            scale,
            keeps_samples,
            interval: Mutex::new(Interval { histogram, sum: 0.0, start_ns: 0 }),
            samples: Mutex::default(),
        }))
    }

    /// Sets the beginning of the first interval.
    pub(crate) fn begin(&self, now_ns: i64) {
        if let Self::Distribution(distribution) = self {
            lock(&distribution.interval).start_ns = now_ns;
        }
    }

    pub(crate) fn push(&self, reading: Reading) -> Pressure {
        match self {
            Self::Values(blocks) => lock(blocks).push(reading),
            Self::Count(_) | Self::Distribution(_) => unreachable!("bug: not a cell of readings"),
        }
    }

    /// Writes and forgets the blocks that are full.
    pub(crate) fn drain_full(&self, metric: u32, out: &mut Vec<u8>) {
        let blocks = match self {
            Self::Count(_) => return,
            Self::Values(blocks) => blocks,
            Self::Distribution(distribution) => &distribution.samples,
        };
        for block in std::mem::take(&mut lock(blocks).full) {
            write_samples(out, metric, &block);
        }
    }

    /// Writes and forgets everything recorded since the last call.
    pub(crate) fn drain(&self, metric: u32, now_ns: i64, out: &mut Vec<u8>) {
        match self {
            Self::Count(count) => {
                let value = count.swap(0, Ordering::Relaxed) as f64;
                write_samples(out, metric, &[Reading { at_ns: now_ns, value }]);
            }
            Self::Values(blocks) => drain_blocks(blocks, metric, out),
            Self::Distribution(distribution) => distribution.drain(metric, now_ns, out),
        }
    }
}

impl Blocks {
    fn push(&mut self, reading: Reading) -> Pressure {
        self.current.push(reading);
        if self.current.len() < BLOCK {
            return Pressure::None;
        }
        let full = std::mem::replace(&mut self.current, Vec::with_capacity(BLOCK));
        self.full.push(full);
        if self.full.len() < MOST_BLOCKS { Pressure::BlockFull } else { Pressure::TooMuch }
    }
}

impl Interval {
    fn record(&mut self, steps: u64, value: f64) {
        let steps = steps.min(MOST_STEPS);
        self.histogram.record(steps).expect("bug: a histogram grows to any size below 2^63");
        self.sum += value;
    }
}

impl Distribution {
    /// Records a duration of so many nanoseconds; `now` is asked only where samples are kept.
    pub(crate) fn record_steps(&self, steps: u64, now: impl FnOnce() -> i64) -> Pressure {
        let value = steps as f64 * self.scale;
        {
            let mut interval = lock(&self.interval);
            interval.record(steps, value);
        }
        self.keep(value, now)
    }

    /// Records any value.
    pub(crate) fn record(&self, value: f64, now: impl FnOnce() -> i64) -> Pressure {
        let steps = (value / self.scale).round();
        if !(0.0..MOST_STEPS as f64).contains(&steps) {
            return lock(&self.samples).push(Reading { at_ns: now(), value });
        }
        {
            let mut interval = lock(&self.interval);
            interval.record(steps as u64, value);
        }
        self.keep(value, now)
    }

    fn keep(&self, value: f64, now: impl FnOnce() -> i64) -> Pressure {
        if !self.keeps_samples {
            return Pressure::None;
        }
        lock(&self.samples).push(Reading { at_ns: now(), value })
    }

    fn drain(&self, metric: u32, now_ns: i64, out: &mut Vec<u8>) {
        drain_blocks(&self.samples, metric, out);
        let mut interval = lock(&self.interval);
        let start_ns = std::mem::replace(&mut interval.start_ns, now_ns);
        let count = interval.histogram.len();
        if count == 0 {
            return;
        }
        let mut histogram = Vec::new();
        V2Serializer::new()
            .serialize(&interval.histogram, &mut histogram)
            .expect("bug: a histogram does not fit into memory");
        let sum = std::mem::take(&mut interval.sum);
        interval.histogram.reset();
        drop(interval);
        let interval_ns = now_ns - start_ns;
        let scale = self.scale;
        write_sketch(out, &Sketch { metric, start_ns, interval_ns, scale, count, sum, histogram });
    }
}

fn drain_blocks(blocks: &Mutex<Blocks>, metric: u32, out: &mut Vec<u8>) {
    let Blocks { full, current } = std::mem::take(&mut *lock(blocks));
    for block in full.iter().chain([&current]) {
        write_samples(out, metric, block);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is recorded is whole after every value: a thread that panicked left nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
