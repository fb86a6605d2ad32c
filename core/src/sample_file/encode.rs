//! Values to bytes.

use super::bytes::{write_signed, write_text, write_varint};
use super::{Definition, MAGIC, Reading, Sketch, kind, values};
use crate::metric::{Direction, MetricKind};

/// Begins a file.
pub fn write_header(out: &mut Vec<u8>) {
    out.extend_from_slice(&MAGIC);
}

/// Declares a metric.
pub fn write_definition(out: &mut Vec<u8>, definition: &Definition) {
    write_frame(out, kind::DEFINITION, |out| {
        write_varint(out, definition.id.into());
        out.push(kind_code(definition.kind));
        out.push(direction_code(definition.direction));
        write_text(out, &definition.name);
        write_text(out, definition.unit.as_str());
    });
}

/// Writes a block of values of one metric; nothing for an empty one.
///
/// Times may go backwards, but forwards in even steps they cost one byte each.
pub fn write_samples(out: &mut Vec<u8>, metric: u32, readings: &[Reading]) {
    let Some(first) = readings.first() else { return };
    write_frame(out, kind::SAMPLES, |out| {
        write_varint(out, metric.into());
        write_varint(out, readings.len() as u64);
        out.extend_from_slice(&first.at_ns.to_le_bytes());
        let (mut last, mut last_step) = (first.at_ns, 0i64);
        for reading in &readings[1..] {
            let step = reading.at_ns.wrapping_sub(last);
            write_signed(out, step.wrapping_sub(last_step));
            (last, last_step) = (reading.at_ns, step);
        }
        values::write(out, readings);
    });
}

/// Writes a distribution.
pub fn write_sketch(out: &mut Vec<u8>, sketch: &Sketch) {
    write_frame(out, kind::SKETCH, |out| {
        write_varint(out, sketch.metric.into());
        out.extend_from_slice(&sketch.start_ns.to_le_bytes());
        out.extend_from_slice(&sketch.interval_ns.to_le_bytes());
        out.extend_from_slice(&sketch.scale.to_le_bytes());
        write_varint(out, sketch.count);
        out.extend_from_slice(&sketch.sum.to_le_bytes());
        write_varint(out, sketch.histogram.len() as u64);
        out.extend_from_slice(&sketch.histogram);
    });
}

/// Marks the normal end.
pub fn write_end(out: &mut Vec<u8>, at_ns: i64) {
    write_frame(out, kind::END, |out| out.extend_from_slice(&at_ns.to_le_bytes()));
}

/// Writes kind, length, payload, and the CRC-32 of all three.
fn write_frame(out: &mut Vec<u8>, kind: u8, write_payload: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[kind, 0, 0, 0, 0]);
    write_payload(out);
    let length = u32::try_from(out.len() - start - 5).expect("bug: a frame beyond 4 GiB");
    out[start + 1..start + 5].copy_from_slice(&length.to_le_bytes());
    let checksum = crc32fast::hash(&out[start..]);
    out.extend_from_slice(&checksum.to_le_bytes());
}

fn kind_code(kind: MetricKind) -> u8 {
    match kind {
        MetricKind::Counter => 0,
        MetricKind::Gauge => 1,
        MetricKind::Timer => 2,
        MetricKind::Histogram => 3,
        MetricKind::Point => 4,
    }
}

fn direction_code(direction: Direction) -> u8 {
    match direction {
        Direction::None => 0,
        Direction::Lower => 1,
        Direction::Higher => 2,
    }
}
