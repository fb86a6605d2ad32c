//! Metric lines that a plan in any language can write: `{"metric":"latency","value":3.5,"unit":"ms"}`.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use ground_core::metric::Unit;
use serde::Deserialize;

use super::found::{Declared, Found};
use crate::outcome::{Lines, plain};

/// Where plans append metric lines.
pub(super) const FILE_NAME: &str = "metrics.ndjson";

/// One line; what else stands in it is left alone.
#[derive(Debug, Deserialize)]
struct MetricLine<'a> {
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow)]
    value: Scalar<'a>,
    #[serde(borrow, default)]
    unit: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    ts: Option<Scalar<'a>>,
    #[serde(borrow, default)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    direction: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Scalar<'a> {
    Whole(i64),
    Real(f64),
    #[serde(borrow)]
    Text(Cow<'a, str>),
    Nothing(()),
}

impl Scalar<'_> {
    /// Texts such as `NaN` stand for values that JSON has no word for.
    fn value(&self) -> Option<f64> {
        match self {
            Self::Whole(whole) => Some(*whole as f64),
            Self::Real(real) => Some(*real),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Nothing(()) => Some(f64::NAN),
        }
    }

    fn time(&self) -> Option<i64> {
        match self {
            Self::Whole(whole) => Some(*whole),
            Self::Real(real) => Some(*real as i64),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Nothing(()) => None,
        }
    }
}

/// Reads every metric line of `directory/name`; a file that does not exist holds none.
///
/// With `mixed`, other lines are the plan's own output; without, they are counted as trouble. A line without a time
/// has that of the line before, the first `started_ns`.
pub(super) fn read(
    directory: &Path,
    name: &str,
    mixed: bool,
    started_ns: i64,
    found: &mut Found,
) -> io::Result<()> {
    let file = match File::open(directory.join(name)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut lines = Lines::new(BufReader::with_capacity(64 * 1024, file));
    let mut last_ns = started_ns;
    let (mut unread, mut torn) = (0u64, false);
    while let Some(line) = lines.next()? {
        let text = if line.cut { Cow::Borrowed("") } else { plain(line.bytes) };
        if mixed && !(text.starts_with('{') && text.contains("\"metric\"")) {
            continue;
        }
        if text.is_empty() && !line.cut || take(&text, &mut last_ns, found) {
            continue;
        }
        if line.torn {
            torn = true;
        } else if !mixed || text.starts_with("{\"metric\"") {
            unread += 1;
        }
    }
    if unread > 0 {
        found.troubles.push(format!("{name} has {unread} lines that are no metric"));
    }
    if torn {
        found.troubles.push(format!("{name} is torn in its last line"));
    }
    Ok(())
}

/// Takes one line in; false when it is no metric line.
fn take(text: &str, last_ns: &mut i64, found: &mut Found) -> bool {
    match serde_json::from_str::<MetricLine<'_>>(text) {
        Ok(line) => record(&line, last_ns, found),
        // Python and JS libraries write bare words that JSON does not have.
        Err(_) if text.contains("NaN") || text.contains("Infinity") => {
            let repaired = text
                .replace("-Infinity", "null")
                .replace("Infinity", "null")
                .replace("NaN", "null");
            serde_json::from_str(&repaired).is_ok_and(|line| record(&line, last_ns, found))
        }
        Err(_) => false,
    }
}

