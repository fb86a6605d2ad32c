//! What a plan written in Rust calls: environment, sync client, events, metrics.
//!
//! A plan's `main` hands one function to [`invoke`] (or one per testcase to [`invoke_map`]); everything else hangs on
//! the two arguments that function gets.
//!
//! ```no_run
//! use ground_sdk::{Direction, PlanResult, Context, RunEnv};
//!
//! fn plan(env: &RunEnv, ctx: &Context) -> PlanResult {
//!     let rounds: u32 = env.param_or("rounds", 10)?;
//!     let latency = ctx.metrics.timer("barrier_s", Direction::Lower)?;
//!     for round in 0..rounds {
//!         let begin = std::time::Instant::now();
//!         ctx.sync.signal_and_wait(&format!("round-{round}"), env.instance_count)?;
//!         latency.record(begin.elapsed());
//!     }
//!     Ok(())
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     ground_sdk::invoke(plan)
//! }
//! ```

mod event_log;
mod exit_hook;
mod invoke;
mod metrics;
mod panic_hook;
mod run_env;
mod sync;

pub use ground_core::metric::{Direction, MetricKind, Unit};
pub use invoke::{Context, PlanResult, TestCase, invoke, invoke_map};
pub use metrics::{
    Counter, Declaration, Gauge, Histogram, Metrics, MetricsError, Point, Timer, TimerGuard,
};
pub use run_env::{EnvError, ParamError, RunEnv};
pub use sync::{Subscription, SyncClient, SyncError};
