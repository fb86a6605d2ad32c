//! Pages on the method and the data: data quality, sweeps, matrix, about.

use std::collections::BTreeMap;

use askama::Template;
use ground_core::finding::Estimate;
use ground_core::report::SeriesHistory;
use ground_core::series::SeriesKey;
use ground_core::verdict::Verdict;

use super::cells::{badge, empty};
use super::context::where_line;
use super::tonight::series_name;
use super::{Context, shell::Shell};
use crate::mark::Mark;
use crate::number::{self, Day, Notation, Scale};
use crate::plain::{markup, short};
use crate::svg::{SweepPoint, detectable, sweep};

/// How far one series may be believed, as it is shown.
pub(super) struct Trust {
    /// The series' title.
    pub(super) name: String,
    /// The smallest change it can show, drawn against the margin.
    pub(super) bar: String,
    /// The same in words.
    pub(super) seen: String,
    /// Spread between runs.
    pub(super) spread: String,
    /// When it was last measured.
    pub(super) last: String,
    /// Its margin.
    pub(super) margin: String,
}

/// Returns the rows of the trust table, least to be believed first.
pub(super) fn trust(context: &Context<'_>, most: usize) -> Vec<Trust> {
    let mut rows: Vec<_> = context.report.trust.iter().collect();
    let ratio = |row: &ground_core::report::TrustRow| {
        row.minimum_detectable.map_or(f64::INFINITY, |seen| seen / row.margin.max(1e-9))
    };
    rows.sort_by(|a, b| ratio(b).total_cmp(&ratio(a)).then_with(|| a.series.cmp(&b.series)));
    rows.into_iter()
        .take(most)
        .map(|row| Trust {
            name: short(&row.series, 60),
            bar: row
                .minimum_detectable
                .map_or_else(String::new, |seen| detectable(seen, row.margin)),
            seen: row.minimum_detectable.map_or_else(
                || "<span class=\"dim\">too few runs</span>".to_owned(),
                |seen| format!("±{}", number::percent(seen, Notation::Html)),
            ),
            spread: row
                .spread
                .map_or_else(|| "–".to_owned(), |s| number::percent(s, Notation::Html)),
            last: Day::of_seconds(row.last_run_ns.div_euclid(1_000_000_000)).iso(),
            margin: number::percent(row.margin, Notation::Html),
        })
        .collect()
}

#[derive(Template)]
#[template(path = "data.html")]
struct DataQuality {
    shell: Shell,
    empty: String,
    trust: Vec<Trust>,
    more: usize,
    absent: Vec<(String, String, String)>,
    caveats: Vec<(String, usize)>,
}

/// Rows of the page on data quality.
const TRUST_ROWS: usize = 200;

/// Renders the page on data quality.
pub(super) fn data_quality(context: &Context<'_>) -> askama::Result<String> {
    let mut caveats: BTreeMap<String, usize> = BTreeMap::new();
    let of_findings = context.report.comparisons.first().into_iter().flat_map(|c| &c.findings);
    for caveat in of_findings
        .flat_map(|finding| &finding.caveats)
        .chain(context.report.stability.iter().flat_map(|case| &case.caveats))
    {
        *caveats.entry(short(&caveat.text, 160)).or_default() += 1;
    }
    for text in context.report.runs.iter().flat_map(|detail| &detail.run.caveats) {
        *caveats.entry(short(text, 160)).or_default() += 1;
    }
    let mut caveats: Vec<(String, usize)> = caveats.into_iter().collect();
    caveats.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    caveats.truncate(60);
    DataQuality {
        shell: context.shell("Data quality", "Data quality", "").with_source(context),
        empty: if context.report.trust.is_empty() {
            empty(
                "No series has enough runs to say how far it may be believed.",
                "ground run PATH --repetitions 5",
            )
        } else {
            String::new()
        },
        trust: trust(context, TRUST_ROWS),
        more: context.report.trust.len().saturating_sub(TRUST_ROWS),
        absent: context
            .standings
            .iter()
            .filter(|standing| standing.verdict == Verdict::NoData)
            .take(200)
            .map(|s| (badge(Mark::NoData), series_name(context, s, ""), where_line(s.key)))
            .collect(),
        caveats,
    }
    .render()
}

#[derive(Template)]
#[template(path = "sweeps.html")]
struct Sweeps {
    shell: Shell,
    empty: String,
    sweeps: Vec<SweepView>,
}

struct SweepView {
    title: String,
    line: String,
    chart: String,
    rows: Vec<(String, String, String)>,
}

/// Most charts of the page on sweeps.
const SWEEPS: usize = 40;

