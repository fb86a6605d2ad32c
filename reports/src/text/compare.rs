//! Two revisions side by side, as benchstat shows them, with verdicts.

use std::collections::BTreeMap;

use ground_core::finding::Finding;
use ground_core::metric::Direction;
use ground_core::report::Comparison;
use ground_core::verdict::Verdict;

use super::table::{Cell, Table};
use super::{TextOptions, wrap};
use crate::mark::Mark;
use crate::night::Counts;
use crate::number::{self, Scale};

/// Renders a comparison: one table for each unit, footnotes for what could not be judged, the headline last.
#[must_use]
pub fn comparison(comparison: &Comparison, options: &TextOptions) -> String {
    let mut notes = Notes::default();
    let mut out = head(comparison, *options);
    for ((unit, direction), findings) in groups(&comparison.findings) {
        out.push('\n');
        out += &group(&unit, direction, &findings, &mut notes, *options);
    }
    if comparison.findings.is_empty() {
        out += "\nno series has points at both revisions\n";
    }
    out += &notes.render(*options);
    for (series, side) in &comparison.unmatched {
        let text = format!("{} has no points at the {side}", options.outside(series, 120));
        out += &wrap(&text, options.width, "  ");
    }
    if !comparison.stability.is_empty() {
        out.push('\n');
        out += &super::stability(&comparison.stability, options);
    }
    out.push('\n');
    out += &wrap(&headline(comparison), options.width, "");
    out
}

/// Returns the headline of a comparison: its series and its testcases.
pub(crate) fn headline(comparison: &Comparison) -> String {
    let series = Counts::of_findings(&comparison.findings);
    let cases = Counts::of_stability(comparison.stability.iter().map(|found| found.verdict));
    Counts { flaky: cases.flaky, broken: cases.broken, stable: cases.stable, ..series }.headline()
}

fn head(comparison: &Comparison, options: TextOptions) -> String {
    let mut table = Table::default();
    for (name, revision) in
        [("baseline", &comparison.baseline), ("candidate", &comparison.candidate)]
    {
        table.row(vec![
            Cell::left(name),
            Cell::left(options.outside(&revision.short(), 20)),
            Cell::left(
                options.outside(&revision.subject, options.width.saturating_sub(22).max(10)),
            ),
        ]);
    }
    let mut out = table.render(options.width);
    for (what, before, after) in &comparison.environment {
        let text = format!(
            "environment differs: {} was {}, is {}",
            options.outside(what, 40),
            options.outside(before, 80),
            options.outside(after, 80)
        );
        out += &wrap(&text, options.width, "");
    }
    out
}

type Group = (String, Direction);

/// Groups findings by unit and direction, in the order in which the first of each group comes.
fn groups(findings: &[Finding]) -> Vec<(Group, Vec<&Finding>)> {
    let mut places: BTreeMap<Group, usize> = BTreeMap::new();
    let mut groups: Vec<(Group, Vec<&Finding>)> = Vec::new();
    for finding in findings {
        let level = finding.baseline.level.or(finding.candidate.level);
        let scale = Scale::of(&finding.unit, finding.series.stat, level.map_or(0.0, |l| l.value));
        let group = (scale.unit, finding.direction);
        let place = *places.entry(group.clone()).or_insert_with(|| {
            groups.push((group, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(finding);
    }
    groups
}

fn group(
    unit: &str,
    direction: Direction,
    findings: &[&Finding],
    notes: &mut Notes,
    options: TextOptions,
) -> String {
    let mut table = Table::default();
    let better = match direction {
        Direction::None => "no direction, not judged".to_owned(),
        direction => format!("{direction} is better"),
    };
    let unit = if unit.is_empty() { "count" } else { unit };
    let unit = options.outside(unit, 24);
    table.row(vec![
        Cell::left(format!("{unit}, {better}")),
        Cell::right("baseline"),
        Cell::right("candidate"),
        Cell::right("change"),
        Cell::left("95 % interval"),
        Cell::right("n"),
        Cell::left("verdict"),
    ]);
    for finding in findings {
        table.row(row(finding, notes, options));
    }
    table.render(options.width)
}

fn row(finding: &Finding, notes: &mut Notes, options: TextOptions) -> Vec<Cell> {
    let notation = options.notation();
    let base = finding.baseline.level.or(finding.candidate.level);
    let scale = Scale::of(&finding.unit, finding.series.stat, base.map_or(0.0, |l| l.value));
    let level = |level: Option<_>| {
        level
            .map_or_else(|| notation.dash().to_owned(), |level| scale.level_number(level, notation))
    };
    let params = finding.series.params_text();
    let title = format!("{} {}", finding.series.title(), params);
    let verdict = options.verdict(Mark::from(finding.verdict));
    let note = notes.of(finding, options);
    let mut cells = vec![
        Cell::left(options.outside(title.trim_end(), 120)),
        Cell::right(level(finding.baseline.level)),
        Cell::right(level(finding.candidate.level)),
        Cell::right(finding.effect.map_or_else(String::new, |e| number::change(e, notation))),
        Cell::left(
            finding.effect.map_or_else(String::new, |e| number::change_interval(e, notation)),
        ),
        Cell::right(format!("{}+{}", finding.baseline.runs, finding.candidate.runs)),
        verdict,
    ];
    if !note.is_empty() {
        cells.push(Cell::left(note));
    }
    cells
}

/// Footnotes, each text once.
#[derive(Default)]
struct Notes {
    texts: Vec<String>,
}

impl Notes {
    /// Takes up what a reader must know of `finding` and returns the footnotes' numbers.
    fn of(&mut self, finding: &Finding, options: TextOptions) -> String {
        let mut numbers = Vec::new();
        if finding.verdict == Verdict::Inconclusive {
            numbers.push(self.place(advice(finding, options)));
        }
        for caveat in &finding.caveats {
            numbers.push(self.place(options.outside(&caveat.text, 240)));
        }
        numbers.iter().map(|number| format!("[{number}]")).collect::<Vec<_>>().join("")
    }

    fn place(&mut self, text: String) -> usize {
        let known = self.texts.iter().position(|known| *known == text);
        known.map_or_else(
            || {
                self.texts.push(text);
                self.texts.len()
            },
            |place| place + 1,
        )
    }

    fn render(&self, options: TextOptions) -> String {
        let mut out = String::new();
        for (index, text) in self.texts.iter().enumerate() {
            if index == 0 {
                out.push('\n');
            }
            out += &wrap(&format!("[{}] {text}", index + 1), options.width, "");
        }
        out
    }
}

/// Says what would decide an inconclusive finding.
pub(crate) fn advice(finding: &Finding, options: TextOptions) -> String {
    let margin = number::percent(finding.margin, options.notation());
    match (finding.more_runs, finding.more_minutes) {
        (Some(runs), Some(minutes)) if minutes.is_finite() => format!(
            "needs about {runs} more runs a side to decide at a margin of {margin}, {} min",
            number::fixed(minutes.ceil(), 0, options.notation())
        ),
        (Some(runs), _) => {
            format!("needs about {runs} more runs a side to decide at a margin of {margin}")
        }
        (None, _) if finding.direction == Direction::None => {
            "has no direction, so nobody said which way is worse".to_owned()
        }
        (None, _) => format!("not decided at a margin of {margin}"),
    }
}
