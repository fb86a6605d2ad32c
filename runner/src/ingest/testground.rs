//! The metric files of Testground's Go SDK: `results.out` and `diagnostics.out`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use ground_core::metric::{MetricKind, Unit};
use serde::Deserialize;

use super::found::{Declared, Found};
use crate::outcome::Lines;

/// The files, and what their metrics' names begin with here.
pub(super) const FILES: [(&str, &str); 2] =
    [("results.out", ""), ("diagnostics.out", "diagnostics.")];

/// The median of a wrong quantile lies this far below the mean, or farther.
///
/// The Go SDK's resetting histogram takes percentiles for ratios: of 1 to 1000, with mean 500, it tells 5 as median.
/// A true median below half of the mean is possible, but such numbers cannot be told from wrong ones.
const MEDIAN_FAR_BELOW_MEAN: f64 = 0.5;

#[derive(Debug, Deserialize)]
struct ResultLine {
    #[serde(default)]
    ts: i64,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    measures: BTreeMap<String, Option<f64>>,
}

/// Reads `directory/name`; returns whether it exists. Names get `prefix`.
pub(super) fn read(
    directory: &Path,
    name: &str,
    prefix: &str,
    found: &mut Found,
) -> io::Result<bool> {
    let file = match File::open(directory.join(name)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut lines = Lines::new(BufReader::with_capacity(64 * 1024, file));
    let (mut unread, mut torn) = (0u64, false);
    let mut untrusted = BTreeSet::new();
    while let Some(line) = lines.next()? {
        if line.bytes.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice::<ResultLine>(line.bytes) {
            Ok(result) => take(&result, prefix, found, &mut untrusted),
            Err(_) if line.torn => torn = true,
            Err(_) => unread += 1,
        }
    }
    if unread > 0 {
        found.troubles.push(format!("{name} has {unread} lines that are no metric"));
    }
    if torn {
        found.troubles.push(format!("{name} is torn in its last line"));
    }
    for name in untrusted {
        if let Some(metric) = found.metrics.get_mut(&name) {
            metric.untrusted = true;
        }
    }
    Ok(true)
}

fn take(line: &ResultLine, prefix: &str, found: &mut Found, untrusted: &mut BTreeSet<String>) {
    let wrong = has_wrong_quantiles(line);
    for (measure, value) in &line.measures {
        // One value per line keeps the metric's own name.
        let plain = matches!(measure.as_str(), "value" | "rate") || line.kind == "counter";
        let name = if plain {
            format!("{prefix}{}", line.name)
        } else {
            format!("{prefix}{}.{measure}", line.name)
        };
        if wrong && is_quantile(measure) {
            untrusted.insert(name.clone());
        }
        let declared = Declared {
            kind: Some(kind(&line.kind)),
            unit: unit(&line.kind, measure),
            direction: None,
        };
        found.push(&name, &declared, line.ts, value.unwrap_or(f64::NAN));
    }
}

fn kind(word: &str) -> MetricKind {
    match word {
        "point" => MetricKind::Point,
        // Reset at each interval, so each line is an increment.
        "counter" => MetricKind::Counter,
        _ => MetricKind::Gauge,
    }
}

/// Timers are in nanoseconds, but their counts and rates are not.
fn unit(kind: &str, measure: &str) -> Option<Unit> {
    let is_duration = matches!(measure, "max" | "mean" | "min" | "stddev") || is_quantile(measure);
    (kind == "timer" && is_duration).then(|| Unit::new("ns"))
}

fn is_quantile(measure: &str) -> bool {
    measure.strip_prefix('p').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn has_wrong_quantiles(line: &ResultLine) -> bool {
    let measure = |name: &str| line.measures.get(name).copied().flatten();
    match (measure("p50"), measure("mean")) {
        (Some(median), Some(mean)) if matches!(&*line.kind, "histogram" | "timer") => {
            mean > 0.0 && median < MEDIAN_FAR_BELOW_MEAN * mean
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ground_core::metric::{MetricKind, Unit};
    use tempfile::TempDir;

    use super::{Found, read};

    fn found(text: &str) -> Found {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join("results.out"), text).unwrap();
        let mut found = Found::with_room(1000);
        assert!(read(directory.path(), "results.out", "", &mut found).unwrap());
        found
    }

    #[test]
    fn broken_lines_are_counted() {
        let found = found(
            "x\n{\"ts\":1,\"type\":\"point\",\"name\":\"a\",\"measures\":{\"value\":null}}\n{\"ts\":1",
        );
        assert_eq!(
            found.troubles,
            ["results.out has 1 lines that are no metric", "results.out is torn in its last line"]
        );
        assert_eq!(found.metrics["a"].not_finite, 1);
        let mut none = Found::with_room(1);
        assert!(!read(TempDir::new().unwrap().path(), "results.out", "", &mut none).unwrap());
    }

    /// The type words and measures of contract's table of metric lines.
    #[test]
    fn each_type_gets_its_kind_and_unit() {
        let found = found(
            "{\"ts\":5,\"type\":\"point\",\"name\":\"rounds,peer=a\",\"measures\":{\"value\":3}}\n\
             {\"ts\":6,\"type\":\"counter\",\"name\":\"sent\",\"measures\":{\"count\":12}}\n\
             {\"ts\":7,\"type\":\"ewma\",\"name\":\"speed\",\"measures\":{\"rate\":1.5}}\n\
             {\"ts\":8,\"type\":\"timer\",\"name\":\"rtt\",\"measures\":{\"count\":4,\"mean\":2000000,\"p50\":1900000,\"m1\":0.5}}\n",
        );
        assert_eq!(found.metrics["rounds,peer=a"].kind, Some(MetricKind::Point));
        assert_eq!(found.metrics["sent"].kind, Some(MetricKind::Counter));
        assert_eq!(found.metrics["sent"].values, [12.0]);
        assert_eq!(found.metrics["speed"].kind, Some(MetricKind::Gauge));
        let mean = &found.metrics["rtt.mean"];
        assert_eq!(mean.unit, Some(Unit::new("s")));
        assert!((mean.values[0] - 0.002).abs() < 1e-12);
        assert_eq!(found.metrics["rtt.count"].unit, None);
        assert!(!found.metrics["rtt.p50"].untrusted);
        assert!(found.troubles.is_empty());
    }

    /// What the resetting histogram tells of the values 1 to 1000.
    #[test]
    fn quantiles_of_the_resetting_histogram_are_not_trusted() {
        let found = found(
            "{\"ts\":1,\"type\":\"histogram\",\"name\":\"h\",\"measures\":{\"count\":1000,\"max\":1000,\"mean\":500.5,\
             \"min\":1,\"p50\":5,\"p75\":8,\"p95\":9,\"p99\":10,\"p999\":10,\"p9999\":10}}\n",
        );
        for name in ["h.p50", "h.p99", "h.p9999"] {
            assert!(found.metrics[name].untrusted, "{name}");
        }
        for name in ["h.mean", "h.max", "h.count"] {
            assert!(!found.metrics[name].untrusted, "{name}");
        }
    }
}
