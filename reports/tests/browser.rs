//! Pages in a real browser, from disk and without network; skipped where there is none.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]

mod sample;

use std::path::Path;
use std::process::Command;

use ground_reports::{SiteOptions, write_site};

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

fn browser() -> Option<&'static str> {
    BROWSERS.into_iter().find(|name| Command::new(name).arg("--version").output().is_ok())
}

/// Returns the page after its script ran, and what the console said.
fn open(browser: &str, page: &Path, hash: &str, size: &str) -> (String, Vec<String>) {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--enable-logging=stderr",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--virtual-time-budget=4000",
            "--dump-dom",
        ])
        .arg(format!("--window-size={size}"))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}{hash}", page.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let console = said.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    (String::from_utf8_lossy(&output.stdout).into_owned(), console)
}

#[test]
fn pages_work_from_disk_and_the_console_stays_silent() {
    let Some(browser) = browser() else {
        println!("skipped: none of {BROWSERS:?} is installed");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let report = sample::report(120, 5);
    write_site(&report, dir.path(), &SiteOptions::default()).unwrap();
    let id = report.series[1].series.key.id();
    let series = std::fs::read_dir(dir.path().join("s"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains(id.as_str()))
        .unwrap();
    let newest = report.revisions.last().unwrap().short();
    for (page, hash, wanted) in [
        (dir.path().join("index.html"), String::new(), "placeholder=\"Find a series"),
        (series.clone(), String::new(), "aria-pressed=\"true\">linear"),
        (
            series.clone(),
            format!("#y=pct&x=40-100&c={newest}&mine=1"),
            "aria-pressed=\"true\">% of baseline",
        ),
        (series, "#c=fffffff".to_owned(), "no revision fffffff in this series"),
    ] {
        let (dom, console) = open(browser, &page, &hash, "1400,1200");
        assert!(console.is_empty(), "{}{hash}: {console:#?}", page.display());
        assert!(dom.contains(wanted), "{}{hash}: no `{wanted}`", page.display());
        assert!(dom.contains("class=\"find js\" role=\"search\">"), "the script did not run");
    }
}
