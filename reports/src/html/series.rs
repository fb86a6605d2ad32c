//! What happened to this number, where, and how sure.

use std::hash::Hash as _;

use askama::Template;
use ground_core::finding::{Change, ChangeKind};
use ground_core::metric::Stat;
use ground_core::report::{RunDetail, RunMetric, SeriesHistory};
use ground_core::revision::Revision;
use ground_core::verdict::Verdict;

use super::cells::{badge, better, commit, commits, distance};
use super::context::{medians, scale_of, series_path};
use super::{Context, shell::Shell};
use crate::mark::Mark;
use crate::night::Standing;
use crate::number::{self, Day, Notation, Scale};
use crate::plain::{markup, short};
use crate::site::Page as File;
use crate::svg::{
    Quantile, Ridge, SHOWN, SeriesChart, barriers, instance_strip, over_time, ridge, series_chart,
    shift,
};

/// Revisions whose runs are looked at, before and after a change and up to the newest.
const NEAR: usize = 6;
/// Rows of the folded table of revisions.
const TABLE: usize = 60;

#[derive(Template)]
#[template(path = "series.html")]
struct Page {
    shell: Shell,
    id: String,
    case: String,
    metric: String,
    badge: String,
    chips: Vec<(String, String)>,
    line: String,
    compare: Option<String>,
    facts: Vec<Fact>,
    readout: Readout,
    chart: String,
    older: usize,
    ridge: Option<String>,
    shift: Option<String>,
    range_title: String,
    range: Vec<(String, String)>,
    inside: Option<String>,
    inside_title: String,
    inside_link: Option<String>,
    strip: Option<String>,
    changes: Vec<ChangeRow>,
    nights: Vec<NightRow>,
    csv: Option<String>,
    total: usize,
    caveats: Vec<String>,
}

struct Fact {
    word: &'static str,
    value: String,
    note: String,
    class: &'static str,
}

struct Readout {
    commit: String,
    day: String,
    subject: String,
    text: String,
    change: String,
    class: &'static str,
}

struct ChangeRow {
    badge: String,
    night: String,
    commits: String,
    before: String,
    after: String,
    change: String,
    seen: String,
    kind: &'static str,
}

struct NightRow {
    commit: String,
    day: String,
    median: String,
    range: String,
    n: String,
    subject: String,
}

/// Lists the pages with their data.
pub(super) fn pages<'a>(context: &'a Context<'a>) -> Vec<File<'a>> {
    let mut pages = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for standing in &context.standings {
        let Some(history) = standing.history else { continue };
        if !seen.insert(&history.series.key) {
            continue;
        }
        let input = input(context, standing, history);
        let id = crate::plain::slug(history.series.key.id().as_str());
        pages.push(super::keyed(series_path(&history.series.key), input, move || {
            page(context, standing, history)
        }));
        pages.push(super::keyed(format!("d/s/{id}.js"), input, move || {
            Ok(super::data::series(context, history))
        }));
        if context.options.raw_runs {
            pages.push(super::keyed(format!("raw/{id}.csv"), input, move || {
                Ok(crate::formats::csv::history(history))
            }));
        }
    }
    pages
}

/// Hashes everything that the page of a series is made from.
fn input(context: &Context<'_>, standing: &Standing<'_>, history: &SeriesHistory) -> u64 {
    super::key(|hasher| {
        format!("{:?}", context.options).hash(hasher);
        context.report.project.hash(hasher);
        history.series.key.hash(hasher);
        format!("{:?}{:?}", standing.finding, history.segments).hash(hasher);
        format!("{:?}{:?}{:?}", history.changes, history.drift, history.outliers).hash(hasher);
        format!("{:?}{:?}", history.verdict, history.minimum_detectable).hash(hasher);
        (history.series.unit.as_str(), history.series.direction.as_str()).hash(hasher);
        super::feed_float(hasher, history.series.margin);
        for points in &history.series.revisions {
            points.revision.hash(hasher);
            context.place(&points.revision).hash(hasher);
            points.missing.hash(hasher);
            for point in &points.points {
                super::feed_float(hasher, point.value);
                point.started_ns.hash(hasher);
                if context.options.raw_runs {
                    point.run.as_str().hash(hasher);
                }
            }
        }
        context.report.comparisons.first().map(|c| (&c.baseline, &c.candidate)).hash(hasher);
        range(context, standing, history).hash(hasher);
        events(context, history).hash(hasher);
        for quantile in siblings(context, standing) {
            format!("{quantile:?}").hash(hasher);
        }
        for detail in runs(context, standing, history) {
            detail.run.run.as_str().hash(hasher);
            if let Some(metric) = metric_of(detail, history) {
                format!("{metric:?}").hash(hasher);
                detail.events.len().hash(hasher);
            }
        }
    })
}

