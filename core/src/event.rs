//! Events that instances report.
