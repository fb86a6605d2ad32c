//! What one replica holds: versioned values in shards, with tombstones that compaction clears away.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Shards, so that connections rarely wait for each other.
const SHARDS: usize = 8;

/// A shard is compacted after this many writes.
const COMPACT_AFTER: u32 = 12;

/// A value with the version that it was stored under; an empty value is a tombstone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) version: u64,
    pub(crate) value: Vec<u8>,
}

#[derive(Debug, Default)]
struct Shard {
    entries: HashMap<u64, Entry>,
    writes: u32,
}

/// Versioned values by key.
#[derive(Debug)]
pub(crate) struct Store {
    shards: Vec<Mutex<Shard>>,
}

impl Store {
    pub(crate) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    fn shard(&self, key: u64) -> MutexGuard<'_, Shard> {
        let place = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % SHARDS;
        self.shards[place].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores a value under the key's next version, and returns that.
    pub(crate) fn put(&self, key: u64, value: Vec<u8>) -> u64 {
        let mut shard = self.shard(key);
        let version = shard.entries.get(&key).map_or(0, |entry| entry.version) + 1;
        shard.entries.insert(key, Entry { version, value });
        shard.writes += 1;
        drop(shard);
        self.compact(key);
        version
    }

    /// Stores a value that the primary has given a version, unless a newer one is here already.
    pub(crate) fn replicate(&self, key: u64, entry: Entry) {
        let mut shard = self.shard(key);
        if shard.entries.get(&key).is_none_or(|known| known.version < entry.version) {
            shard.entries.insert(key, entry);
        }
    }

    /// Returns the value of a key, if anybody ever stored it.
    pub(crate) fn get(&self, key: u64) -> Option<Entry> {
        self.shard(key).entries.get(&key).cloned()
    }

    /// Clears tombstones out of the key's shard, once it has seen enough writes.
    fn compact(&self, key: u64) {
        let mut shard = self.shard(key);
        if shard.writes < COMPACT_AFTER {
            return;
        }
        shard.writes = 0;
        shard.entries.retain(|_, entry| !entry.value.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::{COMPACT_AFTER, Entry, Store};

    #[test]
    fn versions_count_from_one_for_each_key() {
        let store = Store::new();
        assert_eq!(store.get(7), None);
        assert_eq!(store.put(7, vec![1]), 1);
        assert_eq!(store.put(7, vec![2]), 2);
        assert_eq!(store.put(8, vec![3]), 1);
        assert_eq!(store.get(7), Some(Entry { version: 2, value: vec![2] }));
    }

    #[test]
    fn a_late_replica_message_never_turns_time_back() {
        let store = Store::new();
        store.replicate(1, Entry { version: 2, value: vec![2] });
        store.replicate(1, Entry { version: 1, value: vec![1] });
        assert_eq!(store.get(1).map(|entry| entry.version), Some(2));
    }

    #[test]
    fn compaction_clears_tombstones_and_nothing_else() {
        let store = Store::new();
        store.put(1, Vec::new());
        store.put(2, vec![2]);
        for _ in 0..8 * COMPACT_AFTER {
            store.put(1, Vec::new());
            store.put(2, vec![2]);
        }
        assert!(store.get(2).is_some());
    }
}
