//! The Parquet store: atomic append of runs, catalogue, SQL.
