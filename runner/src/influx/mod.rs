//! An InfluxDB v1 write sink for the metrics of existing plans.
//!
//! Plans written with Testground's Go and Rust SDKs send metrics to `INFLUXDB_URL`. The listener answers as InfluxDB
//! does and keeps what was sent, in a file beside the outputs, for [`crate::ingest`] to read.

mod http;
mod line;
mod listener;

pub use line::{LineError, Record, parse_line};
pub use listener::{CAPTURE_FILE, Listener};
