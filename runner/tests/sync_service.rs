//! The sync service as clients meet it: an independent WebSocket implementation, and bare sockets for what it
//! would never send.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use ground_core::sync::key::KeySpace;
use ground_runner::sync_service::{RunEnded, SyncEvent, SyncServer, SyncServerError};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Far beyond anything a healthy service takes; reached only by a hanging test.
const LIMIT: Duration = Duration::from_secs(60);

fn start() -> SyncServer {
    SyncServer::bind("127.0.0.1:0".parse().unwrap()).unwrap()
}

fn keys() -> KeySpace {
    KeySpace::new("r1", "plan", "case")
}

struct Client(WebSocketStream<TcpStream>);

impl Client {
    async fn connect(server: &SyncServer) -> Self {
        Self::connect_as(server, "").await
    }

    async fn connect_as(server: &SyncServer, path: &str) -> Self {
        let url = format!("ws://{}/{path}", server.local_addr());
        let config = WebSocketConfig::default().read_buffer_size(4096);
        let stream = TcpStream::connect(server.local_addr()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self(client_async_with_config(url, stream, Some(config)).await.unwrap().0)
    }

    async fn send(&mut self, request: &Value) {
        self.0.send(Message::text(request.to_string())).await.unwrap();
    }

    async fn receive(&mut self) -> String {
        match tokio::time::timeout(LIMIT, self.0.next()).await.expect("an answer in time") {
            Some(Ok(Message::Text(text))) => text.as_str().to_owned(),
            other => panic!("expected a text frame, got {other:?}"),
        }
    }

    async fn answer(&mut self) -> Value {
        serde_json::from_str(&self.receive().await).unwrap()
    }

    async fn ask(&mut self, request: Value) -> Value {
        self.send(&request).await;
        self.answer().await
    }

    /// Returns the next delivered payload of subscription `id`.
    async fn delivered(&mut self, id: &str) -> Value {
        let answer = self.answer().await;
        assert_eq!(answer["id"], id);
        serde_json::from_str(answer["subscribe"].as_str().unwrap()).unwrap()
    }
}

fn signal(id: &str, state: &str) -> Value {
    json!({"id": id, "is_cancel": false, "signal_entry": {"state": state}})
}

fn barrier(id: &str, state: &str, target: i64) -> Value {
    json!({"id": id, "is_cancel": false, "barrier": {"state": state, "target": target}})
}

fn publish(id: &str, topic: &str, payload: Value) -> Value {
    json!({"id": id, "is_cancel": false, "publish": {"topic": topic, "payload": payload}})
}

fn subscribe(id: &str, topic: &str) -> Value {
    json!({"id": id, "is_cancel": false, "subscribe": {"topic": topic}})
}

/// Opens a WebSocket by hand, for frames no library would send.
async fn bare(server: &SyncServer) -> TcpStream {
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    let head = "GET / HTTP/1.1\r\nHost: ...\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    while !response.ends_with(b"\r\n\r\n") {
        response.push(stream.read_u8().await.unwrap());
    }
    assert!(response.starts_with(b"HTTP/1.1 101 "));
    stream
}

/// Builds a frame masked with zeros, so that the payload reads as it is.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126);
    [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0][..], payload].concat()
}

async fn read_frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let read = async {
        let (first, length) = (stream.read_u8().await.unwrap(), stream.read_u8().await.unwrap());
        assert!(length < 126, "the test reads short frames only");
        let mut payload = vec![0; usize::from(length)];
        stream.read_exact(&mut payload).await.unwrap();
        (first, payload)
    };
    tokio::time::timeout(LIMIT, read).await.expect("a frame in time")
}

async fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < LIMIT, "waited in vain: {what}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let server = start();
    let error = SyncServer::bind(server.local_addr()).unwrap_err();
    assert!(
        matches!(error, SyncServerError::AddressTaken { address } if address == server.local_addr())
    );
    let expected =
        format!("sync service cannot listen on `{}`: the port is taken", server.local_addr());
    assert_eq!(error.to_string(), expected);
    let elsewhere: SocketAddr = "192.0.2.1:0".parse().unwrap();
    let error = SyncServer::bind(elsewhere).unwrap_err();
    assert!(matches!(error, SyncServerError::Listen { .. }), "{error}");
}

