//! The site as a whole: valid pages, links that resolve, budgets, the same bytes twice, hostile input.

mod page;
mod sample;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ground_core::finding::Estimate;
use ground_core::metric::{Direction, Stat, Unit};
use ground_core::report::Report;
use ground_core::verdict::Verdict;
use ground_reports::{SiteOptions, SiteSummary, compare_file, write_site};

fn options() -> SiteOptions {
    SiteOptions {
        branch: "main".to_owned(),
        raw_runs: true,
        commit_url: "https://example.org/commit/{commit}".to_owned(),
        ..SiteOptions::default()
    }
}

fn write(report: &Report, dir: &Path) -> SiteSummary {
    write_site(report, dir, &options()).unwrap()
}

fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(dir: &Path, root: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(dir, dir, &mut found);
    found
}

fn site(report: &Report) -> (tempfile::TempDir, BTreeMap<String, Vec<u8>>) {
    let dir = tempfile::tempdir().unwrap();
    write(report, dir.path());
    let found = files(dir.path());
    (dir, found)
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Reads every page of a site and checks what every page must keep.
fn check(files: &BTreeMap<String, Vec<u8>>) {
    let mut ids: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut links: Vec<(&str, String)> = Vec::new();
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".html")) {
        let page = page::read(text(bytes)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let unique: BTreeSet<String> = page.ids.iter().cloned().collect();
        assert_eq!(unique.len(), page.ids.len(), "{name}: ids are not unique: {:?}", page.ids);
        assert_eq!(page.unnamed, 0, "{name}: a drawing has no name");
        assert_eq!(page.headings.iter().filter(|level| **level == 1).count(), 1, "{name}: one h1");
        assert!(!page.attributes.iter().any(|a| a == "style" || a.starts_with("on")), "{name}");
        assert!(
            !page.elements.iter().any(|e| e == "style" || e == "iframe" || e == "object"),
            "{name}"
        );
        for (element, link) in page.links {
            let outside = link.starts_with("http:") || link.starts_with("https:");
            assert!(!outside || element == "a", "{name}: `{element}` asks for {link}");
            assert!(!link.starts_with("javascript:") && !link.starts_with("//"), "{name}: {link}");
            if !outside {
                links.push((name, link));
            }
        }
        ids.insert(name, unique);
    }
    for (page, link) in links {
        let (path, fragment) = link.split_once('#').unwrap_or((&link, ""));
        let target = if path.is_empty() { page.to_owned() } else { resolve(page, path) };
        assert!(files.contains_key(&target), "{page}: `{link}` leads nowhere ({target})");
        if !fragment.is_empty() {
            assert!(ids[target.as_str()].contains(fragment), "{page}: no `{fragment}` in {target}");
        }
    }
}

