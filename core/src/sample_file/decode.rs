//! Bytes to values.

use thiserror::Error;

use super::bytes::Bytes;
use super::{Definition, Frame, MAGIC, Reading, Sketch, kind, values};
use crate::metric::{Direction, MetricKind, Unit};

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SampleFileError {
    /// The first bytes are not those of a metrics file.
    #[error("this is no metrics file: it does not begin with `GRNDMET`")]
    NotSampleFile,
    /// The file is of another version.
    #[error("this metrics file is of version `{}`; known is `1`", version.escape_ascii())]
    Version {
        /// The version's character.
        version: u8,
    },
    /// A frame is whole and unharmed, yet makes no sense.
    #[error("the frame at byte {offset} is wrong: {reason}")]
    Malformed {
        /// Where the frame begins.
        offset: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// The file ends in the middle of a frame, or in one that was harmed: what an instance leaves that was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Torn {
    /// Where the last whole frame ends.
    pub offset: usize,
    /// Bytes from there on, which are lost.
    pub lost_bytes: usize,
}

/// Everything in one file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SampleFile {
    /// The metrics, in the order in which they were declared.
    pub definitions: Vec<Definition>,
    /// Blocks of values, in file order: metric id and values.
    pub samples: Vec<(u32, Vec<Reading>)>,
    /// Distributions, in file order.
    pub sketches: Vec<Sketch>,
    /// When the writer came to its normal end; none when it did not.
    pub ended_ns: Option<i64>,
    /// What is lost at the end of the file.
    pub torn: Option<Torn>,
}

/// Reads a whole file; an empty one is one that was torn before its first byte.
///
/// # Errors
/// [`SampleFileError`]; a torn end is none.
pub fn read(bytes: &[u8]) -> Result<SampleFile, SampleFileError> {
    let mut file = SampleFile::default();
    let mut frames = Frames::new(bytes)?;
    for frame in &mut frames {
        match frame? {
            Frame::Definition(definition) => file.definitions.push(definition),
            Frame::Samples { metric, readings } => file.samples.push((metric, readings)),
            Frame::Sketch(sketch) => file.sketches.push(sketch),
            Frame::End { at_ns } => file.ended_ns = Some(at_ns),
        }
    }
    file.torn = frames.torn();
    Ok(file)
}

/// The frames of a file, one after the other; ends at the first error or torn frame.
#[derive(Debug)]
pub struct Frames<'a> {
    bytes: &'a [u8],
    at: usize,
    declared: Vec<u32>,
    torn: Option<Torn>,
    failed: bool,
}

impl<'a> Frames<'a> {
    /// Begins to read a file.
    ///
    /// # Errors
    /// [`SampleFileError::NotSampleFile`] and [`SampleFileError::Version`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, SampleFileError> {
        let mut frames = Self { bytes, at: 0, declared: Vec::new(), torn: None, failed: false };
        match bytes.split_first_chunk::<8>() {
            Some((magic, _)) if *magic == MAGIC => frames.at = MAGIC.len(),
            Some((magic, _)) if magic[..7] == MAGIC[..7] => {
                return Err(SampleFileError::Version { version: magic[7] });
            }
            None if MAGIC.starts_with(bytes) => frames.tear(),
            _ => return Err(SampleFileError::NotSampleFile),
        }
        Ok(frames)
    }

    /// Returns what was lost, once the iterator has ended.
    pub fn torn(&self) -> Option<Torn> {
        self.torn
    }

    fn tear(&mut self) {
        self.torn = Some(Torn { offset: self.at, lost_bytes: self.bytes.len() - self.at });
    }

    fn malformed(&mut self, reason: &'static str) -> SampleFileError {
        self.failed = true;
        SampleFileError::Malformed { offset: self.at, reason }
    }

    fn parse(&mut self, kind: u8, payload: &[u8]) -> Result<Option<Frame>, SampleFileError> {
        let mut bytes = Bytes(payload);
        let parsed = match kind {
            kind::DEFINITION => definition(&mut bytes).map(Frame::Definition),
            kind::SAMPLES => samples(&mut bytes),
            kind::SKETCH => sketch(&mut bytes).map(Frame::Sketch),
            kind::END => bytes.i64().map(|at_ns| Frame::End { at_ns }),
            // Of a later writer that kept the version: nothing older readers need.
            _ => return Ok(None),
        };
        let frame = parsed.ok_or_else(|| self.malformed("its payload cannot be decoded"))?;
        if !bytes.0.is_empty() {
            return Err(self.malformed("bytes follow its payload"));
        }
        match &frame {
            Frame::Definition(Definition { id, .. }) if self.declared.contains(id) => {
                return Err(self.malformed("its metric is declared twice"));
            }
            Frame::Definition(Definition { id, .. }) => self.declared.push(*id),
            Frame::Samples { metric, .. } | Frame::Sketch(Sketch { metric, .. })
                if !self.declared.contains(metric) =>
            {
                return Err(self.malformed("its metric is not declared"));
            }
            _ => {}
        }
        Ok(Some(frame))
    }
}

