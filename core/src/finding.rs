//! Findings: verdicts with their evidence.
