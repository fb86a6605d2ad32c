//! Atom feed: one entry for each confirmed change.

use ground_core::finding::{Change, ChangeKind};
use ground_core::report::{Report, SeriesHistory};
use ground_core::verdict::Verdict;

use crate::html::series_path;
use crate::number::{self, Notation, iso_moment};
use crate::plain::{markup, short};

/// Entries of the feed.
const MOST: usize = 50;

/// Renders the newest fifty confirmed changes; dates are those of the commits and never of the rendering.
#[must_use]
pub fn feed(report: &Report, base_url: &str) -> String {
    let mut found: Vec<(i64, &SeriesHistory, &Change)> = Vec::new();
    for history in &report.series {
        for change in &history.changes {
            let moved = matches!(change.verdict, Verdict::Regression | Verdict::Improvement);
            if moved
                && change.kind == ChangeKind::Step
                && let Some(points) = history.series.revisions.get(change.index)
            {
                found.push((points.revision.committed_at_s, history, change));
            }
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.series.key.cmp(&b.1.series.key)));
    found.dedup_by(|a, b| a.1.series.key == b.1.series.key && a.2.index == b.2.index);
    found.truncate(MOST);
    let updated = found
        .first()
        .map(|entry| entry.0)
        .or(report.revisions.last().map(|revision| revision.committed_at_s))
        .unwrap_or(0);
    let project = markup(&short(&report.project, 80));
    let slug = crate::plain::slug(&report.project);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <title>{project}: confirmed changes</title>\n<id>tag:ground,2026:{slug}</id>\n\
         <updated>{}</updated>\n<author><name>ground</name></author>\n",
        moment(updated)
    );
    for (at, history, change) in found {
        out += &entry(&slug, at, history, change, base_url);
    }
    out + "</feed>\n"
}

fn moment(seconds: i64) -> String {
    iso_moment(seconds.saturating_mul(1_000_000_000))
}

fn entry(slug: &str, at: i64, history: &SeriesHistory, change: &Change, base_url: &str) -> String {
    let key = &history.series.key;
    let revision = &history.series.revisions[change.index].revision;
    let title = format!(
        "{}: {} {}",
        change.verdict,
        short(&key.title(), 120),
        number::change(change.effect, Notation::Text)
    );
    let link = format!("{base_url}{}", series_path(key));
    format!(
        "<entry><title>{}</title><id>tag:ground,2026:{slug}/{}/{}</id><updated>{}</updated>\
         <link href=\"{}\"/><summary>{} {} at {}, 95 % interval {}</summary></entry>\n",
        markup(&title),
        key.id(),
        markup(&short(&revision.commit, 40)),
        moment(at),
        markup(&link),
        markup(&short(&key.title(), 120)),
        number::change(change.effect, Notation::Text),
        markup(&short(&revision.short(), 12)),
        number::change_interval(change.effect, Notation::Text),
    )
}
