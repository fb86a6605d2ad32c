//! The metrics file that our SDK writes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use ground_core::sample_file::{Definition, FILE_NAME, Frame, Frames, SampleFileError};

use super::found::{Declared, Found, FoundSketch};

/// The largest file that is read whole; what lies beyond is lost, and told.
const MAX_FILE: u64 = 512 << 20;

/// Reads `metrics.ground` in `directory`; a file that does not exist holds nothing.
pub(super) fn read(directory: &Path, found: &mut Found) -> io::Result<()> {
    let file = match File::open(directory.join(FILE_NAME)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut bytes)?;
    if length > MAX_FILE {
        found
            .troubles
            .push(format!("{FILE_NAME} is longer than {MAX_FILE} bytes and was read in part"));
    }
    if let Err(error) = take(&bytes, found) {
        found.troubles.push(format!("{FILE_NAME} was read in part: {error}"));
    }
    Ok(())
}

fn take(bytes: &[u8], found: &mut Found) -> Result<(), SampleFileError> {
    let mut frames = Frames::new(bytes)?;
    let mut definitions: BTreeMap<u32, (Definition, Declared)> = BTreeMap::new();
    let mut ended = false;
    for frame in &mut frames {
        match frame? {
            Frame::Definition(definition) => {
                let declared = Declared {
                    kind: Some(definition.kind),
                    unit: Some(definition.unit.clone()),
                    direction: Some(definition.direction),
                };
                // A metric that was declared and never measured is still a metric.
                found.metric(&definition.name, &declared);
                definitions.insert(definition.id, (definition, declared));
            }
            Frame::Samples { metric, readings } => {
                if let Some((definition, declared)) = definitions.get(&metric) {
                    for reading in readings {
                        found.push(&definition.name, declared, reading.at_ns, reading.value);
                    }
                }
            }
            Frame::Sketch(sketch) => {
                if let Some((definition, declared)) = definitions.get(&sketch.metric) {
                    let sketch = FoundSketch {
                        t_ns: sketch.start_ns,
                        interval_ns: sketch.interval_ns,
                        count: sketch.count,
                        sum: sketch.sum,
                        scale: sketch.scale,
                        histogram: sketch.histogram,
                    };
                    found.push_sketch(&definition.name, declared, sketch);
                }
            }
            Frame::End { .. } => ended = true,
            _ => {}
        }
    }
    if let Some(torn) = frames.torn() {
        let lost = torn.lost_bytes;
        found.troubles.push(format!("{FILE_NAME} is torn, its last {lost} bytes are lost"));
    } else if !ended {
        found.troubles.push(format!("{FILE_NAME} has no end: what was not flushed is lost"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ground_core::metric::{Direction, MetricKind, Unit};
    use ground_core::sample_file::{
        Definition, FILE_NAME, Reading, write_definition, write_end, write_header, write_samples,
    };
    use tempfile::TempDir;

    use super::{Found, read};

    fn file() -> Vec<u8> {
        let mut bytes = Vec::new();
        write_header(&mut bytes);
        let definition = Definition {
            id: 4,
            name: "lat".to_owned(),
            kind: MetricKind::Timer,
            unit: Unit::new("ms"),
            direction: Direction::Lower,
        };
        write_definition(&mut bytes, &definition);
        let readings = [1.0, f64::NAN, 3.0].map(|value| Reading { at_ns: 9, value });
        write_samples(&mut bytes, 4, &readings);
        bytes
    }

    fn found(bytes: &[u8]) -> Found {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(FILE_NAME), bytes).unwrap();
        let mut found = Found::with_room(1000);
        read(directory.path(), &mut found).unwrap();
        found
    }

    #[test]
    fn foreign_files_are_told_and_hold_nothing() {
        let found = found(b"\x89PNG\r\n\x1a\n and so on");
        assert!(found.metrics.is_empty());
        assert!(
            found.troubles[0].starts_with("metrics.ground was read in part: "),
            "{:?}",
            found.troubles
        );
    }

    #[test]
    fn what_was_flushed_before_a_crash_is_read() {
        let mut bytes = file();
        let whole = found(&bytes);
        assert_eq!(whole.troubles, ["metrics.ground has no end: what was not flushed is lost"]);
        assert_eq!(whole.metrics["lat"].values, [0.001, 0.003]);
        assert_eq!(whole.metrics["lat"].not_finite, 1);
        bytes.extend_from_slice(b"torn!");
        let torn = found(&bytes);
        assert_eq!(torn.troubles, ["metrics.ground is torn, its last 5 bytes are lost"]);
        assert_eq!(torn.metrics["lat"].values.len(), 2);
    }

    #[test]
    fn a_file_with_its_end_is_no_trouble() {
        let mut bytes = file();
        write_end(&mut bytes, 10);
        assert!(found(&bytes).troubles.is_empty());
    }
}
