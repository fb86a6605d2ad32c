//! Records to store, and storage that fails.
#![allow(dead_code, reason = "every test takes what it needs")]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::stream::BoxStream;
use ground_core::event::{Event, EventKind};
use ground_core::id::{InstanceId, RunId, SweepId};
use ground_core::metric::{Direction, MetricKind, Stat, Unit};
use ground_core::outcome::{Outcome, OutcomeKind};
use ground_core::record::{
    Fingerprint, InstanceRow, Load, MetricDef, PointRow, RunRecord, RunRow, SampleSeries, SketchRow,
};
use ground_core::revision::Revision;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// 2026-11-22 in UTC.
pub(crate) const STARTED_NS: i64 = 1_795_305_600_000_000_000;

/// A record with something in every table.
pub(crate) fn record(run: &str, plan: &str) -> RunRecord {
    let load = Load { load1: 0.25, cpu_pressure: 0.0, steal_s: 12.5 };
    RunRecord {
        run: RunRow {
            run: RunId::new(run),
            attempt: 1,
            sweep: SweepId::new("sweep"),
            block: 3,
            position: 7,
            plan: plan.to_owned(),
            case: "spread".to_owned(),
            composition_run: "default".to_owned(),
            params: BTreeMap::from([
                ("n".to_owned(), "4".to_owned()),
                ("q.x".to_owned(), "a b".to_owned()),
            ]),
            runner: "local:exec".to_owned(),
            lang: "rust".to_owned(),
            composition_digest: "c0ffee".to_owned(),
            machine_class: "cpu/2cpu/32GiB/Linux".to_owned(),
            revision: Revision {
                commit: "0123456789012345678901234567890123456789".to_owned(),
                dirty: false,
                position: 12,
                committed_at_s: 1_795_000_000,
                subject: "Do less".to_owned(),
            },
            artifact_digest: "beef".to_owned(),
            seed: u64::MAX,
            started_ns: STARTED_NS,
            ended_ns: STARTED_NS + 5_000_000_000,
            outcome: Outcome::new(OutcomeKind::Failure, "1 of 2 instances: said no"),
            fingerprint: Fingerprint {
                host: "host".to_owned(),
                cpu_model: "cpu".to_owned(),
                cpus: 2,
                memory_bytes: 24 << 30,
                kernel: "Linux 6.18".to_owned(),
                governor: String::new(),
                tool_version: "0.1.0".to_owned(),
                toolchain: "rustc 1.95.0".to_owned(),
                before: load,
                after: load,
            },
            caveats: vec!["busy".to_owned()],
        },
        instances: vec![instance("seed", 0), instance("leech", 0)],
        metrics: vec![
            metric("latency_s", MetricKind::Timer, "s"),
            metric("requests", MetricKind::Counter, "count"),
        ],
        samples: vec![
            SampleSeries {
                instance: 0,
                metric: 1,
                t_ns: vec![1, 5, 5],
                values: vec![1.0, 2.0, -0.5],
            },
            SampleSeries { instance: 1, metric: 0, t_ns: vec![2], values: vec![1e300] },
        ],
        sketches: vec![SketchRow {
            instance: 0,
            metric: 0,
            t_ns: STARTED_NS,
            interval_ns: 1_000_000_000,
            count: 3,
            sum: 0.125,
            scale: 1e-9,
            histogram: vec![0, 255, 7],
        }],
        points: vec![
            PointRow { metric: 0, stat: Stat::Q(500), value: 0.5, samples: 3 },
            PointRow { metric: 1, stat: Stat::Total, value: 2.5, samples: 3 },
        ],
        events: vec![
            Event {
                at_ns: 1,
                instance: None,
                kind: EventKind::BarrierOpened { state: "go".to_owned(), target: 2, first_ns: 1 },
            },
            Event {
                at_ns: 2,
                instance: Some(id("leech", 0)),
                kind: EventKind::Crash { error: "e".to_owned(), stack: String::new() },
            },
            Event { at_ns: 2, instance: Some(id("seed", 0)), kind: EventKind::Success },
        ],
    }
}

pub(crate) fn id(group: &str, index: u32) -> InstanceId {
    InstanceId { group: group.to_owned(), index }
}

pub(crate) fn instance(group: &str, index: u32) -> InstanceRow {
    InstanceRow {
        instance: id(group, index),
        outcome: Outcome::success(),
        exit_code: Some(0),
        signal: None,
        started_ns: STARTED_NS,
        ended_ns: STARTED_NS + 1,
        cpu_user_s: 0.5,
        cpu_system_s: 0.25,
        max_rss_bytes: 1 << 20,
    }
}

pub(crate) fn metric(name: &str, kind: MetricKind, unit: &str) -> MetricDef {
    MetricDef {
        margin: Some(0.05),
        name: name.to_owned(),
        kind,
        unit: Unit::new(unit),
        direction: Direction::Lower,
        untrusted: false,
    }
}

/// Storage that stops working, as a killed process does, from its `dies_at`-th write on.
#[derive(Debug)]
pub(crate) struct Dying<S> {
    pub(crate) below: Arc<S>,
    pub(crate) writes: AtomicU64,
    pub(crate) dies_at: u64,
    /// Whether the write at which it dies leaves half of its bytes.
    pub(crate) torn: bool,
}

impl<S> fmt::Display for Dying<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dying")
    }
}

pub(crate) fn full() -> object_store::Error {
    let source = std::io::Error::from(std::io::ErrorKind::StorageFull);
    object_store::Error::Generic { store: "dying", source: source.into() }
}

#[async_trait::async_trait]
impl<S: ObjectStore> ObjectStore for Dying<S> {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let write = self.writes.fetch_add(1, Ordering::SeqCst);
        if write == self.dies_at && self.torn {
            let bytes: Vec<u8> = payload.iter().flat_map(|part| part.to_vec()).collect();
            let half = bytes[..bytes.len() / 2].to_vec();
            self.below.put_opts(path, half.into(), options).await?;
            return Err(full());
        }
        if write >= self.dies_at {
            return Err(full());
        }
        self.below.put_opts(path, payload, options).await
    }
    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.below.put_multipart_opts(path, options).await
    }
    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.below.get_opts(path, options).await
    }
    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.below.delete_stream(paths)
    }
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.below.list(prefix)
    }
    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.below.list_with_delimiter(prefix).await
    }
    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.below.copy_opts(from, to, options).await
    }
}
