//! The workload: a closed loop of reads and writes that remembers what it wrote and checks what it reads.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::wire::{Reply, Request, Wire};

/// What the workload does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Workload {
    /// Reads and writes, half of each.
    pub(crate) operations: u64,
    /// Keys that this client owns: nobody else writes them.
    pub(crate) keys: u64,
    /// Bytes of every value.
    pub(crate) value_bytes: usize,
    /// The number of this client, from 0; keeps its keys apart from those of others.
    pub(crate) client: u64,
    /// Seed of the order of keys.
    pub(crate) seed: u64,
}

/// One finished operation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Done {
    /// A read, and how long it took.
    Get(Duration),
    /// A write, and how long it took.
    Put(Duration),
}

/// Runs the workload against the primary, telling `done` of every operation.
pub(crate) fn run(
    workload: Workload,
    primary: SocketAddr,
    mut done: impl FnMut(Done),
) -> Result<(), WorkloadError> {
    let mut link = Wire::connect(primary)?;
    let mut versions = vec![0; workload.keys as usize];
    let mut random = Random(workload.seed ^ (workload.client << 32) ^ 0x5851_f42d_4c95_7f2d);
    for operation in 0..workload.operations {
        let place = (random.next() % workload.keys) as usize;
        let key = (workload.client << 32) | place as u64;
        let begin = Instant::now();
        if versions[place] == 0 || operation % 2 == 0 {
            let value = vec![versions[place] as u8 | 1; workload.value_bytes];
            versions[place] = put(&mut link, key, value)?;
            done(Done::Put(begin.elapsed()));
        } else {
            let version = get(&mut link, key)?;
            done(Done::Get(begin.elapsed()));
            check(key, versions[place], version)?;
        }
    }
    read_back(&mut link, workload.client, &versions)
}

/// Reads every key once more: what was acknowledged must still be there.
fn read_back(link: &mut Wire, client: u64, versions: &[u64]) -> Result<(), WorkloadError> {
    for (place, wrote) in versions.iter().enumerate().filter(|(_, wrote)| **wrote > 0) {
        let key = (client << 32) | place as u64;
        check(key, *wrote, get(link, key)?)?;
    }
    Ok(())
}

fn put(link: &mut Wire, key: u64, value: Vec<u8>) -> Result<u64, WorkloadError> {
    match link.call(&Request::Put { key, value })? {
        Reply::Stored { version } => Ok(version),
        other => Err(WorkloadError::Surprise(format!("{other:?}"))),
    }
}

fn get(link: &mut Wire, key: u64) -> Result<u64, WorkloadError> {
    match link.call(&Request::Get { key })? {
        Reply::Value { version, .. } => Ok(version),
        Reply::Missing => Ok(0),
        other => Err(WorkloadError::Surprise(format!("{other:?}"))),
    }
}

fn check(key: u64, wrote: u64, read: u64) -> Result<(), WorkloadError> {
    if read == wrote { Ok(()) } else { Err(WorkloadError::LostWrite { key, wrote, read }) }
}

/// The workload could not go on, or found the store wanting.
#[derive(Debug)]
pub(crate) enum WorkloadError {
    /// A write that was acknowledged is not there.
    LostWrite { key: u64, wrote: u64, read: u64 },
    /// A reply that makes no sense.
    Surprise(String),
    /// The connection failed.
    Io(io::Error),
}

impl std::fmt::Display for WorkloadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LostWrite { key, wrote, read } => {
                write!(f, "lost write: key {key:#x} was stored as version {wrote}, read as {read}")
            }
            Self::Surprise(reply) => write!(f, "the replica answered {reply}"),
            Self::Io(error) => write!(f, "the connection to the replica failed: {error}"),
        }
    }
}

impl std::error::Error for WorkloadError {}

impl From<io::Error> for WorkloadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Xorshift: the same seed gives the same keys on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::thread;

    use super::{Done, Workload, WorkloadError, check, run};
    use crate::replica;
    use crate::store::Store;

    #[test]
    fn a_version_that_is_not_the_last_one_written_is_a_lost_write() {
        assert!(check(1, 4, 4).is_ok());
        assert!(matches!(check(1, 4, 3), Err(WorkloadError::LostWrite { wrote: 4, read: 3, .. })));
    }

    #[test]
    fn every_operation_is_told_of_and_the_backup_has_what_the_primary_has() {
        let start = |backups: Vec<std::net::SocketAddr>| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let store = Arc::new(Store::new());
            let served = Arc::clone(&store);
            thread::spawn(move || replica::serve(&listener, &served, &backups));
            (address, store)
        };
        let (backup, backup_store) = start(Vec::new());
        let (primary, primary_store) = start(vec![backup]);
        let (mut gets, mut puts) = (0, 0);
        let workload = Workload { operations: 200, keys: 10, value_bytes: 32, client: 0, seed: 1 };
        run(workload, primary, |done| match done {
            Done::Get(_) => gets += 1,
            Done::Put(_) => puts += 1,
        })
        .unwrap();
        assert_eq!(gets + puts, 200);
        assert!(gets > 50 && puts >= 100);
        for key in 0..10 {
            assert_eq!(primary_store.get(key), backup_store.get(key));
        }
    }
}
