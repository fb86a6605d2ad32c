//! Writes the site: deterministic, only what changed, never half a page.

mod tree;

use std::path::{Path, PathBuf};

use ground_core::report::Report;

pub(crate) use tree::{Page, Tree};

/// What a site's pages say beyond the report.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SiteOptions {
    /// Branch whose history it is, shown beside the project's name; empty where unknown.
    pub branch: String,
    /// Address at which the site will be read, with a slash at its end, for feeds and comments; empty where unknown.
    pub base_url: String,
    /// Address of a commit with `{commit}` in the place of its hash; empty where commits have no page.
    pub commit_url: String,
    /// Threads that render pages; 0 takes as many as the machine has.
    pub threads: usize,
    /// Whether every run's value is written beside the pages for download, about 60 bytes each.
    pub raw_runs: bool,
}

/// What writing a site did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SiteSummary {
    /// Files that were written because their content is new.
    pub written: usize,
    /// Files that were left as they were.
    pub unchanged: usize,
    /// Files of an earlier site that this one has not.
    pub removed: usize,
    /// Bytes of the whole site.
    pub bytes: u64,
}

/// Why a site could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// A folder, file or rename failed.
    #[error("cannot write `{path}`")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A page's template could not be filled.
    #[error("cannot render `{page}`")]
    Render {
        /// The page, relative to the site.
        page: String,
        /// What the template engine said.
        source: askama::Error,
    },
}

/// Writes the site of `report` into `dir`.
///
/// The same report and options give the same bytes. Files whose input did not change are left alone, files of an
/// earlier site that are not part of this one are removed, other files in `dir` are never touched. Every file is
/// written under another name and renamed, so a reader never sees half of one.
///
/// # Errors
/// [`SiteError::Write`] names the file or folder that could not be written.
pub fn write_site(
    report: &Report,
    dir: &Path,
    options: &SiteOptions,
) -> Result<SiteSummary, SiteError> {
    let mut tree = Tree::open(dir)?;
    let context = crate::html::Context::new(report, options);
    let pages = crate::html::pages(&context);
    tree.write(&pages, options.threads)?;
    tree.finish()
}

/// Renders the report's first comparison as one HTML file that needs no other, for attaching to a ticket; none where
/// nothing was compared.
///
/// # Errors
/// [`SiteError::Render`] where the page's template could not be filled.
pub fn compare_file(report: &Report, options: &SiteOptions) -> Result<Option<String>, SiteError> {
    let context = crate::html::Context::new(report, options);
    crate::html::alone(&context)
        .transpose()
        .map_err(|source| SiteError::Render { page: "compare".to_owned(), source })
}
