//! A plan that ends in every way an instance can end, on request.
//!
//! It measures nothing of interest; it shows what the engine makes of each end, and how many instances a machine holds.

use std::process::ExitCode;
use std::time::Instant;

use ground_sdk::{Context, Direction, PlanResult, RunEnv, TestCase, invoke_map};

const CASES: [(&str, TestCase); 6] = [
    ("ok", ok),
    ("fail", fail),
    ("panic", panic),
    ("stall", stall),
    ("oom", oom),
    ("barrier-all", barrier_all),
];

const MIB: usize = 1 << 20;

fn main() -> ExitCode {
    invoke_map(&CASES)
}

/// Returning `Ok` is success; the SDK says so to the engine.
fn ok(_env: &RunEnv, ctx: &Context) -> PlanResult {
    ctx.message("nothing to do, and it is done");
    Ok(())
}

/// Returning an error is a failure, with the error's text as its reason.
fn fail(env: &RunEnv, _ctx: &Context) -> PlanResult {
    let reason: String = env.param_or("reason", "failed on purpose".to_owned())?;
    Err(reason.into())
}

/// A panic is a crash, with its message and place.
fn panic(_env: &RunEnv, _ctx: &Context) -> PlanResult {
    panic!("panicked on purpose")
}

/// One instance never arrives at the barrier; the run's timeout tells who.
fn stall(env: &RunEnv, ctx: &Context) -> PlanResult {
    if ctx.global_seq > 1 {
        ctx.sync.signal("everybody-is-here")?;
    }
    ctx.sync.barrier("everybody-is-here", env.instance_count)?;
    Ok(())
}

/// Takes memory until the limit of its group stops it, or until `limit_mib` when it has none.
fn oom(env: &RunEnv, _ctx: &Context) -> PlanResult {
    let limit_mib: usize = env.param_or("limit_mib", 1024)?;
    let mut taken: Vec<Vec<u8>> = Vec::new();
    for step in 0..limit_mib {
        // Written to, or the kernel would not give it.
        taken.push(vec![step as u8 | 1; MIB]);
    }
    let written: usize = taken.iter().map(|block| usize::from(block[MIB / 2] != 0)).sum();
    Err(format!("{written} MiB taken, and no memory limit was in the way").into())
}

/// Everybody meets once: how many instances does the machine hold, and how long does meeting take?
fn barrier_all(env: &RunEnv, ctx: &Context) -> PlanResult {
    let wait = ctx.metrics.timer("barrier_wait_s", Direction::Lower)?;
    let begin = Instant::now();
    ctx.sync.signal_and_wait("all", env.instance_count)?;
    wait.record(begin.elapsed());
    Ok(())
}
