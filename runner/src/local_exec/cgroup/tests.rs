use std::fs;

use ground_core::execution::Resources;
use tempfile::TempDir;

use super::{Cgroups, Host};

const BOTH: Resources = Resources { memory_bytes: Some(64 << 20), cpu_millis: Some(250) };

fn host(directory: &TempDir, own: &str) -> Host {
    Host { root: directory.path().to_owned(), own: own.to_owned() }
}

#[test]
fn a_machine_without_cgroups_says_so_and_limits_nothing() {
    let directory = TempDir::new().unwrap();
    let mut cgroups = Cgroups::make(&host(&directory, ""), "ground-x", &[BOTH]);
    let instance = cgroups.instance("a.0", BOTH);
    assert!(instance.procs.is_empty() && !instance.holds_memory());
    for controller in ["memory", "cpu"] {
        let text = format!("no cgroup controller `{controller}` is mounted");
        assert_eq!(cgroups.trouble[controller], text);
    }
}

#[test]
fn nothing_is_made_when_nobody_asks_for_limits() {
    let directory = TempDir::new().unwrap();
    let cgroups = Cgroups::make(&host(&directory, ""), "ground-x", &[Resources::default()]);
    assert!(cgroups.trouble.is_empty() && cgroups.directories().is_empty());
}

#[test]
fn version_1_writes_each_controller_in_its_own_tree() {
    let directory = TempDir::new().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("memory/app")).unwrap();
    fs::create_dir_all(root.join("cpu")).unwrap();
    let host = host(&directory, "4:memory:/app\n1:cpu,cpuacct:/elsewhere\n0::/\n");
    let mut cgroups = Cgroups::make(&host, "ground-x", &[BOTH]);
    let instance = cgroups.instance("a.0", BOTH);
    assert!(cgroups.trouble.is_empty(), "{:?}", cgroups.trouble);
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap();
    assert_eq!(read("memory/app/ground-x/a.0/memory.limit_in_bytes"), "67108864");
    assert_eq!(read("cpu/ground-x/a.0/cpu.cfs_period_us"), "100000");
    assert_eq!(read("cpu/ground-x/a.0/cpu.cfs_quota_us"), "25000");
    assert_eq!(instance.procs.len(), 2);
    let directories = cgroups.directories();
    assert_eq!(directories.len(), 4);
    assert!(directories[0].ends_with("a.0") && directories[3].ends_with("ground-x"));
}

#[test]
fn version_2_enables_controllers_and_writes_one_tree() {
    let directory = TempDir::new().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("user/app")).unwrap();
    for level in ["", "user", "user/app"] {
        fs::write(root.join(level).join("cgroup.controllers"), "cpu memory").unwrap();
    }
    let mut cgroups = Cgroups::make(&host(&directory, "0::/user/app\n"), "ground-x", &[BOTH]);
    let instance = cgroups.instance("a.0", BOTH);
    assert!(cgroups.trouble.is_empty(), "{:?}", cgroups.trouble);
    let read = |file: &str| fs::read_to_string(root.join("user/app").join(file)).unwrap();
    assert_eq!(read("ground-x/a.0/memory.max"), "67108864");
    assert_eq!(read("ground-x/a.0/memory.swap.max"), "0");
    assert_eq!(read("ground-x/a.0/cpu.max"), "25000 100000");
    assert_eq!(instance.procs.len(), 1);
}

#[test]
fn a_reached_memory_limit_is_read_from_both_versions() {
    for (file, text, expected) in [
        ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n", true),
        ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n", false),
        ("memory.events", "low 0\nhigh 0\nmax 12\noom 2\noom_kill 2\n", true),
        ("memory.events", "low 0\nmax 12\noom 0\noom_kill 0\n", false),
    ] {
        let directory = TempDir::new().unwrap();
        fs::create_dir_all(directory.path().join("memory")).unwrap();
        let mut cgroups = Cgroups::make(&host(&directory, "4:memory:/\n"), "ground-x", &[BOTH]);
        let instance = cgroups.instance("a.0", BOTH);
        let made = directory.path().join("memory/ground-x/a.0");
        fs::write(made.join(file), text).unwrap();
        assert_eq!(instance.memory_limit_was_reached(), expected, "{file}: {text}");
    }
}
