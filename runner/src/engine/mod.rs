//! The run engine: matrix, order, journal, resume.
