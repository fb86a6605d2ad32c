//! Is the candidate worse than the baseline: a forest of every series.

use askama::Template;
use ground_core::finding::Finding;
use ground_core::report::{Comparison, worse_is_positive};
use ground_core::verdict::Verdict;

use super::cells::{arrow, badge, change_cell, commit, empty};
use super::context::where_line;
use super::{Context, shell::Shell};
use crate::mark::Mark;
use crate::night::Counts;
use crate::number::{self, Notation, Scale};
use crate::plain::{markup, short};
use crate::site::Page;
use crate::svg::{Forest, ForestRow, shape};
use crate::text::{TextOptions, advice};

const WIDTH: u32 = 312;
const HEIGHT: u32 = 44;
/// Rows that are drawn.
const DRAWN: usize = 160;
/// Rows that are only written; the rest is a number.
const WRITTEN: usize = 500;

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage {
    shell: Shell,
    title: String,
    headline: String,
    sides: Vec<(String, String, String)>,
    counts: Vec<(String, &'static str, usize)>,
    environment: Vec<(String, String, String)>,
    head: String,
    groups: Vec<Group>,
    written: Vec<Written>,
    hidden: usize,
    advice: Vec<(String, String)>,
    caveats: Vec<(String, usize)>,
    unmatched: Vec<(String, &'static str)>,
    cases: Vec<(String, String, String, String)>,
}

/// A row in words.
struct Written {
    word: &'static str,
    href: Option<String>,
    name: String,
    change: String,
}

struct Group {
    plan: String,
    rows: Vec<Row>,
}

struct Row {
    badge: String,
    name: String,
    line: String,
    baseline: String,
    candidate: String,
    forest: String,
    change: String,
    n: String,
    p: String,
}

#[derive(Template)]
#[template(path = "compares.html")]
struct Index {
    shell: Shell,
    empty: String,
    rows: Vec<(String, String, String, String)>,
}

/// Renders the first comparison of the report as one file that needs no other; none where nothing was compared.
pub(crate) fn alone(context: &Context<'_>) -> Option<askama::Result<String>> {
    let comparison = context.report.comparisons.first()?;
    Some(page(context, comparison, true))
}

/// Lists the pages.
pub(super) fn pages<'a>(context: &'a Context<'a>) -> Vec<Page<'a>> {
    let mut pages = vec![super::text("cmp/index.html", || index(context))];
    for (place, comparison) in context.report.comparisons.iter().enumerate() {
        let path = format!("cmp/{}", context.compare_name(place));
        pages.push(super::text(path, move || page(context, comparison, false)));
    }
    pages
}

fn index(context: &Context<'_>) -> askama::Result<String> {
    let rows = context
        .report
        .comparisons
        .iter()
        .enumerate()
        .map(|(place, comparison)| {
            (
                context.compare_name(place).to_owned(),
                format!(
                    "{}..{}",
                    short(&comparison.baseline.short(), 20),
                    short(&comparison.candidate.short(), 20)
                ),
                crate::text::compare_headline(comparison),
                short(&comparison.candidate.subject, 90),
            )
        })
        .collect::<Vec<_>>();
    Index {
        shell: context.shell("Compare", "Compare", "../"),
        empty: if rows.is_empty() {
            empty("No two revisions have been compared yet.", "ground compare BASE..HEAD")
        } else {
            String::new()
        },
        rows,
    }
    .render()
}

/// Renders the page of one comparison; `alone`, it holds its style and leads nowhere.
fn page(context: &Context<'_>, comparison: &Comparison, alone: bool) -> askama::Result<String> {
    let sorted = sorted(comparison);
    let (kept, rest) = sorted.split_at(sorted.len().min(DRAWN));
    let drawn: Vec<ForestRow> = kept.iter().map(|finding| forest_row(finding)).collect();
    let forest = Forest::of(&drawn, WIDTH);
    let mut groups: Vec<Group> = Vec::new();
    let mut order: Vec<usize> = (0..kept.len()).collect();
    let first_of = |plan: &str| kept.iter().position(|finding| finding.series.plan == plan);
    order.sort_by_key(|index| (first_of(&kept[*index].series.plan), *index));
    for index in order {
        let finding = kept[index];
        if groups.last().is_none_or(|group| group.plan != short(&finding.series.plan, 60)) {
            groups.push(Group { plan: short(&finding.series.plan, 60), rows: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            group.rows.push(row(context, finding, forest.row(&drawn[index], HEIGHT), alone));
        }
    }
    let side = |word: &str, revision: &ground_core::revision::Revision| {
        (word.to_owned(), commit(context, revision), short(&revision.subject, 120))
    };
    let pair = format!(
        "{}..{}",
        short(&comparison.baseline.short(), 20),
        short(&comparison.candidate.short(), 20)
    );
    ComparePage {
        shell: Shell { alone, ..context.shell(&pair, "Compare", "../") },
        title: pair,
        headline: crate::text::compare_headline(comparison),
        sides: vec![
            side("baseline", &comparison.baseline),
            side("candidate", &comparison.candidate),
        ],
        counts: counts(comparison),
        environment: comparison
            .environment
            .iter()
            .map(|(what, a, b)| (short(what, 60), short(a, 120), short(b, 120)))
            .collect(),
        head: forest.head(),
        groups,
        written: rest
            .iter()
            .take(WRITTEN)
            .map(|finding| written(context, finding, alone))
            .collect(),
        hidden: rest.len().saturating_sub(WRITTEN),
        advice: comparison
            .findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Inconclusive)
            .take(40)
            .map(|finding| {
                (short(&finding.series.title(), 90), advice(finding, TextOptions::default()))
            })
            .collect(),
        caveats: caveats(comparison),
        unmatched: comparison
            .unmatched
            .iter()
            .take(200)
            .map(|(s, side)| (short(s, 120), *side))
            .collect(),
        cases: comparison
            .stability
            .iter()
            .take(200)
            .map(|case| {
                let total = crate::text::total(case);
                (
                    badge(Mark::from(case.verdict)),
                    short(&crate::text::case_title(case), 90),
                    format!("{} of {} failed", total.failures(), total.runs()),
                    super::stab::pass_text(case),
                )
            })
            .collect(),
    }
    .render()
}

fn written(context: &Context<'_>, finding: &Finding, alone: bool) -> Written {
    let link = context.series_link(&finding.series).filter(|_| !alone);
    Written {
        word: Mark::from(finding.verdict).title(),
        href: link.map(|link| format!("../{link}")),
        name: short(&format!("{} {}", finding.series.title(), finding.series.params_text()), 90),
        change: finding.effect.map_or_else(String::new, |e| {
            format!(
                "{} {}",
                number::change(e, Notation::Html),
                number::change_interval(e, Notation::Html)
            )
        }),
    }
}

/// Returns the findings, gravest first, largest against its margin first.
fn sorted(comparison: &Comparison) -> Vec<&Finding> {
    let rank = |verdict: Verdict| match verdict {
        Verdict::Regression => 0,
        Verdict::Improvement => 1,
        Verdict::Inconclusive => 2,
        Verdict::NoData => 3,
        Verdict::Equivalent => 4,
    };
    let size = |finding: &Finding| {
        finding
            .effect
            .map_or(0.0, |e| (1.0 + e.value).max(1e-9).ln().abs() / finding.margin.max(1e-6))
    };
    let mut kept: Vec<&Finding> = comparison.findings.iter().collect();
    kept.sort_by(|a, b| {
        rank(a.verdict).cmp(&rank(b.verdict)).then_with(|| size(b).total_cmp(&size(a)))
    });
    kept
}

/// Returns the weaknesses of the data, each once, with how many series have it.
fn caveats(comparison: &Comparison) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = Vec::new();
    for caveat in comparison.findings.iter().flat_map(|finding| &finding.caveats) {
        let text = short(&caveat.text, 240);
        match found.iter().position(|known| known.0 == text) {
            Some(place) => found[place].1 += 1,
            None if found.len() < 60 => found.push((text, 1)),
            None => {}
        }
    }
    found
}

fn counts(comparison: &Comparison) -> Vec<(String, &'static str, usize)> {
    let counts = Counts::of_findings(&comparison.findings);
    [
        (Mark::Regression, counts.regression),
        (Mark::Improvement, counts.improvement),
        (Mark::Inconclusive, counts.inconclusive),
        (Mark::Equivalent, counts.equivalent),
        (Mark::NoData, counts.no_data),
    ]
    .into_iter()
    .map(|(mark, count)| (shape(mark), mark.title(), count))
    .collect()
}

fn forest_row(finding: &Finding) -> ForestRow {
    ForestRow {
        effect: finding.effect.map(|effect| worse_is_positive(effect, finding.direction)),
        margin: finding.margin,
        mark: Mark::from(finding.verdict),
    }
}

fn row(context: &Context<'_>, finding: &Finding, forest: String, alone: bool) -> Row {
    let typical = finding.baseline.level.or(finding.candidate.level).map_or(0.0, |l| l.value);
    let scale = Scale::of(&finding.unit, finding.series.stat, typical);
    let level = |level: Option<_>| {
        level.map_or_else(
            || "<span class=\"dim\">–</span>".to_owned(),
            |level| markup(&scale.level(level, Notation::Html)),
        )
    };
    let key = &finding.series;
    let text = format!(
        "<b><bdi>{}</bdi></b> <bdi>{}{}</bdi>",
        markup(&short(&format!("{}/{}", key.plan, key.case), 60)),
        markup(&short(&key.metric_name(), 60)),
        arrow(finding.direction)
    );
    let name = context.series_link(key).filter(|_| !alone).map_or_else(
        || format!("<span class=\"nm\">{text}</span>"),
        |link| format!("<a class=\"nm\" href=\"../{link}\">{text}</a>"),
    );
    let p = finding.p_adjusted.or(finding.p);
    Row {
        badge: badge(Mark::from(finding.verdict)),
        name,
        line: markup(&where_line(key)),
        baseline: level(finding.baseline.level),
        candidate: level(finding.candidate.level),
        forest,
        change: change_cell(finding.effect),
        n: format!("{} + {}", finding.baseline.runs, finding.candidate.runs),
        p: p.map_or_else(|| "–".to_owned(), |p| number::probability(p, Notation::Html)),
    }
}
