//! Pieces that several pages show.

use ground_core::finding::Estimate;
use ground_core::metric::Direction;
use ground_core::revision::Revision;

use super::Context;
use crate::mark::Mark;
use crate::number::{self, Notation};
use crate::plain::{markup, short};

/// Returns a verdict's badge: shape and word.
pub(crate) fn badge(mark: Mark) -> String {
    format!(
        "<span class=\"bg {}\">{}{}</span>",
        mark.class(),
        crate::svg::shape(mark),
        mark.title()
    )
}

/// Returns a change with its interval in two lines.
pub(crate) fn change_cell(effect: Option<Estimate>) -> String {
    effect.map_or_else(
        || "<span class=\"dim\">–</span>".to_owned(),
        |effect| {
            format!(
                "<b>{}</b><small>{}</small>",
                number::change(effect, Notation::Html),
                number::change_interval(effect, Notation::Html)
            )
        },
    )
}

/// Returns a revision as a link to its page elsewhere, or as plain text.
pub(crate) fn commit(context: &Context<'_>, revision: &Revision) -> String {
    let name = markup(&short(&revision.short(), 20));
    match context.commit_link(revision) {
        Some(link) => format!("<a class=\"mo\" href=\"{}\">{name}</a>", markup(&link)),
        None => format!("<span class=\"mo\">{name}</span>"),
    }
}

/// Returns an arrow for metrics of which more is better; nothing for the others.
pub(crate) fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::Higher => " ↑",
        Direction::Lower | Direction::None => "",
    }
}

/// Returns which way a metric gets better, in words.
pub(crate) fn better(direction: Direction) -> &'static str {
    match direction {
        Direction::Lower => "lower is better",
        Direction::Higher => "higher is better",
        Direction::None => "no direction, shown and never judged",
    }
}

/// Returns what stands where a page has nothing to show: what would fill it, and how.
pub(crate) fn empty(what: &str, how: &str) -> String {
    format!("<p class=\"no\">{} Fill it with <code>{}</code>.</p>", markup(what), markup(how))
}

/// Returns the number of revisions from `from` to `to` on their branch, where both have a place.
pub(crate) fn distance(from: &Revision, to: &Revision) -> Option<i64> {
    Some(to.position - from.position).filter(|distance| (1..1_000_000).contains(distance))
}

/// Returns `1 commit` or `n commits`.
pub(crate) fn commits(count: i64) -> String {
    format!("{count} commit{}", if count == 1 { "" } else { "s" })
}
