//! What happened in a run: phases, barriers, metrics on one time axis.

use askama::Template;
use ground_core::event::EventKind;
use ground_core::metric::Stat;
use ground_core::outcome::OutcomeKind;
use ground_core::report::{RunDetail, RunMetric};

use super::cells::{commit, empty};
use super::{Context, shell::Shell};
use crate::number::{self, Notation, Scale};
use crate::plain::{markup, short, slug};
use crate::site::Page as File;
use crate::svg::{barriers, gantt, instance_strip, over_time};

#[derive(Template)]
#[template(path = "run.html")]
struct Page {
    shell: Shell,
    title: String,
    outcome: String,
    good: bool,
    chips: Vec<(String, String)>,
    gantt: Option<String>,
    groups: Vec<Group>,
    metrics: Vec<Metric>,
    caveats: Vec<String>,
    failures: Vec<(String, String)>,
    events: Vec<(String, String, &'static str, String)>,
    hidden: usize,
}

struct Group {
    name: String,
    instances: usize,
    failed: usize,
    cpu: String,
    memory: String,
}

struct Metric {
    name: String,
    unit: String,
    stats: Vec<(String, String)>,
    samples: String,
    chart: Option<String>,
    strip: Option<String>,
    untrusted: bool,
}

#[derive(Template)]
#[template(path = "runs.html")]
struct Index {
    shell: Shell,
    empty: String,
    rows: Vec<Row>,
    total: usize,
}

struct Row {
    href: String,
    name: String,
    case: String,
    commit: String,
    started: String,
    took: String,
    outcome: String,
    good: bool,
}

/// Runs of the list.
const ROWS: usize = 500;
/// Events of a run's page.
const EVENTS: usize = 120;

/// Lists the pages.
pub(super) fn pages<'a>(context: &'a Context<'a>) -> Vec<File<'a>> {
    let mut pages = vec![super::text("runs/index.html", || index(context))];
    let mut seen = std::collections::BTreeSet::new();
    for detail in &context.report.runs {
        let name = slug(detail.run.run.as_str());
        if seen.insert(name.clone()) {
            pages.push(super::text(format!("runs/{name}.html"), move || page(context, detail)));
        }
    }
    pages
}

fn seconds(detail: &RunDetail) -> f64 {
    detail.run.ended_ns.saturating_sub(detail.run.started_ns) as f64 / 1e9
}

fn index(context: &Context<'_>) -> askama::Result<String> {
    let rows = context
        .report
        .runs
        .iter()
        .take(ROWS)
        .map(|detail| Row {
            href: format!("{}.html", slug(detail.run.run.as_str())),
            name: short(detail.run.run.as_str(), 24),
            case: short(&format!("{}/{}", detail.run.plan, detail.run.case), 60),
            commit: commit(context, &detail.run.revision),
            started: number::iso_moment(detail.run.started_ns),
            took: number::span(seconds(detail), Notation::Html),
            outcome: short(&detail.run.outcome.to_string(), 120),
            good: detail.run.outcome.is_success(),
        })
        .collect::<Vec<_>>();
    Index {
        shell: context.shell("Runs", "Runs", "../"),
        empty: if rows.is_empty() {
            empty("This report holds no single run.", "ground run PATH")
        } else {
            String::new()
        },
        total: context.report.runs.len(),
        rows,
    }
    .render()
}

fn page(context: &Context<'_>, detail: &RunDetail) -> askama::Result<String> {
    let run = &detail.run;
    let print = &run.fingerprint;
    let mut chips = vec![
        ("revision".to_owned(), commit(context, &run.revision)),
        ("seed".to_owned(), run.seed.to_string()),
        ("attempt".to_owned(), run.attempt.to_string()),
        ("runner".to_owned(), markup(&short(&run.runner, 40))),
        ("took".to_owned(), number::span(seconds(detail), Notation::Html)),
        ("composition".to_owned(), markup(&short(&run.composition_digest, 12))),
        ("host".to_owned(), markup(&short(&print.host, 40))),
        ("machine".to_owned(), markup(&short(&run.machine_class, 60))),
        ("kernel".to_owned(), markup(&short(&print.kernel, 60))),
        ("toolchain".to_owned(), markup(&short(&print.toolchain, 60))),
    ];
    chips.retain(|(_, value)| !value.is_empty());
    chips.extend(
        run.params
            .iter()
            .take(12)
            .map(|(name, value)| (short(name, 30), markup(&short(value, 40)))),
    );
    let failures = detail
        .instances
        .iter()
        .filter(|row| !row.outcome.is_success())
        .take(40)
        .map(|row| (short(&row.instance.to_string(), 40), short(&row.outcome.to_string(), 200)))
        .collect();
    let (events, hidden) = events(detail);
    Page {
        shell: context.shell(&format!("Run {}", run.run), "Runs", "../"),
        title: short(&format!("{}/{}", run.plan, run.case), 80),
        outcome: short(&run.outcome.to_string(), 200),
        good: run.outcome.is_success(),
        chips,
        gantt: gantt(detail),
        groups: groups(detail),
        metrics: detail.metrics.iter().map(|m| metric(detail, m)).collect(),
        caveats: run.caveats.iter().map(|text| short(text, 240)).collect(),
        failures,
        events,
        hidden,
    }
    .render()
}

fn groups(detail: &RunDetail) -> Vec<Group> {
    let mut names: Vec<&str> = Vec::new();
    for row in &detail.instances {
        if !names.contains(&row.instance.group.as_str()) {
            names.push(&row.instance.group);
        }
    }
    names
        .into_iter()
        .map(|name| {
            let rows = || detail.instances.iter().filter(move |row| row.instance.group == name);
            let cpu: f64 = rows().map(|row| row.cpu_user_s + row.cpu_system_s).sum();
            let memory = rows().map(|row| row.max_rss_bytes).max().unwrap_or(0);
            let mib = memory as f64 / 1_048_576.0;
            Group {
                name: short(name, 40),
                instances: rows().count(),
                failed: rows().filter(|row| row.outcome.kind != OutcomeKind::Success).count(),
                cpu: if cpu.is_finite() {
                    number::span(cpu, Notation::Html)
                } else {
                    "–".to_owned()
                },
                memory: format!(
                    "{} MiB",
                    number::fixed(mib, i32::from(mib < 100.0), Notation::Html)
                ),
            }
        })
        .collect()
}

fn metric(detail: &RunDetail, metric: &RunMetric) -> Metric {
    let typical = metric.points.first().map_or(0.0, |point| point.1);
    let scale = Scale::of(&metric.metric.unit, Stat::Value, typical);
    let name = short(&metric.metric.name, 60);
    let stats = metric
        .points
        .iter()
        .map(|(stat, value, n)| {
            let needed: u64 = match stat {
                Stat::Q(q) if *q >= 999 => 10_000,
                Stat::Q(q) if *q >= 990 => 1_000,
                _ => 0,
            };
            let text = if *n < needed {
                format!("– <small>n {n}, needs {}</small>", number::count(needed, Notation::Html))
            } else {
                markup(&Scale::of(&metric.metric.unit, *stat, *value).value(*value, Notation::Html))
            };
            (stat.to_string(), text)
        })
        .collect();
    let samples = metric.points.iter().map(|point| point.2).max().unwrap_or(0);
    Metric {
        unit: short(metric.metric.unit.as_str(), 20),
        stats,
        samples: number::count(samples, Notation::Html),
        chart: over_time(
            &metric.over_time,
            &barriers(detail),
            &metric.metric.unit,
            &format!("{name} over time"),
            (824, 260),
        ),
        strip: instance_strip(&metric.by_instance, &scale),
        untrusted: metric.metric.untrusted,
        name,
    }
}

type EventRow = (String, String, &'static str, String);

fn events(detail: &RunDetail) -> (Vec<EventRow>, usize) {
    let told = |kind: &EventKind| {
        matches!(
            kind,
            EventKind::Failure(_)
                | EventKind::Crash { .. }
                | EventKind::BarrierOpened { .. }
                | EventKind::Message(_)
        )
    };
    let all: Vec<_> = detail.events.iter().filter(|event| told(&event.kind)).collect();
    let rows = all
        .iter()
        .take(EVENTS)
        .map(|event| {
            let at = event.at_ns.saturating_sub(detail.run.started_ns) as f64 / 1e9;
            let who = event.instance.as_ref().map_or_else(|| "run".to_owned(), ToString::to_string);
            (
                number::fixed(at, 3, Notation::Html),
                short(&who, 30),
                event.kind.as_str(),
                short(event.kind.text(), 240),
            )
        })
        .collect();
    (rows, all.len().saturating_sub(EVENTS))
}
