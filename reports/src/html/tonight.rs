//! The first page: what changed tonight, and can it ship.

use askama::Template;
use ground_core::finding::{Estimate, RuleResult, StabilityFinding};
use ground_core::report::worse_is_positive;
use ground_core::verdict::{Stability, Verdict};

use super::cells::{arrow, badge, change_cell, commit, commits, distance, empty};
use super::context::{medians, scale_of, where_line};
use super::{Context, shell::Shell};
use crate::mark::{Mark, decision_class};
use crate::night::Standing;
use crate::number::{self, Day, Notation, Scale};
use crate::plain::{markup, short};
use crate::svg::{Cells, Forest, ForestRow, bars, outcome_cells, outcome_strip, shape, spark};

/// Rows of the table of changes.
const ROWS: usize = 20;
/// Rows of the table that undecided series may fill.
const UNDECIDED: usize = 3;
const FOREST_WIDTH: u32 = 312;
const ROW_HEIGHT: u32 = 60;
const NIGHTS: usize = 28;

#[derive(Template)]
#[template(path = "index.html")]
struct Tonight {
    shell: Shell,
    eyebrow: String,
    headline: String,
    gate: Option<GateBox>,
    counters: Vec<Counter>,
    rows: Vec<Row>,
    head: String,
    margins: String,
    rest: Vec<(String, String)>,
    total: usize,
    stability: String,
    cases: usize,
    from: String,
    to: String,
    lanes: Vec<Lane>,
    facts: Vec<(String, String, String)>,
    signatures: Vec<Signature>,
    trust: Vec<super::more::Trust>,
    trust_note: String,
    plans: Vec<Plan>,
}

struct GateBox {
    class: &'static str,
    word: String,
    text: String,
}

struct Counter {
    shape: String,
    word: String,
    count: String,
    below: String,
}

struct Row {
    badge: String,
    name: String,
    line: String,
    spark: String,
    forest: String,
    change: String,
    now: String,
    commits: String,
}

struct Lane {
    name: String,
    cells: String,
    bar: String,
    rate: String,
}

struct Signature {
    text: String,
    line: String,
    count: u32,
}

struct Plan {
    name: String,
    href: String,
    mark: String,
    now: String,
    spark: String,
}

/// Renders the page.
pub(super) fn render(context: &Context<'_>) -> askama::Result<String> {
    let report = context.report;
    let shown = shown(context);
    let cases = unstable(context);
    let (forest, rows) = rows(context, &shown, &cases);
    let last = report.revisions.len();
    let nights = &report.revisions[last.saturating_sub(NIGHTS)..];
    let day = |revision: Option<&ground_core::revision::Revision>| {
        revision.map_or_else(String::new, |r| Day::of_seconds(r.committed_at_s).short())
    };
    Tonight {
        shell: context.shell("Tonight", "Tonight", "").with_source(context),
        eyebrow: eyebrow(context),
        headline: context.counts.headline(),
        gate: gate_box(context),
        counters: counters(context),
        head: forest.head(),
        margins: margins(context),
        rest: rest(context, shown.len()),
        total: context.standings.len(),
        rows,
        stability: if report.stability.is_empty() {
            empty("No testcase has outcomes yet.", "ground run PATH --repetitions 5")
        } else {
            String::new()
        },
        cases: report.stability.len(),
        from: day(nights.first()),
        to: day(nights.last()),
        lanes: lanes(context),
        facts: facts(context),
        signatures: signatures(context),
        trust: super::more::trust(context, 6),
        trust_note: trust_note(context),
        plans: plans(context),
    }
    .render()
}

fn eyebrow(context: &Context<'_>) -> String {
    let mut parts = Vec::new();
    if let Some(ns) = context.newest_ns() {
        let day = Day::of_seconds(ns.div_euclid(1_000_000_000)).long();
        parts.push(format!("Night of {day}"));
    }
    if let Some(head) = context.report.revisions.last() {
        let branch = &context.options.branch;
        let on = if branch.is_empty() {
            String::new()
        } else {
            format!(" on {}", markup(&short(branch, 40)))
        };
        parts.push(format!("{}{on}", commit(context, head)));
    }
    if let Some(first) = context.report.comparisons.first() {
        if let Some(count) = distance(&first.baseline, &first.candidate) {
            let text = commits(count);
            parts.push(format!(
                "<a href=\"cmp/{}\">{text}</a> since {}",
                context.compare_name(0),
                commit(context, &first.baseline)
            ));
        }
        let runs: u32 =
            first.findings.iter().map(|finding| finding.candidate.runs).max().unwrap_or(0);
        if runs > 0 {
            parts.push(format!("up to {runs} runs a series"));
        }
    }
    parts.join(" · ")
}