fn resolve(page: &str, link: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        if part == ".." {
            assert!(parts.pop().is_some(), "{page}: {link} leaves the site");
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[test]
fn pages_are_valid_and_links_resolve() {
    let (_dir, files) = site(&sample::report(180, 5));
    check(&files);
    assert!(files.len() > 40);
}

#[test]
fn a_report_without_anything_says_what_would_fill_it() {
    let (_dir, files) = site(&sample::empty());
    check(&files);
    let index = page::read(text(&files["index.html"])).unwrap();
    assert!(index.text.contains("No data: nothing was measured."));
    for name in ["stab/index.html", "gate/index.html", "sweeps/index.html", "cmp/index.html"] {
        assert!(text(&files[name]).contains("<code>ground "), "{name} names no command");
    }
}

#[test]
fn every_verdict_word_and_number_is_text_without_any_script() {
    let (_dir, files) = site(&sample::report(180, 5));
    let index = page::read(text(&files["index.html"])).unwrap().text;
    for wanted in [
        "One new regression and three open, one improvement, and one test is flaky.",
        "Regression",
        "Improvement",
        "Flaky",
        "Inconclusive",
        "GATE HOLD",
        "2 of 3 rules pass",
        "+6.1\u{202f}%",
        "482",
        "was 433",
        "needs about 14 more runs a side",
        "Night of Saturday 21 November 2026",
    ] {
        assert!(index.contains(wanted), "`{wanted}` is not on the first page");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes_whatever_the_threads() {
    let report = sample::report(60, 3);
    let one = tempfile::tempdir().unwrap();
    let two = tempfile::tempdir().unwrap();
    write_site(&report, one.path(), &SiteOptions { threads: 1, ..SiteOptions::default() }).unwrap();
    write_site(&report, two.path(), &SiteOptions { threads: 4, ..SiteOptions::default() }).unwrap();
    let differ = |name: &String| name.as_str() != ".ground-site";
    let (one, two) = (files(one.path()), files(two.path()));
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    for name in one.keys().filter(|name| differ(name)) {
        assert_eq!(one[name], two[name], "{name}");
    }
}

#[test]
fn what_did_not_change_is_left_alone_and_what_went_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let report = sample::report(40, 3);
    let first = write(&report, dir.path());
    assert_eq!((first.unchanged, first.removed), (0, 0));
    let again = write(&report, dir.path());
    assert_eq!((again.written, again.unchanged), (0, first.written));
    fs::write(dir.path().join("mine.txt"), "not the site's").unwrap();
    let mut fewer = report.clone();
    fewer.runs.pop();
    let gone = fs::read_dir(dir.path().join("runs")).unwrap().count();
    let third = write(&fewer, dir.path());
    assert_eq!(third.removed, 1);
    assert!(third.written < first.written / 2, "{third:?}");
    assert_eq!(fs::read_dir(dir.path().join("runs")).unwrap().count(), gone - 1);
    assert!(dir.path().join("mine.txt").exists());
    let (_fresh, fresh) = site(&fewer);
    let mut now = files(dir.path());
    now.remove("mine.txt");
    assert_eq!(now, fresh, "an increment differs from a fresh site");
}

#[test]
fn a_page_that_somebody_damaged_is_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let report = sample::report(30, 3);
    write(&report, dir.path());
    fs::write(dir.path().join("index.html"), "half a pa").unwrap();
    assert_eq!(write(&report, dir.path()).written, 1);
    let left: Vec<PathBuf> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(!left.iter().any(|path| path.to_string_lossy().ends_with(".new")), "{left:?}");
}

#[test]
fn a_manifest_cannot_make_it_remove_files_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let inside = dir.path().join("site");
    fs::create_dir(&inside).unwrap();
    fs::write(dir.path().join("precious"), "x").unwrap();
    write(&sample::empty(), &inside);
    let manifest = inside.join(".ground-site");
    let mut forged = fs::read_to_string(&manifest).unwrap();
    forged.push_str("0000000000000000 1 ../precious\n0000000000000000 1 /etc/nothing\n");
    fs::write(&manifest, forged).unwrap();
    write(&sample::empty(), &inside);
    assert!(dir.path().join("precious").exists());
}

#[test]
fn pages_stay_within_their_budgets() {
    let (_dir, files) = site(&sample::report(400, 5));
    let size = |name: &str| files[name].len();
    assert!(size("a.css") <= 14_000, "a.css {}", size("a.css"));
    assert!(size("a.js") <= 24_000, "a.js {}", size("a.js"));
    assert!(size("index.html") <= 110_000, "index {}", size("index.html"));
    for (name, bytes) in &files {
        let budget = match name.split('/').next().unwrap() {
            "s" => 70_000,
            "perf" => 120_000,
            "stab" => 150_000,
            "cmp" => 300_000,
            "d" if name.starts_with("d/s/") => 30_000,
            _ => continue,
        };
        assert!(bytes.len() <= budget, "{name} has {} bytes, {budget} are allowed", bytes.len());
    }
}

#[test]
fn a_large_site_keeps_its_budgets() {
    let (_dir, files) = site(&sample::large(120, 2000, 2));
    let (_wide, wide) = site(&sample::large(1248, 4, 1));
    let (name, page) =
        wide.iter().find(|(name, _)| name.starts_with("cmp/") && name.contains("..")).unwrap();
    assert!(page.len() <= 300_000, "{name} has {} bytes", page.len());
    assert!(wide["index.html"].len() <= 110_000);
    check(&files);
    for (name, bytes) in &files {
        let budget = match name.split('/').next().unwrap() {
            "index.html" => 110_000,
            "s" => 70_000,
            "perf" => 120_000,
            "cmp" => 300_000,
            "d" if name.starts_with("d/s/") => 40_000,
            _ => continue,
        };
        assert!(bytes.len() <= budget, "{name} has {} bytes, {budget} are allowed", bytes.len());
    }
}

const HOSTILE: [&str; 7] = [
    "<script>alert(1)</script>",
    "\"onload='x' a=\"",
    "../../etc/passwd",
    "\u{202e}drowssap\u{2066}\u{200f}",
    "a&b;<![CDATA[",
    "",
    "line\nbreak\u{0}\u{1b}[31m",
];

#[test]
fn hostile_names_stay_text() {
    let mut report = sample::report(20, 2);
    let long = "x".repeat(300);
    for (place, history) in report.series.iter_mut().enumerate() {
        let name = HOSTILE.get(place).copied().unwrap_or(&long);
        let key = &mut history.series.key;
        key.plan = name.to_owned();
        key.case = name.to_owned();
        key.metric = format!("{name}{place}");
        key.params = sample::params(&[(name, name)]);
        key.runner = name.to_owned();
        history.series.unit = Unit::new(name);
        for points in &mut history.series.revisions {
            points.revision.subject = name.to_owned();
        }
        report.comparisons[0].findings[place].series = key.clone();
        report.comparisons[0].findings[place].unit = Unit::new(name);
    }
    for (place, revision) in report.revisions.iter_mut().enumerate() {
        revision.subject = HOSTILE[place % HOSTILE.len()].to_owned();
    }
    report.project = HOSTILE[0].to_owned();
    for (place, case) in report.stability.iter_mut().enumerate() {
        case.case.plan = HOSTILE[place].to_owned();
        for signature in &mut case.signatures {
            signature.text = HOSTILE[0].to_owned();
        }
    }
    for run in &mut report.runs {
        run.run.outcome = ground_core::outcome::Outcome::new(
            ground_core::outcome::OutcomeKind::Failure,
            HOSTILE[0],
        );
        run.run.caveats = HOSTILE.iter().map(|text| (*text).to_owned()).collect();
        run.metrics[0].metric.name = HOSTILE[0].to_owned();
    }
    let (_dir, files) = site(&report);
    check(&files);
    for (name, bytes) in &files {
        let text = text(bytes);
        if name.ends_with(".html") || name.ends_with(".xml") || name.ends_with(".js") {
            assert!(!text.contains("<script>"), "{name}");
            assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'), "{name}");
        }
        assert!(name.len() < 120 && name.split('/').all(|part| part != ".."), "{name}",);
    }
}

#[test]
fn numbers_at_the_edges_give_valid_pages_and_leave_the_others_alone() {
    let mut report = sample::report(20, 2);
    let values = [
        f64::NAN,
        f64::INFINITY,
        0.0,
        1e18,
        1e-12,
        -5.0,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::NEG_INFINITY,
    ];
    for (place, value) in values.iter().enumerate() {
        let history = &mut report.series[place];
        for points in &mut history.series.revisions {
            points.points.iter_mut().for_each(|point| point.value = *value);
        }
        let level = Estimate { value: *value, lo: *value, hi: *value };
        history.segments.iter_mut().for_each(|segment| segment.level = level);
        history.changes.iter_mut().for_each(|change| change.effect = level);
        let finding = &mut report.comparisons[0].findings[place];
        finding.effect = Some(level);
        finding.baseline.level = Some(level);
        finding.candidate.level = Some(level);
    }
    report.series[9].series.revisions.truncate(1);
    report.series[9].segments.clear();
    report.series[9].changes.clear();
    report.series[10].series.revisions.clear();
    report.series[10].verdict = Verdict::NoData;
    for points in &mut report.series[11].series.revisions {
        points.points.clear();
    }
    report.series[12].changes.iter_mut().for_each(|change| change.index = usize::MAX);
    report.series[13].series.margin = 0.0;
    report.series[13].series.direction = Direction::None;
    report.series[13].series.key.stat = Stat::Rate;
    let (_dir, files) = site(&report);
    check(&files);
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".html")) {
        let page = text(bytes);
        assert!(
            !page.contains("NaN") && !page.contains("inf\"") && !page.contains("\"inf"),
            "{name}"
        );
    }
    let healthy = report.series[14].series.key.id();
    let page = files
        .iter()
        .find(|(name, _)| name.contains(healthy.as_str()) && name.ends_with(".html"))
        .unwrap();
    assert!(text(page.1).contains("class=\"d\" d=\"M"), "a healthy series lost its line");
}

