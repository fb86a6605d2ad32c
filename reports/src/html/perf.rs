//! Where everything stands: plans, then one page of rows for each.

use std::collections::BTreeMap;

use askama::Template;
use ground_core::verdict::Verdict;

use super::cells::{badge, change_cell};
use super::context::{medians, where_line};
use super::tonight::{now_cell, series_name};
use super::{Context, shell::Shell};
use crate::mark::Mark;
use crate::night::Standing;
use crate::plain::{markup, short, slug};
use crate::site::Page;
use crate::svg::{commit_cells, shape, spark};

/// Rows of one page.
const ROWS: usize = 100;

#[derive(Template)]
#[template(path = "perf.html")]
struct Performance {
    shell: Shell,
    total: usize,
    plans: Vec<PlanRow>,
    title: String,
    note: String,
    rows: Vec<Row>,
    pages: Vec<(String, String, bool)>,
    commits: Vec<String>,
}

struct PlanRow {
    name: String,
    href: String,
    series: usize,
    counts: Vec<String>,
    worst: String,
}

struct Row {
    badge: String,
    name: String,
    line: String,
    spark: String,
    commits: String,
    now: String,
    change: String,
}

/// Lists the pages.
pub(super) fn pages<'a>(context: &'a Context<'a>) -> Vec<Page<'a>> {
    let mut pages = vec![super::text("perf/index.html", || index(context))];
    for (plan, rows) in plans(context) {
        let count = rows.len().div_ceil(ROWS);
        for part in 0..count {
            let rows = rows.clone();
            let path = format!("perf/{}", plan_file(context, plan, part));
            pages.push(super::text(path, move || page(context, plan, &rows, part)));
        }
    }
    pages
}

type Plans<'a, 'b> = BTreeMap<&'b str, Vec<&'b Standing<'a>>>;

fn plans<'a, 'b>(context: &'b Context<'a>) -> Plans<'a, 'b> {
    let mut plans: Plans<'a, 'b> = BTreeMap::new();
    for standing in &context.standings {
        plans.entry(&standing.key.plan).or_default().push(standing);
    }
    plans
}

/// Returns the file of a plan's page; two plans whose names read alike get different ones.
fn plan_file(context: &Context<'_>, plan: &str, part: usize) -> String {
    let alike: std::collections::BTreeSet<&str> = context
        .standings
        .iter()
        .map(|standing| standing.key.plan.as_str())
        .filter(|other| slug(other) == slug(plan))
        .collect();
    let place = alike.iter().position(|other| *other == plan).unwrap_or(0);
    let twin = if place > 0 { format!("--{place}") } else { String::new() };
    let name = if slug(plan) == "index" { "index-plan".to_owned() } else { slug(plan) };
    let page = if part > 0 { format!("--page-{}", part + 1) } else { String::new() };
    format!("{name}{twin}{page}.html")
}

fn index(context: &Context<'_>) -> askama::Result<String> {
    let plans = plans(context)
        .into_iter()
        .map(|(plan, rows)| {
            let count = |verdict: Verdict| rows.iter().filter(|r| r.verdict == verdict).count();
            let counts = [
                Verdict::Regression,
                Verdict::Improvement,
                Verdict::Inconclusive,
                Verdict::Equivalent,
                Verdict::NoData,
            ];
            PlanRow {
                name: short(plan, 60),
                href: plan_file(context, plan, 0),
                series: rows.len(),
                counts: counts
                    .into_iter()
                    .map(|verdict| match count(verdict) {
                        0 => "<span class=\"dim\">0</span>".to_owned(),
                        n => format!("{} {n}", shape(Mark::from(verdict))),
                    })
                    .collect(),
                worst: rows.first().map_or_else(String::new, |worst| {
                    format!(
                        "{} {}",
                        badge(Mark::from(worst.verdict)),
                        series_name(context, worst, "../")
                    )
                }),
            }
        })
        .collect();
    Performance {
        shell: context.shell("Performance", "Performance", "../").with_source(context),
        total: context.standings.len(),
        plans,
        title: String::new(),
        note: String::new(),
        rows: Vec::new(),
        pages: Vec::new(),
        commits: Vec::new(),
    }
    .render()
}

fn page(
    context: &Context<'_>,
    plan: &str,
    standings: &[&Standing<'_>],
    part: usize,
) -> askama::Result<String> {
    let count = standings.len().div_ceil(ROWS);
    let rows = standings.iter().skip(part * ROWS).take(ROWS).map(|s| row(context, s)).collect();
    let pages = (0..count)
        .map(|index| {
            let from = index * ROWS + 1;
            let to = ((index + 1) * ROWS).min(standings.len());
            (plan_file(context, plan, index), format!("{from} to {to}"), index == part)
        })
        .collect();
    let revisions = &context.report.revisions;
    let newest = &revisions[revisions.len().saturating_sub(COMMITS)..];
    Performance {
        shell: context.shell(plan, "Performance", "../"),
        total: standings.len(),
        plans: Vec::new(),
        title: short(plan, 80),
        note: "gravest first · cells are the newest 20 revisions against the segment before"
            .to_owned(),
        rows,
        pages: if count > 1 { pages } else { Vec::new() },
        commits: newest.iter().map(|r| short(&r.short(), 10)).collect(),
    }
    .render()
}

/// Revisions of the matrix by commit.
const COMMITS: usize = 20;

fn row(context: &Context<'_>, standing: &Standing<'_>) -> Row {
    let mark = Mark::from(standing.verdict);
    let (spark, commits) = standing.history.map_or_else(Default::default, |history| {
        let middles = medians(history);
        let first = middles.len().saturating_sub(COMMITS);
        let reference = match &history.segments[..] {
            [.., before, _] => Some(before.level.value),
            [only] => Some(only.level.value),
            [] => None,
        };
        let ratios: Vec<Option<f64>> = middles[first..]
            .iter()
            .map(|middle| Some(middle.as_ref()? / reference.filter(|level| *level != 0.0)? - 1.0))
            .collect();
        let drawn = commit_cells(&ratios, history.series.margin, history.series.direction);
        (spark(history, &middles, (190, 34), 60, mark), drawn)
    });
    Row {
        badge: badge(mark),
        name: series_name(context, standing, "../"),
        line: markup(&where_line(standing.key)),
        spark,
        commits,
        now: now_cell(standing),
        change: change_cell(standing.effect),
    }
}