fn gate_box(context: &Context<'_>) -> Option<GateBox> {
    let gate = context.report.gate.as_ref()?;
    let passed = gate.rules.iter().filter(|rule| rule.result == RuleResult::Pass).count();
    Some(GateBox {
        class: decision_class(gate.decision),
        word: format!("GATE {}", gate.decision.as_str().to_uppercase()),
        text: format!("{passed} of {} rules pass", gate.rules.len()),
    })
}

fn counters(context: &Context<'_>) -> Vec<Counter> {
    let counts = &context.counts;
    let new = |new: usize| if new > 0 { format!(", {new} new") } else { String::new() };
    let changed = |verdict: Verdict| {
        let counts = changes_by_night(context, verdict);
        bars(&counts, Some(Mark::from(verdict)), "changes a revision, newest right")
    };
    let flaky = counts.flaky + counts.broken;
    let failing = failures_by_night(context);
    let counter = |mark: Mark, word: String, count: usize, below: String| Counter {
        shape: shape(mark),
        word,
        count: number::count(count as u64, Notation::Html),
        below,
    };
    let broken =
        if counts.broken > 0 { format!(", {} broken", counts.broken) } else { String::new() };
    let total = counts.series();
    let share = |part: usize| {
        if total == 0 {
            String::new()
        } else {
            let share = number::percent(part as f64 / total as f64, Notation::Html);
            format!(
                "<small>{share} of {} series</small>",
                number::count(total as u64, Notation::Html)
            )
        }
    };
    vec![
        counter(
            Mark::Regression,
            format!("Regression{}", new(counts.new_regression)),
            counts.regression,
            changed(Verdict::Regression),
        ),
        counter(
            Mark::Improvement,
            format!("Improvement{}", new(counts.new_improvement)),
            counts.improvement,
            changed(Verdict::Improvement),
        ),
        counter(
            Mark::Flaky,
            format!("Flaky{broken}"),
            flaky,
            bars(&failing, Some(Mark::Flaky), "testcases with failures a revision, newest right"),
        ),
        counter(
            Mark::Inconclusive,
            "Inconclusive".to_owned(),
            counts.inconclusive,
            share(counts.inconclusive),
        ),
        counter(
            Mark::Equivalent,
            "Equivalent".to_owned(),
            counts.equivalent,
            share(counts.equivalent),
        ),
        counter(
            Mark::NoData,
            "No data".to_owned(),
            counts.no_data,
            bars(&absent_by_night(context), None, "series without data a revision, newest right"),
        ),
    ]
}

const BARS: usize = 30;

fn by_night(context: &Context<'_>) -> (usize, Vec<u32>) {
    let count = context.report.revisions.len();
    (count.saturating_sub(BARS), vec![0; count.min(BARS)])
}

fn changes_by_night(context: &Context<'_>, verdict: Verdict) -> Vec<u32> {
    let (first, mut counts) = by_night(context);
    for history in &context.report.series {
        for change in history.changes.iter().filter(|change| change.verdict == verdict) {
            let revision = history.series.revisions.get(change.index);
            let place = revision.and_then(|points| context.place(&points.revision));
            if let Some(count) = place.and_then(|p| counts.get_mut(p.checked_sub(first)?)) {
                *count += 1;
            }
        }
    }
    counts
}

fn failures_by_night(context: &Context<'_>) -> Vec<u32> {
    let (first, mut counts) = by_night(context);
    for finding in &context.report.stability {
        for (revision, outcomes) in &finding.revisions {
            let place = context.place(revision).and_then(|place| place.checked_sub(first));
            if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
                *count += u32::from(outcomes.failures() > 0);
            }
        }
    }
    counts
}

