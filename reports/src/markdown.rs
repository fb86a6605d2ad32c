//! Markdown: the comment on a change, the summary of a job.

use ground_core::finding::{Finding, GateReport, RuleResult, StabilityFinding};
use ground_core::report::Comparison;
use ground_core::verdict::{Stability, Verdict};

use crate::mark::{Mark, rule_word};
use crate::number::{self, Notation, Scale};
use crate::text::{TextOptions, advice, case_title, compare_headline, total};

/// What stands around a comment's table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarkdownOptions {
    /// Hidden name by which a bot finds its older comment and replaces it.
    pub marker: String,
    /// Address of the site's page of this comparison; empty where there is none.
    pub link: String,
}

/// Rows of the table of changes; the rest is a number.
const ROWS: usize = 10;

/// Characters that a comment keeps to.
const LENGTH: usize = 3_000;

/// Renders a comparison as a comment: headline, at most ten changed rows, what is undecided folded away.
///
/// Stays within 3,000 characters by leaving out folded rows first.
#[must_use]
pub fn comment(
    comparison: &Comparison,
    gate: Option<&GateReport>,
    options: &MarkdownOptions,
) -> String {
    let mut out = String::new();
    if !options.marker.is_empty() {
        out += &format!("<!-- {} -->\n", crate::plain::slug(&options.marker));
    }
    out += &format!("### {}\n\n", escape(&compare_headline(comparison), 300));
    out += &format!(
        "`{}` against `{}`\n",
        code(&comparison.candidate.short()),
        code(&comparison.baseline.short())
    );
    if let Some(gate) = gate {
        out += &gate_lines(gate);
    }
    out += &changes(comparison);
    let link = if options.link.is_empty() {
        String::new()
    } else {
        format!("\n[all series]({})\n", options.link.replace(['(', ')', ' ', '\n', '<', '>'], ""))
    };
    let folded = folded(comparison, LENGTH.saturating_sub(out.chars().count() + link.len()));
    out + &folded + &link
}

fn gate_lines(gate: &GateReport) -> String {
    let mut out = format!("\n**Gate: {}**\n", gate.decision.as_str());
    for rule in gate.rules.iter().filter(|rule| rule.result != RuleResult::Pass).take(5) {
        out += &format!(
            "- {}: {}; {}\n",
            rule_word(rule.result),
            escape(&rule.required, 120),
            escape(&rule.found, 160)
        );
    }
    out
}

fn changes(comparison: &Comparison) -> String {
    let changed: Vec<&Finding> = comparison
        .findings
        .iter()
        .filter(|f| matches!(f.verdict, Verdict::Regression | Verdict::Improvement))
        .collect();
    let cases: Vec<&StabilityFinding> = comparison
        .stability
        .iter()
        .filter(|f| matches!(f.verdict, Stability::Flaky | Stability::Broken))
        .collect();
    if changed.is_empty() && cases.is_empty() {
        return String::new();
    }
    let mut out =
        "\n| verdict | series | change | 95 % interval | was | is |\n|---|---|--:|---|--:|--:|\n"
            .to_owned();
    for finding in changed.iter().take(ROWS) {
        out += &row(finding);
    }
    for case in cases.iter().take(ROWS.saturating_sub(changed.len())) {
        out += &case_row(case);
    }
    let left = (changed.len() + cases.len()).saturating_sub(ROWS);
    if left > 0 {
        out += &format!("\n{left} more changes are not in this table.\n");
    }
    out
}

fn row(finding: &Finding) -> String {
    let typical = finding.baseline.level.or(finding.candidate.level).map_or(0.0, |l| l.value);
    let scale = Scale::of(&finding.unit, finding.series.stat, typical);
    let level = |level: Option<_>| {
        level.map_or_else(|| "–".to_owned(), |level| scale.level(level, Notation::Text))
    };
    let title = format!("{} {}", finding.series.title(), finding.series.params_text());
    format!(
        "| {} | {} | {} | {} | {} | {} |\n",
        shape(Mark::from(finding.verdict)),
        escape(title.trim_end(), 90),
        finding.effect.map_or_else(String::new, |e| number::change(e, Notation::Text)),
        finding.effect.map_or_else(String::new, |e| number::change_interval(e, Notation::Text)),
        escape(&level(finding.baseline.level), 40),
        escape(&level(finding.candidate.level), 40),
    )
}

fn case_row(finding: &StabilityFinding) -> String {
    let total = total(finding);
    format!(
        "| {} | {} | | {} | | {} of {} failed |\n",
        shape(Mark::from(finding.verdict)),
        escape(&case_title(finding), 90),
        finding.rate.map_or_else(String::new, |rate| format!(
            "fails {} [{}, {}]",
            number::percent(rate.value, Notation::Text),
            number::percent(rate.lo, Notation::Text),
            number::percent(rate.hi, Notation::Text)
        )),
        total.failures(),
        total.runs()
    )
}

/// Folds what is undecided and how the environments differ, within `room` characters.
fn folded(comparison: &Comparison, room: usize) -> String {
    let unsure: Vec<&Finding> =
        comparison.findings.iter().filter(|f| f.verdict == Verdict::Inconclusive).collect();
    let none = comparison.findings.iter().filter(|f| f.verdict == Verdict::NoData).count();
    let text = TextOptions::default();
    let mut lines: Vec<String> = unsure
        .iter()
        .map(|f| {
            format!("- {}: {}\n", escape(&f.series.title(), 90), escape(&advice(f, text), 120))
        })
        .collect();
    if none > 0 {
        lines.push(format!("- {none} series with no data\n"));
    }
    let mut out = fold(&format!("{} inconclusive, {none} no data", unsure.len()), &lines, room);
    let environment: Vec<String> = comparison
        .environment
        .iter()
        .map(|(what, before, after)| {
            format!(
                "- {}: was {}, is {}\n",
                escape(what, 40),
                escape(before, 80),
                escape(after, 80)
            )
        })
        .collect();
    out += &fold("The environments differ", &environment, room.saturating_sub(out.chars().count()));
    out
}

fn fold(summary: &str, lines: &[String], room: usize) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let head = format!("\n<details><summary>{summary}</summary>\n\n");
    let mut room = room.saturating_sub(head.len() + 60);
    let mut out = head;
    for (index, line) in lines.iter().enumerate() {
        let length = line.chars().count();
        if length > room {
            out += &format!("- {} more\n", lines.len() - index);
            break;
        }
        room -= length;
        out += line;
    }
    out + "\n</details>\n"
}

fn shape(mark: Mark) -> String {
    format!("{} {}", mark.glyph(false), mark.word())
}

/// Returns text that stays text inside a table: no markup, no mention, no link.
fn escape(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for letter in crate::plain::short(text, limit).chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("@\u{2060}"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(letter);
            }
            letter => out.push(letter),
        }
    }
    out
}

fn code(text: &str) -> String {
    crate::plain::short(text, 40).replace('`', "'")
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn names_cannot_mark_up_or_mention() {
        assert_eq!(escape("a|b", 9), "a\\|b");
        assert_eq!(escape("<img>@all", 99), "&lt;img&gt;@\u{2060}all");
        assert_eq!(escape("x_y", 9), "x\\_y");
    }
}
