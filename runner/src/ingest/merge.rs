//! One run from what its instances measured each for itself.

use std::collections::BTreeMap;

use ground_core::execution::Execution;
use ground_core::metric::{Direction, MetricKind, MetricSpec, Unit};
use ground_core::record::{MetricDef, SampleSeries, SketchRow};

use super::engine_metrics::RESERVED;
use super::found::{Found, FoundMetric};
use super::notes::Notes;

/// The samples and sketches of a run with their definitions.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) metrics: Vec<MetricDef>,
    pub(super) samples: Vec<SampleSeries>,
    pub(super) sketches: Vec<SketchRow>,
}

/// What all instances together say of one metric.
#[derive(Debug, Clone, Default)]
struct Agreed {
    kind: Option<MetricKind>,
    unit: Option<Unit>,
    direction: Option<Direction>,
    untrusted: bool,
}

/// Joins `found`, one per instance; `specs` are the manifest's and composition's words, which come first.
pub(super) fn merge(
    execution: &Execution,
    found: Vec<Found>,
    specs: &BTreeMap<String, MetricSpec>,
    notes: &mut Notes,
) -> Table {
    let agreed = agree(execution, &found, specs, notes);
    let mut table = Table::default();
    let mut places = BTreeMap::new();
    for (name, agreed) in agreed {
        places.insert(name.clone(), (table.metrics.len() as u32, agreed.unit.clone()));
        table.metrics.push(MetricDef {
            // Without a word each value stands for itself.
            kind: agreed.kind.unwrap_or(MetricKind::Point),
            unit: agreed.unit.unwrap_or_default(),
            direction: agreed.direction.unwrap_or_default(),
            untrusted: agreed.untrusted,
            margin: specs.get(&name).and_then(|spec| spec.margin),
            name,
        });
    }
    for (instance, found) in found.into_iter().enumerate() {
        let who = || execution.instances[instance].instance.to_string();
        for (name, mut metric) in found.metrics {
            tell(&name, &metric, &who, notes);
            let (place, unit) = &places[&name];
            if !convert(&mut metric, &name, unit.as_ref(), specs) {
                notes.metric(
                    &name,
                    "is measured in another unit than by the others; its values are left out",
                    who(),
                );
                continue;
            }
            table.take(instance as u32, *place, metric);
        }
    }
    table
}

impl Table {
    fn take(&mut self, instance: u32, metric: u32, found: FoundMetric) {
        if !found.times.is_empty() {
            let (t_ns, values) = (found.times, found.values);
            self.samples.push(SampleSeries { instance, metric, t_ns, values });
        }
        self.sketches.extend(found.sketches.into_iter().map(|sketch| SketchRow {
            instance,
            metric,
            t_ns: sketch.t_ns,
            interval_ns: sketch.interval_ns,
            count: sketch.count,
            sum: sketch.sum,
            scale: sketch.scale,
            histogram: sketch.histogram,
        }));
    }
}

fn agree(
    execution: &Execution,
    found: &[Found],
    specs: &BTreeMap<String, MetricSpec>,
    notes: &mut Notes,
) -> BTreeMap<String, Agreed> {
    let mut all: BTreeMap<String, Agreed> = BTreeMap::new();
    for (instance, found) in found.iter().enumerate() {
        let who = || execution.instances[instance].instance.to_string();
        for (name, metric) in &found.metrics {
            let agreed = all.entry(name.clone()).or_default();
            agreed.untrusted |= metric.untrusted;
            agreed.unit = agreed.unit.take().or_else(|| metric.unit.clone());
            for (what, differs) in [
                ("kind", differ(agreed.kind, metric.kind)),
                ("direction", differ(agreed.direction, metric.direction)),
            ] {
                if differs {
                    let text = format!("is given another {what} than by the others");
                    notes.metric(name, &text, who());
                }
            }
            agreed.kind = agreed.kind.or(metric.kind);
            agreed.direction = agreed.direction.or(metric.direction);
        }
    }
    for (name, agreed) in &mut all {
        if let Some(spec) = specs.get(name).filter(|_| !RESERVED.contains(&name.as_str())) {
            apply(name, spec, agreed, notes);
        }
    }
    all
}

/// Returns whether both said something, and not the same.
fn differ<T: PartialEq>(known: Option<T>, said: Option<T>) -> bool {
    known.zip(said).is_some_and(|(known, said)| known != said)
}

/// The plan's and composition's words come before those of instances, but cannot change what values mean.
fn apply(name: &str, spec: &MetricSpec, agreed: &mut Agreed, notes: &mut Notes) {
    agreed.kind = spec.kind.or(agreed.kind);
    agreed.direction = spec.direction.or(agreed.direction);
    let Some(unit) = spec.unit.as_ref().map(|unit| unit.to_base().0) else {
        return;
    };
    match &agreed.unit {
        Some(measured) if *measured != unit => {
            notes.plain(format!(
                "metric `{name}` is declared in `{unit}` and measured in `{measured}`"
            ));
        }
        _ => agreed.unit = Some(unit),
    }
}

/// Brings values without a unit into the agreed one; false when they have another.
fn convert(
    metric: &mut FoundMetric,
    name: &str,
    agreed: Option<&Unit>,
    specs: &BTreeMap<String, MetricSpec>,
) -> bool {
    let Some(agreed) = agreed else {
        return true;
    };
    match &metric.unit {
        Some(unit) => unit == agreed,
        None => {
            // Nobody said what the values are in but the declaration; else they are taken as base units.
            let declared = specs.get(name).and_then(|spec| spec.unit.clone());
            metric.convert(declared.as_ref().unwrap_or(agreed));
            true
        }
    }
}

fn tell(name: &str, metric: &FoundMetric, who: &dyn Fn() -> String, notes: &mut Notes) {
    let counts = [
        (metric.not_finite, "values that are not finite; they are left out"),
        (metric.other_unit, "values in a unit that cannot be converted; they are left out"),
        (metric.too_many, "values beyond what is kept of one instance; they are left out"),
        (metric.bad_sketches, "sketches that cannot be used; they are left out"),
    ];
    for (count, what) in counts {
        if count > 0 {
            notes.counted(name, what, count);
        }
    }
    if metric.backwards {
        notes.metric(name, "has times that go backwards; its samples are sorted", who());
    }
}