/// Finds series that differ in one numeric parameter only, and draws each such family.
pub(super) fn sweeps(context: &Context<'_>) -> askama::Result<String> {
    let mut families: BTreeMap<(String, SeriesKey), Vec<(f64, &SeriesHistory)>> = BTreeMap::new();
    for history in &context.report.series {
        for (name, value) in &history.series.key.params {
            let Ok(at) = value.parse::<f64>() else { continue };
            if at.is_finite() && at > 0.0 {
                let mut rest = history.series.key.clone();
                rest.params.remove(name);
                rest.composition_digest = String::new();
                families.entry((name.clone(), rest)).or_default().push((at, history));
            }
        }
    }
    let sweeps: Vec<SweepView> = families
        .into_iter()
        .filter(|(_, members)| members.len() > 1)
        .filter_map(|((name, key), members)| view(&name, &key, members))
        .take(SWEEPS)
        .collect();
    Sweeps {
        shell: context.shell("Sweeps", "Sweeps", "../"),
        empty: if sweeps.is_empty() {
            empty(
                "No two series differ in one numeric parameter only.",
                "ground run PATH --sweep NAME=2,4,8,16,32",
            )
        } else {
            String::new()
        },
        sweeps,
    }
    .render()
}

fn view(name: &str, key: &SeriesKey, mut members: Vec<(f64, &SeriesHistory)>) -> Option<SweepView> {
    members.sort_by(|a, b| a.0.total_cmp(&b.0));
    members.dedup_by(|a, b| a.0 == b.0);
    let points: Vec<SweepPoint> = members
        .iter()
        .filter_map(|(at, h)| Some(SweepPoint { at: *at, level: newest(h)? }))
        .collect();
    let typical = points.get(points.len() / 2)?.level.value;
    let unit = &members.first()?.1.series.unit;
    let scale = Scale::of(unit, key.stat, typical);
    let title = format!("{} by {name}", key.title());
    let chart = sweep(&points, name, (unit, key.stat), &title)?;
    Some(SweepView {
        title: short(&title, 120),
        line: where_line(key),
        rows: points
            .iter()
            .map(|point| {
                let level = |v| markup(&scale.value(v, Notation::Html));
                (
                    format!("{}", point.at),
                    level(point.level.value),
                    format!("{} to {}", level(point.level.lo), level(point.level.hi)),
                )
            })
            .collect(),
        chart,
    })
}

/// Returns the newest revision's median with its lowest and highest run.
fn newest(history: &SeriesHistory) -> Option<Estimate> {
    let points = history.series.revisions.iter().rev().find(|points| !points.points.is_empty())?;
    let value = crate::text::median(points)?;
    let values = || points.points.iter().map(|point| point.value).filter(|value| value.is_finite());
    Some(Estimate { value, lo: values().reduce(f64::min)?, hi: values().reduce(f64::max)? })
}

#[derive(Template)]
#[template(path = "plain.html")]
struct Plain {
    shell: Shell,
    heading: &'static str,
    body: String,
}

/// Renders the page on what the network can do.
pub(super) fn matrix(context: &Context<'_>) -> askama::Result<String> {
    Plain {
        shell: context.shell("Matrix", "Matrix", ""),
        heading: "Which network feature holds on which runner, and how exactly?",
        body: "<p class=\"no\">Latency, jitter, loss, reorder, duplicate, corrupt, rate, partition and DNS would \
               each have a row here and every runner a column; a cell would say what was asked and what was got, \
               with an interval. This version has no command that measures it.</p>"
            .to_owned(),
    }
    .render()
}

#[derive(Template)]
#[template(path = "about.html")]
struct About {
    shell: Shell,
    words: Vec<(String, &'static str)>,
    margins: Vec<(String, String)>,
    tests: Vec<String>,
}

/// Renders the page on the method.
pub(super) fn about(context: &Context<'_>) -> askama::Result<String> {
    let mut margins: BTreeMap<String, String> = BTreeMap::new();
    for history in &context.report.series {
        let name = short(&history.series.key.metric_name(), 80);
        margins.entry(name).or_insert_with(|| {
            format!(
                "±{}, {}",
                number::percent(history.series.margin, Notation::Html),
                super::cells::better(history.series.direction)
            )
        });
        if margins.len() == 200 {
            break;
        }
    }
    let tests: std::collections::BTreeSet<String> = context
        .report
        .comparisons
        .iter()
        .flat_map(|c| &c.findings)
        .filter(|finding| !finding.test.is_empty())
        .map(|finding| short(&finding.test, 120))
        .collect();
    let words = [
        (
            Mark::Regression,
            "the interval of the change lies wholly beyond the margin on the worse side",
        ),
        (Mark::Improvement, "the interval lies wholly beyond the margin on the better side"),
        (
            Mark::Equivalent,
            "the interval lies wholly inside the margin: proved to be no change that anybody cares about",
        ),
        (Mark::Inconclusive, "anything else; it says how many more runs would probably decide"),
        (Mark::Flaky, "a testcase that fails sometimes, beyond the declared rate"),
        (Mark::Broken, "a testcase that fails nearly always since some revision"),
        (Mark::Stable, "nothing speaks for failures beyond the declared rate"),
        (
            Mark::NoData,
            "nothing to judge: stale, skipped, or broken before measuring; never drawn as a failure",
        ),
    ];
    About {
        shell: context.shell("About", "", ""),
        words: words.into_iter().map(|(mark, text)| (badge(mark), text)).collect(),
        margins: margins.into_iter().collect(),
        tests: tests.into_iter().collect(),
    }
    .render()
}
