//! Which bytes of the output come from which bytes of the template.

use super::Span;

/// A piece of the output with its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Where the piece begins in the output.
    pub start: usize,
    /// Where it comes from.
    pub source: Span,
    /// Whether it was copied byte by byte, rather than made by an action.
    pub copied: bool,
}

/// A rendered template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rendered {
    /// The output.
    pub text: String,
    /// The pieces of the output, in order and without gaps.
    pub segments: Vec<Segment>,
    /// Actions that wrote a missing value, as `<no value>`.
    pub missing: Vec<Span>,
}

impl Rendered {
    /// Appends `text`, which comes from `source`.
    pub(super) fn push(&mut self, text: &str, source: Span, copied: bool) {
        if !text.is_empty() {
            self.segments.push(Segment { start: self.text.len(), source, copied });
            self.text.push_str(text);
        }
    }

    /// Returns the bytes of the template from which the bytes `range` of the output come.
    #[must_use]
    pub fn origin(&self, range: &Span) -> Span {
        let start = self.locate(range.start, false);
        let end = if range.is_empty() { start.start } else { self.locate(range.end, true).end };
        if start.end > start.start || end < start.start {
            // An action made the first byte: the whole action is meant.
            return start;
        }
        start.start..end.max(start.start)
    }

    /// Returns where one offset comes from; `before` asks for the byte before it.
    ///
    /// A copied byte comes from an empty range, a made one from its whole action.
    fn locate(&self, offset: usize, before: bool) -> Span {
        let wanted = offset - usize::from(before && offset > 0);
        let after = self.segments.partition_point(|segment| segment.start <= wanted);
        let Some(segment) = after.checked_sub(1).and_then(|index| self.segments.get(index)) else {
            return 0..0;
        };
        if !segment.copied {
            return segment.source.clone();
        }
        let at = (segment.source.start + (offset - segment.start)).min(segment.source.end);
        at..at
    }
}
