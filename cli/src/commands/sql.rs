//! `ground sql`: asks the store anything.

use std::fs::File;
use std::io::{self, Write};

use ground_store::{OutputFormat, write_batches};

use super::Context;
use crate::args::{Sql, TableFormat};
use crate::error::CliError;
use crate::exit::Exit;

pub(crate) fn run(context: &Context, command: &Sql) -> Result<Exit, CliError> {
    let store = context.open_store()?;
    let query = command.query.clone();
    let answer = context.block_on(async move { store.sql(&query).await }).map_err(|error| {
        CliError::from_error(Exit::WrongInput, &error)
            .hint("tables and columns are in docs/formats.md; `SHOW TABLES` lists them")
    })?;
    let format = match command.format {
        TableFormat::Table => OutputFormat::Table,
        TableFormat::Csv => OutputFormat::Csv,
        TableFormat::Json => OutputFormat::Json,
        TableFormat::Parquet => OutputFormat::Parquet,
    };
    let failed = |error: &dyn std::error::Error| CliError::from_error(Exit::Broken, error);
    let written = match &command.output {
        Some(path) => {
            let mut file = File::create(path).map_err(|error| failed(&error))?;
            write_batches(&answer, format, &mut file)
        }
        None => {
            let mut bytes = Vec::new();
            let written = write_batches(&answer, format, &mut bytes);
            // A reader that has gone is no failure.
            let _ = io::stdout().lock().write_all(&bytes);
            written
        }
    };
    written.map_err(|error| failed(&error))?;
    Ok(Exit::Good)
}
