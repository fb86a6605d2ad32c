//! Reads the store by SQL, shapes frames, decides by statistics.

pub mod frame;
pub mod signature;
pub use ground_stats as stats;
