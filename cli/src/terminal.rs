//! The terminal: who may be coloured, and how failures are shown. Data goes to standard output, everything else here.

use std::io::{IsTerminal, stderr, stdout};
use std::sync::OnceLock;

use tracing_subscriber::EnvFilter;

use crate::args::{Global, When};
use crate::error::CliError;

#[derive(Debug, Clone, Copy)]
struct Style {
    color_errors: bool,
    color_output: bool,
}

static STYLE: OnceLock<Style> = OnceLock::new();

/// Reads flags and environment once, and begins to log to standard error.
pub(crate) fn init(global: &Global) {
    let wanted = |terminal: bool| match global.color {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal && std::env::var_os("NO_COLOR").is_none(),
    };
    let style = Style {
        color_errors: wanted(stderr().is_terminal()),
        color_output: wanted(stdout().is_terminal()),
    };
    let _ = STYLE.set(style);
    let level = match global.verbose {
        0 => "warn",
        1 => "ground_runner=info,ground_store=info,warn",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env("GROUND_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(style.color_errors)
        .without_time()
        .with_target(false)
        .init();
}

/// Returns whether standard output may be coloured.
pub(crate) fn colors() -> bool {
    STYLE.get().is_some_and(|style| style.color_output)
}

/// Returns the width of the terminal, or 100 where there is none.
pub(crate) fn width() -> usize {
    if !stdout().is_terminal() {
        return 100;
    }
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.unwrap_or_else(|| console::Term::stdout().size().1.into())
}

/// Prints a failure on standard error.
pub(crate) fn complain(error: &CliError) {
    let text = error.to_string();
    if STYLE.get().is_some_and(|style| style.color_errors) {
        let text = text.replacen("error:", "\x1b[1;31merror:\x1b[0m", 1);
        let text = text.replacen("\nhint:", "\n\x1b[1;36mhint:\x1b[0m", 1);
        eprintln!("{text}");
    } else {
        eprintln!("{text}");
    }
}
