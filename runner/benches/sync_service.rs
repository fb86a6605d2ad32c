//! The sync service's three targets, clients and service in one process on the same cores.
//!
//! Run with `cargo bench -p ground-runner --bench sync_service`. The clients are bare sockets with prepared frames, so
//! that most of the time is the service's and the kernel's; still they share the cores with it, and a figure from here
//! is a lower bound of what the service does for clients elsewhere.

#![allow(clippy::print_stdout, reason = "the latency distribution is printed beside divan's table")]

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use divan::Bencher;
use ground_runner::sync_service::SyncServer;
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

fn main() {
    divan::main();
}

/// A service with connected clients.
struct Scene {
    runtime: Runtime,
    server: SyncServer,
    clients: Vec<TcpStream>,
    round: u64,
}

impl Scene {
    fn new(clients: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (server, clients) = runtime.block_on(async {
            let server = SyncServer::bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let mut connected = Vec::with_capacity(clients);
            for _ in 0..clients {
                connected.push(connect(&server).await);
            }
            (server, connected)
        });
        Self { runtime, server, clients, round: 0 }
    }

    /// Runs `act` for every client at once and puts the clients back.
    fn together<T: Send + 'static, F: Future<Output = (TcpStream, T)> + Send + 'static>(
        &mut self,
        mut act: impl FnMut(TcpStream) -> F,
    ) -> Vec<T> {
        let clients = std::mem::take(&mut self.clients);
        self.runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for client in clients {
                tasks.spawn(act(client));
            }
            let mut results = Vec::new();
            while let Some(done) = tasks.join_next().await {
                let (client, result) = done.unwrap();
                self.clients.push(client);
                results.push(result);
            }
            results
        })
    }
}

async fn connect(server: &SyncServer) -> TcpStream {
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let head = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut response = [0; 1024];
    let mut length = 0;
    while !response[..length].ends_with(b"\r\n\r\n") {
        length += stream.read(&mut response[length..]).await.unwrap();
    }
    stream
}

/// Builds a masked text frame.
fn frame(text: &str) -> Vec<u8> {
    let mask = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![0x81];
    if text.len() < 126 {
        frame.push(0x80 | text.len() as u8);
    } else {
        frame.push(0x80 | 126);
        frame.extend_from_slice(&(text.len() as u16).to_be_bytes());
    }
    frame.extend_from_slice(&mask);
    frame.extend(text.bytes().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

fn signal(state: &str) -> Vec<u8> {
    frame(&format!(
        r#"{{"id":"1","is_cancel":false,"signal_entry":{{"state":"run:bench:plan:p:case:c:states:{state}"}}}}"#
    ))
}

fn barrier(state: &str, target: usize) -> Vec<u8> {
    frame(&format!(
        r#"{{"id":"2","is_cancel":false,"barrier":{{"state":"run:bench:plan:p:case:c:states:{state}","target":{target}}}}}"#
    ))
}

/// Reads whole answers, each shorter than 126 bytes, until `count` have come.
async fn read_answers(stream: &mut TcpStream, count: usize) {
    // On the heap and no larger than needed: it lives in every client's task.
    let mut buffer = vec![0; count * 100];
    let (mut kept, mut seen) = (0, 0);
    while seen < count {
        let length = stream.read(&mut buffer[kept..]).await.unwrap();
        assert_ne!(length, 0, "the service closed the connection");
        let end = kept + length;
        let mut at = 0;
        while at + 2 <= end && at + 2 + usize::from(buffer[at + 1]) <= end {
            at += 2 + usize::from(buffer[at + 1]);
            seen += 1;
        }
        buffer.copy_within(at..end, 0);
        kept = end - at;
    }
}

thread_local! {
    static SCENE: RefCell<Option<(usize, Scene)>> = const { RefCell::new(None) };
}

/// Keeps the connections between samples of one bench.
fn with_scene<T>(clients: usize, act: impl FnOnce(&mut Scene) -> T) -> T {
    SCENE.with_borrow_mut(|slot| {
        if slot.as_ref().is_none_or(|(count, _)| *count != clients) {
            *slot = None;
            *slot = Some((clients, Scene::new(clients)));
        }
        let (_, scene) = slot.as_mut().expect("bug: the scene was just made");
        scene.round += 1;
        act(scene)
    })
}

/// Every client signals and waits for all others: one whole round is one iteration. Target: under 1 s at 10,000.
///
/// 10,000 clients in one process need 20,000 files, which is the limit here; 9,900 stay below it.
#[divan::bench(args = [100, 1000, 9900], sample_count = 10, sample_size = 1)]
fn signal_and_pass_one_barrier(bencher: Bencher<'_, '_>, clients: usize) {
    with_scene(clients, |_| ());
    bencher.counter(divan::counter::ItemsCount::new(clients)).bench_local(|| {
        with_scene(clients, |scene| {
            let state = format!("all-{}-{}", clients, scene.round);
            let request: Arc<[u8]> = [signal(&state), barrier(&state, clients)].concat().into();
            scene.together(|mut client| {
                let request = request.clone();
                async move {
                    client.write_all(&request).await.unwrap();
                    read_answers(&mut client, 2).await;
                    (client, ())
                }
            });
        });
    });
}

/// Signals over 100 connections, 50 under way on each. Target: at least 200,000 a second.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn signals_over_100_connections(bencher: Bencher<'_, '_>) {
    const EACH: usize = 4000;
    const UNDER_WAY: usize = 50;
    with_scene(100, |_| ());
    bencher.counter(divan::counter::ItemsCount::new(100 * EACH)).bench_local(|| {
        with_scene(100, |scene| {
            let batch: Arc<[u8]> = signal("busy").repeat(UNDER_WAY).into();
            scene.together(|mut client| {
                let batch = batch.clone();
                async move {
                    for _ in 0..EACH / UNDER_WAY {
                        client.write_all(&batch).await.unwrap();
                        read_answers(&mut client, UNDER_WAY).await;
                    }
                    (client, ())
                }
            });
        });
    });
}

/// The same with one signal under way on each connection: what closed-loop clients get.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn single_signals_over_100_connections(bencher: Bencher<'_, '_>) {
    const EACH: usize = 500;
    with_scene(100, |_| ());
    bencher.counter(divan::counter::ItemsCount::new(100 * EACH)).bench_local(|| {
        with_scene(100, |scene| {
            let request: Arc<[u8]> = signal("single").into();
            scene.together(|mut client| {
                let request = request.clone();
                async move {
                    for _ in 0..EACH {
                        client.write_all(&request).await.unwrap();
                        read_answers(&mut client, 1).await;
                    }
                    (client, ())
                }
            });
        });
    });
}

