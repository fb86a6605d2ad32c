//! Answers as text and files.

use std::io::Write;
use std::str::FromStr;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::json::{ArrayWriter, LineDelimitedWriter};
use arrow::util::pretty::pretty_format_batches_with_schema;
use ground_core::metric::UnknownWord;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::query::Batches;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutputFormat {
    /// A table for people.
    #[default]
    Table,
    /// Comma-separated values with a header; what is unknown is empty.
    Csv,
    /// One JSON array of objects; what is unknown is left out.
    Json,
    /// One JSON object per line; what is unknown is left out.
    JsonLines,
    /// One Parquet file.
    Parquet,
}

impl FromStr for OutputFormat {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Ok(match word {
            "table" => Self::Table,
            "csv" => Self::Csv,
            "json" => Self::Json,
            "jsonl" | "ndjson" => Self::JsonLines,
            "parquet" => Self::Parquet,
            _ => {
                return Err(UnknownWord {
                    what: "output format",
                    word: word.to_owned(),
                    known: "table, csv, json, jsonl, parquet",
                });
            }
        })
    }
}

/// An answer could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// The writer failed.
    #[error("writing the answer failed")]
    Io(#[from] std::io::Error),
    /// A column has no place in the format.
    #[error("the answer does not fit the format")]
    Arrow(#[from] ArrowError),
    /// Parquet refused.
    #[error("the answer could not be written as Parquet")]
    Parquet(#[from] ParquetError),
}

/// Writes an answer.
///
/// # Errors
/// [`OutputError`].
pub fn write_batches(
    answer: &Batches,
    format: OutputFormat,
    to: &mut dyn Write,
) -> Result<(), OutputError> {
    match format {
        OutputFormat::Table => {
            let schema = answer.schema.clone();
            writeln!(to, "{}", pretty_format_batches_with_schema(schema, &answer.batches)?)?;
        }
        OutputFormat::Csv => csv(answer, to)?,
        OutputFormat::Json => {
            let mut writer = ArrayWriter::new(&mut *to);
            writer.write_batches(&references(answer))?;
            writer.finish()?;
            writeln!(to)?;
        }
        OutputFormat::JsonLines => {
            let mut writer = LineDelimitedWriter::new(&mut *to);
            writer.write_batches(&references(answer))?;
            writer.finish()?;
        }
        OutputFormat::Parquet => to.write_all(&parquet(answer)?)?,
    }
    to.flush()?;
    Ok(())
}

fn references(answer: &Batches) -> Vec<&RecordBatch> {
    answer.batches.iter().collect()
}

fn csv(answer: &Batches, to: &mut dyn Write) -> Result<(), OutputError> {
    let mut writer = arrow::csv::WriterBuilder::new().with_header(true).build(&mut *to);
    if answer.batches.is_empty() {
        writer.write(&RecordBatch::new_empty(answer.schema.clone()))?;
    }
    for batch in &answer.batches {
        writer.write(batch)?;
    }
    Ok(())
}

fn parquet(answer: &Batches) -> Result<Vec<u8>, ParquetError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), answer.schema.clone(), Some(properties))?;
    for batch in &answer.batches {
        writer.write(batch)?;
    }
    writer.into_inner()
}
