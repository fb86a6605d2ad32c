//! The values a template works on.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// Values by key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map {
    /// The values.
    pub entries: BTreeMap<String, Value>,
    /// What a missing key gives.
    pub missing: Missing,
}

/// What a key gives that a table does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// Nothing, as in a table that was read from a file.
    #[default]
    Nothing,
    /// An empty text, as in Go's `map[string]string`.
    Empty,
    /// A fault, as in Go's `struct`.
    Fault,
}

/// A value in a template.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing: what a missing key gives.
    #[default]
    Nothing,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// A text.
    Text(Rc<str>),
    /// Values in their order.
    List(Rc<Vec<Value>>),
    /// Values by key.
    Map(Rc<Map>),
}

impl Value {
    /// Wraps a text.
    pub fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// Wraps entries of which a missing one is nothing.
    #[must_use]
    pub fn map(entries: BTreeMap<String, Self>) -> Self {
        Self::Map(Rc::new(Map { entries, missing: Missing::Nothing }))
    }

    /// Wraps entries of which no other may be asked for.
    #[must_use]
    pub fn root(entries: BTreeMap<String, Self>) -> Self {
        Self::Map(Rc::new(Map { entries, missing: Missing::Fault }))
    }

    /// Wraps texts of which a missing one is empty.
    #[must_use]
    pub fn texts(entries: &BTreeMap<String, String>) -> Self {
        let entries =
            entries.iter().map(|(key, text)| (key.clone(), Self::text(text.as_str()))).collect();
        Self::Map(Rc::new(Map { entries, missing: Missing::Empty }))
    }

    /// Returns whether `if` takes this value for true: whether it is neither empty, zero nor nothing.
    #[must_use]
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Bool(value) => *value,
            Self::Int(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(map) => !map.entries.is_empty(),
        }
    }

    /// Returns the type's name with its article, as messages use it.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Nothing => "a missing value",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a table",
        }
    }

    /// Returns the value of `key`, or what a missing one gives; `None` when there cannot be one.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<Self> {
        match self {
            // Go carries a missing value through further fields.
            Self::Nothing => Some(Self::Nothing),
            Self::Map(map) if map.missing == Missing::Fault => map.entries.get(key).cloned(),
            Self::Map(map) => Some(map.get(key)),
            _ => None,
        }
    }
}

impl Map {
    /// Returns the value of `key`, or what a missing one gives.
    #[must_use]
    pub fn get(&self, key: &str) -> Value {
        let missing = || match self.missing {
            Missing::Empty => Value::text(""),
            Missing::Nothing | Missing::Fault => Value::Nothing,
        };
        self.entries.get(key).cloned().unwrap_or_else(missing)
    }
}

impl fmt::Display for Value {
    /// Writes the value as Go's `%v` does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("<no value>"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Float(number) => f.write_str(&go_float(*number)),
            Self::Text(text) => f.write_str(text),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        f.write_str(" ")?;
                    }
                    item.write_inside(f)?;
                }
                f.write_str("]")
            }
            Self::Map(map) => {
                f.write_str("map[")?;
                for (index, (key, value)) in map.entries.iter().enumerate() {
                    if index > 0 {
                        f.write_str(" ")?;
                    }
                    write!(f, "{key}:")?;
                    value.write_inside(f)?;
                }
                f.write_str("]")
            }
        }
    }
}

impl Value {
    /// Writes the value as Go does within a list or table, where a missing one reads differently.
    fn write_inside(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("<nil>"),
            other => write!(f, "{other}"),
        }
    }
}

/// Writes a float as Go's `%v`: shortest digits, an exponent below 1e-4 and from 1e21.
fn go_float(number: f64) -> String {
    let size = number.abs();
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        (if number > 0.0 { "+Inf" } else { "-Inf" }).to_owned()
    } else if size != 0.0 && !(1e-4..1e21).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').expect("bug: no exponent was written");
        let (sign, exponent) =
            exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
        format!("{digits}e{sign}{exponent:0>2}")
    } else {
        format!("{number}")
    }
}

impl From<toml::Value> for Value {
    fn from(value: toml::Value) -> Self {
        match value {
            toml::Value::String(text) => Self::text(text),
            toml::Value::Integer(number) => Self::Int(number),
            toml::Value::Float(number) => Self::Float(number),
            toml::Value::Boolean(value) => Self::Bool(value),
            toml::Value::Datetime(date) => Self::text(date.to_string()),
            toml::Value::Array(items) => {
                Self::List(Rc::new(items.into_iter().map(Self::from).collect()))
            }
            toml::Value::Table(table) => {
                Self::map(table.into_iter().map(|(key, value)| (key, Self::from(value))).collect())
            }
        }
    }
}

impl Value {
    /// Returns the value as TOML knows it, or nothing where it has no word for it.
    pub(super) fn to_toml(&self) -> Option<toml::Value> {
        Some(match self {
            Self::Nothing => return None,
            Self::Bool(value) => toml::Value::Boolean(*value),
            Self::Int(number) => toml::Value::Integer(*number),
            Self::Float(number) => toml::Value::Float(*number),
            Self::Text(text) => toml::Value::String(text.to_string()),
            Self::List(items) => {
                toml::Value::Array(items.iter().filter_map(Self::to_toml).collect())
            }
            Self::Map(map) => {
                let entry = |(key, value): (&String, &Self)| Some((key.clone(), value.to_toml()?));
                toml::Value::Table(map.entries.iter().filter_map(entry).collect())
            }
        })
    }
}
