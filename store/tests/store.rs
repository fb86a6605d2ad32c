//! What a store promises, failures first.
#![allow(clippy::print_stdout, reason = "tests report what they skip")]

mod common;

use std::fs;
use std::path::Path as FsPath;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use arrow::array::Array as _;
use common::{Dying, record};
use ground_core::id::RunId;
use ground_core::metric::Stat;
use ground_store::{
    AppendError, Appended, CompactOptions, InvalidRecord, OpenError, OpenMode, OutputFormat,
    PointFilter, Problem, QueryError, RunFilter, StorageError, Store, Table, write_batches,
};
use object_store::memory::InMemory;

async fn at(path: &FsPath, mode: OpenMode) -> Store {
    Store::open(path.to_str().unwrap(), mode).await.unwrap()
}

async fn count(store: &Store, table: &str) -> i64 {
    let answer = store.sql(&format!("SELECT count(*) FROM {table}")).await.unwrap();
    let column = answer.batches[0].column(0).clone();
    column.as_any().downcast_ref::<arrow::array::Int64Array>().unwrap().value(0)
}

fn files_below(path: &FsPath) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[tokio::test]
async fn what_is_not_a_store_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let missing = format!("{path}/none");
    assert!(matches!(
        Store::open(&missing, OpenMode::Append).await,
        Err(OpenError::Missing { .. })
    ));
    assert!(!FsPath::new(&missing).exists());
    fs::write(dir.path().join("letter.txt"), "mine").unwrap();
    for mode in [OpenMode::Read, OpenMode::Append, OpenMode::Create] {
        let refused = Store::open(path, mode).await;
        assert!(matches!(refused, Err(OpenError::NotAStore { .. })), "{refused:?}");
    }
    assert_eq!(files_below(dir.path()).len(), 1);
    let file = dir.path().join("letter.txt");
    let refused = Store::open(file.to_str().unwrap(), OpenMode::Create).await.unwrap_err();
    assert_eq!(refused.to_string(), format!("`{}` is not a store: it is a file", file.display()));
    assert!(matches!(
        Store::open("nonsense://x", OpenMode::Read).await,
        Err(OpenError::Location { .. })
    ));
}

#[tokio::test]
async fn a_newer_store_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    at(dir.path(), OpenMode::Create).await;
    let marker = r#"{"format":"ground-store","version":2,"created_by":"ground 9.0.0","more":1}"#;
    fs::write(dir.path().join("ground-store.json"), marker).unwrap();
    let refused = Store::open(dir.path().to_str().unwrap(), OpenMode::Create).await;
    assert!(
        matches!(&refused, Err(OpenError::Newer { found: 2, known: 1, created_by, .. }) if created_by == "ground 9.0.0"),
        "{refused:?}"
    );
    fs::write(dir.path().join("ground-store.json"), "{").unwrap();
    let refused = Store::open(dir.path().to_str().unwrap(), OpenMode::Read).await;
    assert!(matches!(refused, Err(OpenError::NotAStore { .. })));
}

#[tokio::test]
async fn a_store_opened_for_reading_takes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    at(dir.path(), OpenMode::Create).await;
    let store = at(dir.path(), OpenMode::Read).await;
    let before = files_below(dir.path());
    assert!(matches!(store.append(record("r", "p")).await, Err(AppendError::ReadOnly { .. })));
    assert!(store.compact(CompactOptions::default()).await.is_err());
    assert_eq!(files_below(dir.path()), before);
    assert!(store.is_empty());
}

