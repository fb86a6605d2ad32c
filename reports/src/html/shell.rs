//! The frame around every page.

use super::Context;
use crate::plain::short;

/// What the frame of a page says.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    /// The page's title.
    pub(crate) title: String,
    /// Way to the site's root: empty or `../`.
    pub(crate) root: &'static str,
    /// The project.
    pub(crate) project: String,
    /// The branch; empty where unknown.
    pub(crate) branch: String,
    /// Which entry of the bar is current.
    pub(crate) nav: &'static str,
    /// Entries of the bar: address, word.
    pub(crate) links: [(&'static str, &'static str); 9],
    /// What the site was made from; empty on pages that do not depend on all of it.
    pub(crate) source: String,
    /// Whether the page stands alone, without the rest of the site.
    pub(crate) alone: bool,
}

/// Entries of the bar.
const LINKS: [(&str, &str); 9] = [
    ("index.html", "Tonight"),
    ("perf/index.html", "Performance"),
    ("stab/index.html", "Stability"),
    ("cmp/index.html", "Compare"),
    ("gate/index.html", "Gate"),
    ("matrix.html", "Matrix"),
    ("sweeps/index.html", "Sweeps"),
    ("runs/index.html", "Runs"),
    ("data.html", "Data quality"),
];

impl Shell {
    /// Makes the frame of a page.
    pub(crate) fn new(
        context: &Context<'_>,
        title: &str,
        nav: &'static str,
        root: &'static str,
    ) -> Self {
        let report = context.report;
        Self {
            title: short(title, 120),
            root,
            project: if report.project.is_empty() {
                "project".to_owned()
            } else {
                short(&report.project, 40)
            },
            branch: short(&context.options.branch, 40),
            nav,
            links: LINKS,
            source: String::new(),
            alone: false,
        }
    }

    /// Says in the foot what the whole site was made from; pages that say it change every night.
    pub(crate) fn with_source(mut self, context: &Context<'_>) -> Self {
        let report = context.report;
        let head = report
            .revisions
            .last()
            .map_or_else(String::new, |r| format!(" up to {}", short(&r.short(), 20)));
        let (series, revisions) = (report.series.len(), report.revisions.len());
        let plural = if revisions == 1 { "" } else { "s" };
        self.source = format!("Made from {series} series over {revisions} revision{plural}{head}");
        self
    }
}
