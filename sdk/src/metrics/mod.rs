//! Typed metrics, written to `metrics.ground` in the output directory.
//!
//! Recording takes one uncontended lock and no system call; a thread of its own writes everything once per interval,
//! in whole frames, so that a killed instance loses at most what came after the last one.

mod cell;
mod handle;
mod registry;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ground_core::metric::{Direction, MetricKind, Unit};
use thiserror::Error;

pub use handle::{Counter, Gauge, Histogram, Point, Timer, TimerGuard};
pub(crate) use registry::Registry;

use cell::Cell;
use handle::Handle;

/// How often everything is written, and how long one sketch is: 1 s.
pub(crate) const INTERVAL: Duration = Duration::from_secs(1);

/// Why a metric cannot be declared or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// The file cannot be made or written.
    #[error("metrics cannot be written to `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The metric was declared before, as something else.
    #[error(
        "metric `{name}` is declared twice, first as {first} in `{first_unit}`, then as {second} in `{second_unit}`"
    )]
    Conflict {
        /// Its name.
        name: String,
        /// What it was declared as first.
        first: MetricKind,
        /// In which unit.
        first_unit: Unit,
        /// What it was declared as then.
        second: MetricKind,
        /// In which unit.
        second_unit: Unit,
    },
    /// The name is empty or holds a character that is not printed.
    #[error("`{}` is no name for a metric", name.escape_debug())]
    Name {
        /// The name in question.
        name: String,
    },
}

/// All metrics of an instance; clones are the same.
#[derive(Debug, Clone)]
pub struct Metrics {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    registry: Arc<Registry>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Whoever wants to know of a failure calls `finish`.
        let _ = self.registry.finish();
    }
}

impl Metrics {
    /// Makes the metrics file in `directory` and writes to it every second.
    ///
    /// # Errors
    /// [`MetricsError::Write`].
    pub fn create(directory: &Path) -> Result<Self, MetricsError> {
        Self::create_with(directory, INTERVAL)
    }

    /// Makes the metrics file in `directory` and writes to it every `interval`.
    ///
    /// # Errors
    /// [`MetricsError::Write`].
    pub fn create_with(directory: &Path, interval: Duration) -> Result<Self, MetricsError> {
        let registry = Registry::create(directory, interval)?;
        crate::exit_hook::finish_at_exit(Arc::downgrade(&registry));
        Ok(Self { inner: Arc::new(Inner { registry }) })
    }

    /// Begins to declare a metric; its name has qualifiers last, as `latency_s`.
    pub fn declare(&self, name: &str) -> Declaration<'_> {
        Declaration {
            metrics: self,
            name: name.to_owned(),
            unit: Unit::default(),
            direction: Direction::None,
            keeps_samples: false,
            resolution: None,
        }
    }

    /// Declares a counter of things; direction `Higher` means that more of them in the same time is better.
    ///
    /// # Errors
    /// [`MetricsError::Conflict`], [`MetricsError::Name`].
    pub fn counter(
        &self,
        name: &str,
        unit: &str,
        direction: Direction,
    ) -> Result<Counter, MetricsError> {
        self.declare(name).unit(unit).direction(direction).counter()
    }

    /// Declares a level that goes up and down.
    ///
    /// # Errors
    /// As [`Self::counter`].
    pub fn gauge(
        &self,
        name: &str,
        unit: &str,
        direction: Direction,
    ) -> Result<Gauge, MetricsError> {
        self.declare(name).unit(unit).direction(direction).gauge()
    }

    /// Declares a metric of durations, in seconds.
    ///
    /// # Errors
    /// As [`Self::counter`].
    pub fn timer(&self, name: &str, direction: Direction) -> Result<Timer, MetricsError> {
        self.declare(name).direction(direction).timer()
    }

    /// Declares a distribution of any quantity.
    ///
    /// # Errors
    /// As [`Self::counter`].
    pub fn histogram(
        &self,
        name: &str,
        unit: &str,
        direction: Direction,
    ) -> Result<Histogram, MetricsError> {
        self.declare(name).unit(unit).direction(direction).histogram()
    }

    /// Declares single values, each meaningful by itself.
    ///
    /// # Errors
    /// As [`Self::counter`].
    pub fn point(
        &self,
        name: &str,
        unit: &str,
        direction: Direction,
    ) -> Result<Point, MetricsError> {
        self.declare(name).unit(unit).direction(direction).point()
    }

    /// Writes everything recorded so far.
    ///
    /// # Errors
    /// [`MetricsError::Write`], of this or any earlier write.
    pub fn flush(&self) -> Result<(), MetricsError> {
        self.inner.registry.flush()
    }

    /// Writes everything and ends the file; what is recorded afterwards is lost.
    ///
    /// # Errors
    /// As [`Self::flush`].
    pub fn finish(&self) -> Result<(), MetricsError> {
        self.inner.registry.finish()
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        self.inner.registry.path()
    }
}

