//! All metrics of one file, and the thread that writes them.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use ground_core::metric::{Direction, MetricKind, Unit};
use ground_core::sample_file::{
    Definition, FILE_NAME, Reading, write_definition, write_end, write_header, write_samples,
};

use super::MetricsError;
use super::cell::Cell;
use crate::event_log;

#[derive(Debug)]
pub(crate) struct Registry {
    path: PathBuf,
    interval: Duration,
    clock: Clock,
    metrics: Mutex<Vec<Arc<Metric>>>,
    writer: Mutex<Writer>,
    wake: Arc<Wake>,
    finished: AtomicBool,
}

#[derive(Debug)]
pub(crate) struct Metric {
    definition: Definition,
    pub(super) cell: Cell,
    declared_ns: i64,
}

/// Time that never goes backwards, whatever the system's clock does.
#[derive(Debug)]
struct Clock {
    epoch_ns: i64,
    begin: Instant,
}

#[derive(Debug)]
struct Writer {
    file: File,
    /// Metrics whose definition is in the file.
    declared: usize,
    /// Bytes of the file that are whole frames.
    whole: u64,
    buffer: Vec<u8>,
    failure: Option<io::ErrorKind>,
}

/// How the writing thread is woken before its time.
#[derive(Debug, Default)]
struct Wake {
    asked: Mutex<Asked>,
    changed: Condvar,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Asked {
    #[default]
    Nothing,
    Write,
    End,
}

impl Registry {
    /// Makes the file.
    pub(crate) fn create(directory: &Path, interval: Duration) -> Result<Arc<Self>, MetricsError> {
        let (path, file) = create_file(directory)?;
        let mut buffer = Vec::new();
        write_header(&mut buffer);
        let writer = Writer { file, declared: 0, whole: 0, buffer, failure: None };
        let registry = Arc::new(Self {
            path,
            interval,
            clock: Clock { epoch_ns: event_log::now_ns(), begin: Instant::now() },
            metrics: Mutex::default(),
            writer: Mutex::new(writer),
            wake: Arc::default(),
            finished: AtomicBool::new(false),
        });
        registry.flush()?;
        Ok(registry)
    }

    /// Starts the thread, with the first metric: an instance that measures nothing needs none.
    fn start_writing(self: &Arc<Self>) -> Result<(), MetricsError> {
        let (weak, wake, interval) = (Arc::downgrade(self), self.wake.clone(), self.interval);
        thread::Builder::new()
            .name("ground-metrics".to_owned())
            .stack_size(256 << 10)
            .spawn(move || write_regularly(&weak, &wake, interval))
            .map_err(|source| MetricsError::Write { path: self.path.clone(), source })?;
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a metric, or finds the same one declared before.
    pub(super) fn declare(
        self: &Arc<Self>,
        name: &str,
        kind: MetricKind,
        (unit, direction): (Unit, Direction),
        cell: Cell,
    ) -> Result<Arc<Metric>, MetricsError> {
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(MetricsError::Name { name: name.to_owned() });
        }
        let mut metrics = lock(&self.metrics);
        if let Some(known) = metrics.iter().find(|metric| metric.definition.name == name) {
            let first = &known.definition;
            if (first.kind, &first.unit) == (kind, &unit) {
                return Ok(known.clone());
            }
            return Err(MetricsError::Conflict {
                name: name.to_owned(),
                first: first.kind,
                first_unit: first.unit.clone(),
                second: kind,
                second_unit: unit,
            });
        }
        if metrics.is_empty() {
            self.start_writing()?;
        }
        let declared_ns = self.now_ns();
        cell.begin(declared_ns);
        let id = u32::try_from(metrics.len()).expect("bug: more than 4 billion metrics");
        let definition = Definition { id, name: name.to_owned(), kind, unit, direction };
        let metric = Arc::new(Metric { definition, cell, declared_ns });
        metrics.push(metric.clone());
        Ok(metric)
    }

    pub(super) fn now_ns(&self) -> i64 {
        let elapsed = i64::try_from(self.clock.begin.elapsed().as_nanos()).unwrap_or(i64::MAX);
        self.clock.epoch_ns.saturating_add(elapsed)
    }

    pub(super) fn wake_writer(&self) {
        self.wake.ask(Asked::Write);
    }

    /// Writes everything recorded so far.
    pub(crate) fn flush(&self) -> Result<(), MetricsError> {
        let mut writer = lock(&self.writer);
        if !self.finished.load(Ordering::Acquire) {
            self.collect(&mut writer);
            writer.write();
        }
        self.outcome(&writer)
    }

    /// Writes the blocks that are full, between two whole writes.
    fn flush_full(&self) {
        let mut writer = lock(&self.writer);
        if self.finished.load(Ordering::Acquire) {
            return;
        }
        for metric in &self.define(&mut writer) {
            metric.cell.drain_full(metric.definition.id, &mut writer.buffer);
        }
        writer.write();
    }