/// Returns the runs of a series that the report holds, newest first: those of the newest revisions, and those around
/// the change that the page is about.
fn runs<'a>(
    context: &Context<'a>,
    standing: &Standing<'_>,
    history: &SeriesHistory,
) -> Vec<&'a RunDetail> {
    let key = &history.series.key;
    let revisions = &history.series.revisions;
    let newest = revisions.len().saturating_sub(NEAR);
    let around = standing.change.map_or(newest..newest, |change| {
        change.index.saturating_sub(NEAR)..(change.index + NEAR).min(newest)
    });
    (around.start.min(newest)..revisions.len())
        .rev()
        .filter(|index| *index >= newest || around.contains(index))
        .flat_map(|index| context.runs_of(&revisions[index].revision, &key.plan, &key.case))
        .copied()
        .filter(|detail| {
            let run = &detail.run;
            run.runner == key.runner
                && run.composition_digest == key.composition_digest
                && run.params == key.params
        })
        .collect()
}

fn metric_of<'a>(detail: &'a RunDetail, history: &SeriesHistory) -> Option<&'a RunMetric> {
    detail.metrics.iter().find(|metric| metric.metric.name == history.series.key.metric)
}

fn page(
    context: &Context<'_>,
    standing: &Standing<'_>,
    history: &SeriesHistory,
) -> askama::Result<String> {
    let key = &history.series.key;
    let middles = medians(history);
    let scale = scale_of(history, &middles);
    let mark = Mark::from(standing.verdict);
    let desc = desc(standing, history, &scale, &middles);
    let events = events(context, history);
    let chart =
        SeriesChart { history, scale: &scale, medians: &middles, events: &events, desc: &desc };
    let runs = runs(context, standing, history);
    let newest = runs.first().copied();
    let (inside, strip) = newest.map_or((None, None), |detail| inside(detail, history, &scale));
    let (range_title, range) = range(context, standing, history);
    let id = crate::plain::slug(key.id().as_str());
    let compare = context
        .report
        .comparisons
        .first()
        .and_then(|c| context.compare_link(&c.baseline, &c.candidate))
        .map(|link| format!("../{link}"));
    Page {
        shell: context.shell(&key.title(), "Performance", "../"),
        csv: context.options.raw_runs.then(|| format!("../raw/{id}.csv")),
        id,
        case: short(&format!("{}/{}", key.plan, key.case), 90),
        metric: short(&key.metric_name(), 90),
        badge: badge(mark),
        chips: chips(history),
        line: format!(
            "{} · {}{}",
            if scale.unit.is_empty() { "count".to_owned() } else { scale.unit.clone() },
            better(history.series.direction),
            if history.series.exact { " · repeats exactly" } else { "" }
        ),
        compare,
        facts: facts(standing, history),
        readout: readout(context, history, &scale, &middles),
        chart: series_chart(&chart),
        older: middles.len().saturating_sub(SHOWN),
        ridge: ridges(&runs, standing, history, &scale, mark),
        shift: shift_chart(context, standing, history, mark),
        range_title,
        range,
        inside_title: newest.map_or_else(String::new, |detail| {
            format!(
                "run {} at {}",
                short(detail.run.run.as_str(), 20),
                short(&detail.run.revision.short(), 12)
            )
        }),
        inside_link: newest
            .and_then(|d| context.run_link(d.run.run.as_str()))
            .map(|l| format!("../{l}")),
        inside,
        strip,
        changes: history
            .changes
            .iter()
            .rev()
            .map(|change| change_row(context, history, change))
            .collect(),
        nights: nights(context, history, &scale, &middles),
        total: middles.len(),
        caveats: standing
            .finding
            .map(|finding| finding.caveats.iter().map(|caveat| short(&caveat.text, 240)).collect())
            .unwrap_or_default(),
    }
    .render()
}

