//! The command line of Proving Ground.

#![expect(clippy::print_stderr, reason = "the command line is what talks to people")]

mod args;
mod commands;
mod demo;
mod error;
mod exit;
mod flow;
mod hints;
mod live;
mod recorder;
mod request;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return exit::of_usage(&error),
    };
    terminal::init(&args.global);
    match commands::dispatch(args) {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal::complain(&error);
            error.exit.into()
        }
    }
}
