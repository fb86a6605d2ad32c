//! A gate's decision.

use ground_core::finding::{GateReport, RuleResult};

use super::table::{Cell, Table};
use super::{TextOptions, wrap};
use crate::mark::{Mark, rule_word};
use crate::night::exit_code;

/// Renders a gate's decision with every rule, and what the exit code will be.
#[must_use]
pub fn gate(gate: &GateReport, options: &TextOptions) -> String {
    let options = *options;
    let passed = gate.rules.iter().filter(|rule| rule.result == RuleResult::Pass).count();
    let mut out = format!(
        "gate {}: {passed} of {} rules pass, {} against {}\n",
        gate.decision.as_str(),
        gate.rules.len(),
        gate.candidate.short(),
        gate.baseline.short()
    );
    let mut table = Table::default();
    for rule in &gate.rules {
        let mark = Mark::from(rule.result);
        table.row(vec![
            Cell::left(format!("{} {}", mark.glyph(options.ascii), rule_word(rule.result)))
                .colored(options.color.then(|| mark.ansi())),
            Cell::left(options.outside(&rule.required, 80)),
            Cell::left(options.outside(&rule.found, 120)),
        ]);
    }
    out += &table.render(options.width.max(60));
    out += &wrap(
        &format!("exit code {}; policy {}", exit_code(gate.decision), digest(gate)),
        options.width,
        "",
    );
    out
}

fn digest(gate: &GateReport) -> String {
    gate.policy_digest.chars().take(12).collect()
}