fn absent_by_night(context: &Context<'_>) -> Vec<u32> {
    let (first, mut counts) = by_night(context);
    let total = context.report.series.len() as u32;
    counts.iter_mut().for_each(|count| *count = total);
    for history in &context.report.series {
        let recent = history.series.revisions.iter().rev().take(BARS * 2);
        for points in recent.filter(|points| !points.points.is_empty()) {
            let place = context.place(&points.revision).and_then(|place| place.checked_sub(first));
            if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
                *count = count.saturating_sub(1);
            }
        }
    }
    counts
}

/// Returns the series of the table: all changed ones that fit, then a few undecided.
fn shown<'a, 'b>(context: &'b Context<'a>) -> Vec<&'b Standing<'a>> {
    let moved = |s: &&Standing<'_>| matches!(s.verdict, Verdict::Regression | Verdict::Improvement);
    let mut shown: Vec<&Standing<'_>> = context.standings.iter().filter(moved).take(ROWS).collect();
    let room = ROWS.saturating_sub(shown.len()).min(UNDECIDED);
    shown
        .extend(context.standings.iter().filter(|s| s.verdict == Verdict::Inconclusive).take(room));
    shown
}

fn unstable<'a>(context: &Context<'a>) -> Vec<&'a StabilityFinding> {
    let mut found: Vec<&StabilityFinding> = context
        .report
        .stability
        .iter()
        .filter(|f| matches!(f.verdict, Stability::Flaky | Stability::Broken))
        .collect();
    found.sort_by_key(|f| (f.verdict != Stability::Broken, &f.case));
    found.truncate(8);
    found
}

fn margin_of(standing: &Standing<'_>) -> f64 {
    standing
        .history
        .map(|history| history.series.margin)
        .or(standing.finding.map(|finding| finding.margin))
        .unwrap_or(0.02)
}

/// Returns a series' row of the forest.
pub(super) fn forest_row(standing: &Standing<'_>) -> ForestRow {
    let direction = standing
        .history
        .map(|history| history.series.direction)
        .or(standing.finding.map(|finding| finding.direction))
        .unwrap_or_default();
    ForestRow {
        effect: standing.effect.map(|effect| worse_is_positive(effect, direction)),
        margin: margin_of(standing),
        mark: Mark::from(standing.verdict),
    }
}

fn rows(
    context: &Context<'_>,
    shown: &[&Standing<'_>],
    cases: &[&StabilityFinding],
) -> (Forest, Vec<Row>) {
    let drawn: Vec<ForestRow> = shown.iter().map(|standing| forest_row(standing)).collect();
    let forest = Forest::of(&drawn, FOREST_WIDTH);
    let margin = drawn.first().map_or(0.02, |row| row.margin);
    let mut rows = Vec::new();
    let mut cases_left = cases.iter();
    let case_rows = |rows: &mut Vec<Row>, cases: &mut std::slice::Iter<'_, &StabilityFinding>| {
        rows.extend(cases.map(|case| case_row(context, case, &forest, margin)));
    };
    for (standing, drawn) in shown.iter().zip(&drawn) {
        if standing.verdict != Verdict::Regression {
            case_rows(&mut rows, &mut cases_left);
        }
        rows.push(series_row(context, standing, forest.row(drawn, ROW_HEIGHT)));
    }
    case_rows(&mut rows, &mut cases_left);
    (forest, rows)
}

/// Returns a series' name, linked to its page where it has one, the metric quieter.
pub(super) fn series_name(context: &Context<'_>, standing: &Standing<'_>, root: &str) -> String {
    let key = standing.key;
    let case = markup(&short(&format!("{}/{}", key.plan, key.case), 60));
    let direction = standing
        .history
        .map(|history| history.series.direction)
        .or(standing.finding.map(|finding| finding.direction))
        .unwrap_or_default();
    let metric = format!("{}{}", markup(&short(&key.metric_name(), 60)), arrow(direction));
    match context.series_link(key) {
        Some(link) => format!(
            "<a class=\"nm\" href=\"{root}{link}\"><b><bdi>{case}</bdi></b> <bdi>{metric}</bdi></a>"
        ),
        None => format!("<span class=\"nm\"><b><bdi>{case}</bdi></b> <bdi>{metric}</bdi></span>"),
    }
}

