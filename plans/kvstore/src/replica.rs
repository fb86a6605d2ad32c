//! A replica: serves one thread a connection; the primary passes every write on before it answers.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use crate::store::{Entry, Store};
use crate::wire::{Reply, Request, Wire};

/// Accepts connections for ever, each served by a thread of its own.
pub(crate) fn serve(listener: &TcpListener, store: &Arc<Store>, backups: &[SocketAddr]) {
    for stream in listener.incoming().flatten() {
        let store = Arc::clone(store);
        let backups = backups.to_vec();
        thread::spawn(move || converse(stream, &store, &backups));
    }
}

/// Serves one connection until the peer leaves.
fn converse(stream: TcpStream, store: &Store, backups: &[SocketAddr]) -> io::Result<()> {
    let mut peer = Wire::new(stream)?;
    let mut links = backups.iter().map(Wire::connect).collect::<io::Result<Vec<_>>>()?;
    while let Some(request) = peer.receive_request()? {
        let reply = answer(request, store, &mut links)?;
        peer.send_reply(&reply)?;
    }
    Ok(())
}

fn answer(request: Request, store: &Store, links: &mut [Wire]) -> io::Result<Reply> {
    Ok(match request {
        Request::Put { key, value } => {
            let version = store.put(key, value.clone());
            for link in links {
                link.call(&Request::Replicate { key, version, value: value.clone() })?;
            }
            Reply::Stored { version }
        }
        Request::Get { key } => match store.get(key) {
            Some(entry) => Reply::Value { version: entry.version, value: entry.value },
            None => Reply::Missing,
        },
        Request::Replicate { key, version, value } => {
            store.replicate(key, Entry { version, value });
            Reply::Stored { version }
        }
    })
}
