//! The drawing backend: tenths of a pixel, classes for colours, one path for neighbours of one class.

use std::convert::Infallible;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use super::paint::{Class, Paint};
use super::path::PathData;
use super::width::text_width;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// Units of the canvas in one pixel.
pub(crate) const TENTHS: i32 = 10;

/// The text of a drawing while it grows.
#[derive(Debug, Default)]
pub(crate) struct Canvas {
    width: u32,
    height: u32,
    body: String,
    path: PathData,
    class: Option<Class>,
    texts: Option<(Class, &'static str)>,
}

/// What a drawing says to those who do not see it, and to the script.
#[derive(Debug, Clone, Default)]
pub(crate) struct Label<'a> {
    /// What the drawing is.
    pub(crate) title: &'a str,
    /// What it shows, in one sentence; empty where the title says it all.
    pub(crate) desc: &'a str,
    /// Classes of the element.
    pub(crate) class: &'a str,
    /// Further attributes, escaped, with a space before each.
    pub(crate) data: &'a str,
}

impl Canvas {
    /// Makes an empty drawing of so many pixels.
    pub(crate) fn new(width: u32, height: u32) -> Self {
        let tenths = TENTHS as u32;
        Self { width: width * tenths, height: height * tenths, ..Self::default() }
    }

    /// Returns the drawing as an element.
    pub(crate) fn finish(mut self, label: &Label<'_>) -> String {
        self.flush();
        let class = if label.class.is_empty() {
            String::new()
        } else {
            format!(" class=\"{}\"", label.class)
        };
        let desc = if label.desc.is_empty() {
            String::new()
        } else {
            format!("<desc>{}</desc>", crate::plain::markup(label.desc))
        };
        format!(
            "<svg{class} width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" role=\"img\"{}>\
             <title>{}</title>{desc}{}</svg>",
            self.width / TENTHS as u32,
            self.height / TENTHS as u32,
            self.width,
            self.height,
            label.data,
            crate::plain::markup(label.title),
            self.body
        )
    }

    fn flush(&mut self) {
        if let Some(class) = self.class.take()
            && !self.path.is_empty()
        {
            let data = self.path.take();
            self.body += &format!("<path class=\"{class}\" d=\"{data}\"/>");
        }
        if self.texts.take().is_some() {
            self.body.push_str("</g>");
        }
    }

    fn path_of(&mut self, color: BackendColor) -> &mut PathData {
        let class = Paint::classes(color.rgb);
        if self.class != Some(class) {
            self.flush();
            self.class = Some(class);
        }
        &mut self.path
    }

    /// Begins a group that the script can find.
    pub(crate) fn open(&mut self, class: &str) {
        self.flush();
        self.body += &format!("<g class=\"{class}\">");
    }

    /// Ends the group that was begun last.
    pub(crate) fn close(&mut self) {
        self.flush();
        self.body.push_str("</g>");
    }

    /// Places an indexed picture of `size` pixels, given as a data address or a path beside the page.
    pub(crate) fn text(
        &mut self,
        text: &str,
        at: BackendCoord,
        class: Class,
        anchor: &'static str,
    ) {
        if self.texts != Some((class, anchor)) {
            self.flush();
            let place = if anchor.is_empty() {
                String::new()
            } else {
                format!(" text-anchor=\"{anchor}\"")
            };
            self.body += &format!("<g class=\"{class}\"{place}>");
            self.texts = Some((class, anchor));
        }
        let text = crate::plain::markup(text);
        self.body += &format!("<text x=\"{}\" y=\"{}\">{text}</text>", at.0, at.1);
    }
}

/// Draws on a canvas what plotters asks for.
pub(crate) struct SvgBackend<'a> {
    /// The drawing.
    pub(crate) canvas: &'a mut Canvas,
}

impl DrawingBackend for SvgBackend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.canvas.width, self.canvas.height)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        let path = self.canvas.path_of(color);
        path.start(point);
        path.dot();
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        let path = self.canvas.path_of(style.color());
        path.start(from);
        path.line(to);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        let path = self.canvas.path_of(style.color());
        path.start(from);
        path.line((to.0, from.1));
        path.line(to);
        path.line((from.0, to.1));
        path.close(from);
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        points: I,
        style: &S,
    ) -> Drawn {
        let mut points = points.into_iter();
        if let Some(first) = points.next() {
            let path = self.canvas.path_of(style.color());
            path.start(first);
            points.for_each(|point| path.line(point));
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let path = self.canvas.path_of(style.color());
        if fill {
            path.start(center);
            path.dot();
        } else {
            path.circle(center, radius as i32);
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        points: I,
        style: &S,
    ) -> Drawn {
        let mut points = points.into_iter();
        if let Some(first) = points.next() {
            let path = self.canvas.path_of(style.color());
            path.start(first);
            points.for_each(|point| path.line(point));
            path.close(first);
        }
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, at: BackendCoord) -> Drawn {
        let anchor = style.anchor();
        let size = style.size();
        let rise = match anchor.v_pos {
            VPos::Top => 0.95,
            VPos::Center => 0.35,
            VPos::Bottom => -0.2,
        };
        let place = match anchor.h_pos {
            HPos::Left => "",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        let class = Paint::classes(style.color().rgb);
        self.canvas.text(text, (at.0, at.1 + (rise * size) as i32), class, place);
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((text_width(text, style.size()).ceil() as u32, style.size().ceil() as u32))
    }
}
