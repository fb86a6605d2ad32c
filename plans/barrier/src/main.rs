//! The sync benchmark: barriers, signals and messages.

use std::process::ExitCode;
use std::time::Instant;

use ground_sdk::{Context, Direction, PlanResult, RunEnv};

fn main() -> ExitCode {
    ground_sdk::invoke_map(&[("barrier", barrier), ("signal", signal), ("pubsub", pubsub)])
}

/// All instances pass one barrier after the other, each for a share of them.
fn barrier(env: &RunEnv, ctx: &Context) -> PlanResult {
    let rounds: u32 = env.param_or("rounds", 50)?;
    for percent in [20, 40, 60, 80, 100] {
        let target = (env.instance_count * percent / 100).max(1);
        let latency = ctx.metrics.timer(&format!("barrier_{percent}_s"), Direction::Lower)?;
        for round in 0..rounds {
            ctx.sync.signal_and_wait(&format!("ready-{percent}-{round}"), env.instance_count)?;
            let begin = Instant::now();
            ctx.sync.signal_and_wait(&format!("barrier-{percent}-{round}"), target)?;
            latency.record(begin.elapsed());
        }
    }
    Ok(())
}

/// All instances signal as fast as they can.
fn signal(env: &RunEnv, ctx: &Context) -> PlanResult {
    let rounds: u64 = env.param_or("rounds", 1000)?;
    let latency = ctx.metrics.timer("signal_s", Direction::Lower)?;
    let signals = ctx.metrics.counter("signals", "count", Direction::Higher)?;
    ctx.sync.signal_and_wait("ready", env.instance_count)?;
    for _ in 0..rounds {
        let begin = Instant::now();
        ctx.sync.signal("signals")?;
        latency.record(begin.elapsed());
        signals.increment();
    }
    ctx.sync.barrier("signals", env.instance_count * rounds)?;
    Ok(())
}

/// Every instance publishes, and reads what all have published, in one order for all.
fn pubsub(env: &RunEnv, ctx: &Context) -> PlanResult {
    let rounds: u64 = env.param_or("rounds", 10)?;
    let publish = ctx.metrics.timer("publish_s", Direction::Lower)?;
    let all = ctx.metrics.timer("read_all_s", Direction::Lower)?;
    ctx.sync.signal_and_wait("ready", env.instance_count)?;
    let begin = Instant::now();
    for round in 0..rounds {
        let begin = Instant::now();
        ctx.sync.publish("messages", &(ctx.global_seq, round))?;
        publish.record(begin.elapsed());
    }
    let expected = env.instance_count * rounds;
    let mut seen = 0;
    for message in ctx.sync.subscribe::<(u64, u64)>("messages")? {
        message?;
        seen += 1;
        if seen == expected {
            break;
        }
    }
    all.record(begin.elapsed());
    ctx.sync.signal_and_wait("done", env.instance_count)?;
    if seen == expected { Ok(()) } else { Err(format!("{seen} of {expected} messages").into()) }
}
