use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use ground_core::execution::{Execution, InstanceResult};
use ground_core::id::InstanceId;
use ground_core::metric::{Direction, MetricKind, MetricSpec, Stat, Unit};
use ground_core::outcome::Outcome;
use ground_core::sample_file::{
    Definition, Reading, write_definition, write_end, write_header, write_samples,
};
use tempfile::TempDir;

use super::{Collected, INSTANCE_CPU, INSTANCE_MAX_RSS, RUN_DURATION, collect};

struct Run {
    directory: TempDir,
    execution: Execution,
}

const S: i64 = 1_000_000_000;

impl Run {
    fn new(count: u32) -> Self {
        let directory = TempDir::new().unwrap();
        let instances = (0..count)
            .map(|index| {
                let outputs = directory.path().join(format!("g/{index}"));
                fs::create_dir_all(&outputs).unwrap();
                instance(index, outputs)
            })
            .collect();
        let execution = Execution {
            outcome: Outcome::success(),
            instances,
            events: Vec::new(),
            started_ns: S,
            ended_ns: 3 * S,
            caveats: Vec::new(),
        };
        Self { directory, execution }
    }

    fn put(&self, index: u32, name: &str, text: impl AsRef<[u8]>) -> &Self {
        fs::write(self.directory.path().join(format!("g/{index}/{name}")), text).unwrap();
        self
    }

    fn collect(&self, specs: &[(&str, MetricSpec)]) -> Collected {
        let specs: BTreeMap<String, MetricSpec> =
            specs.iter().map(|(name, spec)| ((*name).to_owned(), spec.clone())).collect();
        collect(&self.execution, self.directory.path(), &specs)
    }
}

fn instance(index: u32, outputs: PathBuf) -> InstanceResult {
    InstanceResult {
        instance: InstanceId { group: "g".to_owned(), index },
        outcome: Outcome::success(),
        exit_code: Some(0),
        signal: None,
        started_ns: S,
        ended_ns: 3 * S,
        cpu_user_s: 0.5,
        cpu_system_s: 0.25,
        max_rss_bytes: if index == 0 { 1 << 20 } else { 0 },
        outputs,
    }
}

fn values(collected: &Collected, name: &str) -> Vec<f64> {
    let metric = collected.metrics.iter().position(|metric| metric.name == name).unwrap() as u32;
    let series = collected.samples.iter().filter(|series| series.metric == metric);
    series.flat_map(|series| series.values.clone()).collect()
}

fn point(collected: &Collected, name: &str, stat: Stat) -> Option<f64> {
    let metric = collected.metrics.iter().position(|metric| metric.name == name)? as u32;
    let point =
        collected.points.iter().find(|point| point.metric == metric && point.stat == stat)?;
    Some(point.value)
}

#[test]
fn a_plan_that_measures_nothing_still_has_the_engines_metrics() {
    let collected = Run::new(2).collect(&[]);
    let names: Vec<&str> = collected.metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(names, [INSTANCE_CPU, INSTANCE_MAX_RSS, RUN_DURATION]);
    assert!(collected.metrics.iter().all(|metric| metric.direction == Direction::Lower));
    assert_eq!(point(&collected, INSTANCE_CPU, Stat::Value), Some(0.75));
    assert_eq!(point(&collected, RUN_DURATION, Stat::Value), Some(2.0));
    // Unknown of the second instance.
    assert_eq!(values(&collected, INSTANCE_MAX_RSS), [1_048_576.0]);
    assert!(collected.caveats.is_empty());
}

#[test]
fn nothing_started_measures_nothing() {
    let mut run = Run::new(1);
    run.execution.instances[0].started_ns = 0;
    run.execution.started_ns = 0;
    run.execution.ended_ns = 0;
    let collected = run.collect(&[]);
    assert!(collected.samples.is_empty() && collected.points.is_empty());
}

#[test]
fn a_clock_that_goes_backwards_is_told_and_never_a_negative_duration() {
    let mut run = Run::new(1);
    run.execution.ended_ns = 0;
    run.execution.started_ns = S;
    run.put(
        0,
        "metrics.ndjson",
        "{\"metric\":\"a\",\"value\":1,\"ts\":9}\n{\"metric\":\"a\",\"value\":2,\"ts\":4}\n",
    );
    let collected = run.collect(&[]);
    assert!(values(&collected, "a") == [2.0, 1.0]);
    assert!(collected.samples.iter().all(|series| series.t_ns.is_sorted()));
    assert_eq!(
        collected.caveats,
        [
            "the clock went backwards during the run: it has no duration",
            "metric `a` has times that go backwards; its samples are sorted (g[0])",
        ]
    );
}

#[test]
fn instances_that_disagree_on_the_unit_are_told() {
    let run = Run::new(3);
    run.put(0, "metrics.ndjson", "{\"metric\":\"lat\",\"value\":5,\"unit\":\"ms\"}\n");
    run.put(1, "metrics.ndjson", "{\"metric\":\"lat\",\"value\":0.25,\"unit\":\"s\"}\n");
    run.put(2, "metrics.ndjson", "{\"metric\":\"lat\",\"value\":7,\"unit\":\"KiB\"}\n");
    let collected = run.collect(&[]);
    assert_eq!(values(&collected, "lat"), [0.005, 0.25]);
    assert_eq!(
        collected.caveats,
        [
            "metric `lat` is measured in another unit than by the others; its values are left out (g[2])"
        ]
    );
}

