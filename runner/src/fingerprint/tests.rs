use std::path::Path;

use super::{Environment as _, Linux, count_list};

fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Linux) {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let linux = Linux::below(dir.path(), "0.1.0");
    (dir, linux)
}

#[test]
fn a_machine_that_tells_nothing_is_described_as_unknown() {
    let linux = Linux::below(Path::new("/nonexistent"), "0.1.0");
    let print = linux.describe();
    assert_eq!(
        (print.host.as_str(), print.cpu_model.as_str(), print.kernel.as_str()),
        ("", "", "")
    );
    assert_eq!((print.cpus, print.memory_bytes), (0, 0));
    assert_eq!(print.tool_version, "0.1.0");
    let reading = linux.read();
    assert!(reading.load.load1.is_nan() && reading.load.cpu_pressure.is_nan());
    assert!(reading.load.steal_s.is_nan() && reading.busy_s.is_nan() && reading.own_s.is_nan());
    assert_eq!(reading.cpus, 0);
}

#[test]
fn nonsense_is_unknown() {
    let files = [
        ("proc/stat", "cpu 1 2 three\ncpu0 1\n"),
        ("proc/loadavg", "busy"),
        ("proc/pressure/cpu", "some avg10=much"),
        ("proc/self/stat", "12 (name"),
        ("proc/self/status", "Cpus_allowed_list:\t3-1\n"),
        ("proc/meminfo", "MemTotal: lots kB\n"),
        ("proc/cpuinfo", "model name\t:\n"),
    ];
    let (_dir, linux) = machine(&files);
    let (print, reading) = (linux.describe(), linux.read());
    assert_eq!((print.cpus, print.memory_bytes, print.cpu_model.as_str()), (0, 0, ""));
    assert!(reading.load.load1.is_nan() && reading.busy_s.is_nan() && reading.own_s.is_nan());
    assert_eq!(reading.cpus, 1);
}

/// The files are as a kernel 6.18 wrote them; sums were done by hand, at 100 ticks a second.
#[test]
fn a_machine_is_described_by_its_own_words() {
    let files = [
        ("proc/sys/kernel/hostname", "bench-1\n"),
        ("proc/sys/kernel/ostype", "Linux\n"),
        ("proc/sys/kernel/osrelease", "6.18.44\n"),
        (
            "proc/cpuinfo",
            "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC\ncpu MHz\t: 2445.4\n",
        ),
        ("proc/meminfo", "MemTotal:       24654188 kB\nMemFree:  1 kB\n"),
        ("proc/self/status", "Name:\tx\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1,4\n"),
        ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n"),
        ("proc/loadavg", "0.31 0.49 0.64 1/186 4242\n"),
        (
            "proc/pressure/cpu",
            "some avg10=12.50 avg60=1.00 avg300=0.10 total=123\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
        ),
        (
            "proc/stat",
            "cpu  100 20 30 4000 50 6 7 80 0 0\ncpu0 50 10 15 2000 25 3 4 40 0 0\ncpu1 50 10 15 2000 25 3 3 40 0 0\nintr 1\n",
        ),
        ("proc/self/stat", "12 (a ) b) S 1 2 3 4 5 6 7 8 9 10 1100 22 5 6 20 0 1 0 99\n"),
    ];
    let (_dir, linux) = machine(&files);
    let print = linux.describe();
    assert_eq!(print.host, "bench-1");
    assert_eq!(print.kernel, "Linux 6.18.44");
    assert_eq!(print.cpu_model, "AMD EPYC");
    assert_eq!(print.cpus, 3);
    assert_eq!(print.memory_bytes, 24_654_188 * 1024);
    assert_eq!(print.governor, "performance");
    let reading = linux.read();
    let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
    assert!(close(reading.load.load1, 0.31) && close(reading.load.cpu_pressure, 0.125));
    assert!(close(reading.busy_s, 1.63) && close(reading.load.steal_s, 0.8));
    assert!(close(reading.own_s, 11.22), "{}", reading.own_s);
    assert_eq!(reading.cpus, 2);
}

#[test]
fn lists_of_processors_are_counted() {
    for (list, count) in [
        ("0", Some(1)),
        ("0-1", Some(2)),
        ("0-3,8,10-11", Some(7)),
        ("", None),
        ("x", None),
        ("3-1", None),
    ] {
        assert_eq!(count_list(list), count, "{list}");
    }
}

#[test]
fn this_machine_has_a_processor_and_memory() {
    let print = Linux::here("0.1.0").describe();
    if !Path::new("/proc/meminfo").exists() {
        println!("skipped: no /proc on this machine");
        return;
    }
    assert!(print.cpus > 0 && print.memory_bytes > 0 && !print.kernel.is_empty());
    let (one, two) = (Linux::here("").read(), Linux::here("").read());
    assert!(two.own_s >= one.own_s && two.busy_s >= one.busy_s);
}