#[test]
fn a_comparison_stands_alone_in_one_file() {
    assert!(compare_file(&sample::empty(), &options()).unwrap().is_none());
    let file = compare_file(&sample::report(20, 3), &options()).unwrap().unwrap();
    let page = page::read(&file).unwrap();
    assert!(page.text.contains("One new regression"));
    for (element, link) in page.links {
        assert!(
            element == "a" && (link.starts_with("https://example.org/") || link == "#main"),
            "{link}"
        );
    }
}

#[test]
fn a_night_rewrites_only_the_series_that_it_measured() {
    let dir = tempfile::tempdir().unwrap();
    let report = sample::large(20, 30, 2);
    write(&report, dir.path());
    let mut next = report.clone();
    let revision = ground_core::revision::Revision {
        commit: "c".repeat(40),
        position: 9_999,
        ..next.revisions.last().unwrap().clone()
    };
    next.revisions.push(revision.clone());
    let newest = next.series[3].series.revisions.last().unwrap().clone();
    next.series[3]
        .series
        .revisions
        .push(ground_core::series::RevisionPoints { revision, ..newest });
    let before = files(dir.path());
    write(&next, dir.path());
    let after = files(dir.path());
    let changed: Vec<&String> = after
        .keys()
        .filter(|name| name.starts_with("s/") && before.get(*name) != after.get(*name))
        .collect();
    let id = next.series[3].series.key.id();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(changed[0].contains(id.as_str()));
}

#[test]
fn a_site_of_another_renderer_is_written_anew() {
    let dir = tempfile::tempdir().unwrap();
    let report = sample::report(20, 2);
    let first = write(&report, dir.path());
    let manifest = dir.path().join(".ground-site");
    let text = fs::read_to_string(&manifest).unwrap();
    let (_, entries) = text.split_once('\n').unwrap();
    fs::write(&manifest, format!("another\n{entries}")).unwrap();
    let again = write(&report, dir.path());
    assert_eq!((again.written, again.removed), (first.written, 0));
}
