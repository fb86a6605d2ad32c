//! Path data: relative integers, as short as they get.

use plotters_backend::BackendCoord;

/// Path data that is being written.
#[derive(Debug, Default)]
pub(super) struct PathData {
    text: String,
    at: BackendCoord,
    command: char,
}

impl PathData {
    /// Begins a new stretch at `to`.
    pub(super) fn start(&mut self, to: BackendCoord) {
        if self.text.is_empty() {
            self.command = ' ';
            self.letter('M');
            self.number(to.0);
            self.number(to.1);
        } else {
            self.command = ' ';
            self.letter('m');
            self.number(to.0 - self.at.0);
            self.number(to.1 - self.at.1);
        }
        self.at = to;
        self.command = ' ';
    }

    /// Draws a straight line to `to`.
    pub(super) fn line(&mut self, to: BackendCoord) {
        let (dx, dy) = (to.0 - self.at.0, to.1 - self.at.1);
        match (dx, dy) {
            (0, 0) => return,
            (dx, 0) => {
                self.letter('h');
                self.number(dx);
            }
            (0, dy) => {
                self.letter('v');
                self.number(dy);
            }
            (dx, dy) => {
                self.letter('l');
                self.number(dx);
                self.number(dy);
            }
        }
        self.at = to;
    }

    /// Puts a round dot here, for strokes with round caps.
    pub(super) fn dot(&mut self) {
        self.text.push_str("h0");
        self.command = ' ';
    }

    /// Closes the stretch that began at `start`.
    pub(super) fn close(&mut self, start: BackendCoord) {
        self.text.push('z');
        self.command = ' ';
        self.at = start;
    }

    /// Draws a circle around `center`.
    pub(super) fn circle(&mut self, center: BackendCoord, radius: i32) {
        let start = (center.0 - radius, center.1);
        self.start(start);
        let across = 2 * radius;
        self.text.push_str(&format!("a{radius} {radius} 0 1 0 {across} 0"));
        self.text.push_str(&format!("a{radius} {radius} 0 1 0-{across} 0"));
        self.close(start);
    }

    fn letter(&mut self, letter: char) {
        if self.command != letter {
            self.text.push(letter);
            self.command = letter;
        }
    }

    fn number(&mut self, value: i32) {
        if value >= 0 && self.text.ends_with(|c: char| c.is_ascii_digit()) {
            self.text.push(' ');
        }
        let mut buffer = [0u8; 12];
        let mut place = buffer.len();
        let mut rest = value.unsigned_abs();
        loop {
            place -= 1;
            buffer[place] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            self.text.push('-');
        }
        self.text.extend(buffer[place..].iter().map(|digit| char::from(*digit)));
    }

    /// Takes what was written.
    pub(super) fn take(&mut self) -> String {
        self.at = (0, 0);
        self.command = ' ';
        std::mem::take(&mut self.text)
    }

    /// Returns whether nothing was written.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::PathData;

    #[test]
    fn paths_are_relative_and_short() {
        let mut path = PathData::default();
        path.start((10, 20));
        path.line((15, 26));
        path.line((14, 26));
        path.line((14, 30));
        path.line((20, 20));
        path.start((0, 0));
        path.dot();
        assert_eq!(path.take(), "M10 20l5 6h-1v4l6-10m-20-20h0");
        assert!(path.is_empty());
    }
}
