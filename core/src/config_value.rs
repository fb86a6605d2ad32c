//! Free-form configuration values of manifests and compositions.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// Configuration keys with their values, ordered by key.
pub type ConfigMap = BTreeMap<String, ConfigValue>;

/// A configuration value whose meaning only a builder, a runner or a plan knows.
#[derive(Debug, Clone, PartialEq)]
pub enum ConfigValue {
    /// A text; dates and times of a file arrive as texts too.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction, or one that is not finite.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// Values in their order.
    List(Vec<ConfigValue>),
    /// Values by key.
    Map(ConfigMap),
}

impl ConfigValue {
    /// Returns the text, or nothing for another type.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the whole number, or nothing for another type.
    #[must_use]
    pub const fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the number, whole or not, or nothing for another type.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "configuration numbers are far below 2^53")]
    pub const fn as_float(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the truth value, or nothing for another type.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the items of a list, or nothing for another type.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the keys of a map, or nothing for another type.
    #[must_use]
    pub const fn as_map(&self) -> Option<&ConfigMap> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Returns the type's name as messages use it.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::Integer(_) => "integer",
            Self::Float(_) => "float",
            Self::Boolean(_) => "boolean",
            Self::List(_) => "list",
            Self::Map(_) => "table",
        }
    }

    /// Returns the text under which a plan sees this value as a parameter.
    ///
    /// A string is passed as it stands; everything else is written as JSON, so that `5` becomes
    /// `5` and `["a"]` becomes `["a"]`.
    #[must_use]
    pub fn to_param(&self) -> String {
        match self {
            Self::String(text) => text.clone(),
            other => {
                let mut text = String::new();
                other.write_json(&mut text, json_float);
                text
            }
        }
    }

    /// Returns the one text that every equal value has, for digests.
    ///
    /// The text is JSON with sorted keys and without spaces, except that a float always shows
    /// that it is one: `2` and `2.0` differ.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        self.write_json(&mut text, canonical_float);
        text
    }

    fn write_json(&self, out: &mut String, float: fn(f64) -> String) {
        match self {
            Self::String(text) => write_json_string(text, out),
            Self::Integer(number) => {
                write!(out, "{number}").expect("bug: writing to a string failed");
            }
            Self::Float(number) => out.push_str(&float(*number)),
            Self::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write_json(out, float);
                }
                out.push(']');
            }
            Self::Map(map) => write_json_map(map, out, float),
        }
    }
}

impl fmt::Display for ConfigValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_param())
    }
}

macro_rules! from {
    ($($source:ty => $variant:ident),+ $(,)?) => {
        $(impl From<$source> for ConfigValue {
            fn from(value: $source) -> Self {
                Self::$variant(value.into())
            }
        })+
    };
}
from!(&str => String, String => String, i64 => Integer, u32 => Integer, f64 => Float, bool => Boolean);
from!(Vec<ConfigValue> => List, ConfigMap => Map);

impl FromIterator<ConfigValue> for ConfigValue {
    fn from_iter<I: IntoIterator<Item = ConfigValue>>(items: I) -> Self {
        Self::List(items.into_iter().collect())
    }
}

/// Fills every key that `own` lacks from `fallback`; nested tables are not merged, as in Testground.
pub fn fill(own: &mut ConfigMap, fallback: &ConfigMap) {
    for (key, value) in fallback {
        own.entry(key.clone()).or_insert_with(|| value.clone());
    }
}

fn write_json_map(map: &ConfigMap, out: &mut String, float: fn(f64) -> String) {
    out.push('{');
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_json_string(key, out);
        out.push(':');
        value.write_json(out, float);
    }
    out.push('}');
}

fn write_json_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                write!(out, "\\u{:04x}", u32::from(control))
                    .expect("bug: writing to a string failed");
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Writes a float as JavaScript and Go do: the shortest text, an exponent only when far from 1.
fn json_float(number: f64) -> String {
    let size = number.abs();
    if !number.is_finite() {
        canonical_float(number)
    } else if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        if text.contains("e-") { text } else { text.replacen('e', "e+", 1) }
    } else {
        format!("{number}")
    }
}

fn canonical_float(number: f64) -> String {
    if number.is_nan() { "nan".to_owned() } else { format!("{number:?}") }
}

#[cfg(test)]
mod tests;
