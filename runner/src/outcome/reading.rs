//! What an instance said, from the files it left.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use ground_core::event::EventKind;

use super::event::{parse_cut, parse_event};
use super::lines::{Lines, contains, cut, plain};

/// Messages that are kept of one instance; decisive events and stages are all kept.
const MAX_MESSAGES: usize = 1_000;

/// The end of standard error that is looked at.
const STDERR_TAIL: u64 = 64 * 1024;

/// The longest excerpt of standard error in a reason.
const MAX_EXCERPT: usize = 300;

/// The host that Testground's Rust SDK hard-codes.
const SYNC_HOST: &[u8] = b"testground-sync-service";

/// How resolvers and SDKs say that a host is unknown.
const UNRESOLVED: [&[u8]; 7] = [
    b"failed to lookup address",
    b"Name or service not known",
    b"Temporary failure in name resolution",
    b"no such host",
    b"nodename nor servname",
    b"ENOTFOUND",
    b"EAI_AGAIN",
];

/// How the Rust SDK 0.4 dies when its background task could not connect.
const LOST_SENDER: &[u8] = b"Background Sender: RecvError";

/// What one instance said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// Its events with their times, nanoseconds since the epoch, in the order in which they were said.
    pub events: Vec<(i64, EventKind)>,
    /// Messages beyond the first 1,000, which are not kept.
    pub dropped_messages: u64,
    /// Lines longer than 1 MiB, of which only the begin was read.
    pub long_lines: u64,
    /// What standard error tells about the end; empty where it tells nothing.
    pub last_words: String,
    /// Whether it failed to resolve the host that Testground's SDKs assume.
    pub lacks_sync_host: bool,
}

impl Reading {
    /// Returns the last event that decides on success or failure.
    #[must_use]
    pub fn decisive(&self) -> Option<&EventKind> {
        self.events.iter().rev().map(|(_, kind)| kind).find(|kind| {
            matches!(kind, EventKind::Success | EventKind::Failure(_) | EventKind::Crash { .. })
        })
    }

    /// Adds what the instance published to the sync service, unless its files say the same.
    pub fn add_published(&mut self, published: &[(i64, EventKind)]) {
        for (at_ns, kind) in published {
            if !self.events.iter().any(|(_, known)| known == kind) {
                self.events.push((*at_ns, kind.clone()));
            }
        }
        self.events.sort_by_key(|(at_ns, _)| *at_ns);
    }
}

/// Reads `stdout.log`, `run.out` and the end of `stderr.log` in `directory`.
///
/// Files that are missing count as empty. Events without a time take that of the one before, the first `started_ns`.
/// Memory is bounded however much the instance wrote.
///
/// # Errors
/// Whatever reading a file that exists gives.
pub fn read_instance(directory: &Path, started_ns: i64) -> io::Result<Reading> {
    let mut reading = Reading::default();
    let mut said = BTreeSet::new();
    for (name, again) in [("stdout.log", false), ("run.out", true)] {
        if let Some(file) = open(&directory.join(name))? {
            Scan { reading: &mut reading, said: &mut said, again, last_ns: started_ns }
                .scan(file)?;
        }
    }
    reading.events.sort_by_key(|(at_ns, _)| *at_ns);
    read_stderr(&directory.join("stderr.log"), &mut reading)?;
    Ok(reading)
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

struct Scan<'a> {
    reading: &'a mut Reading,
    /// What the first file said, to tell repetitions in the second.
    said: &'a mut BTreeSet<(Option<i64>, &'static str, String)>,
    again: bool,
    last_ns: i64,
}

impl Scan<'_> {
    fn scan(mut self, file: File) -> io::Result<()> {
        let mut lines = Lines::new(BufReader::with_capacity(64 * 1024, file));
        while let Some(line) = lines.next()? {
            if line.cut {
                self.reading.long_lines += 1;
                if let Some(kind) = parse_cut(line.bytes) {
                    self.push(None, kind);
                }
            } else if let Some(reported) = parse_event(line.bytes) {
                self.push(reported.at_ns, reported.kind);
            }
            self.reading.lacks_sync_host |= lacks_sync_host(line.bytes);
        }
        Ok(())
    }

    fn push(&mut self, at_ns: Option<i64>, kind: EventKind) {
        let key = (at_ns, kind.as_str(), kind.text().to_owned());
        if self.again && self.said.contains(&key) {
            return;
        }
        let is_message = matches!(kind, EventKind::Message(_));
        if is_message && self.reading.events.len() >= MAX_MESSAGES {
            self.reading.dropped_messages += u64::from(!self.again);
            return;
        }
        if !self.again {
            self.said.insert(key);
        }
        self.last_ns = at_ns.unwrap_or(self.last_ns);
        self.reading.events.push((self.last_ns, kind));
    }
}

fn lacks_sync_host(line: &[u8]) -> bool {
    contains(line, SYNC_HOST) && UNRESOLVED.iter().any(|words| contains(line, words))
}

fn read_stderr(path: &Path, reading: &mut Reading) -> io::Result<()> {
    let Some(mut file) = open(path)? else {
        return Ok(());
    };
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(STDERR_TAIL)))?;
    let mut tail = Vec::new();
    file.take(STDERR_TAIL).read_to_end(&mut tail)?;
    let unresolved = UNRESOLVED.iter().any(|words| contains(&tail, words));
    reading.lacks_sync_host |=
        contains(&tail, LOST_SENDER) || contains(&tail, SYNC_HOST) && unresolved;
    reading.last_words = last_words(&tail);
    Ok(())
}

