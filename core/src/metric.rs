//! Metrics, units, directions.

use std::fmt;
use std::str::FromStr;

/// How a metric's samples come about, which decides how one run's points are summarised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MetricKind {
    /// A monotone count of things; samples are increments.
    Counter,
    /// A level that goes up and down; samples are readings.
    Gauge,
    /// Durations in seconds; kept as mergeable sketches, optionally with raw samples.
    Timer,
    /// A distribution of any quantity; kept as mergeable sketches, optionally with raw samples.
    Histogram,
    /// Single values, few per run, each meaningful by itself.
    Point,
}

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Direction {
    /// Lower is better, as for latency.
    Lower,
    /// Higher is better, as for throughput.
    Higher,
    /// Neither is better: the metric is shown and never judged.
    #[default]
    None,
}

/// A word that is not one of the words a type knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not a {what}; known are {known}")]
pub struct UnknownWord {
    /// What was being read, such as `metric kind`.
    pub what: &'static str,
    /// The word as it was given.
    pub word: String,
    /// The words that are known, separated by commas.
    pub known: &'static str,
}

macro_rules! words {
    ($type:ident, $what:literal, $known:literal, $($variant:ident => $word:literal),+ $(,)?) => {
        impl $type {
            /// Returns the word used in files, messages and machine output.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl std::str::FromStr for $type {
            type Err = $crate::metric::UnknownWord;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::metric::UnknownWord { what: $what, word: word.to_owned(), known: $known }),
                }
            }
        }
    };
}
pub(crate) use words;

words!(MetricKind, "metric kind", "counter, gauge, timer, histogram, point",
    Counter => "counter", Gauge => "gauge", Timer => "timer", Histogram => "histogram", Point => "point");
words!(Direction, "direction", "lower, higher, none",
    Lower => "lower", Higher => "higher", None => "none");

/// A base unit: `s`, `B`, `count`, `ratio`, or any other word a plan declares; empty when unknown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Unit(String);

impl Unit {
    /// Takes `unit` as it stands.
    pub fn new(unit: impl Into<String>) -> Self {
        Self(unit.into())
    }

    /// Returns the unit's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the base unit and the factor that turns a value in this unit into it.
    ///
    /// Knows the time and size words that old plans use (`ns`, `us`, `ms`, `KiB`, `MB`, `%`...);
    /// an unknown unit is its own base with factor 1.
    #[must_use]
    pub fn to_base(&self) -> (Self, f64) {
        let (base, factor) = match self.0.as_str() {
            "ns" | "nanoseconds" => ("s", 1e-9),
            "us" | "µs" | "microseconds" => ("s", 1e-6),
            "ms" | "milliseconds" => ("s", 1e-3),
            "s" | "sec" | "seconds" => ("s", 1.0),
            "min" | "minutes" => ("s", 60.0),
            "B" | "bytes" => ("B", 1.0),
            "kB" | "KB" => ("B", 1e3),
            "MB" => ("B", 1e6),
            "GB" => ("B", 1e9),
            "KiB" => ("B", 1024.0),
            "MiB" => ("B", 1_048_576.0),
            "GiB" => ("B", 1_073_741_824.0),
            "%" | "percent" => ("ratio", 0.01),
            _ => return (self.clone(), 1.0),
        };
        (Self::new(base), factor)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What is declared about a metric, in a manifest, a composition or by the instance that measured it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MetricSpec {
    /// The unit of its values.
    pub unit: Option<Unit>,
    /// Which way it gets better.
    pub direction: Option<Direction>,
    /// The smallest relative change anybody cares about, as a ratio: 0.02 is 2 percent.
    pub margin: Option<f64>,
    /// How its samples come about.
    pub kind: Option<MetricKind>,
}

impl MetricSpec {
    /// Returns this specification with every gap filled from `fallback`.
    #[must_use]
    pub fn or(self, fallback: &Self) -> Self {
        Self {
            unit: self.unit.or_else(|| fallback.unit.clone()),
            direction: self.direction.or(fallback.direction),
            margin: self.margin.or(fallback.margin),
            kind: self.kind.or(fallback.kind),
        }
    }
}

/// The margin of a metric that declares none: 2 percent.
///
/// # Source
/// The default that the project's statistics chapter argues for (`docs/statistics.md`).
pub const DEFAULT_MARGIN: f64 = 0.02;

/// Which summary of one run's samples a point holds.
///
/// `Q(990)` is the 0.990 quantile in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stat {
    /// The one value, or the median of several single values.
    Value,
    /// The sum of all increments.
    Total,
    /// The sum of all increments over the time they took, per second.
    Rate,
    /// The arithmetic mean.
    Mean,
    /// The largest value.
    Max,
    /// A quantile, in thousandths: `Q(500)` is the median.
    Q(u16),
}

impl Stat {
    /// Returns whether points of this summary are judged by default; the others are shown only.
    #[must_use]
    pub const fn judged(self) -> bool {
        matches!(self, Self::Value | Self::Rate | Self::Q(500 | 990))
    }
}

impl fmt::Display for Stat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value => f.pad("value"),
            Self::Total => f.pad("total"),
            Self::Rate => f.pad("rate"),
            Self::Mean => f.pad("mean"),
            Self::Max => f.pad("max"),
            Self::Q(q) if q % 10 == 0 => f.pad(&format!("p{}", q / 10)),
            Self::Q(q) => f.pad(&format!("p{q:03}")),
        }
    }
}

