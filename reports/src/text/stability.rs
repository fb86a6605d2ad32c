//! Outcomes of testcases.

use ground_core::finding::{OutcomeCounts, StabilityFinding};

use super::table::{Cell, Table};
use super::{TextOptions, wrap};
use crate::mark::Mark;
use crate::number;

/// Revisions whose outcomes are drawn in a row.
const SHOWN: usize = 30;

/// Renders outcomes of testcases: failures of runs first, rate with interval, newest revisions as letters.
#[must_use]
pub fn stability(findings: &[StabilityFinding], options: &TextOptions) -> String {
    let options = *options;
    if findings.is_empty() {
        return "no testcase has outcomes\n".to_owned();
    }
    let mut table = Table::default();
    table.row(vec![
        Cell::left("testcase"),
        Cell::left("verdict"),
        Cell::right("failed"),
        Cell::right("fail rate"),
        Cell::left("95 % interval"),
        Cell::left("newest last"),
    ]);
    for finding in findings {
        table.row(row(finding, options));
    }
    let mut out = table.render(options.width);
    for finding in findings {
        for signature in finding.signatures.iter().take(3) {
            let text = format!(
                "{}: {} in {} runs, first seen at {}",
                options.outside(&case_title(finding), 100),
                options.outside(&signature.text, 160),
                signature.runs,
                signature.first_seen.short()
            );
            out += &wrap(&text, options.width, "  ");
        }
        for caveat in &finding.caveats {
            let text = format!("{}: {}", case_title(finding), caveat.text);
            out += &wrap(&options.outside(&text, 240), options.width, "  ");
        }
    }
    out
}

/// Returns a testcase in one line, with runner, language and parameters.
pub(crate) fn case_title(finding: &StabilityFinding) -> String {
    let key = &finding.case;
    let mut text = format!("{}/{}", key.plan, key.case);
    for part in [&key.runner, &key.lang, &key.params] {
        if !part.is_empty() {
            text += " ";
            text += part;
        }
    }
    text
}

/// Adds up the outcomes of all revisions.
pub(crate) fn total(finding: &StabilityFinding) -> OutcomeCounts {
    let mut total = OutcomeCounts::default();
    for (_, counts) in &finding.revisions {
        total.merge(counts);
    }
    total
}

fn row(finding: &StabilityFinding, options: TextOptions) -> Vec<Cell> {
    let notation = options.notation();
    let total = total(finding);
    let rate = finding
        .rate
        .map_or_else(|| notation.dash().to_owned(), |rate| number::percent(rate.value, notation));
    let interval = finding.rate.map_or_else(String::new, |rate| {
        format!(
            "[{}, {}]",
            number::fixed(rate.lo * 100.0, 1, notation),
            number::fixed(rate.hi * 100.0, 1, notation)
        )
    });
    let from = finding.revisions.len().saturating_sub(SHOWN);
    let strip: String =
        finding.revisions[from..].iter().map(|(_, counts)| letter(counts)).collect();
    vec![
        Cell::left(options.outside(&case_title(finding), 100)),
        options.verdict(Mark::from(finding.verdict)),
        Cell::right(format!("{} of {}", total.failures(), total.runs())),
        Cell::right(rate),
        Cell::left(interval),
        Cell::left(strip),
    ]
}

/// Returns the letter of one revision's outcomes: `P`assed, `p`art failed, `F`ailed, `-` did not run.
pub(crate) fn letter(counts: &OutcomeCounts) -> char {
    match (counts.runs(), counts.failures()) {
        (0, _) => '-',
        (_, 0) => 'P',
        (runs, failures) if runs == failures => 'F',
        _ => 'p',
    }
}