#[tokio::test]
async fn every_answer_has_the_contracts_shape_in_a_text_frame() {
    let server = start();
    let mut client = Client::connect(&server).await;
    for (request, answer) in [
        (
            r#"{"id":"0","is_cancel":false,"signal_entry":{"state":"k"}}"#,
            r#"{"id":"0","error":"","publish":null,"subscribe":"","signal_entry":{"seq":1}}"#,
        ),
        (
            r#"{"barrier":{"target":1,"state":"k"},"id":"1"}"#,
            r#"{"id":"1","error":"","publish":null,"subscribe":"","signal_entry":null}"#,
        ),
        (
            r#"{"id":"2","is_cancel":false,"publish":{"topic":"t","payload":{"b":1,"a":[2]}}}"#,
            r#"{"id":"2","error":"","publish":{"seq":1},"subscribe":"","signal_entry":null}"#,
        ),
        (
            r#"{"id":"3","is_cancel":false,"subscribe":{"topic":"t"}}"#,
            r#"{"id":"3","error":"","publish":null,"subscribe":"{\"b\":1,\"a\":[2]}","signal_entry":null}"#,
        ),
    ] {
        client.0.send(Message::text(format!("{request}\n"))).await.unwrap();
        assert_eq!(client.receive().await, answer);
    }
    let binary = r#"{"id":"4","is_cancel":false,"signal_entry":{"state":"k"}}"#;
    client.0.send(Message::binary(binary.as_bytes().to_vec())).await.unwrap();
    assert_eq!(
        client.receive().await,
        r#"{"id":"4","error":"","publish":null,"subscribe":"","signal_entry":{"seq":2}}"#
    );
}

