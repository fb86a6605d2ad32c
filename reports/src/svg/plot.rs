//! A plotters drawing area with coordinates, and what every chart puts around it.

use std::ops::Range;

use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::coord::{CoordTranslate, Shift};
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, IntoFont as _, ShapeStyle, TextStyle};
use plotters_backend::{BackendCoord, DrawingErrorKind};

use super::backend::{Canvas, SvgBackend, TENTHS};
use super::paint::{Paint, Role};
use crate::mark::Mark;

type Plane = Cartesian2d<RangedCoordf64, RangedCoordf64>;
type Area<'c> = DrawingArea<SvgBackend<'c>, Plane>;
type Root<'c> = DrawingArea<SvgBackend<'c>, Shift>;

/// Pixels between the edges of a drawing and its plot.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Margins {
    /// Above.
    pub(crate) top: f64,
    /// To the right.
    pub(crate) right: f64,
    /// Below.
    pub(crate) bottom: f64,
    /// To the left.
    pub(crate) left: f64,
}

/// A plot: data coordinates inside, tenths of a pixel around.
pub(crate) struct Plot<'c> {
    root: Root<'c>,
    area: Area<'c>,
    /// Range of the horizontal axis.
    pub(crate) x: Range<f64>,
    /// Range of the vertical axis.
    pub(crate) y: Range<f64>,
}

/// Which part of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

fn drawn<T>(
    result: Result<T, plotters::drawing::DrawingAreaErrorKind<std::convert::Infallible>>,
) -> T {
    result.unwrap_or_else(|error| panic!("bug: drawing into memory failed: {error}"))
}

impl<'c> Plot<'c> {
    /// Makes a plot on `canvas`; ranges that are empty or not finite become 0 to 1.
    pub(crate) fn new(
        canvas: &'c mut Canvas,
        margins: Margins,
        x: Range<f64>,
        y: Range<f64>,
    ) -> Self {
        let sane = |range: Range<f64>| {
            if range.start.is_finite() && range.end.is_finite() && range.end > range.start {
                range
            } else {
                0.0..1.0
            }
        };
        let (x, y) = (sane(x), sane(y));
        let tenths = |pixels: f64| (pixels * f64::from(TENTHS)).round() as i32;
        let root = SvgBackend { canvas }.into_drawing_area();
        let inner = root.margin(
            tenths(margins.top),
            tenths(margins.bottom),
            tenths(margins.left),
            tenths(margins.right),
        );
        let (across, down) = inner.get_pixel_range();
        let plane = Plane::new(x.clone(), y.clone(), (across, down.end..down.start));
        let area = inner.apply_coord_spec(plane);
        Self { root, area, x, y }
    }

    /// Returns where a point of the data lies, in tenths of a pixel.
    pub(crate) fn at(&self, x: f64, y: f64) -> BackendCoord {
        self.area.as_coord_spec().translate(&(x, self.bound(y)))
    }

    /// Keeps what lies far outside near the edge, so that no coordinate overflows.
    fn bound(&self, y: f64) -> f64 {
        let span = self.y.end - self.y.start;
        y.clamp(self.y.start - 3.0 * span, self.y.end + 3.0 * span)
    }

    /// Draws an element in data coordinates.
    fn put<E>(&self, element: &E)
    where
        E: Drawable<SvgBackend<'c>>,
        for<'b> &'b E: PointCollection<'b, (f64, f64)>,
    {
        drawn(self.area.draw(element));
    }

    fn pin<E>(&self, element: &E)
    where
        E: Drawable<SvgBackend<'c>>,
        for<'b> &'b E: PointCollection<'b, (i32, i32)>,
    {
        drawn(self.root.draw(element));
    }

    /// Draws a line through points of the data.
    pub(crate) fn line(&self, points: Vec<(f64, f64)>, paint: Paint) {
        if points.len() > 1 {
            let points: Vec<_> = points.into_iter().map(|(x, y)| (x, self.bound(y))).collect();
            self.put(&PathElement::new(points, paint.style()));
        }
    }

    /// Fills the polygon around points of the data.
    pub(crate) fn polygon(&self, points: Vec<(f64, f64)>, paint: Paint) {
        if points.len() > 2 {
            let points: Vec<_> = points.into_iter().map(|(x, y)| (x, self.bound(y))).collect();
            self.put(&Polygon::new(points, paint.fill()));
        }
    }

    /// Fills a rectangle between two points of the data.
    pub(crate) fn area(&self, from: (f64, f64), to: (f64, f64), paint: Paint) {
        let corners = [(from.0, self.bound(from.1)), (to.0, self.bound(to.1))];
        self.put(&Rectangle::new(corners, paint.fill()));
    }

    /// Puts a round dot on a point of the data.
    pub(crate) fn dot(&self, x: f64, y: f64, paint: Paint) {
        self.put(&Circle::new((x, self.bound(y)), 1, paint.fill()));
    }

