//! The command line of Proving Ground.

mod args;
mod commands;
mod error;
mod exit;
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
