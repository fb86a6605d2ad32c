//! Findings to HTML site, SVG, Markdown, JSON and text.
