//! The SDK's sync client against the sync service.

mod sdk_service;

use std::path::Path;
use std::time::{Duration, Instant};

use ground_core::sync::key::KeySpace;
use ground_sdk::{RunEnv, SyncClient, SyncError};
use serde_json::{Value, json};

use sdk_service::Service;

impl Service {
    fn end(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.shutdown());
        }
    }
}

fn client(service: &Service, index: u32) -> SyncClient {
    let vars = service.environment("case", index, 2, Path::new("/nowhere"));
    let env = RunEnv::from_lookup(|name| vars.get(name).cloned()).unwrap();
    SyncClient::connect(&env).unwrap()
}

#[test]
fn a_service_that_is_not_there_is_named() {
    let mut service = Service::start();
    let vars = service.environment("case", 0, 1, Path::new("/nowhere"));
    let address = service.server().local_addr();
    service.end();
    let env = RunEnv::from_lookup(|name| vars.get(name).cloned()).unwrap();
    let error = SyncClient::connect(&env).unwrap_err();
    assert_eq!(error.to_string(), format!("sync service at `{address}` cannot be reached"));
}

#[test]
fn what_takes_too_long_is_given_up_and_leaves_nothing_open() {
    let service = Service::start();
    let client = client(&service, 0);
    let hasty = client.within(Duration::from_millis(20));
    let error = hasty.barrier("never", 1).unwrap_err();
    assert_eq!(error.to_string(), "barrier `never` (1 signals) did not come in time");
    let mut messages = client.subscribe::<u32>("none").unwrap();
    let error = messages.receive_within(Duration::from_millis(1)).unwrap_err();
    assert!(matches!(error, SyncError::TimedOut { .. }));
    assert_eq!(client.signal("other").unwrap(), 1, "the connection lives on");
    assert_eq!(service.server().open_barriers(), []);
}

#[test]
fn a_service_that_ends_ends_every_wait() {
    let mut service = Service::start();
    let client = client(&service, 0);
    let waiting = std::thread::spawn({
        let client = client.clone();
        move || client.barrier("never", 1)
    });
    while service.server().open_barriers().is_empty() {
        std::thread::yield_now();
    }
    service.end();
    let error = waiting.join().unwrap().unwrap_err();
    assert!(matches!(error, SyncError::Closed { .. }), "{error}");
    assert!(client.signal("s").is_err());
}

#[test]
fn a_payload_of_another_form_is_told_and_passed_over() {
    let service = Service::start();
    let client = client(&service, 0);
    client.publish("t", "text").unwrap();
    let (seq, mut messages) = client.publish_subscribe::<u32>("t", &7).unwrap();
    assert_eq!(seq, 2);
    let error = messages.receive().unwrap_err();
    assert_eq!(error.to_string(), "a message of topic `t` is not of the expected form");
    assert_eq!(messages.receive().unwrap(), 7);
}

#[test]
fn signals_barriers_and_topics_work_between_threads_and_clients() {
    let service = Service::start();
    let (first, second) = (client(&service, 0), client(&service, 1));
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let client = if thread % 2 == 0 { first.clone() } else { second.clone() };
            std::thread::spawn(move || {
                let seq = client.signal_and_wait("ready", 8).unwrap();
                client
                    .publish_and_wait("t", &json!({"seq": seq, "text": "é\"\n"}), "ready", 8)
                    .unwrap();
                seq
            })
        })
        .collect();
    let mut seqs: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6, 7, 8]);
    let read = |client: &SyncClient| -> Vec<Value> {
        client.subscribe("t").unwrap().take(8).collect::<Result<_, _>>().unwrap()
    };
    let messages = read(&first);
    assert_eq!(messages, read(&second));
    assert!(messages.iter().all(|message| message["text"] == "é\"\n"));
    let big = "x".repeat(1 << 20);
    first.publish("big", &big).unwrap();
    assert_eq!(second.subscribe::<String>("big").unwrap().receive().unwrap(), big);
}

#[test]
fn a_client_tells_the_service_who_it_is_and_says_goodbye() {
    let service = Service::start();
    let client = client(&service, 7);
    std::thread::scope(|scope| {
        scope.spawn(|| client.within(Duration::from_secs(60)).barrier("s", 1));
        while service.server().open_barriers().is_empty() {
            std::thread::yield_now();
        }
        let open = service.server().open_barriers();
        assert_eq!(open[0].waiting[0].to_string(), "g[7]");
        service.server().handle().signal(&KeySpace::new("r1", "guest", "case").state("s"));
    });
    drop(client);
    let begin = Instant::now();
    while service.server().connection_count() > 0 {
        assert!(begin.elapsed() < Duration::from_secs(60));
    }
}
