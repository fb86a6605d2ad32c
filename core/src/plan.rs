//! The plan: a program that takes part in tests, with its manifest.