#[test]
fn declarations_come_before_what_instances_say() {
    let run = Run::new(1);
    run.put(
        0,
        "metrics.ndjson",
        "{\"metric\":\"lat\",\"value\":5}\n{\"metric\":\"size\",\"value\":2,\"unit\":\"KiB\",\"direction\":\"higher\"}\n",
    );
    let spec = MetricSpec {
        unit: Some(Unit::new("ms")),
        direction: Some(Direction::Lower),
        kind: Some(MetricKind::Gauge),
        ..MetricSpec::default()
    };
    let collected =
        run.collect(&[("lat", spec.clone()), ("size", spec), ("absent", MetricSpec::default())]);
    let lat = collected.metrics.iter().find(|metric| metric.name == "lat").unwrap();
    assert_eq!(
        (lat.unit.as_str(), lat.direction, lat.kind),
        ("s", Direction::Lower, MetricKind::Gauge)
    );
    assert_eq!(values(&collected, "lat"), [0.005]);
    assert_eq!(point(&collected, "lat", Stat::Max), Some(0.005));
    // A declaration cannot change what a value means.
    let size = collected.metrics.iter().find(|metric| metric.name == "size").unwrap();
    assert_eq!((size.unit.as_str(), size.direction), ("B", Direction::Lower));
    assert_eq!(collected.caveats, ["metric `size` is declared in `s` and measured in `B`"]);
    assert!(collected.metrics.iter().all(|metric| metric.name != "absent"));
}

#[test]
fn nan_and_infinite_values_are_left_out_and_counted() {
    let run = Run::new(2);
    for index in 0..2 {
        run.put(index, "metrics.ndjson", "{\"metric\":\"a\",\"value\":NaN}\n{\"metric\":\"a\",\"value\":1}\n{\"metric\":\"a\",\"value\":Infinity}\n");
    }
    let collected = run.collect(&[]);
    assert_eq!(values(&collected, "a"), [1.0, 1.0]);
    assert_eq!(
        collected.caveats,
        ["metric `a` has 4 values that are not finite; they are left out"]
    );
}

#[test]
fn a_plan_cannot_take_the_engines_names() {
    let run = Run::new(1);
    run.put(0, "metrics.ndjson", "{\"metric\":\"run_duration_s\",\"value\":0.001}\n");
    let collected = run.collect(&[]);
    assert_eq!(values(&collected, RUN_DURATION), [2.0]);
    assert_eq!(
        collected.caveats,
        ["metric `run_duration_s` is the engine's own; the plan's is left out (g[0])"]
    );
}

#[test]
fn garbage_everywhere_leaves_a_run_with_caveats() {
    let run = Run::new(1);
    let garbage = b"\xff\xfe\x00garbage\n{{{{\n";
    for name in ["metrics.ground", "metrics.ndjson", "stdout.log", "results.out", "diagnostics.out"]
    {
        run.put(0, name, garbage);
    }
    fs::write(run.directory.path().join("influx.captured"), garbage).unwrap();
    let collected = run.collect(&[]);
    assert_eq!(collected.metrics.len(), 3);
    assert_eq!(collected.caveats.len(), 4, "{:?}", collected.caveats);
}

#[test]
fn every_dialect_arrives() {
    let run = Run::new(1);
    let mut bytes = Vec::new();
    write_header(&mut bytes);
    let definition = Definition {
        id: 0,
        name: "sent".to_owned(),
        kind: MetricKind::Counter,
        unit: Unit::new("count"),
        direction: Direction::Higher,
    };
    write_definition(&mut bytes, &definition);
    write_samples(&mut bytes, 0, &[1, 2].map(|s| Reading { at_ns: s * S, value: 10.0 }));
    write_end(&mut bytes, 2 * S);
    run.put(0, "metrics.ground", bytes)
        .put(0, "metrics.ndjson", "{\"metric\":\"b\",\"value\":1}\n")
        .put(0, "stdout.log", "free text\n{\"metric\":\"c\",\"value\":2}\n")
        .put(
            0,
            "results.out",
            "{\"ts\":5,\"type\":\"point\",\"name\":\"d\",\"measures\":{\"value\":3}}\n",
        )
        .put(
            0,
            "diagnostics.out",
            "{\"ts\":5,\"type\":\"gauge\",\"name\":\"e\",\"measures\":{\"value\":4}}\n",
        );
    fs::write(run.directory.path().join("influx.captured"), "0\tf value=5 6\n").unwrap();
    let collected = run.collect(&[]);
    assert!(collected.caveats.is_empty(), "{:?}", collected.caveats);
    for (name, value) in [("b", 1.0), ("c", 2.0), ("d", 3.0), ("diagnostics.e", 4.0), ("f", 5.0)] {
        assert_eq!(values(&collected, name), [value], "{name}");
    }
    // Two increments a second apart stand for two seconds.
    assert_eq!(point(&collected, "sent", Stat::Rate), Some(10.0));
    assert!(collected.metrics.is_sorted_by(|a, b| a.name < b.name));
    assert!(collected.samples.is_sorted_by_key(|series| (series.instance, series.metric)));
    assert_eq!(collected, run.collect(&[]));
}
