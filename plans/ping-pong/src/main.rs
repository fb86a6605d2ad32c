//! Round trips between pairs of instances over TCP.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Instant;

use ground_sdk::{Context, Direction, PlanResult, RunEnv};

fn main() -> ExitCode {
    ground_sdk::invoke_map(&[("rtt", rtt)])
}

/// Instances with odd numbers listen, the next even one dials; a single one left over only keeps the barriers.
fn rtt(env: &RunEnv, ctx: &Context) -> PlanResult {
    let rounds: u32 = env.param_or("rounds", 2000)?;
    let message = vec![0x5a; env.param_or("message_bytes", 64)?];
    let pair = ctx.global_seq.div_ceil(2);
    if !ctx.global_seq.is_multiple_of(2) && ctx.global_seq < env.instance_count {
        let listener = TcpListener::bind((env.data_address(), 0))?;
        ctx.sync.publish(&topic(pair), &listener.local_addr()?.to_string())?;
        let (peer, _) = listener.accept()?;
        ctx.sync.signal_and_wait("connected", env.instance_count)?;
        echo(peer, message.len())?;
    } else if ctx.global_seq.is_multiple_of(2) {
        let peer = TcpStream::connect(address(ctx, pair)?)?;
        ctx.sync.signal_and_wait("connected", env.instance_count)?;
        measure(peer, ctx, rounds, &message)?;
    } else {
        ctx.sync.signal_and_wait("connected", env.instance_count)?;
    }
    ctx.sync.signal_and_wait("done", env.instance_count)?;
    Ok(())
}

fn topic(pair: u64) -> String {
    format!("address-of-{pair}")
}

fn address(ctx: &Context, pair: u64) -> Result<SocketAddr, Box<dyn Error>> {
    let mut addresses = ctx.sync.subscribe::<String>(&topic(pair))?;
    Ok(addresses.next().ok_or("the sync service closed the topic")??.parse()?)
}

/// Sends back whatever comes, until the peer leaves.
fn echo(mut peer: TcpStream, bytes: usize) -> io::Result<()> {
    peer.set_nodelay(true)?;
    let mut message = vec![0; bytes];
    loop {
        match peer.read_exact(&mut message) {
            Ok(()) => peer.write_all(&message)?,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

fn measure(mut peer: TcpStream, ctx: &Context, rounds: u32, message: &[u8]) -> PlanResult {
    let rtt = ctx.metrics.timer("rtt_s", Direction::Lower)?;
    peer.set_nodelay(true)?;
    let mut answer = vec![0; message.len()];
    for _ in 0..rounds {
        let begin = Instant::now();
        peer.write_all(message)?;
        peer.read_exact(&mut answer)?;
        rtt.record(begin.elapsed());
        if answer != message {
            return Err("the answer is not what was sent".into());
        }
    }
    Ok(())
}