fn chips(history: &SeriesHistory) -> Vec<(String, String)> {
    let key = &history.series.key;
    let mut chips = vec![
        ("runner".to_owned(), short(&key.runner, 40)),
        ("lang".to_owned(), short(&key.lang, 20)),
    ];
    chips.extend(
        key.params.iter().take(16).map(|(name, value)| (short(name, 40), short(value, 60))),
    );
    chips.push(("machine".to_owned(), short(&key.machine_class, 60)));
    chips.push(("composition".to_owned(), short(&key.composition_digest, 12)));
    chips.retain(|(_, value)| !value.is_empty());
    chips
}

/// Says in one sentence what the chart shows.
fn desc(
    standing: &Standing<'_>,
    history: &SeriesHistory,
    scale: &Scale,
    middles: &[Option<f64>],
) -> String {
    let verdict = Mark::from(standing.verdict).word();
    let now = middles.iter().rev().flatten().next();
    let Some(now) = now else { return format!("No point yet: {verdict}.") };
    let before = match &history.segments[..] {
        [.., before, _] => format!(
            ", {} before the newest change",
            scale.value(before.level.value, Notation::Html)
        ),
        _ => String::new(),
    };
    format!(
        "{} over {} revisions: {} now{before}: {verdict}.",
        short(&history.series.key.metric_name(), 60),
        middles.len(),
        scale.value(*now, Notation::Html)
    )
}

/// Returns what changed about the machine or the tools, where the report holds runs that tell.
fn events(context: &Context<'_>, history: &SeriesHistory) -> Vec<(usize, String)> {
    let key = &history.series.key;
    let mut events = Vec::new();
    let mut before: Option<(&str, &str)> = None;
    for (index, points) in history.series.revisions.iter().enumerate() {
        let Some(detail) = context.runs_of(&points.revision, &key.plan, &key.case).first() else {
            continue;
        };
        let print = &detail.run.fingerprint;
        let now = (print.toolchain.as_str(), print.kernel.as_str());
        if let Some((toolchain, kernel)) = before {
            if toolchain != now.0 {
                events.push((index, short(now.0, 28)));
            } else if kernel != now.1 {
                events.push((index, short(now.1, 28)));
            }
        }
        before = Some(now);
    }
    events
}

fn facts(standing: &Standing<'_>, history: &SeriesHistory) -> Vec<Fact> {
    let mark = Mark::from(standing.verdict);
    let revisions = &history.series.revisions;
    let change = standing.change.or_else(|| history.changes.last());
    let reference = match &history.segments[..] {
        [.., before, _] => {
            format!(" against {} revisions", before.last + 1 - before.first.min(before.last))
        }
        _ => String::new(),
    };
    let effect = standing.effect.map_or_else(
        || ("–".to_owned(), "no effect to show".to_owned()),
        |e| {
            (
                number::change(e, Notation::Html),
                format!("{}{reference}", number::change_interval(e, Notation::Html)),
            )
        },
    );
    let range = change.and_then(|change| {
        let from = &revisions.get(change.lo.saturating_sub(1))?.revision;
        let to = &revisions.get(change.hi)?.revision;
        let text = format!(
            "<span class=\"mo\">{}..{}</span>",
            markup(&short(&from.short(), 10)),
            markup(&short(&to.short(), 10))
        );
        let note = distance(from, to).map_or_else(String::new, commits);
        Some((text, note))
    });
    let p = change.map(|change| change.p).or(standing.finding.and_then(|f| f.p_adjusted.or(f.p)));
    let since = change.and_then(|change| {
        let at = revisions.get(change.index)?;
        let day = Day::of_seconds(at.revision.committed_at_s).short();
        let count = revisions.len() - change.index;
        Some((
            format!("{count} revision{} ago", if count == 1 { "" } else { "s" }),
            format!("on {day}"),
        ))
    });
    let floor = history.minimum_detectable;
    let (where_value, where_note) = range.unwrap_or(("–".to_owned(), "no change found".to_owned()));
    let (since_value, since_note) = since.unwrap_or(("–".to_owned(), "no change found".to_owned()));
    vec![
        Fact { word: "Change", value: effect.0, note: effect.1, class: mark.class() },
        Fact { word: "Where", value: where_value, note: where_note, class: "" },
        Fact {
            word: "How sure",
            value: p.map_or_else(|| "–".to_owned(), |p| format!("p {}", equals(p))),
            note: "after correction for having searched".to_owned(),
            class: "",
        },
        Fact { word: "Began", value: since_value, note: since_note, class: "" },
        Fact {
            word: "Floor here",
            value: floor.map_or_else(
                || "–".to_owned(),
                |f| format!("±{}", number::percent(f, Notation::Html)),
            ),
            note: format!("margin ±{}", number::percent(history.series.margin, Notation::Html)),
            class: "",
        },
    ]
}

