//! The composition: which groups run what.
