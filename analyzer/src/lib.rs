//! Reads the store by SQL, shapes frames, decides by statistics.

pub mod compare;
pub mod dataset;
mod design;
mod detail;
pub mod frame;
pub mod gate;
pub mod history;
pub mod pipe;
pub mod report;
pub mod series;
pub mod signature;
pub mod stability;
mod summary;

pub use ground_stats as stats;