/// Finds the line that explains an end: the last panic with its message, else the last line.
fn last_words(tail: &[u8]) -> String {
    let lines: Vec<_> =
        tail.split(|byte| *byte == b'\n').map(plain).filter(|line| !line.is_empty()).collect();
    let panic =
        lines.iter().rposition(|line| line.contains("panicked at") || line.starts_with("panic:"));
    let words = match panic {
        // Since Rust 1.73 the message stands on the line after the place.
        Some(place) if lines[place].ends_with(':') => {
            let message = lines.get(place + 1).map_or("", |line| line);
            format!("{} {message}", lines[place])
        }
        Some(place) => lines[place].to_string(),
        None => lines.last().map(ToString::to_string).unwrap_or_default(),
    };
    cut(words.trim(), MAX_EXCERPT)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use ground_core::event::EventKind;
    use tempfile::TempDir;

    use super::{last_words, read_instance};

    fn directory(files: &[(&str, &[u8])]) -> TempDir {
        let directory = TempDir::new().unwrap();
        for (name, bytes) in files {
            fs::write(directory.path().join(name), bytes).unwrap();
        }
        directory
    }

    #[test]
    fn an_empty_directory_says_nothing() {
        let reading = read_instance(directory(&[]).path(), 7).unwrap();
        assert_eq!(reading.decisive(), None);
        assert!(reading.events.is_empty() && reading.last_words.is_empty());
    }

    #[test]
    fn run_out_repeats_stdout_and_adds_what_stdout_lost() {
        let success = b"{\"ts\":20,\"event\":{\"success_event\":{\"group\":\"g\"}}}\n".as_slice();
        let start = b"{\"ts\":10,\"event\":{\"start_event\":{}}}\n".as_slice();
        let both = [start, success].concat();
        let files = directory(&[("stdout.log", &both), ("run.out", &both)]);
        assert_eq!(read_instance(files.path(), 1).unwrap().events.len(), 2);
        let files = directory(&[("stdout.log", start), ("run.out", &both)]);
        let reading = read_instance(files.path(), 1).unwrap();
        assert_eq!(reading.events, [(10, EventKind::Start), (20, EventKind::Success)]);
    }

    #[test]
    fn an_event_after_ten_megabytes_of_one_line_is_read() {
        let mut bytes = vec![b'x'; 10 << 20];
        bytes.extend_from_slice(b"\n{\"event\":{\"success_event\":{\"group\":\"g\"}}}\n");
        let reading = read_instance(directory(&[("stdout.log", &bytes)]).path(), 3).unwrap();
        assert_eq!(reading.events, [(3, EventKind::Success)]);
        assert_eq!(reading.long_lines, 1);
    }

    #[test]
    fn a_chatty_instance_keeps_its_outcome() {
        let directory = TempDir::new().unwrap();
        let mut file = fs::File::create(directory.path().join("stdout.log")).unwrap();
        for number in 0..5_000 {
            writeln!(file, "{{\"event\":{{\"message_event\":{{\"message\":\"{number}\"}}}}}}")
                .unwrap();
        }
        writeln!(file, "{{\"event\":{{\"failure_event\":{{\"error\":\"no\"}}}}}}").unwrap();
        let reading = read_instance(directory.path(), 3).unwrap();
        assert_eq!(reading.dropped_messages, 4_000);
        assert_eq!(reading.decisive(), Some(&EventKind::Failure("no".to_owned())));
    }

    #[test]
    fn what_was_published_counts_only_where_the_files_are_silent() {
        let files = directory(&[("stdout.log", b"{\"ts\":5,\"event\":{\"success_event\":{}}}\n")]);
        let mut reading = read_instance(files.path(), 1).unwrap();
        reading.add_published(&[(6, EventKind::Success)]);
        assert_eq!(reading.events.len(), 1);
        reading.add_published(&[(9, EventKind::Failure("late".to_owned()))]);
        assert_eq!(reading.decisive(), Some(&EventKind::Failure("late".to_owned())));
    }

    #[test]
    fn a_panic_explains_more_than_the_last_line() {
        assert_eq!(
            last_words(b"thread 'main' panicked at src/main.rs:3:5:\nboom\nnote: run with `RUST_BACKTRACE=1`\n"),
            "thread 'main' panicked at src/main.rs:3:5: boom"
        );
        assert_eq!(last_words(b"panic: nil map\n\ngoroutine 1 [running]:\n"), "panic: nil map");
        assert_eq!(last_words(b"warming up\n\x1b[31mfatal: disk\x1b[0m\n\n"), "fatal: disk");
        assert_eq!(last_words(b""), "");
    }

    #[test]
    fn the_hard_coded_host_is_recognised() {
        for (name, text) in [
            (
                "stderr.log",
                "thread 'main' panicked at src/client.rs:1:1:\nBackground Sender: RecvError\n",
            ),
            ("stderr.log", "dial tcp: lookup testground-sync-service: no such host\n"),
            ("stdout.log", "Error: getaddrinfo ENOTFOUND testground-sync-service\n"),
        ] {
            let reading = read_instance(directory(&[(name, text.as_bytes())]).path(), 1).unwrap();
            assert!(reading.lacks_sync_host, "{text}");
        }
        let other = directory(&[("stderr.log", b"connected to testground-sync-service\n")]);
        assert!(!read_instance(other.path(), 1).unwrap().lacks_sync_host);
    }
}