#[tokio::test]
async fn what_is_wrong_is_answered_and_the_connection_lives_on() {
    let server = start();
    let mut client = Client::connect(&server).await;
    for (message, id) in [
        ("no json", ""),
        (r#"{"id":"1"}"#, "1"),
        (r#"{"id":"2","barrier":{"state":"k","target":"many"}}"#, "2"),
    ] {
        client.0.send(Message::text(message)).await.unwrap();
        let answer = client.answer().await;
        assert_eq!(answer["id"], id);
        let reason: String = serde_json::from_str(answer["error"].as_str().unwrap()).unwrap();
        assert!(reason.starts_with("message is no request"), "{reason}");
    }
    client.send(&subscribe("7", "t")).await;
    let refused = client.ask(subscribe("7", "u")).await;
    assert_eq!(refused["error"], r#""request `7` is an open subscription already""#);
    assert_eq!(client.ask(signal("3", "k")).await["signal_entry"]["seq"], 1);
}

#[tokio::test]
async fn a_barrier_holds_everybody_until_the_last() {
    let server = start();
    let mut clients = Vec::new();
    for _ in 0..50 {
        clients.push(Client::connect(&server).await);
    }
    for client in &mut clients[1..] {
        client.send(&signal("1", "k")).await;
        client.send(&barrier("2", "k", 50)).await;
        assert_eq!(client.answer().await["id"], "1");
    }
    assert_eq!(clients[0].ask(barrier("0", "k", 0)).await["error"], "");
    assert_eq!(clients[0].ask(barrier("0", "k", -1)).await["error"], "");
    assert_eq!(server.open_barriers()[0].count, 49);
    assert_eq!(clients[0].ask(signal("1", "k")).await["signal_entry"]["seq"], 50);
    for client in &mut clients[1..] {
        assert_eq!(client.answer().await["id"], "2");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_subscribers_see_one_order_early_or_late() {
    const PUBLISHERS: usize = 8;
    const EACH: usize = 200;
    let server = start();
    let mut early = Client::connect(&server).await;
    early.send(&subscribe("9", "t")).await;
    let mut tasks = Vec::new();
    for publisher in 0..PUBLISHERS {
        let mut client = Client::connect(&server).await;
        tasks.push(tokio::spawn(async move {
            let mut seqs = Vec::new();
            for number in 0..EACH {
                let payload = json!([publisher, number]);
                let answer = client.ask(publish("1", "t", payload)).await;
                seqs.push(answer["publish"]["seq"].as_u64().unwrap() as usize);
            }
            seqs
        }));
    }
    let mut by_seq = vec![Value::Null; PUBLISHERS * EACH];
    for (publisher, task) in tasks.into_iter().enumerate() {
        for (number, seq) in task.await.unwrap().into_iter().enumerate() {
            assert!(by_seq[seq - 1].is_null(), "seq {seq} is given twice");
            by_seq[seq - 1] = json!([publisher, number]);
        }
    }
    let mut late = Client::connect(&server).await;
    late.send(&subscribe("9", "t")).await;
    for client in [&mut early, &mut late] {
        for expected in &by_seq {
            assert_eq!(&client.delivered("9").await, expected);
        }
    }
}

#[tokio::test]
async fn a_cancelled_subscription_is_silent() {
    let server = start();
    let mut client = Client::connect(&server).await;
    client.send(&subscribe("1", "t")).await;
    client.send(&json!({"id": "1", "is_cancel": true})).await;
    client.send(&json!({"id": "unknown", "is_cancel": true})).await;
    assert_eq!(client.ask(publish("2", "t", json!(1))).await["id"], "2");
    assert_eq!(client.ask(signal("3", "k")).await["id"], "3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stops_stalls_nobody_and_loses_nothing() {
    const MESSAGES: usize = 400;
    let server = start();
    let mut slow = Client::connect(&server).await;
    slow.send(&subscribe("1", "t")).await;
    let mut quick = Client::connect(&server).await;
    quick.send(&subscribe("1", "t")).await;
    let mut publisher = Client::connect(&server).await;
    // 40 MB: more than socket buffers hold.
    let text = "x".repeat(100_000);
    for number in 0..MESSAGES {
        publisher.ask(publish("1", "t", json!([number, text]))).await;
        assert_eq!(quick.delivered("1").await[0], number);
    }
    assert_eq!(quick.ask(signal("2", "k")).await["signal_entry"]["seq"], 1);
    for number in 0..MESSAGES {
        assert_eq!(slow.delivered("1").await[0], number);
    }
}

#[tokio::test]
async fn a_client_that_asks_and_never_reads_is_not_read_without_end() {
    let server = start();
    let mut greedy = bare(&server).await;
    let request = frame(0x81, signal("1", "k").to_string().as_bytes());
    let batch = request.repeat(1000);
    // The sockets' buffers and the high-water mark fill up; then the service stops taking requests.
    let flood = async {
        for _ in 0..100_000 {
            greedy.write_all(&batch).await.unwrap();
        }
    };
    let mut other = Client::connect(&server).await;
    let asked = async {
        let mut last = 0;
        loop {
            let seq = other.ask(signal("1", "k")).await["signal_entry"]["seq"].as_u64().unwrap();
            if seq == last + 1 && seq > 1000 {
                return seq;
            }
            last = seq;
        }
    };
    tokio::select! {
        () = flood => panic!("a hundred million requests were taken from a client that reads nothing"),
        seq = asked => assert!(seq < 10_000_000, "{seq} requests were taken"),
    }
}

#[tokio::test]
async fn a_message_of_a_megabyte_arrives_whole() {
    let server = start();
    let mut client = Client::connect_as(&server, "?instance=a[0]").await;
    let payload = json!("\"é".repeat(1 << 18));
    client.ask(publish("1", "t", payload.clone())).await;
    client.send(&subscribe("2", "t")).await;
    assert_eq!(client.delivered("2").await, payload);
}

#[tokio::test]
async fn an_open_barrier_tells_who_is_missing() {
    let server = start();
    let state = keys().state("bootstrapped");
    server.expect("r1", ["leech[0]", "leech[1]", "leech[2]"].map(Arc::from));
    let mut first = Client::connect_as(&server, "?instance=leech%5B0%5D").await;
    let mut second = Client::connect(&server).await;
    second.ask(signal("0", &keys().state("initialized_group_leech"))).await;
    first.ask(signal("0", &state)).await;
    first.send(&barrier("1", &state, 3)).await;
    wait_until("the barrier is open", || server.open_barriers().len() == 1).await;

    let open = &server.open_barriers()[0];
    let names = |parties: &[ground_core::sync::Party]| -> Vec<String> {
        parties.iter().map(ToString::to_string).collect()
    };
    assert_eq!((&*open.state, open.target, open.count), (&*state, 3, 1));
    assert_eq!(names(&open.signalled), ["leech[0]"]);
    assert_eq!(names(&open.missing), ["leech#1", "leech[1]", "leech[2]"]);

    server.label_address(IpAddr::from([127, 0, 0, 1]), "leech[1]".into());
    assert_eq!(names(&server.open_barriers()[0].missing), ["leech[1]", "leech[2]"]);
    assert_eq!(names(&server.open_barriers()[0].signalled), ["leech[0]"], "its own label stays");
}

#[tokio::test]
async fn a_foreign_client_is_known_by_its_process_group() {
    let server = start();
    let mut client = Client::connect(&server).await;
    client.send(&barrier("1", &keys().state("s"), 1)).await;
    wait_until("the barrier is open", || server.open_barriers().len() == 1).await;
    let group = nix::unistd::getpgrp().as_raw() as u32;
    assert_eq!(server.label_process_groups(&[(group, "seed[0]".into())]), 1);
    assert_eq!(server.open_barriers()[0].waiting[0].to_string(), "seed[0]");
    assert_eq!(server.label_process_groups(&[(group, "seed[1]".into())]), 0);
}

#[tokio::test]
async fn an_abrupt_end_is_a_normal_one() {
    let server = start();
    let state = keys().state("s");
    let mut gone = Client::connect(&server).await;
    gone.send(&barrier("1", &state, 2)).await;
    let mut reset = bare(&server).await;
    reset.write_all(&frame(0x81, barrier("1", &state, 2).to_string().as_bytes())).await.unwrap();
    reset.write_all(&[0x81, 0xFE]).await.unwrap();
    wait_until("both wait", || {
        server.open_barriers().first().is_some_and(|open| open.waiting.len() == 2)
    })
    .await;
    reset.set_zero_linger().unwrap();
    drop((gone, reset));
    wait_until("both are gone", || server.connection_count() == 0).await;
    assert_eq!(server.open_barriers(), []);
}

#[tokio::test]
async fn a_run_that_ends_is_forgotten_and_its_waiters_are_told() {
    let server = start();
    let (state, topic) = (keys().state("s"), keys().topic("t"));
    let mut client = Client::connect(&server).await;
    client.ask(signal("1", &state)).await;
    client.send(&barrier("2", &state, 9)).await;
    client.send(&subscribe("3", &topic)).await;
    let handle = server.handle();
    let mut messages = handle.subscribe(&topic);
    let waiting = tokio::spawn({
        let (handle, state) = (handle.clone(), state.clone());
        async move { handle.barrier(&state, 9).await }
    });
    let parties = || server.open_barriers().first().map_or(0, |open| open.waiting.len());
    wait_until("both wait", || parties() == 2).await;
    client.ask(publish("4", &topic, json!("x"))).await;
    assert_eq!(messages.next().await.as_deref(), Some("\"x\""));
    assert_eq!(client.delivered("3").await, "x");

    server.end_run("r1");
    for id in ["2", "3"] {
        let answer = client.answer().await;
        assert_eq!(
            (&answer["id"], &answer["error"]),
            (&json!(id), &json!("\"run `r1` has ended\""))
        );
    }
    assert_eq!(waiting.await.unwrap(), Err(RunEnded));
    assert_eq!(messages.next().await, None);
    assert_eq!(client.ask(signal("5", &state)).await["signal_entry"]["seq"], 1);
}

#[tokio::test]
async fn the_engine_signals_waits_and_looks_on() {
    let server = start();
    let handle = server.handle();
    let state = keys().state("network-initialized");
    let mut client = Client::connect(&server).await;
    client.send(&barrier("1", &state, 2)).await;
    assert_eq!([handle.signal(&state), handle.signal(&state)], [1, 2]);
    assert_eq!(client.answer().await["id"], "1");
    handle.barrier(&state, 2).await.unwrap();

    let waits = handle.barrier("run:r1:plan:p:case:c:states:other", 1);
    assert!(tokio::time::timeout(Duration::ZERO, waits).await.is_err());
    assert_eq!(server.open_barriers(), [], "a wait given up is no open barrier");

    assert_eq!(handle.publish("t", &json!({"a": 1})).unwrap(), 1);
    client.send(&subscribe("2", "t")).await;
    assert_eq!(client.delivered("2").await, json!({"a": 1}));
}

#[tokio::test]
async fn the_engine_is_told_of_events_and_openings_in_order() {
    let server = start();
    let mut watcher = server.watch();
    let events = keys().run_events();
    let mut client = Client::connect_as(&server, "?instance=seed[3]").await;
    let mut other = Client::connect(&server).await;
    client.ask(publish("1", &events, json!({"success_event": {"group": "seed"}}))).await;
    client.ask(publish("2", "t", json!(1))).await;
    other.ask(publish("3", &events, json!(2))).await;
    client.ask(signal("4", &keys().state("s"))).await;
    client.ask(barrier("5", &keys().state("s"), 1)).await;

    let Some(SyncEvent::RunEvent(first)) = watcher.recv().await else { panic!("a run event") };
    assert_eq!((&*first.topic, first.seq, first.label.as_deref()), (&*events, 1, Some("seed[3]")));
    assert_eq!(&*first.payload, r#"{"success_event":{"group":"seed"}}"#);
    assert_eq!(first.address.unwrap().ip(), IpAddr::from([127, 0, 0, 1]));
    let Some(SyncEvent::RunEvent(second)) = watcher.recv().await else { panic!("a run event") };
    assert_eq!((second.seq, second.label, &*second.payload), (2, None, "2"));
    let Some(SyncEvent::BarrierOpened { state, target, first_ns, at_ns }) = watcher.recv().await
    else {
        panic!("an opened barrier")
    };
    assert_eq!((&*state, target), (&*keys().state("s"), 1));
    assert!(first_ns <= at_ns);
}

#[tokio::test]
async fn the_end_is_told_to_all_and_frees_the_port() {
    let server = start();
    let address = server.local_addr();
    let mut client = Client::connect(&server).await;
    client.send(&signal("1", "k")).await;
    let idle = TcpStream::connect(address).await.unwrap();
    wait_until("the client is connected", || server.connection_count() == 1).await;
    assert_eq!(client.answer().await["id"], "1");
    let reading = tokio::spawn(async move { client.0.next().await });
    server.shutdown().await;
    let Some(Ok(Message::Close(Some(close)))) = reading.await.unwrap() else {
        panic!("a close frame")
    };
    assert_eq!(u16::from(close.code), 1001);
    drop(idle);
    SyncServer::bind(address).unwrap();
}

#[tokio::test]
async fn a_dropped_service_serves_nobody() {
    let server = start();
    let mut client = Client::connect(&server).await;
    drop(server);
    let end = tokio::time::timeout(LIMIT, client.0.next()).await.unwrap();
    assert!(matches!(
        end,
        None | Some(Ok(Message::Close(_)) | Err(Error::Protocol(_) | Error::Io(_)))
    ));
}

#[tokio::test]
async fn fragments_and_pings_are_understood_and_violations_end_the_connection() {
    let server = start();
    let mut stream = bare(&server).await;
    let text = signal("1", "k").to_string();
    let (first, rest) = text.as_bytes().split_at(20);
    stream.write_all(&frame(0x01, first)).await.unwrap();
    stream.write_all(&frame(0x89, b"are you there")).await.unwrap();
    assert_eq!(read_frame(&mut stream).await, (0x8A, b"are you there".to_vec()));
    stream.write_all(&frame(0x00, b"")).await.unwrap();
    stream.write_all(&frame(0x80, rest)).await.unwrap();
    assert_eq!(read_frame(&mut stream).await.0, 0x81);
    stream.write_all(&frame(0x88, &[0x03, 0xE8])).await.unwrap();
    assert_eq!(read_frame(&mut stream).await, (0x88, vec![0x03, 0xE8]));
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);

    for violation in [
        vec![0x81, 0x01, b'x'],
        frame(0xC1, b"x"),
        frame(0x80, b"continues nothing"),
        [frame(0x01, b"a"), frame(0x01, b"b")].concat(),
    ] {
        let mut stream = bare(&server).await;
        stream.write_all(&violation).await.unwrap();
        assert_eq!(read_frame(&mut stream).await, (0x88, vec![0x03, 0xEA]), "{violation:?}");
    }
}

#[tokio::test]
async fn requests_may_come_in_any_pieces() {
    let server = start();
    let mut stream = bare(&server).await;
    let request = frame(0x82, signal("1", "k").to_string().as_bytes());
    stream.write_all(&request.repeat(300)).await.unwrap();
    for seq in 1..=300 {
        let (_, payload) = read_frame(&mut stream).await;
        let answer: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(answer["signal_entry"]["seq"], seq);
    }
    stream.set_nodelay(true).unwrap();
    for byte in request {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let (_, payload) = read_frame(&mut stream).await;
    assert!(String::from_utf8(payload).unwrap().contains(r#"{"seq":301}"#));
}

/// Header and payload in two writes without `TCP_NODELAY`, as the Rust SDK does: the second waits for our ACK.
#[tokio::test]
async fn a_client_that_writes_in_halves_does_not_wait_for_delayed_acks() {
    const ROUNDS: u32 = 50;
    let server = start();
    let mut stream = bare(&server).await;
    stream.set_nodelay(false).unwrap();
    let request = frame(0x82, signal("1", "k").to_string().as_bytes());
    let begin = Instant::now();
    for _ in 0..ROUNDS {
        stream.write_all(&request[..6]).await.unwrap();
        stream.write_all(&request[6..]).await.unwrap();
        read_frame(&mut stream).await;
    }
    // Delayed ACKs cost at least 40 ms each.
    assert!(begin.elapsed() < ROUNDS * Duration::from_millis(20), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_connection_takes_one_file_descriptor() {
    let open_files = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let server = start();
    let _first = Client::connect(&server).await;
    wait_until("the first is connected", || server.connection_count() == 1).await;
    let sockets_before = open_files();
    let mut clients = Vec::new();
    for _ in 0..500 {
        clients.push(Client::connect(&server).await);
    }
    wait_until("all are connected", || server.connection_count() == 501).await;
    // Other tests of this process open a few files meanwhile.
    assert!(open_files() < sockets_before + 2 * 500 + 100);
}
