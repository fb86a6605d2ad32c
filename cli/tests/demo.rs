//! The whole product on real input: the planted commits must be found.

mod common;

use common::{data, ground, told};

#[test]
fn the_demo_finds_the_slow_and_the_flaky_commit() {
    let dir = tempfile::tempdir().unwrap();
    let demo = dir.path().join("demo");
    let output = ground(dir.path(), &["demo", "-n", "6", "--dir", demo.to_str().unwrap()]);
    let (found, said) = (data(&output), told(&output));
    assert_eq!(output.status.code(), Some(0), "{found}\n{said}");
    let slow = found.lines().any(|line| {
        line.contains("regression")
            && line.contains("get_latency_s_p50")
            && line.contains("Verify a checksum on every read")
    });
    assert!(slow, "the slow commit is not found:\n{found}\n{said}");
    assert!(
        found.contains("kvstore/workload fails in"),
        "the flaky commit is not found:\n{found}\n{said}"
    );
    assert!(found.contains("lost write: key <hex>"), "{found}");
    assert!(found.contains("hold: `ground gate` exits with 1"), "{found}");
    assert!(demo.join("report/index.html").is_file());
    let leftover = ground(&demo, &["sql", "--format", "csv", "SELECT count(*) AS n FROM runs"]);
    assert_eq!(data(&leftover).trim(), "n\n72");
}