    /// Writes everything and the end; later calls do nothing but tell how it went.
    pub(crate) fn finish(&self) -> Result<(), MetricsError> {
        let mut writer = lock(&self.writer);
        if !self.finished.swap(true, Ordering::AcqRel) {
            self.wake.ask(Asked::End);
            let now_ns = self.now_ns();
            self.collect(&mut writer);
            write_end(&mut writer.buffer, now_ns);
            writer.write();
        }
        self.outcome(&writer)
    }

    /// Moves everything recorded into the writer's buffer.
    fn collect(&self, writer: &mut Writer) {
        let metrics = self.define(writer);
        let now_ns = self.now_ns();
        for metric in &metrics {
            metric.cell.drain(metric.definition.id, now_ns, &mut writer.buffer);
        }
    }

    /// Writes the definitions that are not in the file yet, and returns all metrics.
    fn define(&self, writer: &mut Writer) -> Vec<Arc<Metric>> {
        let metrics = lock(&self.metrics).clone();
        for metric in &metrics[writer.declared..] {
            write_definition(&mut writer.buffer, &metric.definition);
            if let Cell::Count(_) = metric.cell {
                // Where the first interval begins.
                let start = Reading { at_ns: metric.declared_ns, value: 0.0 };
                write_samples(&mut writer.buffer, metric.definition.id, &[start]);
            }
        }
        writer.declared = metrics.len();
        metrics
    }

    fn outcome(&self, writer: &Writer) -> Result<(), MetricsError> {
        match writer.failure {
            None => Ok(()),
            Some(kind) => Err(MetricsError::Write { path: self.path.clone(), source: kind.into() }),
        }
    }
}

impl Writer {
    /// Writes the buffer; after a failure the file is cut to its last whole frame and written no more.
    fn write(&mut self) {
        if self.failure.is_none() {
            match self.file.write_all(&self.buffer) {
                Ok(()) => self.whole += self.buffer.len() as u64,
                Err(error) => {
                    self.failure = Some(error.kind());
                    // Where that fails too, the reader finds a torn frame and says so.
                    let _ = self.file.set_len(self.whole);
                }
            }
        }
        self.buffer.clear();
        self.buffer.shrink_to(1 << 20);
    }
}

impl Wake {
    fn ask(&self, what: Asked) {
        let mut asked = lock(&self.asked);
        if *asked != Asked::End {
            *asked = what;
        }
        drop(asked);
        self.changed.notify_one();
    }

    /// Waits for `limit`, or until something is asked, and returns what.
    fn wait(&self, limit: Duration) -> Asked {
        let asked = lock(&self.asked);
        let idle = |asked: &mut Asked| *asked == Asked::Nothing;
        let waited = self.changed.wait_timeout_while(asked, limit, idle);
        let (mut asked, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *asked)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.wake.ask(Asked::End);
    }
}

fn write_regularly(registry: &Weak<Registry>, wake: &Wake, interval: Duration) {
    let mut next = Instant::now() + interval;
    loop {
        let asked = wake.wait(next.saturating_duration_since(Instant::now()));
        let Some(registry) = registry.upgrade() else { return };
        match asked {
            Asked::End => return,
            Asked::Write => registry.flush_full(),
            Asked::Nothing => {
                // What went wrong is told to whoever finishes.
                let _ = registry.flush();
                next += interval;
            }
        }
    }
}

/// Makes `metrics.ground`, or `metrics-2.ground` and so on where that exists.
fn create_file(directory: &Path) -> Result<(PathBuf, File), MetricsError> {
    let (stem, extension) = FILE_NAME.split_once('.').unwrap_or((FILE_NAME, ""));
    let mut path = directory.join(FILE_NAME);
    let mut number = 1;
    loop {
        match File::options().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                number += 1;
                path = directory.join(format!("{stem}-{number}.{extension}"));
            }
            Err(source) => return Err(MetricsError::Write { path, source }),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_by_every_later_call() {
        let directory = tempfile::tempdir().unwrap();
        let registry = Registry::create(directory.path(), Duration::from_secs(3600)).unwrap();
        lock(&registry.writer).file = File::options().write(true).open("/dev/full").unwrap();
        let declared = (Unit::new("s"), Direction::None);
        registry.declare("g", MetricKind::Gauge, declared, Cell::values()).unwrap();
        for outcome in [registry.flush(), registry.flush(), registry.finish()] {
            let Err(MetricsError::Write { path, source }) = outcome else {
                panic!("a write to a full disk")
            };
            assert_eq!(path, registry.path());
            assert_eq!(source.kind(), io::ErrorKind::StorageFull);
        }
    }
}
