//! The wall clock, for moments that go into records.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the time, in nanoseconds since the epoch.
pub(crate) fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
