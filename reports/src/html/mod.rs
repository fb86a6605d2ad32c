//! Pages.

mod cells;
mod compare;
mod context;
mod data;
mod gate;
mod more;
mod perf;
mod run;
mod series;
mod shell;
mod stab;
mod tonight;

use std::hash::{DefaultHasher, Hash, Hasher};

pub(crate) use compare::alone;
pub(crate) use context::{Context, series_path};

use crate::site::Page;

const STYLE: &str = include_str!("../../assets/a.css");
const SCRIPT: &str = include_str!("../../assets/a.js");

/// Lists every file of the site.
pub(crate) fn pages<'a>(context: &'a Context<'a>) -> Vec<Page<'a>> {
    let mut pages = vec![
        text("a.css", || Ok(style())),
        text("a.js", || Ok(lean(SCRIPT))),
        text("index.html", || tonight::render(context)),
        text("matrix.html", || more::matrix(context)),
        text("about.html", || more::about(context)),
        text("data.html", || more::data_quality(context)),
        text("sweeps/index.html", || more::sweeps(context)),
        text("stab/index.html", || stab::render(context)),
        text("gate/index.html", || gate::render(context)),
        text("d/find.js", || Ok(data::find(context))),
        text("d/commits.js", || Ok(data::commits(context))),
    ];
    pages.extend(perf::pages(context));
    pages.extend(compare::pages(context));
    pages.extend(run::pages(context));
    pages.extend(series::pages(context));
    pages.extend(crate::formats::pages(context));
    pages
}

/// Returns the style sheet as it is served.
pub(crate) fn style() -> String {
    lean(STYLE).replace('\n', "")
}

/// Returns a style sheet or script without indentation and without lines that are only a comment.
fn lean(source: &str) -> String {
    let kept =
        source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    kept.fold(String::with_capacity(source.len()), |out, line| out + line + "\n")
}

/// Makes a page that is compared by its bytes.
pub(crate) fn text<'a>(
    path: impl Into<String>,
    render: impl Fn() -> askama::Result<String> + Send + Sync + 'a,
) -> Page<'a> {
    let render = Box::new(move || render().map(String::into_bytes));
    Page { path: path.into(), input: None, render }
}

/// Makes a page that is rendered only when `input` changed.
pub(crate) fn keyed<'a>(
    path: impl Into<String>,
    input: u64,
    render: impl Fn() -> askama::Result<String> + Send + Sync + 'a,
) -> Page<'a> {
    Page { input: Some(input), ..text(path, render) }
}

/// Hashes what a page is made from; the same input always gives the same number.
pub(crate) fn key(feed: impl FnOnce(&mut DefaultHasher)) -> u64 {
    let mut hasher = DefaultHasher::new();
    feed(&mut hasher);
    hasher.finish()
}

/// Feeds a floating-point number to a hash, by its bits.
pub(crate) fn feed_float(hasher: &mut DefaultHasher, value: f64) {
    value.to_bits().hash(hasher);
}
