use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{Host, open_files};

/// A machine made of plain files; read-only ones stand for limits that only root may raise.
struct Machine {
    directory: TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { directory: TempDir::new().unwrap() };
        machine.put("proc/loadavg", "0.1 0.2 0.3 2/150 4711\n");
        machine.put("proc/meminfo", "MemTotal: 30000000 kB\nMemAvailable: 24000000 kB\n");
        machine.put("proc/sys/kernel/pid_max", "4194304\n");
        machine.put("proc/sys/kernel/threads-max", "400000\n");
        machine.put("proc/sys/net/core/somaxconn", "65535\n");
        machine.put("proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
        machine
    }

    fn put(&self, name: &str, text: &str) {
        let file = self.directory.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// A directory in the file's place: readable by nobody and writable by nobody, root included.
    fn get(&self, name: &str) -> String {
        fs::read_to_string(self.directory.path().join(name)).unwrap().trim().to_owned()
    }

    fn host(&self) -> Host {
        let root: &Path = self.directory.path();
        Host { proc: root.join("proc"), cgroup: root.join("cgroup") }
    }
}

#[test]
fn what_can_be_raised_is_raised_and_nothing_is_lowered() {
    let machine = Machine::new();
    machine.put("proc/sys/kernel/pid_max", "32768\n");
    machine.put("proc/sys/net/core/somaxconn", "4096\n");
    machine.host().make_room(10_000).unwrap();
    // 150 running, 16 tasks for each, 512 spare.
    assert_eq!(machine.get("proc/sys/kernel/pid_max"), "160662");
    assert_eq!(machine.get("proc/sys/kernel/threads-max"), "400000");
    assert_eq!(machine.get("proc/sys/net/core/somaxconn"), "10000");
    assert_eq!(machine.get("proc/sys/net/ipv4/ip_local_port_range"), "32768\t60999");
}

#[test]
fn a_machine_without_these_files_is_not_refused() {
    let empty = TempDir::new().unwrap();
    let host = Host { proc: empty.path().join("proc"), cgroup: empty.path().join("cgroup") };
    host.make_room(10_000).unwrap();
}

#[test]
fn a_small_memory_is_told_before_anything_starts() {
    let machine = Machine::new();
    machine.put("proc/meminfo", "MemAvailable: 1000000 kB\n");
    let error = machine.host().make_room(10_000).unwrap_err();
    assert_eq!(
        error.to_string(),
        "10000 instances need 1900000000 bytes of memory at the least, but the machine's available memory allows \
         1024000000"
    );
}

#[test]
fn every_level_of_the_pids_cgroup_is_looked_at() {
    let machine = Machine::new();
    machine.put("proc/self/cgroup", "8:pids:/outer/inner\n4:memory:/x\n0::/\n");
    machine.put("cgroup/pids/outer/inner/pids.max", "max\n");
    machine.put("cgroup/pids/outer/inner/pids.current", "3\n");
    machine.put("cgroup/pids/outer/pids.max", "500\n");
    machine.put("cgroup/pids/outer/pids.current", "20\n");
    machine.host().make_room(1_000).unwrap();
    assert_eq!(machine.get("cgroup/pids/outer/pids.max"), "16020");
    assert_eq!(machine.get("cgroup/pids/outer/inner/pids.max"), "max");
}

#[test]
fn a_limit_of_open_files_that_nobody_may_raise_is_named() {
    // No kernel grants this many: fs.nr_open ends well below.
    let error = open_files(1 << 40).unwrap_err();
    assert!(error.to_string().contains("RLIMIT_NOFILE"), "{error}");
    assert!(error.hint.contains("ulimit -Hn 1099511629276"), "{}", error.hint);
}

#[test]
fn limits_that_cannot_be_raised_are_named_with_their_cure() {
    if nix::unistd::geteuid().is_root() {
        limits_of_a_frozen_machine();
        return;
    }
    println!("skipped: only root can make a file that root cannot write");
}

/// A file on a read-only place cannot be written by root either: `/proc/sys` entries that do not take writes.
fn limits_of_a_frozen_machine() {
    let machine = Machine::new();
    let pid_max = machine.directory.path().join("proc/sys/kernel/pid_max");
    fs::remove_file(&pid_max).unwrap();
    // `ngroups_max` is 65536 on every Linux and read-only for everybody.
    std::os::unix::fs::symlink("/proc/sys/kernel/ngroups_max", &pid_max).unwrap();
    let error = machine.host().make_room(70_000).unwrap_err();
    assert_eq!(
        error.to_string(),
        "70000 instances need 70662 tasks, but kernel.pid_max allows 65536"
    );
    assert_eq!(error.hint, "raise it with `sysctl -w kernel.pid_max=1120662` as root");
}
