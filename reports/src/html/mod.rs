//! Pages.

use ground_core::report::Report;

use crate::site::{Page, SiteOptions};

/// Lists every file of the site.
pub(crate) fn pages<'a>(report: &'a Report, _options: &'a SiteOptions) -> Vec<Page<'a>> {
    let _ = report;
    Vec::new()
}