#[tokio::test]
async fn what_is_wrong_with_a_record_is_named() {
    let store =
        Store::open_on(Arc::new(InMemory::new()), "memory", OpenMode::Create).await.unwrap();
    type Break = fn(&mut ground_core::record::RunRecord);
    let cases: [(Break, &str); 11] = [
        (|r| r.run.plan.clear(), "the record's plan is empty"),
        (|r| r.instances[1] = r.instances[0].clone(), "instance `seed[0]` is there twice"),
        (|r| r.metrics[1].name = "latency_s".to_owned(), "metric `latency_s` is there twice"),
        (|r| r.samples[1].metric = 2, "sample series 1 points at metric 2; there are 2"),
        (|r| r.samples[0].values[2] = f64::NAN, "`requests`: sample 2 is NaN"),
        (|r| r.samples[0].t_ns.truncate(2), "`requests` of seed[0] has 2 times and 3 values"),
        (
            |r| r.samples[0].t_ns[2] = 2,
            "`requests` of seed[0]: sample 2 is 3 ns earlier than the one before",
        ),
        (|r| r.points[0].value = f64::INFINITY, "`latency_s`: point 0 is inf"),
        (|r| r.points[1] = r.points[0], "point `latency_s p50` is there twice"),
        (
            |r| r.points[0].stat = Stat::Q(1000),
            "`latency_s`: summary Q(1000) has no word of its own (`p100`)",
        ),
        (|r| r.sketches[0].instance = 9, "sketch 0 points at instance 9; there are 2"),
    ];
    for (spoil, message) in cases {
        let mut bad = record("r", "p");
        spoil(&mut bad);
        let Err(AppendError::Invalid { source, .. }) = store.append(bad).await else {
            panic!("{message}: was taken");
        };
        let source: InvalidRecord = source;
        assert_eq!(source.to_string(), message);
    }
    assert!(store.is_empty());
}

/// Dies at each write of an append in turn, once before and once in the middle of it.
#[tokio::test]
async fn whenever_an_append_dies_nothing_is_half_there() {
    let mut committed = 0;
    for torn in [false, true] {
        for dies_at in 0..8 {
            let below = Arc::new(InMemory::new());
            let good = Store::open_on(below.clone(), "memory", OpenMode::Create).await.unwrap();
            good.append(record("before", "p")).await.unwrap();
            let dying = Dying { below: below.clone(), writes: AtomicU64::new(0), dies_at, torn };
            let store = Store::open_on(Arc::new(dying), "memory", OpenMode::Append).await.unwrap();
            match store.append(record("r", "p")).await {
                Ok(_) => committed += 1,
                Err(AppendError::Storage { source, .. }) => {
                    assert!(matches!(source, StorageError::Full { .. }), "{source:?}");
                }
                Err(other) => panic!("{other:?}"),
            }
            let seen = Store::open_on(below.clone(), "memory", OpenMode::Read).await.unwrap();
            let rows = count(&seen, "runs").await;
            assert_eq!(count(&seen, "samples").await, 4 * rows, "dies at {dies_at}");
            // The commit is the seventh write; before it nothing is there, and afterwards everything.
            assert_eq!(rows, if dies_at < 7 { 1 } else { 2 }, "dies at {dies_at}, torn {torn}");
            let again = Store::open_on(below, "memory", OpenMode::Append).await.unwrap();
            again.append(record("r", "p")).await.unwrap();
            assert_eq!(count(&again, "runs").await, 2);
            assert_eq!(again.run_record(&RunId::new("r")).await.unwrap(), Some(record("r", "p")));
        }
    }
    assert_eq!(committed, 2, "the eighth write is nobody's");
}

#[tokio::test]
async fn torn_files_are_reported_and_noted_and_kept() {
    let below = Arc::new(InMemory::new());
    Store::open_on(below.clone(), "memory", OpenMode::Create).await.unwrap();
    let dying = Dying { below: below.clone(), writes: AtomicU64::new(0), dies_at: 6, torn: false };
    let store = Store::open_on(Arc::new(dying), "memory", OpenMode::Append).await.unwrap();
    store.append(record("r", "p")).await.unwrap_err();
    let store = Store::open_on(below, "memory", OpenMode::Append).await.unwrap();
    let young = store.verify().await.unwrap();
    assert!(
        matches!(&young.problems[..], [Problem::Uncommitted { objects, torn: false }] if objects.len() == 6),
        "{young:?}"
    );
    let old = store.verify_with(Duration::ZERO).await.unwrap();
    assert!(matches!(&old.problems[..], [Problem::Uncommitted { torn: true, .. }]), "{old:?}");
    let noted = store.quarantined();
    assert_eq!(noted.len(), 1);
    assert!(noted[0].noted && noted[0].objects.len() == 7, "{noted:?}");
    assert_eq!(store.append(record("r", "p")).await.unwrap(), Appended::Stored);
}