/// A metric about to be declared.
#[derive(Debug, Clone)]
#[must_use = "a declaration ends with what the metric is, such as `.timer()`"]
pub struct Declaration<'a> {
    metrics: &'a Metrics,
    name: String,
    unit: Unit,
    direction: Direction,
    keeps_samples: bool,
    resolution: Option<f64>,
}

impl Declaration<'_> {
    /// Says in which unit values are; a base unit such as `s`, `B`, `count`, `ratio`.
    pub fn unit(mut self, unit: &str) -> Self {
        self.unit = Unit::new(unit);
        self
    }

    /// Says which way it gets better.
    pub fn direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// Keeps every value of a timer or histogram with its time, besides the sketches.
    pub fn keep_samples(mut self) -> Self {
        self.keeps_samples = true;
        self
    }

    /// Sets the smallest difference that a histogram tells apart; 1e-9 for `s`, 1e-6 for `ratio`, else 1.
    ///
    /// Large values are kept to three significant digits.
    pub fn resolution(mut self, resolution: f64) -> Self {
        self.resolution = Some(resolution);
        self
    }

    /// Declares a [`Counter`].
    ///
    /// # Errors
    /// [`MetricsError::Conflict`], [`MetricsError::Name`].
    pub fn counter(self) -> Result<Counter, MetricsError> {
        Ok(Counter(self.finish(MetricKind::Counter, Cell::count())?))
    }

    /// Declares a [`Gauge`].
    ///
    /// # Errors
    /// As [`Self::counter`].
    pub fn gauge(self) -> Result<Gauge, MetricsError> {
        Ok(Gauge(self.finish(MetricKind::Gauge, Cell::values())?))
    }

    /// Declares a [`Point`].
    ///
    /// # Errors
    /// As [`Self::counter`].
    pub fn point(self) -> Result<Point, MetricsError> {
        Ok(Point(self.finish(MetricKind::Point, Cell::values())?))
    }

    /// Declares a [`Timer`]; its unit is `s`.
    ///
    /// # Errors
    /// As [`Self::counter`].
    pub fn timer(mut self) -> Result<Timer, MetricsError> {
        self.unit = Unit::new("s");
        let cell = Cell::distribution(1e-9, self.keeps_samples);
        Ok(Timer(self.finish(MetricKind::Timer, cell)?))
    }

    /// Declares a [`Histogram`].
    ///
    /// # Errors
    /// As [`Self::counter`].
    pub fn histogram(self) -> Result<Histogram, MetricsError> {
        let by_unit = match self.unit.as_str() {
            "s" => 1e-9,
            "ratio" => 1e-6,
            _ => 1.0,
        };
        let asked =
            self.resolution.filter(|resolution| *resolution > 0.0 && resolution.is_finite());
        let cell = Cell::distribution(asked.unwrap_or(by_unit), self.keeps_samples);
        Ok(Histogram(self.finish(MetricKind::Histogram, cell)?))
    }

    fn finish(self, kind: MetricKind, cell: Cell) -> Result<Handle, MetricsError> {
        let registry = &self.metrics.inner.registry;
        let metric = registry.declare(&self.name, kind, (self.unit, self.direction), cell)?;
        Ok(Handle { registry: registry.clone(), metric })
    }
}
