//! What the runner tells an instance through its environment.

mod address;
mod param;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

pub use param::ParamError;

/// The instance's place in the run, and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunEnv {
    /// The plan's name.
    pub plan: String,
    /// The testcase to run.
    pub case: String,
    /// The run's name, different for every attempt.
    pub run: String,
    /// The group this instance belongs to.
    pub group: String,
    /// Instances in the whole run.
    pub instance_count: u64,
    /// Instances in this instance's group.
    pub group_instance_count: u64,
    /// This instance's own name, such as `leech[7]`; none under a runner other than ours.
    pub instance: Option<String>,
    /// This instance's number in the whole run, from 0; none under a runner other than ours.
    pub instance_index: Option<u64>,
    /// The run's seed, from which all randomness of the plan is to be drawn; 0 where there is none.
    pub seed: u64,
    /// The testcase's parameters, as text.
    pub params: BTreeMap<String, String>,
    /// Where files that are kept go.
    pub outputs_path: PathBuf,
    /// Where files that are not kept go.
    pub temp_path: PathBuf,
    /// Whether somebody shapes the network and signals when it stands.
    pub sidecar: bool,
    /// The data network, as CIDR.
    pub subnet: String,
    /// When the run began, as RFC 3339.
    pub start_time: String,
    /// The host name, unique in the run.
    pub hostname: String,
    /// Host of the sync service.
    pub sync_host: String,
    /// Port of the sync service.
    pub sync_port: u16,
    /// Role, repository, branch and tag, where they were told.
    pub labels: BTreeMap<String, String>,
}

/// Why the environment does not describe an instance.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnvError {
    /// A variable is not set.
    #[error("`{name}` is not set: instances are started by a runner, as by `ground run`")]
    Missing {
        /// The variable.
        name: &'static str,
    },
    /// A variable's value makes no sense.
    #[error("`{name}` is `{value}`, which is not {expected}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
}

impl RunEnv {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// [`EnvError`] for the first variable that is missing or wrong.
    pub fn from_env() -> Result<Self, EnvError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads an environment that `lookup` knows.
    ///
    /// # Errors
    /// As [`Self::from_env`].
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, EnvError> {
        let env = Lookup(lookup);
        Ok(Self {
            plan: env.required("TEST_PLAN")?,
            case: env.required("TEST_CASE")?,
            run: env.required("TEST_RUN")?,
            group: env.required("TEST_GROUP_ID")?,
            instance_count: env.number("TEST_INSTANCE_COUNT")?,
            group_instance_count: env.number("TEST_GROUP_INSTANCE_COUNT")?,
            instance: env.optional("GROUND_INSTANCE"),
            instance_index: env.parsed("GROUND_INSTANCE_INDEX", "a number from 0")?,
            seed: env.parsed("GROUND_SEED", "a number from 0")?.unwrap_or(0),
            params: params(&env.optional("TEST_INSTANCE_PARAMS").unwrap_or_default())?,
            outputs_path: env.required("TEST_OUTPUTS_PATH")?.into(),
            temp_path: env.optional("TEST_TEMP_PATH").map_or_else(std::env::temp_dir, Into::into),
            sidecar: env.parsed("TEST_SIDECAR", "`true` or `false`")?.unwrap_or(false),
            subnet: env.optional("TEST_SUBNET").unwrap_or_default(),
            start_time: env.optional("TEST_START_TIME").unwrap_or_default(),
            hostname: env.optional("HOSTNAME").unwrap_or_default(),
            sync_host: env
                .optional("SYNC_SERVICE_HOST")
                .unwrap_or_else(|| "testground-sync-service".to_owned()),
            sync_port: env.parsed("SYNC_SERVICE_PORT", "a port")?.unwrap_or(5050),
            labels: [
                ("role", "TEST_INSTANCE_ROLE"),
                ("repo", "TEST_REPO"),
                ("branch", "TEST_BRANCH"),
                ("tag", "TEST_TAG"),
            ]
            .into_iter()
            .filter_map(|(label, name)| Some((label.to_owned(), env.optional(name)?)))
            .collect(),
        })
    }

    /// Returns what this instance is called in messages: its own name, else its group.
    pub fn name(&self) -> &str {
        self.instance.as_deref().unwrap_or(&self.group)
    }
}

struct Lookup<F>(F);

impl<F: Fn(&str) -> Option<String>> Lookup<F> {
    /// An empty variable counts as not set, since runners set all of them always.
    fn optional(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn required(&self, name: &'static str) -> Result<String, EnvError> {
        self.optional(name).ok_or(EnvError::Missing { name })
    }

    fn parsed<T: FromStr>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, EnvError> {
        let Some(value) = self.optional(name) else { return Ok(None) };
        match value.parse() {
            Ok(parsed) => Ok(Some(parsed)),
            Err(_) => Err(EnvError::Invalid { name, value, expected }),
        }
    }

    fn number(&self, name: &'static str) -> Result<u64, EnvError> {
        self.parsed(name, "a number from 0")?.ok_or(EnvError::Missing { name })
    }
}

/// Splits `k=v|k=v`; a value may hold `=`, and nothing is escaped.
fn params(text: &str) -> Result<BTreeMap<String, String>, EnvError> {
    text.split('|')
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let (name, value) = entry.split_once('=').ok_or_else(|| EnvError::Invalid {
                name: "TEST_INSTANCE_PARAMS",
                value: text.to_owned(),
                expected: "a list of `name=value` separated by `|`",
            })?;
            Ok((name.to_owned(), value.to_owned()))
        })
        .collect()
}
