//! A small replicated key-value store with a workload that checks what it reads.

mod client;
mod replica;
mod store;
mod wire;

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use ground_sdk::{Context, Direction, PlanResult, RunEnv};

use client::{Done, Workload};
use store::Store;

fn main() -> ExitCode {
    ground_sdk::invoke_map(&[("workload", workload)])
}

/// The first instances hold data, the others are clients; all leave together.
fn workload(env: &RunEnv, ctx: &Context) -> PlanResult {
    let replicas: u64 = env.param_or("replicas", 3)?;
    let clients = env
        .instance_count
        .checked_sub(replicas)
        .filter(|clients| *clients > 0 && replicas > 0)
        .ok_or("there must be at least one replica and one client")?;
    let done = if ctx.global_seq <= replicas {
        serve(env, ctx, replicas)
    } else {
        use_store(env, ctx, ctx.global_seq - replicas - 1, clients)
    };
    // Who fails signals as well: the others would wait for it until the run's time is up.
    ctx.sync.signal("done")?;
    done?;
    ctx.sync.barrier("done", env.instance_count)?;
    Ok(())
}

/// Opens for business: the backups first, then the primary, which has to know them.
fn serve(env: &RunEnv, ctx: &Context, replicas: u64) -> PlanResult {
    let listener = TcpListener::bind((env.data_address(), 0))?;
    let address = listener.local_addr()?;
    let primary = ctx.global_seq == 1;
    let backups = if primary { addresses(ctx, "backups", replicas - 1)? } else { Vec::new() };
    let store = Arc::new(Store::new());
    thread::spawn(move || replica::serve(&listener, &store, &backups));
    ctx.sync.publish(if primary { "primary" } else { "backups" }, &address.to_string())?;
    Ok(())
}

fn use_store(env: &RunEnv, ctx: &Context, client: u64, clients: u64) -> PlanResult {
    let gets = ctx.metrics.timer("get_latency_s", Direction::Lower)?;
    let puts = ctx.metrics.timer("put_latency_s", Direction::Lower)?;
    let operations = ctx.metrics.counter("operations", "count", Direction::Higher)?;
    let workload = Workload {
        operations: env.param_or("operations", 4000)?,
        keys: env.param_or("keys", 200)?,
        value_bytes: env.param_or("value_bytes", 4096)?,
        client,
        seed: env.seed,
    };
    let primary = addresses(ctx, "primary", 1)?[0];
    ctx.sync.signal_and_wait("clients-ready", clients)?;
    client::run(workload, primary, |done| {
        operations.increment();
        match done {
            Done::Get(took) => gets.record(took),
            Done::Put(took) => puts.record(took),
        }
    })?;
    Ok(())
}

/// Waits for as many addresses as are promised.
fn addresses(
    ctx: &Context,
    topic: &str,
    count: u64,
) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error>> {
    let mut addresses = Vec::new();
    if count == 0 {
        return Ok(addresses);
    }
    for address in ctx.sync.subscribe::<String>(topic)? {
        addresses.push(address?.parse()?);
        if addresses.len() as u64 == count {
            break;
        }
    }
    Ok(addresses)
}
