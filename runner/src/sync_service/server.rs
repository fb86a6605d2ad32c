//! The service as a whole: binding, accepting, ending.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ground_core::sync::{ClientId, OpenBarrier};
use socket2::{Domain, Protocol, Socket, Type};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::connection;
use super::event::SyncEvent;
use super::hub::Hub;
use super::local::SyncHandle;
use super::peer_process;

/// Connections that may wait to be accepted; the kernel cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 65_535;
/// How long connections have to take their last answers when the service ends.
const GRACE: Duration = Duration::from_secs(2);
/// How long accepting rests when there are no files left.
const ACCEPT_REST: Duration = Duration::from_millis(20);

/// Why the service could not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SyncServerError {
    /// Somebody else listens there.
    #[error("sync service cannot listen on `{address}`: the port is taken")]
    AddressTaken {
        /// The address in question.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("sync service cannot listen on `{address}`")]
    Listen {
        /// The address in question.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// A running sync service; dropping it ends it at once, [`Self::shutdown`] in order.
#[derive(Debug)]
pub struct SyncServer {
    hub: Arc<Hub>,
    local_addr: SocketAddr,
    accepting: JoinHandle<()>,
    ended: CancellationToken,
    _guard: DropGuard,
}

impl SyncServer {
    /// Starts a service on `address`; port 0 takes any free one.
    ///
    /// # Errors
    /// [`SyncServerError::AddressTaken`] or [`SyncServerError::Listen`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn bind(address: SocketAddr) -> Result<Self, SyncServerError> {
        let listen = || -> io::Result<(TcpListener, SocketAddr)> {
            let listener = listen(address)?;
            let local_addr = listener.local_addr()?;
            Ok((listener, local_addr))
        };
        let (listener, local_addr) = listen().map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => SyncServerError::AddressTaken { address },
            _ => SyncServerError::Listen { address, source },
        })?;
        let hub = Arc::new(Hub::default());
        let ended = CancellationToken::new();
        let accepting = tokio::spawn(accept(listener, hub.clone(), ended.clone()));
        Ok(Self { hub, local_addr, accepting, _guard: ended.clone().drop_guard(), ended })
    }

    /// Returns the address the service listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Makes a client inside this process.
    pub fn handle(&self) -> SyncHandle {
        SyncHandle::new(self.hub.clone())
    }

    /// Tells the returned receiver of all events from now on, until it is dropped.
    ///
    /// The channel is unbounded, since the service waits for nobody: whoever watches must read.
    pub fn watch(&self) -> UnboundedReceiver<SyncEvent> {
        self.hub.watch()
    }

    /// Announces the labels of a run's instances, so that one that never connects is missed as well.
    pub fn expect(&self, run: &str, labels: impl IntoIterator<Item = Arc<str>>) {
        self.hub.expect(run, labels);
    }

    /// Gives a client its label, such as `leech[7]`; our own SDK brings it along, as `?instance=leech[7]`.
    pub fn label(&self, client: ClientId, label: Arc<str>) {
        self.hub.set_label(client, label);
    }

    /// Labels present and future clients that have no label by the address they come from.
    ///
    /// For runners whose instances have addresses of their own.
    pub fn label_address(&self, address: IpAddr, label: Arc<str>) {
        self.hub.label_address(address, label);
    }

    /// Labels clients that have none by the process group that holds the other end of their socket.
    ///
    /// `groups` lists process group ids with the label of the instance each of them is. Returns how many clients got
    /// a label. Works for instances on this host that share our network namespace.
    ///
    /// # Cost
    /// Reads `/proc` through, so it is blocking and takes tenths of a second at 10,000 instances.
    pub fn label_process_groups(&self, groups: &[(u32, Arc<str>)]) -> usize {
        let unlabelled = self.hub.unlabelled();
        let found = peer_process::identify(self.local_addr.port(), &unlabelled, groups);
        let count = found.len();
        for (client, label) in found {
            self.hub.set_label(client, label);
        }
        count
    }

    /// Lists the barriers somebody waits at, with who signalled and who is missing.
    ///
    /// Who has no label is called by the number it claimed in its group, as `leech#8`, or by its address.
    ///
    /// # Cost
    /// Proportional to open barriers times clients of their runs, under the service's lock.
    pub fn open_barriers(&self) -> Vec<OpenBarrier> {
        self.hub.open_barriers()
    }

    /// Returns how many clients are connected through sockets.
    pub fn connection_count(&self) -> usize {
        self.hub.connection_count()
    }

    /// Forgets all states and topics of a run; barriers and subscriptions still open are answered with an error.
    pub fn end_run(&self, run: &str) {
        self.hub.end_run(run);
    }

    /// Ends the service: what is queued is sent, every client is told, and all sockets are closed.
    pub async fn shutdown(self) {
        self.ended.cancel();
        if let Err(error) = self.accepting.await {
            tracing::error!(%error, "the sync service ended in disorder");
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

async fn accept(listener: TcpListener, hub: Arc<Hub>, ended: CancellationToken) {
    let mut connections = JoinSet::new();
    let mut warned = false;
    loop {
        tokio::select! {
            biased;
            () = ended.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection::serve(stream, hub.clone()));
                }
                Err(error) => {
                    if !warned {
                        tracing::warn!(%error, "the sync service cannot accept a connection; told once");
                        warned = true;
                    }
                    tokio::time::sleep(ACCEPT_REST).await;
                }
            },
            Some(served) = connections.join_next() => {
                if let Err(error) = served {
                    tracing::error!(%error, "a connection of the sync service ended in disorder");
                }
            }
        }
    }
    drop(listener);
    hub.close_all();
    let all_closed = async { while connections.join_next().await.is_some() {} };
    // Whoever does not take its last answers in time is cut off.
    let _ = tokio::time::timeout(GRACE, all_closed).await;
    connections.abort_all();
}
