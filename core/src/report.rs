//! The report model that every renderer takes.
