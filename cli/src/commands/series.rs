//! Plain series in, verdicts out, without a store.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use ground_analyzer::pipe::{self, Algorithm, PipeError};

use super::print;
use crate::args::Detector;
use crate::error::CliError;
use crate::exit::Exit;

pub(crate) fn changes(path: &Path, detector: Detector) -> Result<Exit, CliError> {
    let algorithm = match detector {
        Detector::Kernel => Algorithm::Kernel,
        Detector::Otava => Algorithm::Otava,
        Detector::Perfherder => Algorithm::Perfherder,
    };
    answer(path, |input| pipe::changes(input, algorithm))
}

pub(crate) fn compare(path: &Path) -> Result<Exit, CliError> {
    answer(path, pipe::compare)
}

pub(crate) fn flaky(path: &Path) -> Result<Exit, CliError> {
    answer(path, pipe::flaky)
}

pub(crate) fn warmup(path: &Path) -> Result<Exit, CliError> {
    answer(path, pipe::warmup)
}

fn answer(path: &Path, by: impl Fn(&str) -> Result<String, PipeError>) -> Result<Exit, CliError> {
    let input = read(path).map_err(|error| {
        let message = format!("series `{}` cannot be read: {error}", path.display());
        CliError::new(Exit::WrongInput, message).hint("name a file, or `-` for standard input")
    })?;
    let out = by(&input).map_err(|error| {
        let message = format!("{}:{}: {}", path.display(), error.line, error.reason);
        CliError::new(Exit::WrongInput, message).hint("the shapes of lines are in docs/series.md")
    })?;
    print(&out)?;
    Ok(Exit::Good)
}

fn read(path: &Path) -> io::Result<String> {
    if path == Path::new("-") {
        let mut input = String::new();
        io::stdin().lock().read_to_string(&mut input)?;
        return Ok(input);
    }
    fs::read_to_string(path)
}
