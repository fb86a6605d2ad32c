//! Names of states and topics on the wire, as Testground's SDKs build them.
//!
//! The service treats a key as opaque, but for its run (clean-up) and its group (who is missing).

/// The state signalled once per instance when its network stands; nobody but the network's owner signals it.
pub const NETWORK_INITIALIZED: &str = "network-initialized";
/// The state by which an instance claims its number in the run.
pub const INITIALIZED_GLOBAL: &str = "initialized_global";
const INITIALIZED_GROUP: &str = "initialized_group_";
const RUN_EVENTS: &str = "run_events";

/// The common prefix of one testcase's keys in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySpace {
    prefix: String,
}

impl KeySpace {
    /// Names the key space of `case` of `plan` in `run`.
    pub fn new(run: &str, plan: &str, case: &str) -> Self {
        Self { prefix: format!("run:{run}:plan:{plan}:case:{case}:") }
    }

    /// Returns the key of a state.
    pub fn state(&self, state: &str) -> String {
        format!("{}states:{state}", self.prefix)
    }

    /// Returns the key of a topic.
    pub fn topic(&self, topic: &str) -> String {
        format!("{}topics:{topic}", self.prefix)
    }

    /// Returns the key of the topic that carries the run's events.
    pub fn run_events(&self) -> String {
        format!("{}{RUN_EVENTS}", self.prefix)
    }
}

/// Names the state by which an instance claims its number within `group`.
pub fn initialized_group(group: &str) -> String {
    format!("{INITIALIZED_GROUP}{group}")
}

/// Returns the run a key belongs to, or the empty string for a key of no run.
pub fn run_of(key: &str) -> &str {
    key.strip_prefix("run:").and_then(|rest| rest.split_once(':')).map_or("", |(run, _)| run)
}

/// Returns the plan's own name of a state or topic: what follows the last `states:` or `topics:`, else the whole key.
pub fn short_name(key: &str) -> &str {
    [":states:", ":topics:"]
        .iter()
        .find_map(|marker| key.split_once(marker))
        .map_or(key, |(_, name)| name)
}

/// Returns the group whose instances alone signal this state, if the key says so.
pub fn group_of(key: &str) -> Option<&str> {
    key.split_once(":states:")?.1.strip_prefix(INITIALIZED_GROUP)
}

/// Tells whether the key names a run's event topic.
pub fn is_run_events(key: &str) -> bool {
    key.strip_suffix(RUN_EVENTS).is_some_and(|rest| rest.ends_with(':'))
}

/// Tells whether the key names the state that instances wait for but do not signal themselves.
pub fn is_network_initialized(key: &str) -> bool {
    key.split_once(":states:").is_some_and(|(_, name)| name == NETWORK_INITIALIZED)
}