impl FromStr for Stat {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let unknown = || UnknownWord {
            what: "summary",
            word: word.to_owned(),
            known: "value, total, rate, mean, max, p50, p90, p99, p999",
        };
        Ok(match word {
            "value" => Self::Value,
            "total" => Self::Total,
            "rate" => Self::Rate,
            "mean" => Self::Mean,
            "max" => Self::Max,
            _ => {
                let digits = word.strip_prefix('p').ok_or_else(unknown)?;
                let number: u16 = digits.parse().map_err(|_| unknown())?;
                match (digits.len(), number) {
                    (1 | 2, 1..=99) => Self::Q(number * 10),
                    (3, 1..=999) => Self::Q(number),
                    _ => return Err(unknown()),
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Direction, MetricKind, MetricSpec, Stat, Unit};

    #[test]
    fn an_unknown_word_names_the_known_ones() {
        let error = "fast".parse::<Direction>().unwrap_err();
        assert_eq!(error.to_string(), "`fast` is not a direction; known are lower, higher, none");
        assert!("p0".parse::<Stat>().is_err());
        assert!("p1000".parse::<Stat>().is_err());
        assert!("q50".parse::<Stat>().is_err());
    }

    #[test]
    fn words_survive_a_round_trip() {
        for word in ["counter", "gauge", "timer", "histogram", "point"] {
            assert_eq!(word.parse::<MetricKind>().unwrap().as_str(), word);
        }
        for stat in (1..=999).map(Stat::Q) {
            assert_eq!(stat.to_string().parse::<Stat>().unwrap(), stat);
        }
        for word in ["value", "total", "rate", "mean", "max", "p5", "p50", "p90", "p99", "p999"] {
            assert_eq!(word.parse::<Stat>().unwrap().to_string(), word);
        }
    }

    #[test]
    fn time_and_size_words_become_base_units() {
        assert_eq!(Unit::new("ms").to_base(), (Unit::new("s"), 1e-3));
        assert_eq!(Unit::new("KiB").to_base(), (Unit::new("B"), 1024.0));
        assert_eq!(Unit::new("frogs").to_base(), (Unit::new("frogs"), 1.0));
    }

    #[test]
    fn a_specification_is_filled_from_its_fallback_only_where_it_is_silent() {
        let own = MetricSpec { margin: Some(0.05), ..MetricSpec::default() };
        let filled = own.or(&MetricSpec {
            margin: Some(0.01),
            direction: Some(Direction::Higher),
            ..MetricSpec::default()
        });
        assert_eq!(filled.margin, Some(0.05));
        assert_eq!(filled.direction, Some(Direction::Higher));
    }
}
