use std::io::Write as _;
use std::path::Path;

use super::*;

fn header() -> Header {
    Header {
        v: JOURNAL_VERSION,
        asked: "asked".to_owned(),
        sweep: "sweep".to_owned(),
        seed: u64::MAX,
        tool: "0.1.0".to_owned(),
        at_ns: -1,
        plan: "gossip".to_owned(),
        cells: vec![CellLine {
            run: "default".to_owned(),
            params: BTreeMap::from([("size".to_owned(), "1".to_owned())]),
            runner: "local:exec".to_owned(),
        }],
        revisions: vec![RevisionLine { identity: "ab".to_owned(), subject: "one".to_owned() }],
    }
}

fn all() -> Vec<Line> {
    let batch = Batch { batch: 0, cells: vec![0], repetitions: 2, seed: 7, why: Why::Asked };
    vec![
        Line::Sweep(header()),
        Line::Batch(batch),
        Line::Started { position: 0, attempt: 1, run: "r".to_owned(), at_ns: 5 },
        Line::Executed {
            position: 0,
            attempt: 1,
            run: "r".to_owned(),
            outcome: "crash".to_owned(),
            reason: "killed\nby signal 9".to_owned(),
            open: false,
        },
        Line::Recorded { position: 0, attempt: 1, run: "r".to_owned() },
        Line::Decided { cell: 0, from_block: 1, to_block: 2, reason: "clear".to_owned() },
        Line::Ended { at_ns: 9 },
    ]
}

/// The file as version 1 writes it; a change of this text is a new version.
const GOLDEN: &str = concat!(
    r#"{"type":"sweep","v":1,"asked":"asked","sweep":"sweep","seed":18446744073709551615,"tool":"0.1.0","at_ns":-1,"plan":"gossip","cells":[{"run":"default","params":{"size":"1"},"runner":"local:exec"}],"revisions":[{"identity":"ab","subject":"one"}]}"#,
    "\n",
    r#"{"type":"batch","batch":0,"cells":[0],"repetitions":2,"seed":7,"why":"asked"}"#,
    "\n",
    r#"{"type":"started","position":0,"attempt":1,"run":"r","at_ns":5}"#,
    "\n",
    r#"{"type":"executed","position":0,"attempt":1,"run":"r","outcome":"crash","reason":"killed\nby signal 9","open":false}"#,
    "\n",
    r#"{"type":"recorded","position":0,"attempt":1,"run":"r"}"#,
    "\n",
    r#"{"type":"decided","cell":0,"from_block":1,"to_block":2,"reason":"clear"}"#,
    "\n",
    r#"{"type":"ended","at_ns":9}"#,
    "\n",
);

fn write(dir: &Path, text: &[u8]) {
    std::fs::write(dir.join(FILE), text).unwrap();
}

#[test]
fn every_line_is_written_as_documented_and_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, lines) = Journal::open(dir.path()).unwrap();
    assert_eq!(lines, []);
    all().iter().for_each(|line| journal.append(line).unwrap());
    assert_eq!(std::fs::read_to_string(dir.path().join(FILE)).unwrap(), GOLDEN);
    assert_eq!(Journal::open(dir.path()).unwrap().1, all());
}

#[test]
fn a_journal_cut_off_anywhere_opens_with_its_whole_lines() {
    let ends: Vec<usize> = GOLDEN.match_indices('\n').map(|(at, _)| at + 1).collect();
    for cut in 0..=GOLDEN.len() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &GOLDEN.as_bytes()[..cut]);
        let (mut journal, lines) = Journal::open(dir.path()).unwrap();
        let whole = ends.iter().filter(|&&end| end <= cut).count();
        assert_eq!(lines, all()[..whole], "cut at {cut}");
        journal.append(&Line::Ended { at_ns: 1 }).unwrap();
        if whole > 0 {
            assert_eq!(Journal::open(dir.path()).unwrap().1.len(), whole + 1, "cut at {cut}");
        }
    }
}

#[test]
fn zeros_at_the_end_are_a_line_that_never_reached_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = File::create(dir.path().join(FILE)).unwrap();
    file.write_all(GOLDEN.as_bytes()).unwrap();
    file.write_all(b"\0\0\0\0\n").unwrap();
    assert_eq!(Journal::open(dir.path()).unwrap().1, all());
    assert_eq!(std::fs::read_to_string(dir.path().join(FILE)).unwrap(), GOLDEN);
}

#[test]
fn damage_in_the_middle_is_an_error_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), GOLDEN.replacen(r#""type":"started""#, r#""type":"start?d""#, 1).as_bytes());
    let error = Journal::open(dir.path()).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { line: 3, .. }), "{error:?}");
    assert!(error.hint().contains(".old"));
}

#[test]
fn another_version_and_a_missing_head_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), b"{\"type\":\"novel\",\"v\":2}\n");
    let error = Journal::open(dir.path()).unwrap_err();
    assert!(matches!(error, JournalError::Version { version: 2, .. }), "{error:?}");
    write(dir.path(), b"{\"type\":\"ended\",\"at_ns\":1}\n");
    assert!(matches!(Journal::open(dir.path()).unwrap_err(), JournalError::Headless { .. }));
}

#[test]
fn a_journal_that_cannot_be_written_says_so() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(FILE)).unwrap();
    let error = Journal::open(dir.path()).unwrap_err();
    assert!(matches!(error, JournalError::Io { doing: "written", .. }), "{error:?}");
}
