//! Findings to HTML site, SVG, Markdown, JSON and text.
//!
//! Every renderer takes the same [`Report`](ground_core::report::Report) or
//! [`Comparison`](ground_core::report::Comparison) and returns text; only [`write_site`] touches files. No renderer
//! computes a number or decides a verdict: they show what the analysis found.

#![cfg_attr(test, allow(clippy::print_stdout, clippy::print_stderr, reason = "tests report skips"))]

pub mod formats;
mod html;
pub mod json;
mod mark;
pub mod markdown;
pub mod night;
mod number;
mod plain;
mod site;
mod svg;
pub mod text;

pub use site::{SiteError, SiteOptions, SiteSummary, compare_file, write_site};
