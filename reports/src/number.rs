//! How numbers are written: the interval decides the digits, the unit decides the prefix.

use ground_core::finding::Estimate;
use ground_core::metric::{Stat, Unit};

/// Where a number is going to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    /// In a page: true minus, thin no-break space.
    Html,
    /// In a terminal or a text file: hyphen, plain space.
    Text,
    /// Nothing beyond ASCII.
    Ascii,
}

impl Notation {
    fn space(self) -> &'static str {
        if self == Self::Html { "\u{202f}" } else { " " }
    }

    fn minus(self) -> &'static str {
        if self == Self::Html { "\u{2212}" } else { "-" }
    }

    fn infinity(self) -> &'static str {
        if self == Self::Ascii { "inf" } else { "∞" }
    }

    /// Returns the sign between a value and its half-width.
    pub(crate) fn plus_minus(self) -> &'static str {
        if self == Self::Ascii { "+/-" } else { "±" }
    }

    fn times(self) -> &'static str {
        if self == Self::Ascii { "x" } else { "×" }
    }

    /// Returns what stands where there is nothing to say.
    pub(crate) fn dash(self) -> &'static str {
        if self == Self::Ascii { "-" } else { "–" }
    }
}

/// A prefix and unit for a column or a chart, chosen once so that its numbers can be compared by eye.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scale {
    /// What a value in the base unit is multiplied with.
    pub(crate) factor: f64,
    /// The unit with its prefix; empty for plain counts.
    pub(crate) unit: String,
}

impl Scale {
    /// Chooses the prefix that suits `typical`, a value in the base unit.
    pub(crate) fn of(unit: &Unit, stat: Stat, typical: f64) -> Self {
        let (base, per_second) = match unit.as_str().strip_suffix("/s") {
            Some(base) => (base, true),
            None => (unit.as_str(), stat == Stat::Rate),
        };
        let size = if typical.is_finite() { typical.abs() } else { 0.0 };
        let (factor, prefix): (f64, &str) = match base {
            "s" => time_prefix(size),
            "B" | "count" | "" | "op" | "ops" | "msg" | "bit" => big_prefix(size, base),
            "ratio" if !per_second => (100.0, ""),
            _ => (1.0, ""),
        };
        let word = match base {
            "ratio" if !per_second => "%",
            "count" => "",
            other => other,
        };
        let tail = if per_second { "/s" } else { "" };
        let unit: String = format!("{prefix}{word}{tail}").chars().take(24).collect();
        Self { factor, unit: crate::plain::clean(&unit) }
    }

    /// Writes `value` alone, with `decimals` digits behind the point.
    pub(crate) fn number(&self, value: f64, decimals: i32, notation: Notation) -> String {
        fixed(value * self.factor, decimals, notation)
    }

    /// Writes `value` with three significant digits and the unit.
    pub(crate) fn value(&self, value: f64, notation: Notation) -> String {
        if self.unit == "s" && self.factor == 1.0 && (120.0..1e7).contains(&value.abs()) {
            return clock(value, notation);
        }
        let decimals = significant(value * self.factor, 3);
        self.with_unit(self.number(value, decimals, notation), notation)
    }

    /// Writes `value` with as few digits as it needs, at most three, and the unit.
    pub(crate) fn short(&self, value: f64, notation: Notation) -> String {
        let scaled = value * self.factor;
        let most = significant(scaled, 3);
        let exact = |digits: i32| {
            let shift = 10f64.powi(digits);
            ((scaled * shift).round() / shift / scaled - 1.0).abs() < 1e-9
        };
        let decimals = (0..most).find(|digits| exact(*digits)).unwrap_or(most);
        self.with_unit(self.number(value, decimals, notation), notation)
    }

    /// Writes a level as `482 ± 5 ms`; without a usable interval as a value.
    pub(crate) fn level(&self, level: Estimate, notation: Notation) -> String {
        let half = (level.hi - level.lo) / 2.0 * self.factor;
        if !half.is_finite() || half <= 0.0 {
            return self.value(level.value, notation);
        }
        let decimals = place(half);
        let (space, sign) = (notation.space(), notation.plus_minus());
        let text = format!(
            "{}{space}{sign}{space}{}",
            self.number(level.value, decimals, notation),
            fixed(half, decimals, notation)
        );
        self.with_unit(text, notation)
    }

