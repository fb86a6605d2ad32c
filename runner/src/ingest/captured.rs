//! What instances sent to the listener that stands for InfluxDB.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use ground_core::metric::MetricKind;

use super::found::{Declared, Found};
use crate::influx::{CAPTURE_FILE, Record, parse_line};
use crate::outcome::{Lines, plain};

/// Tags that say who and where, which is known otherwise.
const IDENTITY_TAGS: [&str; 8] =
    ["run", "run_id", "group", "group_id", "plan", "case", "instance", "host"];

/// Measurement prefixes of the Go SDK, which writes the same into files.
const IN_FILES: [&str; 2] = ["results.", "diagnostics."];

/// One value that was sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sent {
    name: String,
    at_ns: i64,
    value: f64,
    /// Also in the Go SDK's files, if the instance has them.
    in_files: bool,
}

/// Everything that was sent, by instance.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Captured {
    by_instance: BTreeMap<u32, Vec<Sent>>,
    /// Values that no instance could be found for.
    pub(super) lost: u64,
}

impl Captured {
    /// Reads the capture file below `outputs`; `first_of` tells the first instance of a group.
    pub(super) fn read(
        outputs: &Path,
        room: usize,
        first_of: &BTreeMap<String, u32>,
    ) -> io::Result<Self> {
        let mut captured = Self::default();
        let file = match File::open(outputs.join(CAPTURE_FILE)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(captured),
            Err(error) => return Err(error),
        };
        let mut lines = Lines::new(BufReader::with_capacity(64 * 1024, file));
        let mut kept = 0usize;
        while let Some(line) = lines.next()? {
            let text = plain(line.bytes);
            let Some((who, text)) = text.split_once('\t') else {
                continue;
            };
            if let Ok(Some(record)) = parse_line(text) {
                let fields = record.fields.len();
                match instance(who, &record, first_of).filter(|_| kept + fields <= room) {
                    Some(instance) => {
                        kept += fields;
                        captured.by_instance.entry(instance).or_default().extend(sent(&record));
                    }
                    None => captured.lost += fields as u64,
                }
            }
        }
        Ok(captured)
    }

    /// Adds to `found` what `instance` sent; `has_files` says whether the Go SDK's files were read already.
    pub(super) fn add(&self, instance: u32, has_files: bool, found: &mut Found) {
        let declared = Declared { kind: Some(MetricKind::Point), ..Declared::default() };
        for sent in self.by_instance.get(&instance).into_iter().flatten() {
            if !(has_files && sent.in_files) {
                found.push(&sent.name, &declared, sent.at_ns, sent.value);
            }
        }
    }
}

/// The path of the request tells who; failing that the first instance of the group stands for it.
fn instance(who: &str, record: &Record, first_of: &BTreeMap<String, u32>) -> Option<u32> {
    who.parse().ok().or_else(|| {
        let tags = &record.tags;
        let group = tags.iter().find(|(key, _)| key == "group_id" || key == "group");
        group.and_then(|(_, group)| first_of.get(group).copied())
    })
}

fn sent(record: &Record) -> Vec<Sent> {
    // Events are counted there too; they are known from elsewhere.
    if record.measurement == "events" {
        return Vec::new();
    }
    let in_files = IN_FILES.iter().any(|prefix| record.measurement.starts_with(prefix));
    let mut tags: Vec<&(String, String)> =
        record.tags.iter().filter(|(key, _)| !IDENTITY_TAGS.contains(&key.as_str())).collect();
    tags.sort();
    let tags: String = tags.iter().map(|(key, value)| format!(",{key}={value}")).collect();
    let name = |field: &str| match field {
        "value" => format!("{}{tags}", record.measurement),
        field => format!("{}.{field}{tags}", record.measurement),
    };
    let at_ns = record.time.unwrap_or(0);
    let fields = record.fields.iter();
    fields
        .map(|(field, value)| Sent { name: name(field), at_ns, value: *value, in_files })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use tempfile::TempDir;

    use super::{CAPTURE_FILE, Captured, Found};

    fn captured(text: &str, room: usize) -> Captured {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(CAPTURE_FILE), text).unwrap();
        let first_of = BTreeMap::from([("leech".to_owned(), 3)]);
        Captured::read(directory.path(), room, &first_of).unwrap()
    }

    #[test]
    fn values_of_nobody_are_counted() {
        let captured = captured("-\tm v=1 5\n-\tm,group_id=other v=1,w=2 5\nbroken\n", 10);
        assert_eq!(captured.lost, 3);
        assert!(captured.by_instance.is_empty());
    }

    #[test]
    fn the_path_tells_the_instance_and_else_the_group_does() {
        let captured = captured(
            "7\tping,run=r,group_id=leech,round=2,a=b rtt=1.5,value=2 5\n-\tping,group_id=leech value=3 6\n\
             7\tevents,event_type=success count=1 7\n",
            10,
        );
        let mut found = Found::with_room(10);
        captured.add(7, false, &mut found);
        let names: Vec<&String> = found.metrics.keys().collect();
        assert_eq!(names, ["ping,a=b,round=2", "ping.rtt,a=b,round=2"]);
        let mut found = Found::with_room(10);
        captured.add(3, false, &mut found);
        assert_eq!(found.metrics["ping"].values, [3.0]);
    }

    #[test]
    fn what_the_files_hold_is_not_taken_twice() {
        let captured = captured("1\tresults.demo-case.sent.counter count=4 5\n", 10);
        let mut found = Found::with_room(10);
        captured.add(1, true, &mut found);
        assert!(found.metrics.is_empty());
        captured.add(1, false, &mut found);
        assert_eq!(found.metrics.len(), 1);
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let captured = captured(&"1\tm value=1 5\n".repeat(9), 4);
        assert_eq!(captured.lost, 5);
    }
}