#[tokio::test]
async fn a_damaged_run_is_left_out_and_can_come_again() {
    for damage in ["missing", "short", "flipped", "commit"] {
        let dir = tempfile::tempdir().unwrap();
        let store = at(dir.path(), OpenMode::Create).await;
        store.append(record("good", "p")).await.unwrap();
        store.append(record("bad", "p")).await.unwrap();
        let file = files_below(&dir.path().join("samples"))
            .into_iter()
            .find(|path| path.to_str().unwrap().contains("bad"))
            .unwrap();
        let bytes = fs::read(&file).unwrap();
        let commit = dir.path().join("commits/run-bad.json");
        match damage {
            "missing" => fs::remove_file(&file).unwrap(),
            "short" => fs::write(&file, &bytes[..bytes.len() - 1]).unwrap(),
            "flipped" => {
                let mut bytes = bytes.clone();
                bytes[10] ^= 1;
                fs::write(&file, bytes).unwrap();
            }
            _ => fs::write(&commit, &fs::read(&commit).unwrap()[..40]).unwrap(),
        }
        let seen = at(dir.path(), OpenMode::Read).await;
        if damage == "flipped" {
            assert_eq!(seen.verify().await.unwrap().problems.len(), 1);
        } else {
            assert_eq!(seen.quarantined().len(), 1, "{damage}");
            assert_eq!(count(&seen, "runs").await, 1, "{damage}");
        }
        assert!(commit.exists(), "who reads changes nothing");
        let store = at(dir.path(), OpenMode::Append).await;
        let report = store.verify().await.unwrap();
        assert_eq!(report.runs, 1, "{damage}: {report:?}");
        assert_eq!(store.append(record("bad", "p")).await.unwrap(), Appended::Stored, "{damage}");
        assert_eq!(count(&store, "samples").await, 8, "{damage}");
        assert_eq!(store.quarantined().len(), 1, "{damage}");
        assert_eq!(file.exists(), damage != "missing");
    }
}

/// Mounts two mebibytes; nothing where that is not allowed.
fn tiny_disk(path: &FsPath) -> bool {
    let options = ["-t", "tmpfs", "-o", "size=2m", "tmpfs"];
    Command::new("mount").args(options).arg(path).output().is_ok_and(|out| out.status.success())
}

fn remount_read_only(path: &FsPath) {
    assert!(Command::new("mount").args(["-o", "remount,ro"]).arg(path).status().unwrap().success());
}

fn unmount(path: &FsPath) {
    Command::new("umount").arg("-l").arg(path).status().unwrap();
}

#[tokio::test]
async fn a_full_or_read_only_disk_is_told() {
    let dir = tempfile::tempdir().unwrap();
    if !tiny_disk(dir.path()) {
        println!("skipped: a tiny file system can be mounted by root only");
        return;
    }
    let store = at(dir.path(), OpenMode::Create).await;
    store.append(record("small", "p")).await.unwrap();
    let mut big = record("big", "p");
    big.samples[0].t_ns = (0..2_000_000).map(|i: i64| i * 7919).collect();
    big.samples[0].values = (0..2_000_000).map(|i: i32| f64::from(i).sin()).collect();
    let refused = store.append(big).await;
    assert!(
        matches!(&refused, Err(AppendError::Storage { source: StorageError::Full { .. }, .. })),
        "{refused:?}"
    );
    assert!(!store.contains(&RunId::new("big")).await.unwrap());
    assert_eq!(store.append(record("after", "p")).await.unwrap(), Appended::Stored);
    assert_eq!(count(&store, "runs").await, 2);
    remount_read_only(dir.path());
    let refused = store.append(record("late", "p")).await;
    assert!(
        matches!(&refused, Err(AppendError::Storage { source: StorageError::ReadOnly { .. }, .. })),
        "{refused:?}"
    );
    let refused = Store::open(dir.path().to_str().unwrap(), OpenMode::Append).await;
    assert!(
        matches!(&refused, Err(OpenError::Storage { source: StorageError::ReadOnly { .. }, .. })),
        "{refused:?}"
    );
    let seen = at(dir.path(), OpenMode::Read).await;
    assert_eq!(count(&seen, "runs").await, 2);
    unmount(dir.path());
}