/// From the last signal to each of 1,000 waiting clients' release. Target: p99 under 5 ms.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn release_of_1000_waiting_clients(bencher: Bencher<'_, '_>) {
    const CLIENTS: usize = 1000;
    let mut latency = Histogram::<u64>::new(3).unwrap();
    bencher.bench_local(|| {
        with_scene(CLIENTS, |scene| {
            let state = format!("release-{}", scene.round);
            let key = format!("run:bench:plan:p:case:c:states:{state}");
            let request: Arc<[u8]> = barrier(&state, 1).into();
            let ready = Arc::new(Barrier::new(CLIENTS + 1));
            let handle = scene.server.handle();
            let released = scene.runtime.spawn({
                let ready = ready.clone();
                async move {
                    ready.wait().await;
                    // Every client is parked in its read before the signal.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    let at = Instant::now();
                    handle.signal(&key);
                    at
                }
            });
            let ends = scene.together(|mut client| {
                let (request, ready) = (request.clone(), ready.clone());
                async move {
                    client.write_all(&request).await.unwrap();
                    ready.wait().await;
                    read_answers(&mut client, 1).await;
                    (client, Instant::now())
                }
            });
            let at = scene.runtime.block_on(released).unwrap();
            for end in ends {
                latency.record((end - at).as_micros() as u64).unwrap();
            }
        });
    });
    println!(
        "\nrelease of {CLIENTS} clients, microseconds: p50 {} p90 {} p99 {} p99.9 {} max {} (n {})",
        latency.value_at_quantile(0.5),
        latency.value_at_quantile(0.9),
        latency.value_at_quantile(0.99),
        latency.value_at_quantile(0.999),
        latency.max(),
        latency.len()
    );
}

/// One message to 1,000 subscribers: deliveries a second.
#[divan::bench(args = [100, 10_000], sample_count = 10, sample_size = 1)]
fn deliveries_to_1000_subscribers(bencher: Bencher<'_, '_>, payload: usize) {
    const CLIENTS: usize = 1000;
    const MESSAGES: usize = 20;
    bencher.counter(divan::counter::ItemsCount::new(CLIENTS * MESSAGES)).bench_local(|| {
        with_scene(CLIENTS, |scene| {
            let topic = format!("run:bench{}:topics:t", scene.round);
            let id = scene.round;
            let request: Arc<[u8]> = frame(&format!(
                r#"{{"id":"{id}","is_cancel":false,"subscribe":{{"topic":"{topic}"}}}}"#
            ))
            .into();
            let head = format!(r#"{{"id":"{id}","error":"","publish":null,"subscribe":"#);
            let text = head.len() + payload + r#""\"\"","signal_entry":null}"#.len();
            let header = if text < 126 { 2 } else { 4 };
            let expected = MESSAGES * (header + text);
            let handle = scene.server.handle();
            let publishing = scene.runtime.spawn({
                let topic = topic.clone();
                async move {
                    for _ in 0..MESSAGES {
                        handle.publish(&topic, &"x".repeat(payload)).unwrap();
                    }
                }
            });
            scene.together(|mut client| {
                let request = request.clone();
                async move {
                    client.write_all(&request).await.unwrap();
                    let mut buffer = vec![0; 64 << 10];
                    let mut left = expected;
                    while left > 0 {
                        let most = left.min(buffer.len());
                        let length = client.read(&mut buffer[..most]).await.unwrap();
                        assert_ne!(length, 0, "the service closed the connection");
                        left -= length;
                    }
                    (client, ())
                }
            });
            scene.runtime.block_on(publishing).unwrap();
            scene.server.end_run(&format!("bench{id}"));
            // Each subscription is told that its run ended.
            scene.together(|mut client| async move {
                let mut header = [0; 2];
                client.read_exact(&mut header).await.unwrap();
                let mut length = usize::from(header[1]);
                if length == 126 {
                    client.read_exact(&mut header).await.unwrap();
                    length = usize::from(u16::from_be_bytes(header));
                }
                client.read_exact(&mut vec![0; length]).await.unwrap();
                (client, ())
            });
        });
    });
}