fn series_row(context: &Context<'_>, standing: &Standing<'_>, forest: String) -> Row {
    let mark = Mark::from(standing.verdict);
    let spark = standing
        .history
        .map_or_else(String::new, |history| spark(history, &medians(history), (172, 34), 60, mark));
    Row {
        badge: badge(mark),
        name: series_name(context, standing, ""),
        line: markup(&where_line(standing.key)),
        spark,
        forest,
        change: change_cell(standing.effect),
        now: now_cell(standing),
        commits: commits_cell(context, standing),
    }
}

/// Returns the newest level over the one before.
pub(super) fn now_cell(standing: &Standing<'_>) -> String {
    let levels = levels(standing);
    let Some((scale, was, now)) = levels else {
        return "<span class=\"dim\">–</span>".to_owned();
    };
    let unit = |text: String| {
        if scale.unit.is_empty() { text } else { format!("{text} <i>{}</i>", markup(&scale.unit)) }
    };
    let (was, now) = (was.filter(finite), now.filter(finite));
    let digits =
        [was, now].into_iter().flatten().map(|level| scale.decimals(level)).min().unwrap_or(0);
    let write = |level: Estimate| scale.number(level.value, digits, Notation::Html);
    let now = now.map_or_else(|| "–".to_owned(), |now| unit(write(now)));
    let was = was.map_or_else(String::new, |was| format!("<small>was {}</small>", write(was)));
    let seen = standing.finding.and_then(|finding| finding.minimum_detectable);
    let below = match (standing.verdict, seen) {
        (Verdict::Inconclusive, Some(seen)) => {
            format!("<small>MDE {}</small>", number::percent(seen, Notation::Html))
        }
        _ => was,
    };
    format!("{now}{below}")
}

fn finite(level: &Estimate) -> bool {
    level.value.is_finite()
}

type Levels = (Scale, Option<Estimate>, Option<Estimate>);

/// Returns the level before and now: of the change's segments where it is open, of the two revisions otherwise.
fn levels(standing: &Standing<'_>) -> Option<Levels> {
    let segments = standing.history.map_or(&[][..], |history| &history.segments);
    let (was, now, unit) = match (standing.change, standing.finding, segments) {
        (Some(_), _, [.., before, current]) => {
            (Some(before.level), Some(current.level), &standing.history?.series.unit)
        }
        (_, Some(finding), _) => (finding.baseline.level, finding.candidate.level, &finding.unit),
        (_, None, [.., current]) => (None, Some(current.level), &standing.history?.series.unit),
        _ => return None,
    };
    let typical = now.or(was)?.value;
    Some((Scale::of(unit, standing.key.stat, typical), was, now))
}

fn commits_cell(context: &Context<'_>, standing: &Standing<'_>) -> String {
    if standing.verdict == Verdict::Inconclusive {
        let more = standing.finding.and_then(|finding| finding.more_runs);
        return more.map_or_else(
            || "<span class=\"dim sm\">not decided</span>".to_owned(),
            |runs| format!("<span class=\"dim sm\">needs about {runs} more runs a side</span>"),
        );
    }
    let range = range(context, standing);
    let state = match (standing.new, standing.nights()) {
        (true, _) => "new".to_owned(),
        (false, Some(1)) => "1 revision".to_owned(),
        (false, Some(nights)) => format!("open, {nights} revisions"),
        (false, None) => "open".to_owned(),
    };
    match range {
        Some((text, Some(count))) => format!("{text}<small>{} · {state}</small>", commits(count)),
        Some((text, None)) => format!("{text}<small>{state}</small>"),
        None => format!("<small>{state}</small>"),
    }
}

