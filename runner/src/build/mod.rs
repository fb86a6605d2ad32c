//! Builders: plan source to a runnable artifact.
