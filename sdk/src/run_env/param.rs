//! Typed reading of parameters.

use std::str::FromStr;
use std::time::Duration;

use serde::de::DeserializeOwned;
use thiserror::Error;

use super::RunEnv;

/// Why a parameter cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParamError {
    /// The testcase was given no such parameter.
    #[error("parameter `{name}` is not set")]
    Missing {
        /// The parameter.
        name: String,
    },
    /// Its value is of another type.
    #[error("parameter `{name}` is `{value}`, which is not {expected}")]
    Invalid {
        /// The parameter.
        name: String,
        /// Its value.
        value: String,
        /// What it should be.
        expected: String,
    },
}

impl RunEnv {
    /// Returns a parameter's text.
    ///
    /// # Errors
    /// [`ParamError::Missing`].
    pub fn param(&self, name: &str) -> Result<&str, ParamError> {
        let value = self.params.get(name).map(String::as_str);
        value.ok_or_else(|| ParamError::Missing { name: name.to_owned() })
    }

    /// Reads a parameter as a number, a `bool`, or whatever reads itself from text.
    ///
    /// # Errors
    /// [`ParamError`].
    pub fn param_as<T: FromStr>(&self, name: &str) -> Result<T, ParamError> {
        let kind = std::any::type_name::<T>();
        self.read_param(name, &format!("of type `{kind}`"), |value| value.parse().ok())
    }

    /// Reads a parameter, or takes `default` where it is not set.
    ///
    /// # Errors
    /// [`ParamError::Invalid`].
    pub fn param_or<T: FromStr>(&self, name: &str, default: T) -> Result<T, ParamError> {
        if self.params.contains_key(name) { self.param_as(name) } else { Ok(default) }
    }

    /// Reads a duration as Go writes it: `300ms`, `1h30m`, `1.5s`, with units `ns us µs ms s m h`; `0` needs none.
    ///
    /// # Errors
    /// [`ParamError`].
    pub fn duration_param(&self, name: &str) -> Result<Duration, ParamError> {
        self.read_param(name, "a duration such as `300ms`", duration)
    }

    /// Reads a size in bytes: `4096`, `64kB`, `10MiB`, `1.5 GB`.
    ///
    /// # Errors
    /// [`ParamError`].
    pub fn size_param(&self, name: &str) -> Result<u64, ParamError> {
        self.read_param(name, "a size such as `64KiB`", size)
    }

    /// Reads a parameter that is JSON, such as a list of strings.
    ///
    /// # Errors
    /// [`ParamError`].
    pub fn json_param<T: DeserializeOwned>(&self, name: &str) -> Result<T, ParamError> {
        let kind = std::any::type_name::<T>();
        let expected = format!("JSON of type `{kind}`");
        self.read_param(name, &expected, |value| serde_json::from_str(value).ok())
    }

    fn read_param<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ParamError> {
        let value = self.param(name)?;
        read(value).ok_or_else(|| ParamError::Invalid {
            name: name.to_owned(),
            value: value.to_owned(),
            expected: expected.to_owned(),
        })
    }
}

fn duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let (number, unit, after) = number_and_unit(rest)?;
        let scale = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        seconds += number * scale;
        rest = after;
    }
    if text.is_empty() { None } else { Duration::try_from_secs_f64(seconds).ok() }
}

fn size(text: &str) -> Option<u64> {
    let (number, unit, rest) = number_and_unit(text.trim())?;
    let scale = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "ki" | "kib" => 1024.0,
        "mi" | "mib" => 1_048_576.0,
        "gi" | "gib" => 1_073_741_824.0,
        "ti" | "tib" => 1_099_511_627_776.0,
        _ => return None,
    };
    let bytes = number * scale;
    (rest.is_empty() && bytes < u64::MAX as f64).then_some(bytes.round() as u64)
}

/// Takes a number without sign or exponent and the letters behind it off the front.
fn number_and_unit(text: &str) -> Option<(f64, &str, &str)> {
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let digits = text.find(|c| !is_number(c)).unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let letters = rest.find(is_number).unwrap_or(rest.len());
    let (unit, after) = rest.split_at(letters);
    Some((number.parse().ok()?, unit, after))
}
