//! Loading compositions: templates, parsing, resolution.
