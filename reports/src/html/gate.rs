//! May this release go: the rule table.

use askama::Template;

use super::cells::{commit, empty};
use super::{Context, shell::Shell};
use crate::mark::{Mark, decision_class, rule_word};
use crate::night::exit_code;
use crate::plain::short;
use crate::svg::shape;

#[derive(Template)]
#[template(path = "gate.html")]
struct Page {
    shell: Shell,
    empty: String,
    class: &'static str,
    word: String,
    exit: u8,
    sides: String,
    digest: String,
    rules: Vec<Rule>,
}

struct Rule {
    mark: String,
    required: String,
    found: String,
    series: Option<(String, String)>,
}

/// Renders the page.
pub(super) fn render(context: &Context<'_>) -> askama::Result<String> {
    let shell = context.shell("Gate", "Gate", "../");
    let Some(gate) = &context.report.gate else {
        let empty = empty("No gate was asked of this report.", "ground report --policy FILE");
        return Page {
            shell,
            empty,
            class: "u",
            word: "NO GATE".to_owned(),
            exit: 3,
            sides: String::new(),
            digest: String::new(),
            rules: Vec::new(),
        }
        .render();
    };
    let rules = gate
        .rules
        .iter()
        .map(|rule| Rule {
            mark: format!(
                "<span class=\"bg {}\">{}{}</span>",
                Mark::from(rule.result).class(),
                shape(Mark::from(rule.result)),
                rule_word(rule.result)
            ),
            required: short(&rule.required, 200),
            found: short(&rule.found, 300),
            series: rule.series.as_ref().and_then(|key| {
                Some((format!("../{}", context.series_link(key)?), short(&key.title(), 60)))
            }),
        })
        .collect();
    Page {
        shell,
        empty: String::new(),
        class: decision_class(gate.decision),
        word: gate.decision.as_str().to_uppercase(),
        exit: exit_code(gate.decision),
        sides: format!(
            "{} against {}",
            commit(context, &gate.candidate),
            commit(context, &gate.baseline)
        ),
        digest: short(&gate.policy_digest, 64),
        rules,
    }
    .render()
}
