//! Typed reading of a builder's configuration.

use ground_core::config_value::ConfigValue;

use super::{BuildSpec, Fault};

impl BuildSpec {
    pub(super) fn text(&self, key: &str) -> Result<Option<&str>, Fault> {
        self.read(key, "a string", |value| value.as_str().filter(|text| !text.is_empty()))
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool, Fault> {
        Ok(self.read(key, "true or false", ConfigValue::as_bool)?.unwrap_or(false))
    }

    /// Reads a list of strings; one string counts as a list of one.
    pub(super) fn texts(&self, key: &str) -> Result<Option<Vec<String>>, Fault> {
        self.read(key, "a list of strings", |value| match value {
            ConfigValue::String(text) => Some(vec![text.clone()]),
            ConfigValue::List(items) => {
                items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
            }
            _ => None,
        })
    }

    /// Reads a command: a list of words, or a string that is split at white space outside quotes.
    pub(super) fn words(&self, key: &str) -> Result<Option<Vec<String>>, Fault> {
        match self.config.get(key) {
            Some(ConfigValue::String(text)) => split(text).map(Some).ok_or_else(|| {
                Fault::source(
                    format!("build configuration `{key}` of `{}` has an open quote", self.builder),
                    "write the command as a list of words".to_owned(),
                )
            }),
            _ => self.texts(key),
        }
        .map(|words| words.filter(|words| !words.is_empty()))
    }

    /// Reads a table of texts, numbers and truth values as variables.
    pub(super) fn variables(&self, key: &str) -> Result<Vec<(String, String)>, Fault> {
        let table = self.read(key, "a table", ConfigValue::as_map)?;
        Ok(table
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), value.to_param()))
            .collect())
    }

    fn read<'a, T>(
        &'a self,
        key: &str,
        expected: &str,
        read: impl FnOnce(&'a ConfigValue) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let Some(value) = self.config.get(key) else { return Ok(None) };
        if matches!(value, ConfigValue::String(text) if text.is_empty()) {
            return Ok(None);
        }
        read(value).map(Some).ok_or_else(|| {
            let found = value.type_name();
            Fault::source(
                format!(
                    "build configuration `{key}` of `{}` is a {found}, not {expected}",
                    self.builder
                ),
                format!(
                    "change `{key}` under `[builders.\"{}\"]` or in the group's `build_config`",
                    self.builder
                ),
            )
        })
    }
}

/// Splits a command into words; nothing when a quote stays open.
fn split(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for character in text.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, space) if space.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_command_is_split_outside_quotes() {
        assert_eq!(split("python3 main.py").unwrap(), ["python3", "main.py"]);
        assert_eq!(
            split(" sh -c 'a \"b\"  c' \"\" x'y'z ").unwrap(),
            ["sh", "-c", "a \"b\"  c", "", "xyz"]
        );
        assert_eq!(split("").unwrap(), [""; 0]);
        assert_eq!(split("sh -c 'open"), None);
    }
}
