//! Revisions of a plan's repository.
