//! What can be relied on: the grid of outcomes.

use askama::Template;
use ground_core::finding::{Estimate, OutcomeCounts, StabilityFinding};
use ground_core::revision::Revision;
use ground_core::verdict::Stability;

use super::cells::{badge, commit, empty};
use super::tonight::case_line;
use super::{Context, shell::Shell};
use crate::mark::Mark;
use crate::number::{self, Day, Notation};
use crate::plain::{markup, short};
use crate::svg::{Cells, interval_bar, outcome_cells};

/// Revisions of the grid.
const COLUMNS: usize = 60;
/// Rows of the grid.
const ROWS: usize = 120;

#[derive(Template)]
#[template(path = "stability.html")]
struct Page {
    shell: Shell,
    headline: String,
    empty: String,
    from: String,
    to: String,
    groups: Vec<Group>,
    more: usize,
    signatures: Vec<Signature>,
    letters: Vec<(String, String)>,
}

struct Group {
    name: String,
    rows: Vec<Row>,
}

struct Row {
    badge: String,
    name: String,
    cells: String,
    bar: String,
    rate: String,
    total: String,
    note: String,
}

struct Signature {
    text: String,
    case: String,
    runs: u32,
    first: String,
}

/// Returns the testcases, gravest first.
pub(super) fn sorted<'a>(context: &Context<'a>) -> Vec<&'a StabilityFinding> {
    let rank = |verdict: Stability| match verdict {
        Stability::Broken => 0,
        Stability::Flaky => 1,
        Stability::Stable => 2,
        Stability::NoData => 3,
    };
    let mut cases: Vec<&StabilityFinding> = context.report.stability.iter().collect();
    cases.sort_by(|a, b| {
        let failing = |case: &StabilityFinding| crate::text::total(case).failures();
        rank(a.verdict)
            .cmp(&rank(b.verdict))
            .then_with(|| failing(b).cmp(&failing(a)))
            .then_with(|| a.case.cmp(&b.case))
    });
    cases
}

/// Returns a testcase's outcomes at `revisions`; none counted where it was not run.
pub(super) fn outcomes(case: &StabilityFinding, revisions: &[Revision]) -> Vec<OutcomeCounts> {
    let mut known: std::collections::HashMap<(&str, bool), OutcomeCounts> =
        std::collections::HashMap::new();
    for (revision, counts) in &case.revisions {
        known.entry((&revision.commit, revision.dirty)).or_default().merge(counts);
    }
    revisions
        .iter()
        .map(|revision| {
            known.get(&(revision.commit.as_str(), revision.dirty)).cloned().unwrap_or_default()
        })
        .collect()
}

fn pass(rate: Estimate) -> Estimate {
    Estimate { value: 1.0 - rate.value, lo: 1.0 - rate.hi, hi: 1.0 - rate.lo }
}

/// Draws a testcase's pass rate with its interval.
pub(super) fn pass_bar(case: &StabilityFinding) -> String {
    case.rate.map_or_else(String::new, |rate| {
        let pass = pass(rate);
        let from = if pass.lo >= 0.9 {
            0.9
        } else if pass.lo >= 0.5 {
            0.5
        } else {
            0.0
        };
        interval_bar(pass, from)
    })
}

/// Writes a testcase's pass rate with its interval, in percent.
pub(super) fn pass_text(case: &StabilityFinding) -> String {
    case.rate.map_or_else(
        || "<span class=\"dim\">–</span>".to_owned(),
        |rate| {
            let pass = pass(rate);
            let one = |value: f64| number::fixed(value * 100.0, 1, Notation::Html);
            format!("{} <i>[{}, {}]</i>", one(pass.value), one(pass.lo), one(pass.hi))
        },
    )
}

/// Renders the page.
pub(super) fn render(context: &Context<'_>) -> askama::Result<String> {
    let revisions = &context.report.revisions;
    let columns = &revisions[revisions.len().saturating_sub(COLUMNS)..];
    let cases = sorted(context);
    let mut groups: Vec<Group> = Vec::new();
    let mut by_lane = cases.clone();
    by_lane.truncate(ROWS);
    by_lane.sort_by(|a, b| (&a.case.runner, &a.case.lang).cmp(&(&b.case.runner, &b.case.lang)));
    for case in by_lane {
        let parts: Vec<String> = [&case.case.runner, &case.case.lang]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(|part| short(part, 40))
            .collect();
        let name = if parts.is_empty() { "no runner named".to_owned() } else { parts.join(" · ") };
        if groups.last().is_none_or(|group| group.name != name) {
            groups.push(Group { name, rows: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            group.rows.push(row(case, columns));
        }
    }
    let label = |revision: Option<&Revision>| {
        revision.map_or_else(String::new, |revision| {
            let day = Day::of_seconds(revision.committed_at_s).short();
            format!("{} {day}", commit(context, revision))
        })
    };
    let counts = &context.counts;
    Page {
        shell: context.shell("Stability", "Stability", "../"),
        headline: format!(
            "{} flaky, {} broken, {} stable, {} without data",
            counts.flaky, counts.broken, counts.stable, counts.cases_without_data
        ),
        empty: if cases.is_empty() {
            empty("No testcase has outcomes yet.", "ground run PATH --repetitions 5")
        } else {
            String::new()
        },
        from: label(columns.first()),
        to: label(columns.last()),
        groups,
        more: cases.len().saturating_sub(ROWS),
        signatures: signatures(context, &cases),
        letters: cases
            .iter()
            .take(ROWS)
            .map(|case| {
                let letters = outcomes(case, columns).iter().map(crate::text::letter).collect();
                (short(&crate::text::case_title(case), 90), letters)
            })
            .collect(),
    }
    .render()
}

fn row(case: &StabilityFinding, columns: &[Revision]) -> Row {
    let outcomes = outcomes(case, columns);
    let total = crate::text::total(case);
    let name = short(&format!("{}/{}", case.case.plan, case.case.case), 44);
    let since = case.since.and_then(|(at, _, _)| case.revisions.get(at));
    let mut notes: Vec<String> = Vec::new();
    if let Some((revision, _)) = since {
        notes.push(format!("more failures since {}", short(&revision.short(), 12)));
    }
    notes.extend(case.caveats.iter().map(|caveat| short(&caveat.text, 120)));
    Row {
        badge: badge(Mark::from(case.verdict)),
        name: format!(
            "<bdi>{}</bdi><small><bdi>{}</bdi></small>",
            markup(&name),
            markup(&short(&case.case.params, 60))
        ),
        cells: outcome_cells(&Cells {
            outcomes: &outcomes,
            pitch: 12,
            title: &format!("{name} by revision"),
        }),
        bar: pass_bar(case),
        rate: pass_text(case),
        total: format!("{} of {}", total.runs() - total.failures(), total.runs()),
        note: notes.join("; "),
    }
}

fn signatures(context: &Context<'_>, cases: &[&StabilityFinding]) -> Vec<Signature> {
    let mut found: Vec<Signature> = cases
        .iter()
        .flat_map(|case| {
            case.signatures.iter().map(|signature| Signature {
                text: short(&signature.text, 200),
                case: format!(
                    "{} {}",
                    short(&format!("{}/{}", case.case.plan, case.case.case), 60),
                    case_line(case)
                ),
                runs: signature.runs,
                first: commit(context, &signature.first_seen),
            })
        })
        .collect();
    found.sort_by(|a, b| b.runs.cmp(&a.runs).then_with(|| a.text.cmp(&b.text)));
    found.truncate(60);
    found
}
