//! The demo's dozen commits: changes of the key-value plan's code, most of them harmless.

/// One replacement in one file; `from` stands there exactly once.
#[derive(Debug)]
pub(crate) struct Edit {
    /// Path within the plan's directory.
    pub(crate) file: &'static str,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
}

/// One commit.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) subject: &'static str,
    pub(crate) edits: &'static [Edit],
}

/// Subject of the commit that makes reads and writes slower.
#[cfg(test)]
pub(crate) const SLOW: &str = "Verify a checksum on every read";

/// Subject of the commit that loses a write now and then.
#[cfg(test)]
pub(crate) const FLAKY: &str = "Compact shards without holding up writers";

/// The commits after the first, which is the plan as it is shipped.
pub(crate) const COMMITS: &[Commit] = &[
    Commit {
        subject: "Refuse frames beyond 16 MiB",
        edits: &[Edit {
            file: "src/wire.rs",
            from: "const MAX_FRAME: usize = 64 << 20;",
            to: "const MAX_FRAME: usize = 16 << 20;",
        }],
    },
    Commit {
        subject: "Say which peer broke the protocol",
        edits: &[Edit {
            file: "src/wire.rs",
            from: "return Err(broken(\"impossible frame length\"));",
            to: "return Err(broken(&format!(\"a frame of {length} bytes\")));",
        }],
    },
    Commit {
        subject: "Name what an answer may be",
        edits: &[Edit {
            file: "src/wire.rs",
            from: "return Err(broken(\"unknown request\"))",
            to: "return Err(broken(\"a request that is neither put, get nor replicate\"))",
        }],
    },
    Commit {
        subject: "Turn connections that fail into a line of the log",
        edits: &[Edit {
            file: "src/replica.rs",
            from: "        thread::spawn(move || converse(stream, &store, &backups));",
            to: "        thread::spawn(move || {\n            if let Err(error) = converse(stream, &store, &backups) {\n                println!(\"a connection failed: {error}\");\n            }\n        });",
        }],
    },
    Commit {
        subject: "Verify a checksum on every read",
        edits: &[
            Edit {
                file: "src/store.rs",
                from: "    /// Returns the value of a key, if anybody ever stored it.\n    pub(crate) fn get(&self, key: u64) -> Option<Entry> {\n        self.shard(key).entries.get(&key).cloned()\n    }",
                to: "    /// Returns the value of a key, if anybody ever stored it and it is still what was stored.\n    pub(crate) fn get(&self, key: u64) -> Option<Entry> {\n        let (entry, stored) = {\n            let shard = self.shard(key);\n            (shard.entries.get(&key)?.clone(), shard.checksums.get(&key).copied())\n        };\n        let found = checksum(&entry.value);\n        stored.is_none_or(|stored| stored == found).then_some(entry)\n    }",
            },
            Edit {
                file: "src/store.rs",
                from: "        shard.entries.insert(key, Entry { version, value });\n        shard.writes += 1;",
                to: "        shard.checksums.insert(key, checksum(&value));\n        shard.entries.insert(key, Entry { version, value });\n        shard.writes += 1;",
            },
            Edit {
                file: "src/store.rs",
                from: "    entries: HashMap<u64, Entry>,\n    writes: u32,\n}",
                to: "    entries: HashMap<u64, Entry>,\n    checksums: HashMap<u64, u32>,\n    writes: u32,\n}\n\n/// CRC-32, reflected, bit by bit.\nfn checksum(value: &[u8]) -> u32 {\n    let mut remainder = u32::MAX;\n    for byte in value {\n        remainder ^= u32::from(*byte);\n        for _ in 0..8 {\n            let carry = remainder & 1;\n            remainder >>= 1;\n            if carry == 1 {\n                remainder ^= 0xedb8_8320;\n            }\n        }\n    }\n    !remainder\n}",
            },
        ],
    },
    Commit {
        subject: "Explain how shards are chosen",
        edits: &[Edit {
            file: "src/store.rs",
            from: "    fn shard(&self, key: u64) -> MutexGuard<'_, Shard> {",
            to: "    /// Picks a shard by Fibonacci hashing: neighbouring keys land in different ones.\n    fn shard(&self, key: u64) -> MutexGuard<'_, Shard> {",
        }],
    },
    Commit {
        subject: "Tell reads and writes apart in messages",
        edits: &[Edit {
            file: "src/client.rs",
            from: "write!(f, \"the connection to the replica failed: {error}\")",
            to: "write!(f, \"a read or write failed: {error}\")",
        }],
    },
    Commit {
        subject: "Compact shards without holding up writers",
        edits: &[Edit {
            file: "src/store.rs",
            from: "        shard.writes = 0;\n        shard.entries.retain(|_, entry| !entry.value.is_empty());",
            to: "        shard.writes = 0;\n        let mut compacted = shard.entries.clone();\n        drop(shard);\n        compacted.retain(|_, entry| !entry.value.is_empty());\n        self.shard(key).entries = compacted;",
        }],
    },
    Commit {
        subject: "Spell out what a replica does with a late message",
        edits: &[Edit {
            file: "src/store.rs",
            from: "unless a newer one is here already.",
            to: "unless a newer one is here already: messages of two\n    /// connections may overtake each other.",
        }],
    },
    Commit {
        subject: "Document the order of fields in a frame",
        edits: &[Edit {
            file: "src/wire.rs",
            from: "//! Frames between clients and replicas: length, kind, fields, all little endian.",
            to: "//! Frames between clients and replicas: length, kind, numbers, bytes, in this order and all little endian.",
        }],
    },
    Commit {
        subject: "Call a peer that leaves a peer that leaves",
        edits: &[Edit {
            file: "src/wire.rs",
            from: "broken(\"the replica has gone\")",
            to: "broken(\"the replica has left\")",
        }],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{COMMITS, FLAKY, SLOW};
    use crate::demo::repository::{PLAN, SOURCES};

    #[test]
    fn every_edit_finds_its_place_exactly_once() {
        let mut files: BTreeMap<&str, String> = SOURCES
            .iter()
            .filter_map(|(path, text)| Some((path.strip_prefix(PLAN)?, (*text).to_owned())))
            .collect();
        for commit in COMMITS {
            for edit in commit.edits {
                let file = files.get_mut(format!("/{}", edit.file).as_str()).expect(edit.file);
                assert_eq!(file.matches(edit.from).count(), 1, "{}: {}", commit.subject, edit.from);
                *file = file.replacen(edit.from, edit.to, 1);
            }
        }
    }

    #[test]
    fn it_is_a_dozen_with_one_slow_and_one_flaky_commit() {
        assert_eq!(COMMITS.len() + 1, 12);
        for subject in [SLOW, FLAKY] {
            assert_eq!(COMMITS.iter().filter(|commit| commit.subject == subject).count(), 1);
        }
    }
}
