//! Metrics that every run has, whatever its plan measures: the engine's own.

use ground_core::execution::Execution;
use ground_core::metric::{Direction, MetricKind, Unit};

use super::found::{Declared, Found};

/// Processor time of each instance, in user mode and in the kernel.
pub const INSTANCE_CPU: &str = "instance_cpu_s";

/// Most memory that each instance held at a time; only of those for which it is known.
pub const INSTANCE_MAX_RSS: &str = "instance_max_rss_B";

/// From the first start to the last end.
pub const RUN_DURATION: &str = "run_duration_s";

/// Names that plans cannot use.
pub(super) const RESERVED: [&str; 3] = [INSTANCE_CPU, INSTANCE_MAX_RSS, RUN_DURATION];

const NANOS: f64 = 1e-9;

/// Adds the engine's metrics of instance `place` to `found`; the run's own are put down to the first instance.
pub(super) fn add(execution: &Execution, place: usize, found: &mut Found) {
    let instance = &execution.instances[place];
    if instance.started_ns != 0 && instance.ended_ns >= instance.started_ns {
        let used = instance.cpu_user_s + instance.cpu_system_s;
        found.push(INSTANCE_CPU, &declared("s"), instance.ended_ns, used);
        if instance.max_rss_bytes > 0 {
            let bytes = instance.max_rss_bytes as f64;
            found.push(INSTANCE_MAX_RSS, &declared("B"), instance.ended_ns, bytes);
        }
    }
    if place == 0 && execution.started_ns != 0 && execution.ended_ns > execution.started_ns {
        let seconds = (execution.ended_ns - execution.started_ns) as f64 * NANOS;
        found.push(RUN_DURATION, &declared("s"), execution.ended_ns, seconds);
    }
}

fn declared(unit: &str) -> Declared {
    Declared {
        kind: Some(MetricKind::Point),
        unit: Some(Unit::new(unit)),
        direction: Some(Direction::Lower),
    }
}