#[tokio::test]
async fn a_run_is_stored_once() {
    let store =
        Store::open_on(Arc::new(InMemory::new()), "memory", OpenMode::Create).await.unwrap();
    assert_eq!(store.append(record("r", "p")).await.unwrap(), Appended::Stored);
    let mut other = record("r", "p");
    other.run.seed = 1;
    assert_eq!(store.append(other).await.unwrap(), Appended::AlreadyThere);
    assert_eq!(store.run_record(&RunId::new("r")).await.unwrap().unwrap().run.seed, u64::MAX);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_append_at_a_time_through_stores_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    at(dir.path(), OpenMode::Create).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let path = dir.path().to_owned();
        tasks.spawn(async move {
            let store = at(&path, OpenMode::Append).await;
            let mut stored = 0;
            for run in 0..10 {
                let done = store.append(record(&format!("r{run}"), "p")).await.unwrap();
                stored += usize::from(done == Appended::Stored);
            }
            stored
        });
    }
    let stored: usize = tasks.join_all().await.into_iter().sum();
    assert_eq!(stored, 10);
    let store = at(dir.path(), OpenMode::Read).await;
    assert_eq!(count(&store, "runs").await, 10);
    assert_eq!(count(&store, "samples").await, 40);
}

/// Appends until it is killed; run by the test below in a process of its own.
#[tokio::test]
async fn child_that_is_killed() {
    let Ok(path) = std::env::var("GROUND_STORE_KILLED_CHILD") else { return };
    let store = Store::open(&path, OpenMode::Create).await.unwrap();
    for run in 0.. {
        store.append(record(&format!("r{run}"), "p")).await.unwrap();
        println!("stored r{run}");
    }
}

#[tokio::test]
async fn a_killed_process_leaves_whole_runs_only() {
    use std::io::{BufRead as _, BufReader};
    let dir = tempfile::tempdir().unwrap();
    let mut expected = 0;
    for after in [1, 3, 5, 8] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_is_killed", "--nocapture"])
            .env("GROUND_STORE_KILLED_CHILD", dir.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = lines.map_while(Result::ok).filter(|line| line.contains("stored r"));
        expected = told.take(after).count().max(expected);
        child.kill().unwrap();
        child.wait().unwrap();
        let store = at(dir.path(), OpenMode::Append).await;
        let runs = store.len();
        assert!(runs >= expected, "{runs} of {expected}");
        assert_eq!(count(&store, "samples").await, 4 * runs as i64);
        let report = store.verify().await.unwrap();
        assert_eq!(report.runs, runs);
        assert!(
            report.problems.iter().all(|p| matches!(p, Problem::Uncommitted { .. })),
            "{report:?}"
        );
    }
}

#[tokio::test]
async fn names_are_data_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let store = at(&dir.path().join("store"), OpenMode::Create).await;
    let plans = [
        "../../x",
        "a/b",
        "o'neil",
        "a=b",
        "é ü",
        "\"q\"",
        "%41",
        "A",
        "..",
        "x' OR '1'='1",
        "-- \n;",
    ];
    for (run, plan) in plans.iter().enumerate() {
        let mut hostile = record(&format!("../{run}'"), plan);
        hostile.metrics[0].name = format!("m' OR 1=1 {plan}");
        store.append(hostile).await.unwrap();
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing left the store");
    let store = at(&dir.path().join("store"), OpenMode::Read).await;
    for (run, plan) in plans.iter().enumerate() {
        let filter = RunFilter { plan: Some((*plan).to_owned()), ..RunFilter::default() };
        let rows = store.runs(&filter).await.unwrap();
        assert_eq!(rows.len(), 1, "{plan}");
        assert_eq!(
            (rows[0].plan.as_str(), rows[0].run.as_str()),
            (*plan, format!("../{run}'").as_str())
        );
        let metrics = vec![format!("m' OR 1=1 {plan}")];
        let points =
            store.points(&PointFilter { metrics, ..PointFilter::default() }).await.unwrap();
        assert_eq!(points.rows(), 1, "{plan}");
        assert_eq!(store.revisions(plan).await.unwrap().len(), 1, "{plan}");
    }
    assert_eq!(store.runs(&RunFilter::default()).await.unwrap().len(), plans.len());
}