    /// Returns digits behind the point that a level's interval allows.
    pub(crate) fn decimals(&self, level: Estimate) -> i32 {
        let half = (level.hi - level.lo) / 2.0 * self.factor;
        if half.is_finite() && half > 0.0 {
            place(half)
        } else {
            significant(level.value * self.factor, 3)
        }
    }

    /// Writes a level's value with the digits that its interval allows, and no unit.
    pub(crate) fn level_number(&self, level: Estimate, notation: Notation) -> String {
        self.number(level.value, self.decimals(level), notation)
    }

    fn with_unit(&self, number: String, notation: Notation) -> String {
        if self.unit.is_empty() {
            number
        } else {
            format!("{number}{}{}", notation.space(), self.unit)
        }
    }
}

fn time_prefix(size: f64) -> (f64, &'static str) {
    match size {
        0.0 => (1.0, ""),
        s if s < 999.5e-9 => (1e9, "n"),
        s if s < 999.5e-6 => (1e6, "µ"),
        s if s < 0.9995 => (1e3, "m"),
        _ => (1.0, ""),
    }
}

fn big_prefix(size: f64, base: &str) -> (f64, &'static str) {
    let first = if base == "B" || base == "bit" { 999.5 } else { 9_999.5 };
    match size {
        s if s < first => (1.0, ""),
        s if s < 999.5e3 => (1e-3, "k"),
        s if s < 999.5e6 => (1e-6, "M"),
        s if s < 999.5e9 => (1e-9, "G"),
        _ => (1e-12, "T"),
    }
}

/// Returns digits behind the point so that `half` keeps one significant digit, or two if it begins with 1.
fn place(half: f64) -> i32 {
    let mut power = half.log10().floor();
    let mut lead = half / 10f64.powf(power);
    if lead >= 9.5 {
        power += 1.0;
        lead = 1.0;
    }
    let keep = if lead < 1.95 { power - 1.0 } else { power };
    (-keep) as i32
}

/// Returns digits behind the point so that `value` keeps `digits` significant ones.
fn significant(value: f64, digits: i32) -> i32 {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    let power = value.abs().log10().floor() as i32;
    (digits - 1 - power).clamp(0, 9)
}

/// Writes `value` with `decimals` digits behind the point, thousands apart; negative `decimals` round to tens and up.
pub(crate) fn fixed(value: f64, decimals: i32, notation: Notation) -> String {
    if value.is_nan() {
        return notation.dash().to_owned();
    }
    let sign = if value < 0.0 { notation.minus() } else { "" };
    if value.is_infinite() {
        return format!("{sign}{}", notation.infinity());
    }
    let size = value.abs();
    if size >= 1e9 || (size != 0.0 && size < 1e-4 && decimals > 4) {
        let text = format!("{size:.2e}").replace('-', notation.minus());
        return format!("{sign}{text}");
    }
    let rounded = if decimals < 0 {
        let unit = 10f64.powi(-decimals);
        (size / unit).round() * unit
    } else {
        size
    };
    let text = format!("{rounded:.*}", decimals.clamp(0, 9) as usize);
    let zero = !text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    format!("{}{}", if zero { "" } else { sign }, thousands(&text, notation))
}

/// Puts a space between groups of three digits of the whole part.
fn thousands(text: &str, notation: Notation) -> String {
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    if whole.len() < 4 || (notation != Notation::Html && whole.len() < 5) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 6);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push_str(notation.space());
        }
        out.push(digit);
    }
    out + rest
}

/// Writes a count.
pub(crate) fn count(value: u64, notation: Notation) -> String {
    thousands(&value.to_string(), notation)
}

/// Writes seconds as `m:ss`, from an hour as `h:mm:ss`.
pub(crate) fn clock(seconds: f64, notation: Notation) -> String {
    let sign = if seconds < 0.0 { notation.minus() } else { "" };
    let whole = seconds.abs().round() as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{sign}{hours}:{minutes:02}:{rest:02}")
    } else {
        format!("{sign}{minutes}:{rest:02}")
    }
}

