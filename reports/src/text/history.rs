//! One series over its revisions, as Otava shows it: rows of revisions, a rule where the level changed.

use ground_core::finding::{ChangeKind, Estimate};
use ground_core::report::SeriesHistory;
use ground_core::series::RevisionPoints;

use super::TextOptions;
use super::table::{Cell, Table};
use crate::mark::Mark;
use crate::number::{self, Day, Scale};

/// Rows of a history; older revisions are told by their number only.
const ROWS: usize = 40;

/// Renders a series' history, oldest first, with a rule above the first revision of each change.
#[must_use]
pub fn history(history: &SeriesHistory, options: &TextOptions) -> String {
    let options = *options;
    let revisions = &history.series.revisions;
    let medians: Vec<Option<f64>> = revisions.iter().map(median).collect();
    let mut out = head(history, &medians, options);
    if revisions.is_empty() {
        return out + "no data\n";
    }
    let scale = scale(history, &medians);
    let first = revisions.len().saturating_sub(ROWS);
    if first > 0 {
        out += &format!("{first} older revisions are not shown\n");
    }
    let mut table = Table::default();
    table.row(vec![
        Cell::left("revision"),
        Cell::left("date"),
        Cell::right(format!("median{}", unit(&scale, options))),
        Cell::right("lowest"),
        Cell::right("highest"),
        Cell::right("n"),
        Cell::left("subject"),
    ]);
    for (index, revision) in revisions.iter().enumerate().skip(first) {
        for change in history.changes.iter().filter(|change| change.index == index) {
            table.row(rule(change.effect, Mark::from(change.verdict), change.kind, options));
        }
        table.row(row(revision, medians[index], &scale, options));
    }
    out += &table.render(options.width);
    out + &tail(history, options)
}

fn unit(scale: &Scale, options: TextOptions) -> String {
    if scale.unit.is_empty() {
        String::new()
    } else {
        format!(" ({})", options.outside(&scale.unit, 24))
    }
}

fn head(history: &SeriesHistory, medians: &[Option<f64>], options: TextOptions) -> String {
    let title = format!("{} {}", history.series.key.title(), history.series.key.params_text());
    let mark = Mark::from(history.verdict);
    let newest = medians.len().saturating_sub(60);
    format!(
        "{}\n{} {}  {}\n",
        options.outside(title.trim_end(), 200),
        mark.glyph(options.ascii),
        mark.word(),
        options.sparkline(&medians[newest..])
    )
}

fn scale(history: &SeriesHistory, medians: &[Option<f64>]) -> Scale {
    let typical = medians.iter().rev().flatten().copied().next().unwrap_or(0.0);
    Scale::of(&history.series.unit, history.series.key.stat, typical)
}

/// Returns the median of a revision's finite points; it is what the picture shows, and no verdict rests on it.
pub(crate) fn median(revision: &RevisionPoints) -> Option<f64> {
    let mut values: Vec<f64> =
        revision.points.iter().map(|point| point.value).filter(|value| value.is_finite()).collect();
    middle(&mut values)
}

/// Returns the median of `values`, which it sorts.
fn middle(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[half]),
        _ => Some(values[half - 1] / 2.0 + values[half] / 2.0),
    }
}

fn row(
    revision: &RevisionPoints,
    median: Option<f64>,
    scale: &Scale,
    options: TextOptions,
) -> Vec<Cell> {
    let notation = options.notation();
    let values = revision.values();
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
    let write = |value: Option<f64>| {
        value.filter(|value| value.is_finite()).map_or_else(
            || notation.dash().to_owned(),
            |value| scale.number(value, decimals(median.unwrap_or(value)), notation),
        )
    };
    let missing =
        if revision.missing > 0 { format!(" -{}", revision.missing) } else { String::new() };
    vec![
        Cell::left(options.outside(&revision.revision.short(), 20)),
        Cell::left(Day::of_seconds(revision.revision.committed_at_s).iso()),
        Cell::right(write(median)),
        Cell::right(write(values.iter().copied().reduce(f64::min))),
        Cell::right(write(values.iter().copied().reduce(f64::max))),
        Cell::right(format!("{}{missing}", values.len())),
        Cell::left(options.outside(&revision.revision.subject, 40)),
    ]
}

fn rule(effect: Estimate, mark: Mark, kind: ChangeKind, options: TextOptions) -> Vec<Cell> {
    let line = if options.ascii { "-" } else { "─" };
    let note = match kind {
        ChangeKind::Step => "",
        ChangeKind::Recent => ", too early to say that it stays",
        ChangeKind::Revert => ", came back later",
        _ => "",
    };
    let text = format!(
        "{} {} {} {}{note}",
        mark.glyph(options.ascii),
        number::change(effect, options.notation()),
        number::change_interval(effect, options.notation()),
        mark.word(),
    );
    vec![
        Cell::left(line.repeat(8)),
        Cell::left(line.repeat(10)),
        Cell::left(line.repeat(9)),
        Cell::left(line.repeat(7)),
        Cell::left(line.repeat(7)),
        Cell::left(line.repeat(2)),
        Cell::left(text).colored(options.color.then(|| mark.ansi())),
    ]
}

fn tail(history: &SeriesHistory, options: TextOptions) -> String {
    let mut out = String::new();
    if let Some(drift) = history.drift {
        out += &format!(
            "drift {} {} a revision\n",
            number::change(drift, options.notation()),
            number::change_interval(drift, options.notation())
        );
    }
    if let Some(seen) = history.minimum_detectable {
        out += &format!(
            "the newest revision's runs show a change of {} with 80 % power; the margin is {}\n",
            number::percent(seen, options.notation()),
            number::percent(history.series.margin, options.notation())
        );
    }
    out
}
