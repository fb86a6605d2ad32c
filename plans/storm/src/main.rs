//! Many connections between all instances, with throughput and latency.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use ground_sdk::{Context, Direction, PlanResult, RunEnv};

fn main() -> ExitCode {
    ground_sdk::invoke_map(&[("storm", storm)])
}

/// Every instance listens, dials `connections` others, and sends `messages` on each connection.
fn storm(env: &RunEnv, ctx: &Context) -> PlanResult {
    let connections: u64 = env.param_or("connections", 10)?;
    let load = Load {
        messages: env.param_or("messages", 200)?,
        bytes: env.param_or("message_bytes", 4096)?,
    };
    let listener = TcpListener::bind((env.data_address(), 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for peer in listener.incoming().flatten() {
            thread::spawn(move || acknowledge(peer, load.bytes));
        }
    });
    ctx.sync.publish("addresses", &address.to_string())?;
    let addresses = addresses(env, ctx)?;
    ctx.sync.signal_and_wait("listening", env.instance_count)?;
    let peers = dial(env, ctx, &addresses, address, connections)?;
    ctx.sync.signal_and_wait("dialled", env.instance_count)?;
    send(ctx, peers, load)?;
    ctx.sync.signal_and_wait("done", env.instance_count)?;
    Ok(())
}

#[derive(Debug, Clone, Copy)]
struct Load {
    messages: u32,
    bytes: usize,
}

type Failure = Box<dyn Error>;

fn addresses(env: &RunEnv, ctx: &Context) -> Result<Vec<SocketAddr>, Failure> {
    let mut addresses = Vec::new();
    for address in ctx.sync.subscribe::<String>("addresses")? {
        addresses.push(address?.parse()?);
        if addresses.len() as u64 == env.instance_count {
            break;
        }
    }
    Ok(addresses)
}

/// Dials the instances that follow in the order of addresses, so that everybody is dialled equally often.
fn dial(
    env: &RunEnv,
    ctx: &Context,
    addresses: &[SocketAddr],
    own: SocketAddr,
    connections: u64,
) -> Result<Vec<TcpStream>, Failure> {
    let latency = ctx.metrics.timer("dial_latency_s", Direction::Lower)?;
    let place = addresses.iter().position(|address| *address == own).ok_or("my address is lost")?;
    (0..connections)
        .map(|connection| {
            let step = 1 + connection % (env.instance_count - 1).max(1);
            let peer = addresses[(place as u64 + step) as usize % addresses.len()];
            let begin = Instant::now();
            let stream = TcpStream::connect(peer)?;
            latency.record(begin.elapsed());
            stream.set_nodelay(true)?;
            Ok(stream)
        })
        .collect()
}

/// Sends round robin over all connections and waits for each acknowledgement.
fn send(ctx: &Context, mut peers: Vec<TcpStream>, load: Load) -> PlanResult {
    let latency = ctx.metrics.timer("message_latency_s", Direction::Lower)?;
    let sent = ctx.metrics.counter("sent_B", "B", Direction::Higher)?;
    let message = vec![0x5a; load.bytes];
    for _ in 0..load.messages {
        for peer in &mut peers {
            let begin = Instant::now();
            peer.write_all(&message)?;
            peer.read_exact(&mut [0])?;
            latency.record(begin.elapsed());
            sent.add(message.len() as u64);
        }
    }
    Ok(())
}

fn acknowledge(mut peer: TcpStream, bytes: usize) -> io::Result<()> {
    peer.set_nodelay(true)?;
    let mut message = vec![0; bytes];
    while peer.read_exact(&mut message).is_ok() {
        peer.write_all(&[1])?;
    }
    Ok(())
}
