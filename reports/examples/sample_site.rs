//! Writes a made-up site: `cargo run -p ground-reports --example sample_site -- DIR [SERIES NIGHTS RUNS]`.

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
        _ => sample::report(180, 5),
    };
    let options = SiteOptions {
        branch: "main".to_owned(),
        commit_url: "https://example.org/commit/{commit}".to_owned(),
        raw_runs: numbers.is_empty(),
        ..SiteOptions::default()
    };
    let begin = Instant::now();
    let summary = write_site(&report, &dir, &options)?;
    println!("{summary:?} in {:.2} s", begin.elapsed().as_secs_f64());
    Ok(())
}
