//! What one instance measured, as it is found in its files.

use std::collections::BTreeMap;

use ground_core::metric::{Direction, MetricKind, Unit};

/// A metric's distribution over one interval, in the metric's base unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FoundSketch {
    pub(super) t_ns: i64,
    pub(super) interval_ns: i64,
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) scale: f64,
    pub(super) histogram: Vec<u8>,
}

/// What is said of a metric together with its values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Declared {
    pub(super) kind: Option<MetricKind>,
    /// As it was written, not yet a base unit.
    pub(super) unit: Option<Unit>,
    pub(super) direction: Option<Direction>,
}

/// One metric of one instance.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct FoundMetric {
    pub(super) kind: Option<MetricKind>,
    /// The base unit of the values; nothing while no unit was told.
    pub(super) unit: Option<Unit>,
    pub(super) direction: Option<Direction>,
    /// Known to be wrong at its source.
    pub(super) untrusted: bool,
    pub(super) times: Vec<i64>,
    pub(super) values: Vec<f64>,
    pub(super) sketches: Vec<FoundSketch>,
    /// Values that are not finite and were left out.
    pub(super) not_finite: u64,
    /// Values whose unit cannot be converted into that of the others and that were left out.
    pub(super) other_unit: u64,
    /// Values beyond the share of memory of one instance.
    pub(super) too_many: u64,
    /// Whether a time lay before the one that was recorded before it.
    pub(super) backwards: bool,
    /// Distributions that cannot be decoded.
    pub(super) bad_sketches: u64,
    factor: f64,
}

/// Everything that one instance measured.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Found {
    pub(super) metrics: BTreeMap<String, FoundMetric>,
    /// Problems with whole files, each a clause such as `metrics.ground is torn`.
    pub(super) troubles: Vec<String>,
    /// Most samples that are still kept.
    room: usize,
}

impl Found {
    /// Starts with nothing; keeps at most `room` samples.
    pub(super) fn with_room(room: usize) -> Self {
        Self { room, ..Self::default() }
    }

    /// Returns the metric `name`, with what is now said of it.
    pub(super) fn metric(&mut self, name: &str, declared: &Declared) -> &mut FoundMetric {
        if !self.metrics.contains_key(name) {
            let fresh = FoundMetric { factor: 1.0, ..FoundMetric::default() };
            self.metrics.insert(name.to_owned(), fresh);
        }
        let metric = self.metrics.get_mut(name).expect("bug: the metric was just inserted");
        metric.kind = metric.kind.or(declared.kind);
        metric.direction = metric.direction.or(declared.direction);
        metric
    }

    /// Records one value.
    pub(super) fn push(&mut self, name: &str, declared: &Declared, at_ns: i64, value: f64) {
        let full = self.room == 0;
        let metric = self.metric(name, declared);
        if full {
            metric.too_many += 1;
        } else if !value.is_finite() {
            metric.not_finite += 1;
        } else if metric.take_unit(declared.unit.as_ref()) {
            metric.record(at_ns, value);
            self.room -= 1;
        } else {
            metric.other_unit += 1;
        }
    }

    /// Records one distribution, whose scale and sum are in the unit that is declared.
    pub(super) fn push_sketch(&mut self, name: &str, declared: &Declared, mut sketch: FoundSketch) {
        let metric = self.metric(name, declared);
        if !metric.take_unit(declared.unit.as_ref()) {
            metric.other_unit += sketch.count;
            return;
        }
        sketch.sum *= metric.factor;
        sketch.scale *= metric.factor;
        if sketch.sum.is_finite() && sketch.scale.is_finite() && sketch.scale > 0.0 {
            metric.sketches.push(sketch);
        } else {
            metric.bad_sketches += 1;
        }
    }

    /// Puts every metric's values in the order of their times.
    pub(super) fn sort(&mut self) {
        for metric in self.metrics.values_mut() {
            metric.sort();
        }
    }
}

impl FoundMetric {
    /// Prepares to convert from `unit`; false when it measures something else than the values before.
    fn take_unit(&mut self, unit: Option<&Unit>) -> bool {
        let Some(unit) = unit.filter(|unit| !unit.as_str().is_empty()) else {
            return true;
        };
        let (base, factor) = unit.to_base();
        if self.unit.as_ref().is_some_and(|known| *known != base) {
            return false;
        }
        self.unit = Some(base);
        self.factor = factor;
        true
    }

    fn record(&mut self, at_ns: i64, value: f64) {
        self.backwards |= self.times.last().is_some_and(|last| *last > at_ns);
        self.times.push(at_ns);
        self.values.push(value * self.factor);
    }

    fn sort(&mut self) {
        self.sketches.sort_by_key(|sketch| sketch.t_ns);
        if self.times.is_sorted() {
            return;
        }
        let mut order: Vec<usize> = (0..self.times.len()).collect();
        order.sort_by_key(|place| self.times[*place]);
        self.times = order.iter().map(|place| self.times[*place]).collect();
        self.values = order.iter().map(|place| self.values[*place]).collect();
    }

    /// Multiplies all values, for a unit that is known only from elsewhere.
    pub(super) fn convert(&mut self, unit: &Unit) {
        let (base, factor) = unit.to_base();
        for value in &mut self.values {
            *value *= factor;
        }
        for sketch in &mut self.sketches {
            sketch.sum *= factor;
            sketch.scale *= factor;
        }
        self.unit = Some(base);
    }
}