    /// Draws a line between places in tenths of a pixel.
    pub(crate) fn stroke(&self, points: Vec<BackendCoord>, paint: Paint) {
        self.pin(&PathElement::new(points, paint.style()));
    }

    /// Fills a rectangle between places in tenths of a pixel.
    pub(crate) fn rect(&self, from: BackendCoord, to: BackendCoord, paint: Paint) {
        self.pin(&Rectangle::new([from, to], paint.fill()));
    }

    /// Writes text at a place in tenths of a pixel, centred on its height.
    pub(crate) fn text(&self, text: &str, at: BackendCoord, anchor: Anchor, paint: Paint) {
        let style = text_style(anchor, paint);
        self.pin(&Text::new(text.to_owned(), at, style));
    }

    /// Puts a verdict's shape around a place in tenths of a pixel, `size` tenths wide.
    pub(crate) fn shape(&self, at: BackendCoord, size: i32, mark: Mark) {
        let half = size / 2;
        let fill = Paint::Of(Role::Shape, mark);
        let polygon = |points: Vec<(i32, i32)>| {
            let moved = points.into_iter().map(|(x, y)| (at.0 + x, at.1 + y)).collect::<Vec<_>>();
            self.pin(&Polygon::new(moved, fill.fill()));
        };
        match mark {
            Mark::Regression => polygon(vec![(0, -half), (half, 0), (0, half), (-half, 0)]),
            Mark::Flaky => polygon(vec![(0, -half), (half, half - 5), (-half, half - 5)]),
            Mark::Broken => {
                let (near, far) = (half / 4, half * 9 / 10);
                polygon(vec![
                    (-far, near - far),
                    (near - far, -far),
                    (0, -near),
                    (far - near, -far),
                    (far, near - far),
                    (near, 0),
                    (far, far - near),
                    (far - near, far),
                    (0, near),
                    (near - far, far),
                    (-far, far - near),
                    (-near, 0),
                ]);
            }
            Mark::Improvement => {
                self.pin(&Circle::new(at, half * 5 / 6, ring(fill)));
            }
            Mark::Inconclusive => {
                self.pin(&Circle::new(at, half * 4 / 5, ring(Paint::Of(Role::Ring, mark))));
            }
            Mark::NoData => {
                let side = half * 4 / 5;
                let corners = [(at.0 - side, at.1 - side), (at.0 + side, at.1 + side)];
                self.pin(&Rectangle::new(corners, Paint::Empty.style()));
            }
            Mark::Equivalent | Mark::Stable => {
                for up in [-half / 2, half / 4] {
                    let corners = [(at.0 - half, at.1 + up), (at.0 + half, at.1 + up + half / 4)];
                    self.pin(&Rectangle::new(corners, fill.fill()));
                }
            }
        }
    }

    /// Begins a group that the script can find.
    pub(crate) fn open(&self, class: &'static str) {
        self.pin(&Group(Some(class)));
    }

    /// Ends the group begun last.
    pub(crate) fn close(&self) {
        self.pin(&Group(None));
    }

    /// Draws horizontal lines with labels at the left.
    pub(crate) fn y_ticks(&self, ticks: &[(f64, String)]) {
        for (value, _) in ticks {
            self.line(vec![(self.x.start, *value), (self.x.end, *value)], Paint::Grid);
        }
        for (value, label) in ticks {
            let at = self.at(self.x.start, *value);
            self.text(label, (at.0 - 80, at.1), Anchor::End, Paint::Text);
        }
    }

    /// Writes labels under the plot, `below` tenths of a pixel under its edge.
    pub(crate) fn x_ticks(&self, ticks: &[(f64, String)], below: i32) {
        for (value, label) in ticks {
            let at = self.at(*value, self.y.start);
            self.text(label, (at.0, at.1 + below), Anchor::Middle, Paint::Text);
        }
    }
}

fn ring(paint: Paint) -> ShapeStyle {
    ShapeStyle { filled: false, ..paint.style() }
}

fn text_style(anchor: Anchor, paint: Paint) -> TextStyle<'static> {
    let h_pos = match anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let size = if paint == Paint::Note { 100 } else { 110 };
    ("sans-serif", size).into_font().color(&paint.to_rgba()).pos(Pos::new(h_pos, VPos::Center))
}

/// Begins or ends a group.
struct Group(Option<&'static str>);

impl<'a> PointCollection<'a, (i32, i32)> for &'a Group {
    type Point = &'a (i32, i32);
    type IntoIter = std::iter::Empty<&'a (i32, i32)>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::empty()
    }
}

impl Drawable<SvgBackend<'_>> for Group {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        _: I,
        backend: &mut SvgBackend<'_>,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<std::convert::Infallible>> {
        match self.0 {
            Some(class) => backend.canvas.open(class),
            None => backend.canvas.close(),
        }
        Ok(())
    }
}
