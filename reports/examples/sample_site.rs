//! Writes a made-up site: `cargo run -p ground-reports --example sample_site -- DIR [[SERIES] NIGHTS RUNS]`.

#![allow(clippy::print_stdout, reason = "an example tells what it did")]

#[path = "../tests/sample/mod.rs"]
mod sample;

use std::path::PathBuf;
use std::time::Instant;

use ground_reports::{SiteError, SiteOptions, write_site};

fn main() -> Result<(), SiteError> {
    let mut arguments = std::env::args().skip(1);
    let dir = PathBuf::from(arguments.next().unwrap_or_else(|| "sample-site".to_owned()));
    let numbers: Vec<usize> = arguments.filter_map(|text| text.parse().ok()).collect();
    let report = match numbers[..] {
        [series, nights, runs] => sample::large(series, nights, runs),
        [nights, runs] => sample::report(nights, runs),
        _ => sample::report(180, 5),
    };
    let options = SiteOptions {
        branch: "main".to_owned(),
        commit_url: "https://example.org/commit/{commit}".to_owned(),
        raw_runs: numbers.is_empty(),
        ..SiteOptions::default()
    };
    let before = resident_mb();
    let begin = Instant::now();
    let summary = write_site(&report, &dir, &options)?;
    println!("{summary:?} in {:.2} s", begin.elapsed().as_secs_f64());
    println!("resident: report {before} MB, after writing {} MB", resident_mb());
    Ok(())
}

/// Returns the memory that the process holds, in MB; 0 where the system does not tell.
fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|rest| rest.trim().split(' ').next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1000
}