/// Returns the commits that a change may lie in, as text and number.
fn range(context: &Context<'_>, standing: &Standing<'_>) -> Option<(String, Option<i64>)> {
    let (from, to) = match (standing.change, standing.history) {
        (Some(change), Some(history)) => {
            let revisions = &history.series.revisions;
            let from = &revisions.get(change.lo.saturating_sub(1))?.revision;
            (from, &revisions.get(change.hi)?.revision)
        }
        _ => {
            let first = context.report.comparisons.first()?;
            (&first.baseline, &first.candidate)
        }
    };
    let text = format!("{}..{}", short(&from.short(), 12), short(&to.short(), 12));
    let text = markup(&text);
    let text = match context.compare_link(from, to) {
        Some(link) => format!("<a class=\"mo\" href=\"{link}\">{text}</a>"),
        None => format!("<span class=\"mo\">{text}</span>"),
    };
    Some((text, distance(from, to)))
}

fn case_row(context: &Context<'_>, case: &StabilityFinding, forest: &Forest, margin: f64) -> Row {
    let mark = Mark::from(case.verdict);
    let total = crate::text::total(case);
    let forest = case.rate.map_or_else(
        || forest.row(&ForestRow { effect: None, margin, mark }, ROW_HEIGHT),
        |rate| forest.rate(rate, mark, margin, ROW_HEIGHT),
    );
    let name = markup(&short(&format!("{}/{}", case.case.plan, case.case.case), 60));
    let since = case.since.and_then(|(_, lo, hi)| {
        let from = &case.revisions.get(lo.saturating_sub(1))?.0;
        let to = &case.revisions.get(hi)?.0;
        let text = markup(&format!("{}..{}", short(&from.short(), 12), short(&to.short(), 12)));
        let count = distance(from, to)
            .map_or_else(String::new, |c| format!("<small>{}</small>", commits(c)));
        Some(format!("<span class=\"mo\">{text}</span>{count}"))
    });
    let _ = context;
    Row {
        badge: badge(mark),
        name: format!(
            "<a class=\"nm\" href=\"stab/index.html\"><b><bdi>{name}</bdi></b> fail rate</a>"
        ),
        line: markup(&case_line(case)),
        spark: outcome_strip(case, (172, 34), 60),
        forest,
        change: String::new(),
        now: format!(
            "{}<small>{} of {} failed</small>",
            case.rate.map_or_else(|| "–".to_owned(), |r| number::percent(r.value, Notation::Html)),
            total.failures(),
            total.runs()
        ),
        commits: since.unwrap_or_else(|| "<span class=\"dim sm\">no step found</span>".to_owned()),
    }
}

/// Returns the second line under a testcase's name.
pub(super) fn case_line(case: &StabilityFinding) -> String {
    let key = &case.case;
    let parts: Vec<String> = [&key.runner, &key.lang, &key.params]
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(|part| short(part, 60))
        .collect();
    parts.join(" · ")
}

/// Says what the shaded band is.
fn margins(context: &Context<'_>) -> String {
    let mut all: Vec<f64> = context.standings.iter().map(margin_of).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    match all[..] {
        [] => String::new(),
        [one] => format!("shaded band is the ±{} margin", number::percent(one, Notation::Html)),
        _ => "shaded band is each metric’s own margin".to_owned(),
    }
}

fn rest(context: &Context<'_>, shown: usize) -> Vec<(String, String)> {
    let counts = &context.counts;
    let mut rest = Vec::new();
    let moved = counts.regression + counts.improvement;
    if moved > ROWS {
        rest.push((format!("{} more changes", moved - ROWS), "perf/index.html".to_owned()));
    }
    let unsure = counts.inconclusive.saturating_sub(shown.saturating_sub(moved.min(ROWS)));
    if unsure > 0 {
        rest.push((format!("{unsure} more inconclusive"), "perf/index.html".to_owned()));
    }
    if counts.no_data > 0 {
        rest.push((format!("{} without data", counts.no_data), "data.html".to_owned()));
    }
    rest
}

fn lanes(context: &Context<'_>) -> Vec<Lane> {
    let revisions = &context.report.revisions;
    let nights = &revisions[revisions.len().saturating_sub(NIGHTS)..];
    super::stab::sorted(context)
        .into_iter()
        .take(8)
        .map(|case| {
            let outcomes = super::stab::outcomes(case, nights);
            let title = format!("{}/{} by revision", case.case.plan, case.case.case);
            Lane {
                name: format!(
                    "<bdi>{}</bdi><small>{}</small>",
                    markup(&short(&format!("{}/{}", case.case.plan, case.case.case), 40)),
                    markup(&case_line(case))
                ),
                cells: outcome_cells(&Cells { outcomes: &outcomes, pitch: 16, title: &title }),
                bar: super::stab::pass_bar(case),
                rate: super::stab::pass_text(case),
            }
        })
        .collect()
}