fn record(line: &MetricLine<'_>, last_ns: &mut i64, found: &mut Found) -> bool {
    let Some(value) = line.value.value() else {
        return false;
    };
    let name = line.metric.trim();
    if name.is_empty() {
        return false;
    }
    *last_ns = line.ts.as_ref().and_then(Scalar::time).unwrap_or(*last_ns);
    let declared = Declared {
        kind: line.kind.as_ref().and_then(|word| word.parse().ok()),
        unit: line.unit.as_ref().map(|unit| Unit::new(unit.trim())),
        direction: line.direction.as_ref().and_then(|word| word.parse().ok()),
    };
    found.push(name, &declared, *last_ns, value);
    true
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ground_core::metric::{Direction, MetricKind, Unit};
    use tempfile::TempDir;

    use super::{FILE_NAME, Found, read};

    fn found(text: &str, mixed: bool) -> Found {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(FILE_NAME), text).unwrap();
        let mut found = Found::with_room(1000);
        read(directory.path(), FILE_NAME, mixed, 7, &mut found).unwrap();
        found
    }

    #[test]
    fn a_file_that_is_missing_holds_nothing() {
        let mut found = Found::with_room(10);
        read(TempDir::new().unwrap().path(), FILE_NAME, false, 1, &mut found).unwrap();
        assert_eq!(found, Found::with_room(10));
    }

    #[test]
    fn what_is_no_metric_is_counted_and_never_taken() {
        let text = "garbage\n{}\n{\"metric\":\"\",\"value\":1}\n{\"metric\":\"a\"}\n{\"metric\":\"a\",\"value\":\"x\"}\n\
                    \n{\"metric\":\"a\",\"value\":[1]}\n{\"metric\":\"b\",\"value\":1}\n{\"metric\":\"b\",\"va";
        let found = found(text, false);
        assert_eq!(
            found.troubles,
            [
                "metrics.ndjson has 6 lines that are no metric",
                "metrics.ndjson is torn in its last line"
            ]
        );
        assert_eq!(found.metrics["b"].values, [1.0]);
    }

    #[test]
    fn a_plans_own_output_is_no_trouble() {
        let found = found(
            "hello\n{\"event\":{}}\n{\"metric\":\"a\",\"value\":2}\n{\"metric\":oops\n",
            true,
        );
        assert_eq!(found.metrics["a"].values, [2.0]);
        assert_eq!(found.troubles, ["metrics.ndjson has 1 lines that are no metric"]);
    }

    #[test]
    fn values_that_json_cannot_say_are_left_out_and_counted() {
        let text = "{\"metric\":\"a\",\"value\":NaN}\n{\"metric\":\"a\",\"value\":-Infinity}\n\
                    {\"metric\":\"a\",\"value\":null}\n{\"metric\":\"a\",\"value\":\"inf\"}\n\
                    {\"metric\":\"a\",\"value\":1e999}\n{\"metric\":\"a\",\"value\":3}\n";
        let found = found(text, false);
        assert_eq!(found.metrics["a"].values, [3.0]);
        // A number beyond the range of doubles is no JSON number that can be read.
        assert_eq!(found.metrics["a"].not_finite, 4);
        assert_eq!(found.troubles.len(), 1);
    }

    #[test]
    fn units_become_base_units_and_times_are_carried_on() {
        let text = "{\"metric\":\"lat\",\"value\":5,\"unit\":\"ms\",\"kind\":\"timer\",\"direction\":\"lower\"}\n\
                    {\"metric\":\"lat\",\"value\":250,\"unit\":\"us\",\"ts\":90}\n\
                    {\"metric\":\"lat\",\"value\":2000,\"ts\":\"80\",\"host\":\"x\"}\n\
                    {\"metric\":\"lat\",\"value\":1,\"unit\":\"KiB\"}\n";
        let mut found = found(text, false);
        let metric = &found.metrics["lat"];
        assert_eq!(metric.unit, Some(Unit::new("s")));
        assert_eq!(metric.kind, Some(MetricKind::Timer));
        assert_eq!(metric.direction, Some(Direction::Lower));
        assert_eq!(metric.times, [7, 90, 80]);
        assert!(
            metric.values.iter().zip([0.005, 0.000_25, 0.002]).all(|(a, b)| (a - b).abs() < 1e-12)
        );
        assert_eq!(metric.other_unit, 1);
        assert!(metric.backwards);
        found.sort();
        assert_eq!(found.metrics["lat"].times, [7, 80, 90]);
        assert!((found.metrics["lat"].values[1] - 0.002).abs() < 1e-12);
    }

    #[test]
    fn an_instance_keeps_no_more_than_its_share() {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(FILE_NAME), "{\"metric\":\"a\",\"value\":1}\n".repeat(15))
            .unwrap();
        let mut found = Found::with_room(10);
        read(directory.path(), FILE_NAME, false, 7, &mut found).unwrap();
        assert_eq!(found.metrics["a"].values.len(), 10);
        assert_eq!(found.metrics["a"].too_many, 5);
    }
}
