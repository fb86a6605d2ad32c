//! Reads the store by SQL, shapes frames, decides by statistics.