impl Iterator for Frames<'_> {
    type Item = Result<Frame, SampleFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.torn.is_none() && !self.failed && self.at < self.bytes.len() {
            let Some((kind, payload, end)) = whole_frame(self.bytes, self.at) else {
                self.tear();
                break;
            };
            match self.parse(kind, payload) {
                Ok(frame) => {
                    self.at = end;
                    if let Some(frame) = frame {
                        return Some(Ok(frame));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
        None
    }
}

/// Finds kind, payload and end of the frame at `start`; nothing when it is cut off or its checksum is wrong.
fn whole_frame(bytes: &[u8], start: usize) -> Option<(u8, &[u8], usize)> {
    let mut rest = Bytes(bytes.get(start..)?);
    let kind = rest.byte()?;
    let length = usize::try_from(rest.array().map(u32::from_le_bytes)?).ok()?;
    let payload = rest.slice(length)?;
    let checksum = rest.array().map(u32::from_le_bytes)?;
    let body = start + 5 + length;
    (crc32fast::hash(&bytes[start..body]) == checksum).then_some((kind, payload, body + 4))
}

fn definition(bytes: &mut Bytes<'_>) -> Option<Definition> {
    let id = metric_id(bytes)?;
    let kind = match bytes.byte()? {
        0 => MetricKind::Counter,
        1 => MetricKind::Gauge,
        2 => MetricKind::Timer,
        3 => MetricKind::Histogram,
        4 => MetricKind::Point,
        _ => return None,
    };
    let direction = match bytes.byte()? {
        0 => Direction::None,
        1 => Direction::Lower,
        2 => Direction::Higher,
        _ => return None,
    };
    let name = bytes.text()?.to_owned();
    let unit = Unit::new(bytes.text()?);
    Some(Definition { id, name, kind, unit, direction })
}

fn samples(bytes: &mut Bytes<'_>) -> Option<Frame> {
    let metric = metric_id(bytes)?;
    let count = bytes.length()?;
    let mut at_ns = bytes.i64()?;
    // Each further time takes a byte at least: a wrong count is found before memory is taken for it.
    if count == 0 || count - 1 > bytes.0.len() {
        return None;
    }
    let mut times = Vec::with_capacity(count);
    times.push(at_ns);
    let mut step = 0i64;
    for _ in 1..count {
        step = step.wrapping_add(bytes.signed()?);
        at_ns = at_ns.wrapping_add(step);
        times.push(at_ns);
    }
    let values = values::read(bytes, count)?;
    let readings = times.into_iter().zip(values).map(|(at_ns, value)| Reading { at_ns, value });
    Some(Frame::Samples { metric, readings: readings.collect() })
}

fn sketch(bytes: &mut Bytes<'_>) -> Option<Sketch> {
    let metric = metric_id(bytes)?;
    let start_ns = bytes.i64()?;
    let interval_ns = bytes.i64()?;
    let scale = bytes.f64()?;
    let count = bytes.varint()?;
    let sum = bytes.f64()?;
    let length = bytes.length()?;
    let histogram = bytes.slice(length)?.to_vec();
    Some(Sketch { metric, start_ns, interval_ns, scale, count, sum, histogram })
}

fn metric_id(bytes: &mut Bytes<'_>) -> Option<u32> {
    u32::try_from(bytes.varint()?).ok()
}
