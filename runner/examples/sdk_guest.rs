//! A plan whose testcases end in every way a plan can; the SDK's tests run it as a process.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use ground_sdk::{Context, Direction, PlanResult, RunEnv, invoke_map};

fn main() -> ExitCode {
    invoke_map(&[("ok", ok), ("fail", fail), ("panic", panics), ("exit", exit), ("killed", killed)])
}

fn ok(env: &RunEnv, ctx: &Context) -> PlanResult {
    record(ctx)?;
    ctx.message(format!("{} with seed {}", env.name(), env.seed));
    let (_, names) = ctx.sync.publish_subscribe::<String>("names", env.name())?;
    let mut names: Vec<_> = names.take(env.instance_count as usize).collect::<Result<_, _>>()?;
    names.sort();
    ctx.message(names.join(" "));
    ctx.sync.signal_and_wait("done", env.instance_count)?;
    Ok(())
}

fn fail(_: &RunEnv, ctx: &Context) -> PlanResult {
    record(ctx)?;
    Err(Box::<dyn Error>::from("it did not work"))
}

fn panics(_: &RunEnv, ctx: &Context) -> PlanResult {
    record(ctx)?;
    panic!("out of luck: {}", 7)
}

fn exit(_: &RunEnv, ctx: &Context) -> PlanResult {
    record(ctx)?;
    std::process::exit(3)
}

/// Records, has that written, records again, and waits to be killed.
fn killed(_: &RunEnv, ctx: &Context) -> PlanResult {
    record(ctx)?;
    ctx.metrics.flush()?;
    record(ctx)?;
    ctx.message("kill me");
    loop {
        std::thread::park_timeout(Duration::from_secs(3600));
    }
}

fn record(ctx: &Context) -> PlanResult {
    let operations = ctx.metrics.counter("ops", "count", Direction::Higher)?;
    for _ in 0..1000 {
        operations.increment();
    }
    Ok(())
}