#[tokio::test]
async fn compaction_changes_files_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let store = at(dir.path(), OpenMode::Create).await;
    for run in 0..12 {
        store
            .append(record(&format!("r{run}"), if run % 2 == 0 { "p" } else { "q" }))
            .await
            .unwrap();
    }
    let reader = at(dir.path(), OpenMode::Read).await;
    let options =
        CompactOptions { min_runs: 2, target_bytes: 1 << 30, grace: Duration::from_secs(3_600) };
    let report = store.compact(options).await.unwrap();
    assert_eq!((report.merged_runs, report.written_files, report.removed_objects), (12, 12, 0));
    assert_eq!(count(&reader, "samples").await, 48);
    store.append(record("late", "p")).await.unwrap();
    store.append(record("later", "p")).await.unwrap();
    let report = store.compact(CompactOptions { grace: Duration::ZERO, ..options }).await.unwrap();
    assert_eq!(report.merged_runs, 8);
    // 12 + 2 runs of 7 objects, and the first compaction of `p`: 6 files and a commit.
    assert_eq!(report.removed_objects, 14 * 7 + 7);
    for store in [&store, &at(dir.path(), OpenMode::Read).await] {
        assert_eq!(store.len(), 14);
        assert_eq!(count(store, "samples").await, 56);
        assert_eq!(store.run_record(&RunId::new("r3")).await.unwrap(), Some(record("r3", "q")));
        assert_eq!(store.run_record(&RunId::new("late")).await.unwrap(), Some(record("late", "p")));
        assert!(store.quarantined().is_empty());
        assert_eq!(store.verify().await.unwrap().problems, []);
    }
    assert_eq!(store.append(record("r3", "q")).await.unwrap(), Appended::AlreadyThere);
    assert_eq!(files_below(dir.path()).len(), 1 + 2 * 7);
}

#[tokio::test]
async fn a_compaction_that_dies_loses_nothing() {
    for dies_at in 0..7 {
        let below = Arc::new(InMemory::new());
        let good = Store::open_on(below.clone(), "memory", OpenMode::Create).await.unwrap();
        for run in 0..3 {
            good.append(record(&format!("r{run}"), "p")).await.unwrap();
        }
        let dying = Dying { below: below.clone(), writes: AtomicU64::new(0), dies_at, torn: true };
        let store = Store::open_on(Arc::new(dying), "memory", OpenMode::Append).await.unwrap();
        let options =
            CompactOptions { min_runs: 2, grace: Duration::ZERO, ..CompactOptions::default() };
        store.compact(options).await.unwrap_err();
        let store = Store::open_on(below, "memory", OpenMode::Append).await.unwrap();
        assert_eq!((store.len(), count(&store, "samples").await), (3, 12));
        assert_eq!(store.compact(options).await.unwrap().merged_runs, 3);
        assert_eq!((store.len(), count(&store, "samples").await), (3, 12));
    }
}

#[tokio::test]
async fn queries_change_nothing() {
    let store =
        Store::open_on(Arc::new(InMemory::new()), "memory", OpenMode::Create).await.unwrap();
    store.append(record("r", "p")).await.unwrap();
    for statement in [
        "DROP TABLE runs",
        "CREATE TABLE x AS SELECT 1",
        "INSERT INTO runs SELECT * FROM runs",
        "COPY runs TO '/tmp/x.csv'",
        "SET datafusion.execution.batch_size = 1",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
    ] {
        let refused = store.sql(statement).await;
        assert!(
            matches!(refused, Err(QueryError::Refused(_) | QueryError::Failed(_))),
            "{statement}"
        );
    }
    assert!(store.sql("SELECT * FROM '/etc/passwd'").await.is_err());
    assert!(store.sql("SELECT nonsense").await.is_err());
    assert_eq!(count(&store, "runs").await, 1);
}

#[tokio::test]
async fn an_empty_store_answers() {
    let store =
        Store::open_on(Arc::new(InMemory::new()), "memory", OpenMode::Create).await.unwrap();
    for table in Table::ALL.map(Table::as_str).into_iter().chain(["run_points", "outcomes"]) {
        assert_eq!(count(&store, table).await, 0, "{table}");
    }
    assert_eq!(store.points(&PointFilter::default()).await.unwrap().rows(), 0);
    assert!(store.run_record(&RunId::new("r")).await.unwrap().is_none());
    assert!(store.samples(&RunId::new("r"), "m").await.unwrap().is_empty());
}