fn equals(p: f64) -> String {
    let text = number::probability(p, Notation::Html);
    if text.starts_with('<') { markup(&text) } else { format!("= {text}") }
}

fn readout(
    context: &Context<'_>,
    history: &SeriesHistory,
    scale: &Scale,
    middles: &[Option<f64>],
) -> Readout {
    let newest = middles.iter().rposition(Option::is_some);
    let Some((index, middle)) = newest.and_then(|index| Some((index, middles[index]?))) else {
        return Readout {
            commit: String::new(),
            day: String::new(),
            subject: String::new(),
            text: "no point yet".to_owned(),
            change: String::new(),
            class: "n",
        };
    };
    let points = &history.series.revisions[index];
    let values = points.values();
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let reference = match &history.segments[..] {
        [.., before, _] => Some(before.level.value),
        _ => None,
    };
    let change = reference.filter(|level| *level != 0.0).map_or_else(String::new, |level| {
        let ratio = middle / level - 1.0;
        number::change(
            ground_core::finding::Estimate { value: ratio, lo: ratio, hi: ratio + 0.01 },
            Notation::Html,
        )
    });
    Readout {
        commit: commit(context, &points.revision),
        day: Day::of_seconds(points.revision.committed_at_s).short(),
        subject: short(&points.revision.subject, 80),
        text: format!(
            "median of {} <b>{}</b> <i>[{}, {}]</i>",
            values.len(),
            markup(&scale.value(middle, Notation::Html)),
            scale.number(low, 1, Notation::Html),
            scale.number(high, 1, Notation::Html)
        ),
        change,
        class: Mark::from(history.verdict).class(),
    }
}

fn inside(
    detail: &RunDetail,
    history: &SeriesHistory,
    scale: &Scale,
) -> (Option<String>, Option<String>) {
    let Some(metric) = metric_of(detail, history) else { return (None, None) };
    let title = format!("{} over time in run {}", history.series.key.metric, detail.run.run);
    (
        over_time(&metric.over_time, &barriers(detail), &metric.metric.unit, &title, (824, 260)),
        instance_strip(&metric.by_instance, scale),
    )
}

/// Draws distributions over instances: of one run for each of the newest revisions that the report holds runs of.
fn ridges(
    runs: &[&RunDetail],
    standing: &Standing<'_>,
    history: &SeriesHistory,
    scale: &Scale,
    mark: Mark,
) -> Option<String> {
    let mut found: Vec<Ridge> = Vec::new();
    let mut seen: Vec<&Revision> = Vec::new();
    for detail in runs {
        let metric = metric_of(detail, history)?;
        if seen.contains(&&detail.run.revision) || metric.by_instance.len() < 5 {
            continue;
        }
        seen.push(&detail.run.revision);
        let place = history.series.revisions.iter().position(|p| p.revision == detail.run.revision);
        let after = standing.change.is_some_and(|change| place.is_some_and(|p| p >= change.index));
        found.push(Ridge {
            name: short(&detail.run.revision.short(), 9),
            values: metric.by_instance.clone(),
            after,
        });
    }
    found.reverse();
    if found.is_empty() { None } else { ridge(&found, scale, mark) }
}

/// Returns the changes at the quantiles of one metric under one run key, where more than one is judged.
fn siblings(context: &Context<'_>, standing: &Standing<'_>) -> Vec<Quantile> {
    let mut found: Vec<(u16, Quantile)> = context
        .family(standing.key)
        .filter_map(|member| match (member.key.stat, member.effect) {
            (Stat::Q(q), Some(effect)) => {
                Some((q, Quantile { name: Stat::Q(q).to_string(), effect }))
            }
            _ => None,
        })
        .collect();
    found.sort_by_key(|(q, _)| *q);
    found.into_iter().map(|(_, quantile)| quantile).collect()
}

fn shift_chart(
    context: &Context<'_>,
    standing: &Standing<'_>,
    history: &SeriesHistory,
    mark: Mark,
) -> Option<String> {
    let quantiles = siblings(context, standing);
    (quantiles.len() > 1).then(|| shift(&quantiles, history.series.margin, mark))
}