/// Writes a length of time with the unit that suits it.
pub(crate) fn span(seconds: f64, notation: Notation) -> String {
    Scale::of(&Unit::new("s"), Stat::Value, seconds).value(seconds, notation)
}

fn signed(value: f64, decimals: i32, notation: Notation) -> String {
    let text = fixed(value, decimals, notation);
    let zero = !text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) && value.is_finite();
    if value > 0.0 && !zero { format!("+{text}") } else { text }
}

/// Whether a relative change is written as a factor: from +100 %.
fn as_factor(effect: Estimate) -> bool {
    effect.value >= 1.0
}

fn factor_text(change: f64, notation: Notation) -> String {
    let factor = 1.0 + change;
    format!("{}{}", notation.times(), fixed(factor, significant(factor, 2).min(2), notation))
}

fn percent_decimals(effect: Estimate) -> i32 {
    let half = (effect.hi - effect.lo) / 2.0;
    if effect.value.abs() < 0.01 && half < 0.001 { 2 } else { 1 }
}

/// Writes a relative change: `+6.1 %`, from +100 % as a factor `×2.4`.
pub(crate) fn change(effect: Estimate, notation: Notation) -> String {
    if as_factor(effect) {
        return factor_text(effect.value, notation);
    }
    let number = signed(effect.value * 100.0, percent_decimals(effect), notation);
    format!("{number}{}%", notation.space())
}

/// Writes the interval of a relative change: `[+5.0, +7.3]`, in percent unless the change is a factor.
pub(crate) fn change_interval(effect: Estimate, notation: Notation) -> String {
    let one = |bound: f64| {
        if as_factor(effect) {
            if bound.is_infinite() {
                fixed(bound, 0, notation)
            } else {
                factor_text(bound, notation)
            }
        } else {
            signed(bound * 100.0, percent_decimals(effect), notation)
        }
    };
    format!("[{}, {}]", one(effect.lo), one(effect.hi))
}

/// Writes a ratio as percent: `3 %`, `2.6 %`, `0.35 %`.
pub(crate) fn percent(ratio: f64, notation: Notation) -> String {
    let value = ratio * 100.0;
    let decimals = match value.abs() {
        v if v == 0.0 || v >= 99.95 => 0,
        v if (v - v.round()).abs() < 1e-9 => 0,
        v if v < 1.0 => 2,
        _ => 1,
    };
    format!("{}{}%", fixed(value, decimals, notation), notation.space())
}

/// Writes a probability: `0.032`, `< 0.001`.
pub(crate) fn probability(p: f64, notation: Notation) -> String {
    if p.is_nan() {
        notation.dash().to_owned()
    } else if p < 0.001 {
        "< 0.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}

/// A day of the proleptic Gregorian calendar, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day {
    /// The year.
    pub(crate) year: i64,
    /// The month, from 1.
    pub(crate) month: u32,
    /// The day of the month, from 1.
    pub(crate) day: u32,
    days: i64,
}

impl Day {
    /// Returns the day that holds a moment, in seconds since the epoch.
    ///
    /// # Source
    /// Hinnant, H. (2013). chrono-Compatible Low-Level Date Algorithms, `civil_from_days`.
    pub(crate) fn of_seconds(seconds: i64) -> Self {
        let days = seconds.div_euclid(86_400);
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_index = (5 * of_year + 2) / 153;
        let day = (of_year - (153 * month_index + 2) / 5 + 1) as u32;
        let month = if month_index < 10 { month_index + 3 } else { month_index - 9 } as u32;
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self { year, month, day, days }
    }

    /// Returns the day as `2026-11-21`.
    pub(crate) fn iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// Returns the day as `21 Nov`.
    pub(crate) fn short(self) -> String {
        format!("{} {}", self.day, self.month_name())
    }

    /// Returns the day as `Saturday 21 November 2026`.
    pub(crate) fn long(self) -> String {
        const WEEK: [&str; 7] =
            ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
        const YEAR: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let week = WEEK[self.days.rem_euclid(7) as usize];
        format!("{week} {} {} {}", self.day, YEAR[self.month as usize - 1], self.year)
    }

    /// Returns the month's three letters.
    pub(crate) fn month_name(self) -> &'static str {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        MONTHS[self.month as usize - 1]
    }
}

