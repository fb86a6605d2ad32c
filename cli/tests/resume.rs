//! Killed at any moment and started again, a sweep ends with every run in the store exactly once.

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::{data, ground, script, told};

const RUNS: usize = 60;
const KILLS: usize = 50;

fn start(dir: &Path) -> Child {
    let runs = RUNS.to_string();
    Command::new(env!("CARGO_BIN_EXE_ground"))
        .args(["run", "./bench.sh", "-n", &runs, "--seed", "11", "--json"])
        .current_dir(dir)
        .env_remove("GROUND_STORE")
        .env_remove("GROUND_STATE")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command line starts")
}

/// Reads `lines` lines of what it tells; fewer when it ends before.
fn follow(child: &mut Child, lines: usize) -> bool {
    let out = child.stdout.take().expect("the output is piped");
    BufReader::new(out).lines().take(lines).filter(Result::is_ok).count() == lines
}

fn counted(dir: &Path) -> String {
    let query = "SELECT count(*) AS runs, count(DISTINCT run_id) AS names, \
                 count(DISTINCT run_position) AS places FROM runs WHERE outcome = 'success'";
    data(&ground(dir, &["sql", "--format", "csv", query])).trim().to_owned()
}

/// The moment of each kill is the arrival of some line, 1 to 7 after the start: between planning, starting, ending,
/// recording and noting of runs, chosen by a fixed linear congruence.
#[test]
fn fifty_kills_lose_nothing_and_repeat_nothing() {
    let dir = tempfile::tempdir().unwrap();
    script(&dir.path().join("bench.sh"), "echo '{\"metric\":\"x\",\"value\":1}'; exit 0");
    let mut moment = 7usize;
    let mut killed = 0;
    for _ in 0..KILLS {
        moment = (moment * 1_103_515_245 + 12_345) % 2_147_483_648;
        let mut child = start(dir.path());
        let still_running = follow(&mut child, 1 + moment / 65_536 % 7);
        child.kill().expect("the process is ours");
        child.wait().expect("the process is ours");
        killed += usize::from(still_running);
    }
    assert!(killed >= KILLS / 2, "the sweep ended too early for {KILLS} kills: {killed}");
    let last = ground(dir.path(), &["run", "./bench.sh", "-n", &RUNS.to_string(), "--seed", "11"]);
    assert_eq!(last.status.code(), Some(0), "{}", told(&last));
    assert_eq!(counted(dir.path()), "runs,names,places\n60,60,60");
    let verified = ground(dir.path(), &["verify"]);
    let damaged = data(&verified).lines().any(|line| line.contains("quarantine"));
    assert!(!damaged, "{}", data(&verified));
}

#[test]
fn an_interrupt_saves_the_state_and_ends_with_130() {
    let dir = tempfile::tempdir().unwrap();
    script(
        &dir.path().join("bench.sh"),
        "echo '{\"metric\":\"x\",\"value\":1}'; [ -e fast ] || sleep 600",
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_ground"))
        .args(["run", "./bench.sh", "--json"])
        .current_dir(dir.path())
        .env_remove("GROUND_STORE")
        .env_remove("GROUND_STATE")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command line starts");
    let out = child.stdout.take().expect("the output is piped");
    let mut lines = BufReader::new(out).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("\"started\":1")), "the instance never started");
    let interrupted =
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    for _ in lines {}
    assert_eq!(child.wait().expect("the process is ours").code(), Some(130));
}
