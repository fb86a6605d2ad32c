//! The compact file in which an instance leaves its metrics: bytes to values and back, no I/O.
//!
//! A file is [`MAGIC`] and then frames, each with its length and checksum, so that whatever was flushed before a crash
//! can be read. `docs/metrics-file.md` describes it byte for byte.

mod bytes;
mod decode;
mod encode;
#[cfg(test)]
mod tests;
mod values;

pub use decode::{Frames, SampleFile, SampleFileError, Torn, read};
pub use encode::{write_definition, write_end, write_header, write_samples, write_sketch};

use crate::metric::{Direction, MetricKind, Unit};

/// The first eight bytes of every file; the last of them is the version.
pub const MAGIC: [u8; 8] = *b"GRNDMET1";

/// The name of the file in an instance's output directory.
pub const FILE_NAME: &str = "metrics.ground";

/// A metric as its instance declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// How later frames of the file call it.
    pub id: u32,
    /// Its name, such as `latency_s`.
    pub name: String,
    /// How its samples come about.
    pub kind: MetricKind,
    /// The unit of its values.
    pub unit: Unit,
    /// Which way it gets better.
    pub direction: Direction,
}

/// One measured value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// When it was taken, nanoseconds since the epoch.
    pub at_ns: i64,
    /// The value, in the metric's unit; what is not finite is kept as it is.
    pub value: f64,
}

/// The distribution of one metric's values over one interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Sketch {
    /// The metric's id in this file.
    pub metric: u32,
    /// Begin of the interval, nanoseconds since the epoch.
    pub start_ns: i64,
    /// Length of the interval.
    pub interval_ns: i64,
    /// What one integer step of the histogram is worth in the metric's unit, such as 1e-9 for nanoseconds.
    pub scale: f64,
    /// Values recorded.
    pub count: u64,
    /// Their exact sum, in the metric's unit.
    pub sum: f64,
    /// The HDR histogram, serialized in its V2 format, not compressed.
    pub histogram: Vec<u8>,
}

/// One frame of a file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Frame {
    /// A metric is declared, before its first values.
    Definition(Definition),
    /// Values of one metric, in the order in which they were recorded.
    Samples {
        /// The metric's id in this file.
        metric: u32,
        /// The values; at least one.
        readings: Vec<Reading>,
    },
    /// A distribution.
    Sketch(Sketch),
    /// The writer came to its normal end.
    End {
        /// When, nanoseconds since the epoch.
        at_ns: i64,
    },
}

/// What a frame holds, as its first byte says.
mod kind {
    pub(super) const DEFINITION: u8 = 1;
    pub(super) const SAMPLES: u8 = 2;
    pub(super) const SKETCH: u8 = 3;
    pub(super) const END: u8 = 4;
}