/// Writes a moment, in nanoseconds since the epoch, as `2026-11-21T03:04:05Z`.
pub(crate) fn iso_moment(ns: i64) -> String {
    let seconds = ns.div_euclid(1_000_000_000);
    let of_day = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", Day::of_seconds(seconds).iso())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(value: f64, lo: f64, hi: f64) -> Estimate {
        Estimate { value, lo, hi }
    }

    fn level(unit: &str, value: f64, half: f64) -> String {
        let scale = Scale::of(&Unit::new(unit), Stat::Value, value);
        scale.level(estimate(value, value - half, value + half), Notation::Text)
    }

    #[test]
    fn the_interval_decides_the_digits() {
        assert_eq!(level("s", 0.4821, 0.0052), "482 ± 5 ms");
        assert_eq!(level("s", 0.003_121, 0.000_044), "3.12 ± 0.04 ms");
        assert_eq!(level("s", 0.4821, 0.0142), "482 ± 14 ms");
        assert_eq!(level("count", 123_456.0, 7_000.0), "123 ± 7 k");
        assert_eq!(level("frogs", 5234.0, 96.0), "5230 ± 100 frogs");
    }

    #[test]
    fn numbers_at_the_edges_are_still_numbers() {
        let text = |unit: &str, value: f64| {
            Scale::of(&Unit::new(unit), Stat::Value, value).value(value, Notation::Text)
        };
        assert_eq!(text("s", 0.0), "0 s");
        assert_eq!(text("s", 150.0), "2:30");
        assert_eq!(text("s", 1e-12), "0.00100 ns");
        assert_eq!(text("B", 1e18), "1 000 000 TB");
        assert_eq!(text("x", 1e18), "1.00e18 x");
        assert_eq!(text("x", 1e-12), "1.00e-12 x");
        assert_eq!(text("x", f64::NAN), "– x");
        assert_eq!(text("x", f64::NEG_INFINITY), "-∞ x");
        assert_eq!(text("ratio", 0.076), "7.60 %");
    }

    #[test]
    fn a_rate_says_per_second_once() {
        let unit = |unit: &str, stat| Scale::of(&Unit::new(unit), stat, 12_900.0).unit;
        assert_eq!(unit("count", Stat::Rate), "k/s");
        assert_eq!(unit("B", Stat::Rate), "kB/s");
        assert_eq!(unit("B/s", Stat::Rate), "kB/s");
    }

    #[test]
    fn changes_carry_their_sign_and_become_factors() {
        let plain = estimate(0.061, 0.05, 0.073);
        assert_eq!(change(plain, Notation::Text), "+6.1 %");
        assert_eq!(change_interval(plain, Notation::Text), "[+5.0, +7.3]");
        let down = estimate(-0.012, -0.061, 0.039);
        assert_eq!(change(down, Notation::Html), "\u{2212}1.2\u{202f}%");
        assert_eq!(change(estimate(1.4, 1.1, 1.8), Notation::Text), "×2.4");
        assert_eq!(change(estimate(0.0035, 0.003, 0.004), Notation::Text), "+0.35 %");
        assert_eq!(change(estimate(0.0, 0.0, 0.0), Notation::Text), "0.00 %");
        let open = estimate(0.02, f64::NEG_INFINITY, f64::INFINITY);
        assert_eq!(change_interval(open, Notation::Ascii), "[-inf, +inf]");
    }

    #[test]
    fn days_follow_the_calendar() {
        assert_eq!(Day::of_seconds(0).iso(), "1970-01-01");
        assert_eq!(Day::of_seconds(951_782_400).iso(), "2000-02-29");
        assert_eq!(Day::of_seconds(-1).iso(), "1969-12-31");
        assert_eq!(Day::of_seconds(1_795_219_200).long(), "Saturday 21 November 2026");
        assert_eq!(iso_moment(1_000_000_000), "1970-01-01T00:00:01Z");
    }
}
