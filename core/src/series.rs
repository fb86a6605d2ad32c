//! Series and points.
