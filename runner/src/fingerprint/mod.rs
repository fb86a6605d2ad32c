//! The machine that runs are measured on, and what else it is doing.
//!
//! Every source may be missing, as on other kernels and in containers: a text is empty then and a number NaN or 0.

use std::fs;
use std::path::{Path, PathBuf};

use ground_core::record::{Fingerprint, Load};

/// Ticks per second of processor times in `/proc` when the system does not say.
const USUAL_TICKS: f64 = 100.0;

/// Where the engine learns about the machine.
pub trait Environment: Send + Sync {
    /// Describes the machine; toolchain and load are left to the caller.
    fn describe(&self) -> Fingerprint;

    /// Reads what the machine is doing now.
    fn read(&self) -> Reading;
}

/// What the machine was doing at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// What is recorded.
    pub load: Load,
    /// Processor time of everything since boot, without idling and stealing, in seconds; NaN where unknown.
    pub busy_s: f64,
    /// Processor time of this process, in seconds; NaN where unknown.
    pub own_s: f64,
    /// Processors of the machine; 0 where unknown.
    pub cpus: u32,
}

impl Reading {
    /// Returns a reading of which nothing is known.
    #[must_use]
    pub const fn unknown() -> Self {
        let load = Load { load1: f64::NAN, cpu_pressure: f64::NAN, steal_s: f64::NAN };
        Self { load, busy_s: f64::NAN, own_s: f64::NAN, cpus: 0 }
    }
}

/// A Linux machine, by its `/proc` and `/sys`.
#[derive(Debug, Clone)]
pub struct Linux {
    root: PathBuf,
    tool_version: String,
}

impl Linux {
    /// Returns this machine; `tool_version` goes into fingerprints.
    #[must_use]
    pub fn here(tool_version: &str) -> Self {
        Self::below(Path::new("/"), tool_version)
    }

    /// Returns the machine whose `/proc` and `/sys` lie below `root`.
    #[must_use]
    pub fn below(root: &Path, tool_version: &str) -> Self {
        Self { root: root.to_path_buf(), tool_version: tool_version.to_owned() }
    }

    fn text(&self, path: &str) -> Option<String> {
        let bytes = fs::read(self.root.join(path)).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    fn word(&self, path: &str) -> String {
        self.text(path).unwrap_or_default()
    }

    /// Returns the value of `name` in a file of lines `name: value`.
    fn field(&self, path: &str, names: &[&str]) -> Option<String> {
        let text = self.text(path)?;
        let values = text.lines().filter_map(|line| line.split_once(':'));
        let values: Vec<(&str, &str)> =
            values.map(|(key, value)| (key.trim(), value.trim())).collect();
        let find =
            |name: &&str| values.iter().find(|(key, value)| key == name && !value.is_empty());
        names.iter().find_map(find).map(|(_, value)| (*value).to_owned())
    }

    fn allowed_cpus(&self) -> Option<u32> {
        count_list(&self.field("proc/self/status", &["Cpus_allowed_list"])?)
    }

    fn pressure(&self) -> Option<f64> {
        let text = self.text("proc/pressure/cpu")?;
        let some = text.lines().find(|line| line.starts_with("some"))?;
        let value = some.split_whitespace().find_map(|word| word.strip_prefix("avg10="))?;
        Some(value.parse::<f64>().ok()? / 100.0)
    }
}

impl Environment for Linux {
    fn describe(&self) -> Fingerprint {
        // `model name` on x86, the others on boards whose kernel has no such line.
        let models = ["model name", "Model", "Hardware", "cpu model", "uarch"];
        let memory_kib = self
            .field("proc/meminfo", &["MemTotal"])
            .and_then(|value| value.split_whitespace().next()?.parse::<u64>().ok());
        let kernel = format!(
            "{} {}",
            self.word("proc/sys/kernel/ostype"),
            self.word("proc/sys/kernel/osrelease")
        );
        Fingerprint {
            host: self.word("proc/sys/kernel/hostname"),
            cpu_model: self.field("proc/cpuinfo", &models).unwrap_or_default(),
            cpus: self.allowed_cpus().unwrap_or_default(),
            memory_bytes: memory_kib.unwrap_or_default() * 1024,
            kernel: kernel.trim().to_owned(),
            governor: self.word("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            tool_version: self.tool_version.clone(),
            ..Fingerprint::default()
        }
    }

    fn read(&self) -> Reading {
        let load1 =
            self.text("proc/loadavg").and_then(|text| text.split_whitespace().next()?.parse().ok());
        let times = self.text("proc/stat").as_deref().map(processor_times).unwrap_or_default();
        let own = self.text("proc/self/stat").as_deref().and_then(own_ticks);
        let seconds =
            |ticks: Option<u64>| ticks.map_or(f64::NAN, |ticks| ticks as f64 / ticks_per_second());
        Reading {
            load: Load {
                load1: load1.unwrap_or(f64::NAN),
                cpu_pressure: self.pressure().unwrap_or(f64::NAN),
                steal_s: seconds(times.steal),
            },
            busy_s: seconds(times.busy),
            own_s: seconds(own),
            cpus: times.cpus,
        }
    }
}

#[derive(Default)]
struct ProcessorTimes {
    busy: Option<u64>,
    steal: Option<u64>,
    cpus: u32,
}

/// Reads `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal; guest times are within user's.
fn processor_times(text: &str) -> ProcessorTimes {
    let cpu = |line: &&str| {
        line.starts_with("cpu") && line.as_bytes().get(3).is_some_and(u8::is_ascii_digit)
    };
    let cpus = text.lines().filter(cpu).count();
    let total = text.lines().find_map(|line| line.strip_prefix("cpu "));
    let ticks: Vec<u64> =
        total.unwrap_or_default().split_whitespace().map_while(|word| word.parse().ok()).collect();
    let busy = (ticks.len() >= 7).then(|| [0, 1, 2, 5, 6].iter().map(|&index| ticks[index]).sum());
    ProcessorTimes { busy, steal: ticks.get(7).copied(), cpus: u32::try_from(cpus).unwrap_or(0) }
}

/// Reads user and system time of `/proc/self/stat`; the name before them may hold anything.
fn own_ticks(text: &str) -> Option<u64> {
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

fn ticks_per_second() -> f64 {
    let ticks = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok().flatten();
    ticks.map_or(USUAL_TICKS, |ticks| ticks as f64)
}

/// Counts the processors of a list such as `0-3,8`.
fn count_list(list: &str) -> Option<u32> {
    list.split(',').try_fold(0, |count, part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        Some(count + last.checked_sub(first)? + 1)
    })
}

#[cfg(test)]
mod tests;
