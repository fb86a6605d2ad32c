//! What a runner needs of the sync service.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::{BoxFuture, FutureExt as _};
use ground_core::event::{Event, EventKind};
use ground_core::id::{InstanceId, RunId};
use ground_core::sync::key;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::clock::now_ns;
use crate::outcome::parse_payload;
use crate::runner::OpenBarrier;
use crate::sync_service::{SyncEvent, SyncServer};

/// The sync service as a runner sees it.
pub trait SyncView: Send + Sync {
    /// Returns where instances connect.
    fn addr(&self) -> SocketAddr;

    /// Tells who will take part in `run`, so that those who never come can be named.
    fn begin_run(&self, run: &RunId, instances: &[InstanceId]);

    /// Tells which process group each living instance is, so that connections of foreign SDKs can be put down to it.
    fn identify(&self, groups: &[(i32, InstanceId)]);

    /// Returns the barriers that instances of `run` wait at, by name.
    fn open_barriers(&self, run: &RunId) -> Vec<OpenBarrier>;

    /// Forgets all of `run` at once, and returns what was reported and which barriers opened meanwhile, by time.
    ///
    /// A run that is not known any more has nothing to tell.
    fn end_run<'a>(&'a self, run: &'a RunId) -> BoxFuture<'a, Vec<Event>>;
}

/// A sync service for plans that need none: nobody listens.
#[derive(Debug, Clone, Copy)]
pub struct IdleSync;

impl SyncView for IdleSync {
    fn addr(&self) -> SocketAddr {
        // The discard service, which no machine runs any more.
        SocketAddr::from(([127, 0, 0, 1], 9))
    }

    fn begin_run(&self, _run: &RunId, _instances: &[InstanceId]) {}

    fn identify(&self, _groups: &[(i32, InstanceId)]) {}

    fn open_barriers(&self, _run: &RunId) -> Vec<OpenBarrier> {
        Vec::new()
    }

    fn end_run<'a>(&'a self, _run: &'a RunId) -> BoxFuture<'a, Vec<Event>> {
        futures::future::ready(Vec::new()).boxed()
    }
}

/// Our own sync service, in this process.
#[derive(Debug)]
pub struct ServerSync {
    server: Arc<SyncServer>,
    watches: Mutex<HashMap<RunId, Watch>>,
}

/// Follows one run's events.
#[derive(Debug)]
struct Watch {
    stop: DropGuard,
    task: JoinHandle<Vec<Event>>,
}

impl ServerSync {
    /// Lets instances meet at `server`.
    #[must_use]
    pub fn new(server: Arc<SyncServer>) -> Self {
        Self { server, watches: Mutex::new(HashMap::new()) }
    }

    fn watches(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, Watch>> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SyncView for ServerSync {
    fn addr(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// Must be called within a tokio runtime.
    fn begin_run(&self, run: &RunId, instances: &[InstanceId]) {
        let labels = instances.iter().map(|instance| Arc::from(instance.to_string()));
        self.server.expect(run.as_str(), labels);
        let stop = CancellationToken::new();
        let events = self.server.watch();
        let task = tokio::spawn(follow(run.clone(), events, stop.clone()));
        self.watches().insert(run.clone(), Watch { stop: stop.drop_guard(), task });
    }

    fn identify(&self, groups: &[(i32, InstanceId)]) {
        let groups: Vec<(u32, Arc<str>)> = groups
            .iter()
            .filter_map(|(group, instance)| {
                Some((u32::try_from(*group).ok()?, Arc::from(instance.to_string())))
            })
            .collect();
        self.server.label_process_groups(&groups);
    }

    fn open_barriers(&self, run: &RunId) -> Vec<OpenBarrier> {
        let open = self.server.open_barriers().into_iter();
        let mut barriers: Vec<OpenBarrier> = open
            .filter(|barrier| key::run_of(&barrier.state) == run.as_str())
            .map(|barrier| OpenBarrier {
                state: key::short_name(&barrier.state).to_owned(),
                arrived: barrier.count,
                target: barrier.target,
                missing: barrier.missing.iter().map(ToString::to_string).collect(),
            })
            .collect();
        barriers.sort_by(|a, b| (&a.state, a.target).cmp(&(&b.state, b.target)));
        barriers
    }

    fn end_run<'a>(&'a self, run: &'a RunId) -> BoxFuture<'a, Vec<Event>> {
        let watch = self.watches().remove(run);
        self.server.end_run(run.as_str());
        async move {
            let Some(watch) = watch else {
                return Vec::new();
            };
            drop(watch.stop);
            watch.task.await.unwrap_or_default()
        }
        .boxed()
    }
}

async fn follow(
    run: RunId,
    mut events: UnboundedReceiver<SyncEvent>,
    stop: CancellationToken,
) -> Vec<Event> {
    let mut kept = Vec::new();
    while let Some(Some(event)) = stop.run_until_cancelled(events.recv()).await {
        kept.extend(event_of(&run, &event));
    }
    // What came before the stop is not lost.
    while let Ok(event) = events.try_recv() {
        kept.extend(event_of(&run, &event));
    }
    kept
}

/// Messages are left out, since instances write them to their files too; so is what nobody can be told to have said.
fn event_of(run: &RunId, event: &SyncEvent) -> Option<Event> {
    match event {
        SyncEvent::RunEvent(event) if key::run_of(&event.topic) == run.as_str() => {
            let kind = parse_payload(&event.payload)
                .filter(|kind| !matches!(kind, EventKind::Message(_) | EventKind::Start))?;
            let instance = event.label.as_ref()?.parse().ok()?;
            Some(Event { at_ns: now_ns(), instance: Some(instance), kind })
        }
        SyncEvent::BarrierOpened { state, target, first_ns, at_ns }
            if key::run_of(state) == run.as_str() =>
        {
            let kind = EventKind::BarrierOpened {
                state: key::short_name(state).to_owned(),
                target: *target,
                first_ns: *first_ns,
            };
            Some(Event { at_ns: *at_ns, instance: None, kind })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;

    use ground_core::event::EventKind;
    use ground_core::id::{InstanceId, RunId};

    use super::{ServerSync, SyncView as _};
    use crate::sync_service::SyncServer;

    #[tokio::test]
    async fn a_run_tells_its_own_barriers_and_forgets_them() {
        let server = SyncServer::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let sync = ServerSync::new(Arc::new(server));
        let (mine, other) = (RunId::new("mine"), RunId::new("other"));
        let members = [0, 1].map(|index| InstanceId { group: "g".to_owned(), index });
        sync.begin_run(&mine, &members);
        sync.begin_run(&other, &members);
        let handle = sync.server.handle();
        let state = "run:mine:plan:p:case:c:states:ready";
        handle.signal(state);
        let waiting = sync.server.handle();
        let waiter = tokio::spawn(async move { waiting.barrier(state, 2).await });
        while sync.open_barriers(&mine).is_empty() {
            tokio::task::yield_now().await;
        }
        let open = sync.open_barriers(&mine);
        assert_eq!((open[0].state.as_str(), open[0].arrived, open[0].target), ("ready", 1, 2));
        assert_eq!(open[0].missing, ["g[0]", "g[1]"]);
        assert!(sync.open_barriers(&other).is_empty());
        handle.signal(state);
        waiter.await.unwrap().unwrap();
        let events = sync.end_run(&mine).await;
        assert_eq!(events.len(), 1);
        assert!(
            matches!(&events[0].kind, EventKind::BarrierOpened { state, target: 2, .. } if state == "ready")
        );
        assert!(sync.end_run(&mine).await.is_empty());
        assert!(sync.end_run(&other).await.is_empty());
    }
}
