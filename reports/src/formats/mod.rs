//! Formats for other machines, all from the same findings.

pub mod atom;
pub mod badge;
pub mod csv;
pub mod github;
pub mod gitlab;
pub mod junit;
pub mod openmetrics;
pub mod sarif;
pub mod status;
pub mod webhook;

use crate::html::{Context, text};
use crate::site::Page;

/// Lists the site's files for other machines.
pub(crate) fn pages<'a>(context: &'a Context<'a>) -> Vec<Page<'a>> {
    let report = context.report;
    vec![
        text("status.json", || Ok(status::status(report))),
        text("feed.xml", || Ok(atom::feed(report, &context.options.base_url))),
        text("metrics.txt", || Ok(openmetrics::metrics(report))),
        text("raw/report.json", || Ok(crate::json::report(report))),
        text("raw/findings.csv", || Ok(csv::findings(report))),
        text("badge/report.svg", || Ok(badge::report(report))),
    ]
}