fn facts(context: &Context<'_>) -> Vec<(String, String, String)> {
    let count = |verdict: Verdict| -> usize {
        let of = |h: &ground_core::report::SeriesHistory| {
            h.changes.iter().filter(|change| change.verdict == verdict).count()
        };
        context.report.series.iter().map(of).sum()
    };
    let drifting = context.report.series.iter().filter(|history| history.drift.is_some()).count();
    let both = count(Verdict::Regression) + count(Verdict::Improvement);
    vec![
        (
            "Changes found in the history".to_owned(),
            both.to_string(),
            format!("{} worse, {} better", count(Verdict::Regression), count(Verdict::Improvement)),
        ),
        (
            "Still open".to_owned(),
            (context.counts.regression - context.counts.new_regression).to_string(),
            "regressions of earlier revisions".to_owned(),
        ),
        ("Drifting".to_owned(), drifting.to_string(), "series with a steady slope".to_owned()),
    ]
}

fn signatures(context: &Context<'_>) -> Vec<Signature> {
    let mut found: Vec<(&StabilityFinding, &ground_core::finding::FailureSignature)> = context
        .report
        .stability
        .iter()
        .flat_map(|case| case.signatures.iter().map(move |signature| (case, signature)))
        .collect();
    found.sort_by(|a, b| b.1.runs.cmp(&a.1.runs).then_with(|| a.1.text.cmp(&b.1.text)));
    found
        .into_iter()
        .take(4)
        .map(|(case, signature)| Signature {
            text: short(&signature.text, 110),
            line: format!(
                "{} · first seen {}",
                short(&format!("{}/{}", case.case.plan, case.case.case), 50),
                short(&signature.first_seen.short(), 20)
            ),
            count: signature.runs,
        })
        .collect()
}

fn trust_note(context: &Context<'_>) -> String {
    let trust = &context.report.trust;
    let late = trust
        .iter()
        .filter(|row| row.minimum_detectable.is_none_or(|seen| seen > row.margin))
        .count();
    match (trust.len(), late) {
        (0, _) => String::new(),
        (_, 0) => "The line is the margin. Every series can show a change of that size.".to_owned(),
        (all, late) => format!(
            "The line is the margin. {late} of {all} series cannot show a change of that size, so they \
             stay inconclusive below what they can show."
        ),
    }
}

fn plans(context: &Context<'_>) -> Vec<Plan> {
    let mut seen = std::collections::BTreeSet::new();
    let mut chosen: Vec<(&Standing<'_>, &ground_core::report::SeriesHistory)> = Vec::new();
    let with_history = context.standings.iter().filter_map(|s| Some((s, s.history?)));
    for (standing, history) in with_history {
        if history.series.judged && seen.insert((&standing.key.plan, &standing.key.case)) {
            chosen.push((standing, history));
        }
        if chosen.len() == 12 {
            break;
        }
    }
    chosen
        .into_iter()
        .map(|(standing, history)| {
            let mark = Mark::from(standing.verdict);
            let middles = medians(history);
            let scale = scale_of(history, &middles);
            let now = middles.iter().rev().flatten().next();
            let change =
                standing.effect.map_or_else(String::new, |e| number::change(e, Notation::Html));
            Plan {
                name: format!(
                    "<b><bdi>{}</bdi></b> <bdi>{}{}</bdi>",
                    markup(&short(&format!("{}/{}", standing.key.plan, standing.key.case), 36)),
                    markup(&short(&standing.key.metric_name(), 30)),
                    arrow(history.series.direction)
                ),
                href: context.series_link(standing.key).unwrap_or("perf/index.html").to_owned(),
                mark: format!("{} {change}", shape(mark)),
                now: now.map_or_else(
                    || "–".to_owned(),
                    |now| markup(&scale.value(*now, Notation::Html)),
                ),
                spark: spark(history, &middles, (287, 58), 180, mark),
            }
        })
        .collect()
}