#[tokio::test]
async fn answers_are_written_in_every_format() {
    let store =
        Store::open_on(Arc::new(InMemory::new()), "memory", OpenMode::Create).await.unwrap();
    store.append(record("r", "p")).await.unwrap();
    let query = "SELECT plan, metric, stat, value, param(params_json, 'q.x') AS x, param(params_json, 'no') AS no
        FROM run_points ORDER BY metric";
    let answer = store.sql(query).await.unwrap();
    let written = |format: &str| {
        let mut out = Vec::new();
        write_batches(&answer, format.parse::<OutputFormat>().unwrap(), &mut out).unwrap();
        out
    };
    let text = |format: &str| String::from_utf8(written(format)).unwrap();
    assert_eq!(
        text("csv"),
        "plan,metric,stat,value,x,no\np,latency_s,p50,0.5,a b,\np,requests,total,2.5,a b,\n"
    );
    assert_eq!(
        text("jsonl").lines().next().unwrap(),
        r#"{"plan":"p","metric":"latency_s","stat":"p50","value":0.5,"x":"a b"}"#
    );
    assert!(text("json").starts_with('[') && text("json").trim_end().ends_with(']'));
    assert!(
        text("table").contains("| p    | requests  | total | 2.5   | a b |    |"),
        "{}",
        text("table")
    );
    assert_eq!(&written("parquet")[..4], b"PAR1");
    assert!("xml".parse::<OutputFormat>().is_err());
    for table in Table::ALL {
        let all = store.sql(&format!("SELECT * FROM {table}")).await.unwrap();
        for format in
            [OutputFormat::Csv, OutputFormat::Json, OutputFormat::Table, OutputFormat::Parquet]
        {
            write_batches(&all, format, &mut Vec::new()).unwrap();
        }
    }
    let none = store.sql("SELECT plan, seed FROM runs WHERE plan = 'none'").await.unwrap();
    let mut out = Vec::new();
    write_batches(&none, OutputFormat::Csv, &mut out).unwrap();
    assert_eq!(out, b"plan,seed\n");
}

#[tokio::test]
async fn filters_choose() {
    let store =
        Store::open_on(Arc::new(InMemory::new()), "memory", OpenMode::Create).await.unwrap();
    for (at, run) in (0..).zip(["a", "b", "c"]) {
        let mut row = record(run, "p");
        row.run.revision.position = 20 - at;
        row.run.revision.commit = format!("label-{run}");
        row.run.started_ns += at;
        store.append(row).await.unwrap();
    }
    let names = |rows: Vec<ground_core::record::RunRow>| -> String {
        rows.iter().map(|row| row.run.as_str()).collect()
    };
    let runs = |filter: RunFilter| {
        let store = store.clone();
        async move { store.runs(&filter).await.unwrap() }
    };
    assert_eq!(names(runs(RunFilter::default()).await), "abc");
    let revisions = vec!["label-a".to_owned(), "label-c".to_owned()];
    assert_eq!(names(runs(RunFilter { revisions, ..RunFilter::default() }).await), "ac");
    let late = RunFilter { started_from_ns: Some(common::STARTED_NS + 1), ..RunFilter::default() };
    assert_eq!(names(runs(late.clone()).await), "bc");
    let middle = RunFilter { started_until_ns: Some(common::STARTED_NS + 2), ..late };
    assert_eq!(names(runs(middle).await), "b");
    let positions: Vec<i64> =
        store.revisions("p").await.unwrap().iter().map(|r| r.position).collect();
    assert_eq!(positions, [18, 19, 20]);
    let filter = PointFilter { stats: vec![Stat::Q(500)], ..PointFilter::default() };
    assert_eq!(store.points(&filter).await.unwrap().rows(), 3);
    let samples = store.samples(&RunId::new("b"), "requests").await.unwrap();
    assert_eq!(samples.len(), 1);
    assert_eq!(
        (samples[0].t_ns.as_slice(), samples[0].values.as_slice()),
        (&[1, 5, 5][..], &[1.0, 2.0, -0.5][..])
    );
    let answer = store.sql("SELECT run_id FROM runs WHERE run_id IN ('b', 'x')").await.unwrap();
    assert_eq!(answer.rows(), 1);
    assert!(answer.batches[0].column(0).is_valid(0));
}
