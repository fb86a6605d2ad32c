//! The functions of a template.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

use super::error::TemplateFault;
use super::eval::Run;
use super::value::{Map, Missing, Value};

macro_rules! functions {
    ($($variant:ident => $name:literal),+ $(,)?) => {
        /// A function that a template may call.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Function { $($variant),+ }

        impl Function {
            /// Returns the function called `name`.
            pub(super) fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }

            /// Returns the function's name.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        /// The names of all functions.
        pub(in crate::composition) const NAMES: &[&str] = &[$($name),+];
    };
}

functions! {
    And => "and", Or => "or", Not => "not",
    Eq => "eq", Ne => "ne", Lt => "lt", Le => "le", Gt => "gt", Ge => "ge",
    Index => "index", Len => "len", Print => "print",
    LoadResource => "load_resource", Pick => "pick", Toml => "toml", WithEnv => "withEnv",
    Split => "split", Atoi => "atoi",
}

/// The longest text that `print` makes, against texts that double themselves in a loop.
const TEXT: usize = 1 << 20;

type Answer = Result<Value, TemplateFault>;

/// Calls `function`; `and` and `or` never come here.
pub(super) fn call(run: &Run<'_>, function: Function, arguments: &[Value]) -> Answer {
    let name = function.name();
    match function {
        Function::And | Function::Or => unreachable!("bug: `{name}` is evaluated by its caller"),
        Function::Not => one(name, arguments).map(|value| Value::Bool(!value.is_true())),
        Function::Eq => equal_to_any(arguments).map(Value::Bool),
        Function::Ne => two(name, arguments).and_then(|(a, b)| Ok(Value::Bool(!equal(a, b)?))),
        Function::Lt => compare(name, arguments, |order| order == Ordering::Less),
        Function::Le => compare(name, arguments, |order| order != Ordering::Greater),
        Function::Gt => compare(name, arguments, |order| order == Ordering::Greater),
        Function::Ge => compare(name, arguments, |order| order != Ordering::Less),
        Function::Index => index(arguments),
        Function::Len => len(one(name, arguments)?),
        Function::Print => print(arguments),
        Function::LoadResource => Ok(run.resources.load(text(name, one(name, arguments)?)?)?),
        Function::Pick => {
            let (from, key) = two(name, arguments)?;
            let key = text(name, key)?;
            Ok(Value::map([(key.to_owned(), map(name, from)?.get(key))].into()))
        }
        Function::Toml => to_toml(one(name, arguments)?),
        Function::WithEnv => {
            let mut entries = map(name, one(name, arguments)?)?.entries.clone();
            entries.insert("Env".to_owned(), run.env.clone());
            Ok(Value::map(entries))
        }
        Function::Split => {
            let parts = text(name, one(name, arguments)?)?.split(',').map(Value::text).collect();
            Ok(Value::List(Rc::new(parts)))
        }
        Function::Atoi => {
            let digits = text(name, one(name, arguments)?)?;
            let number =
                digits.parse().map_err(|_| TemplateFault::NotANumber { text: digits.to_owned() });
            number.map(Value::Int)
        }
    }
}

fn one<'a>(function: &str, arguments: &'a [Value]) -> Result<&'a Value, TemplateFault> {
    match arguments {
        [only] => Ok(only),
        other => Err(count(function, "one argument", other.len())),
    }
}

fn two<'a>(
    function: &str,
    arguments: &'a [Value],
) -> Result<(&'a Value, &'a Value), TemplateFault> {
    match arguments {
        [first, second] => Ok((first, second)),
        other => Err(count(function, "two arguments", other.len())),
    }
}

fn count(function: &str, wants: &'static str, given: usize) -> TemplateFault {
    TemplateFault::ArgumentCount { function: function.to_owned(), wants, given }
}

fn wrong(function: &str, wants: &'static str, given: &Value) -> TemplateFault {
    TemplateFault::ArgumentType { function: function.to_owned(), wants, given: given.type_name() }
}

fn text<'a>(function: &str, value: &'a Value) -> Result<&'a str, TemplateFault> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(wrong(function, "a text", other)),
    }
}