/// Returns the commits that the newest change may lie in.
fn range(
    context: &Context<'_>,
    standing: &Standing<'_>,
    history: &SeriesHistory,
) -> (String, Vec<(String, String)>) {
    let change = standing.change.or_else(|| history.changes.last());
    let Some(change) = change else { return ("No change to explain".to_owned(), Vec::new()) };
    let revisions = &history.series.revisions;
    let place = |index: usize| revisions.get(index).and_then(|p| context.place(&p.revision));
    let (from, to) = (place(change.lo.saturating_sub(1)), place(change.hi));
    let (Some(from), Some(to)) = (from, to) else {
        return ("Commits in range".to_owned(), Vec::new());
    };
    let all = context.report.revisions.get(from + 1..=to).unwrap_or_default();
    let rows = all
        .iter()
        .rev()
        .take(10)
        .map(|revision| (commit(context, revision), short(&revision.subject, 70)))
        .collect();
    let known = revisions.get(change.hi).and_then(|hi| {
        distance(&revisions.get(change.lo.saturating_sub(1))?.revision, &hi.revision)
    });
    let title =
        known.map_or_else(|| "Commits in range".to_owned(), |n| format!("{} in range", commits(n)));
    (title, rows)
}

fn change_row(context: &Context<'_>, history: &SeriesHistory, change: &Change) -> ChangeRow {
    let revisions = &history.series.revisions;
    let at = revisions.get(change.index);
    let level = |first: bool| {
        let place = history.segments.iter().position(|segment| segment.first >= change.index)?;
        let place = if first { place.checked_sub(1)? } else { place };
        let level = history.segments.get(place)?.level;
        let scale = Scale::of(&history.series.unit, history.series.key.stat, level.value);
        Some(markup(&scale.level(level, Notation::Html)))
    };
    let short_of = |index: usize| {
        revisions.get(index).map_or_else(String::new, |p| markup(&short(&p.revision.short(), 10)))
    };
    let open = change.verdict == history.verdict
        && history.changes.last().is_some_and(|last| last.index == change.index)
        && matches!(change.verdict, Verdict::Regression | Verdict::Improvement);
    ChangeRow {
        badge: badge(Mark::from(change.verdict)),
        night: at.map_or_else(String::new, |p| {
            format!(
                "{} <small>{}</small>",
                Day::of_seconds(p.revision.committed_at_s).iso(),
                commit(context, &p.revision)
            )
        }),
        commits: format!(
            "<span class=\"mo\">{}..{}</span>",
            short_of(change.lo.saturating_sub(1)),
            short_of(change.hi)
        ),
        before: level(true).unwrap_or_else(|| "–".to_owned()),
        after: level(false).unwrap_or_else(|| "–".to_owned()),
        change: format!(
            "{} <i>{}</i>",
            number::change(change.effect, Notation::Html),
            number::change_interval(change.effect, Notation::Html)
        ),
        seen: equals(change.p),
        kind: match (change.kind, open) {
            (ChangeKind::Revert, _) => "came back",
            (ChangeKind::Recent, _) => "too early to say that it stays",
            (_, true) => "open",
            _ if change.verdict == Verdict::Equivalent => "inside margin",
            _ => "closed",
        },
    }
}

fn nights(
    context: &Context<'_>,
    history: &SeriesHistory,
    scale: &Scale,
    middles: &[Option<f64>],
) -> Vec<NightRow> {
    let revisions = &history.series.revisions;
    let from = revisions.len().saturating_sub(TABLE);
    let decimals = |value: f64| {
        let size = (value * scale.factor).abs();
        if size >= 100.0 {
            1
        } else if size >= 1.0 {
            2
        } else {
            4
        }
    };
    (from..revisions.len())
        .rev()
        .map(|index| {
            let points = &revisions[index];
            let values: Vec<f64> =
                points.values().into_iter().filter(|value| value.is_finite()).collect();
            let middle = middles[index];
            let write =
                |value: f64| scale.number(value, decimals(middle.unwrap_or(value)), Notation::Html);
            let low = values.iter().copied().reduce(f64::min);
            let high = values.iter().copied().reduce(f64::max);
            let missing = if points.missing > 0 {
                format!(", {} missing", points.missing)
            } else {
                String::new()
            };
            NightRow {
                commit: commit(context, &points.revision),
                day: Day::of_seconds(points.revision.committed_at_s).iso(),
                median: middle.map_or_else(|| "–".to_owned(), write),
                range: low
                    .zip(high)
                    .map_or_else(String::new, |(l, h)| format!("{} to {}", write(l), write(h))),
                n: format!("{}{missing}", points.points.len()),
                subject: short(&points.revision.subject, 60),
            }
        })
        .collect()
}