/// Takes a table that was read from a file; a missing one is empty, as in Go.
fn map<'a>(function: &str, value: &'a Value) -> Result<Cow<'a, Map>, TemplateFault> {
    match value {
        Value::Map(map) if map.missing == Missing::Nothing => Ok(Cow::Borrowed(map)),
        Value::Nothing => Ok(Cow::Owned(Map::default())),
        other => Err(wrong(function, "a table of a resource", other)),
    }
}

/// Compares as Go does: only values of one basic type, and nothing only with nothing.
fn equal(a: &Value, b: &Value) -> Result<bool, TemplateFault> {
    match (a, b) {
        (Value::Nothing, _) | (_, Value::Nothing) => Ok(a == b),
        (Value::Bool(_), Value::Bool(_))
        | (Value::Int(_), Value::Int(_))
        | (Value::Float(_), Value::Float(_))
        | (Value::Text(_), Value::Text(_)) => Ok(a == b),
        _ => Err(TemplateFault::Incomparable { left: a.type_name(), right: b.type_name() }),
    }
}

fn equal_to_any(arguments: &[Value]) -> Result<bool, TemplateFault> {
    let [first, others @ ..] = arguments else {
        return Err(count("eq", "at least two arguments", 0));
    };
    if others.is_empty() {
        return Err(count("eq", "at least two arguments", 1));
    }
    for other in others {
        if equal(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn compare(function: &str, arguments: &[Value], holds: fn(Ordering) -> bool) -> Answer {
    let (a, b) = two(function, arguments)?;
    let order = match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        _ => return Err(TemplateFault::Incomparable { left: a.type_name(), right: b.type_name() }),
    };
    Ok(Value::Bool(order.is_some_and(holds)))
}

fn index(arguments: &[Value]) -> Answer {
    let [value, keys @ ..] = arguments else {
        return Err(count("index", "at least one argument", 0));
    };
    if *value == Value::Nothing {
        return Err(wrong("index", "a table or list", value));
    }
    keys.iter().try_fold(value.clone(), |value, key| match (&value, key) {
        (Value::Map(map), _) if map.missing == Missing::Fault => {
            Err(wrong("index", "a table or list", &value))
        }
        (Value::Map(map), Value::Text(key)) => Ok(map.get(key)),
        (Value::Map(_), other) => Err(wrong("index", "a text as key of a table", other)),
        (Value::List(items), Value::Int(index)) => usize::try_from(*index)
            .ok()
            .and_then(|position| items.get(position).cloned())
            .ok_or(TemplateFault::OutOfRange { index: *index, len: items.len() }),
        (Value::List(_), other) => Err(wrong("index", "a whole number as index of a list", other)),
        (other, _) => Err(wrong("index", "a table or list", other)),
    })
}

fn len(value: &Value) -> Answer {
    let len = match value {
        Value::Text(text) => text.len(),
        Value::List(items) => items.len(),
        Value::Map(map) if map.missing != Missing::Fault => map.entries.len(),
        other => return Err(wrong("len", "a text, list or table", other)),
    };
    Ok(Value::Int(i64::try_from(len).expect("bug: a value is longer than memory")))
}

/// Writes its arguments after each other, with a space between two that are no texts, as Go does.
fn print(arguments: &[Value]) -> Answer {
    let is_text = |value: &Value| matches!(value, Value::Text(_));
    let mut out = String::new();
    for (position, value) in arguments.iter().enumerate() {
        if position > 0 && !is_text(value) && !is_text(&arguments[position - 1]) {
            out.push(' ');
        }
        match value {
            Value::Nothing => out.push_str("<nil>"),
            other => out.push_str(&other.to_string()),
        }
        if out.len() > TEXT {
            return Err(TemplateFault::TooMuch { what: "bytes in one text", limit: TEXT });
        }
    }
    Ok(Value::text(out))
}

fn to_toml(value: &Value) -> Answer {
    let Value::Map(_) = value else { return Err(wrong("toml", "a table", value)) };
    let table = value.to_toml().expect("bug: a table became nothing");
    let text = toml::to_string(&table)
        .map_err(|error| TemplateFault::NotToml { reason: error.to_string() })?;
    Ok(Value::text(text))
}
