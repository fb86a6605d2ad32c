//! What an instance finds in its environment: Testground's contract, and a few variables of ours.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use ground_core::execution::{GroupRequest, RunRequest};
use ground_core::id::InstanceId;

use super::sweep::TOKEN;

/// The loopback range that stands for the data network, as in Testground's `local:exec`.
const SUBNET: &str = "127.1.0.0/16";

/// Labels that become variables of the same name; empty where nothing is known.
const LABELS: [&str; 4] = ["TEST_INSTANCE_ROLE", "TEST_REPO", "TEST_BRANCH", "TEST_TAG"];

/// Longest host name that the kernel and DNS take as one label, less room for a number.
const HOST_PREFIX: usize = 50;

/// What is the same for every instance of an execution.
#[derive(Debug, Clone)]
pub(super) struct Common {
    /// Where the sync service listens.
    pub(super) sync: SocketAddr,
    /// Where the metric listener listens.
    pub(super) influx: SocketAddr,
    /// `TEST_START_TIME`.
    pub(super) start_time: String,
    /// `PATH` of the engine.
    pub(super) path: String,
    /// Names the execution.
    pub(super) token: String,
}

/// One instance as its environment tells it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Who<'a> {
    pub(super) group: &'a GroupRequest,
    pub(super) instance: &'a InstanceId,
    /// Its place among all instances of the run, from 0.
    pub(super) global: usize,
    pub(super) outputs: &'a str,
    pub(super) temporary: &'a str,
}

/// A parameter that Testground's encoding cannot carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "parameter `{name}` of group `{group}` contains `{character}`, which `TEST_INSTANCE_PARAMS` cannot carry"
)]
pub(super) struct ParamError {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) character: char,
}

/// Checks that `group`'s parameters and profiles survive `k=v|k=v`, which has no escapes.
pub(super) fn check_params(group: &GroupRequest) -> Result<(), ParamError> {
    for (name, value) in group.params.iter().chain(&group.profiles) {
        let bad = |text: &str, set: &[char]| text.chars().find(|c| set.contains(c));
        if let Some(character) = bad(name, &['|', '=', '\0']).or_else(|| bad(value, &['|', '\0'])) {
            return Err(ParamError { group: group.id.clone(), name: name.clone(), character });
        }
    }
    Ok(())
}

/// Returns the names of parameters whose value the Go and JS SDKs drop, because it contains `=`.
pub(super) fn dropped_params(group: &GroupRequest) -> Vec<&str> {
    group.params.iter().filter(|(_, value)| value.contains('=')).map(|(name, _)| &**name).collect()
}

/// Returns every variable of the instance's environment; nothing else of the engine's reaches it.
pub(super) fn environment(
    request: &RunRequest,
    common: &Common,
    who: Who<'_>,
) -> Vec<(String, String)> {
    let host = host_name(&who.instance.group, who.global);
    let mut list: Vec<(String, String)> = Vec::with_capacity(40);
    let mut set = |name: &str, value: &str| list.push((name.to_owned(), value.to_owned()));
    set("PATH", &common.path);
    set("TEST_PLAN", &request.plan);
    set("TEST_CASE", &request.case);
    set("TEST_RUN", request.run.as_str());
    set("TEST_GROUP_ID", &who.group.id);
    set("TEST_INSTANCE_COUNT", &request.instances().to_string());
    set("TEST_GROUP_INSTANCE_COUNT", &who.group.count.to_string());
    set("TEST_INSTANCE_PARAMS", &encode(&who.group.params));
    set("TEST_CAPTURE_PROFILES", &encode(&who.group.profiles));
    for label in LABELS {
        set(label, request.labels.get(label).map_or("", String::as_str));
    }
    set("TEST_OUTPUTS_PATH", who.outputs);
    set("TEST_TEMP_PATH", who.temporary);
    set("TMPDIR", who.temporary);
    set("TEST_SIDECAR", "false");
    set("TEST_SUBNET", SUBNET);
    set("TEST_START_TIME", &common.start_time);
    set("TEST_DISABLE_METRICS", if request.disable_metrics { "true" } else { "false" });
    set("INFLUXDB_URL", &format!("http://{}/instance/{}", common.influx, who.global));
    set("REDIS_HOST", "");
    set("SYNC_SERVICE_HOST", &common.sync.ip().to_string());
    set("SYNC_SERVICE_PORT", &common.sync.port().to_string());
    set("LOG_LEVEL", request.labels.get("LOG_LEVEL").map_or("", String::as_str));
    set("ADDITIONAL_HOSTS", "");
    set("POD_IP", "");
    set("HOST_IP", "");
    set("HOSTNAME", &host);
    set("GROUND_INSTANCE", &who.instance.to_string());
    set("GROUND_INSTANCE_INDEX", &who.global.to_string());
    set("GROUND_SEED", &request.seed.to_string());
    set(TOKEN, &common.token);
    list
}

fn encode(map: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join("|")
}

/// Returns a host name that no other instance of the run has, of letters, digits and hyphens only.
pub(super) fn host_name(group: &str, global: usize) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let prefix: String = group.chars().take(HOST_PREFIX).map(plain).collect();
    let prefix = prefix.trim_matches('-');
    if prefix.is_empty() { format!("i-{global}") } else { format!("{prefix}-{global}") }
}

/// Returns a moment in UTC as RFC 3339 writes it, to the nanosecond.
///
/// # Source
/// Richards, E. G. (2013). Calendars. Explanatory Supplement to the Astronomical Almanac, 3rd ed., chapter 15:
/// the proleptic Gregorian calendar from a count of days.
pub(super) fn rfc3339(at_ns: i64) -> String {
    let seconds = at_ns.div_euclid(1_000_000_000);
    let nanos = at_ns.rem_euclid(1_000_000_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days since 0000-03-01, so that a leap day is a year's last.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;
    use std::time::Duration;

    use ground_core::execution::{Artifact, GroupRequest, Resources, RunRequest};
    use ground_core::id::{InstanceId, RunId};

    use super::{Common, Who, check_params, dropped_params, environment, host_name, rfc3339};

    fn group(params: &[(&str, &str)]) -> GroupRequest {
        let pairs = params.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        GroupRequest {
            id: "leech".to_owned(),
            count: 4,
            artifact: Artifact {
                builder: "exec:bin".to_owned(),
                path: PathBuf::from("/bin/true"),
                args: Vec::new(),
                digest: String::new(),
                toolchain: String::new(),
            },
            params: pairs.collect(),
            resources: Resources::default(),
            profiles: BTreeMap::new(),
        }
    }

    #[test]
    fn a_parameter_that_would_be_torn_is_refused() {
        for (name, value, character) in
            [("a|b", "1", '|'), ("a=b", "1", '='), ("a", "x|y", '|'), ("a", "x\0", '\0')]
        {
            assert_eq!(check_params(&group(&[(name, value)])).unwrap_err().character, character);
        }
        assert_eq!(check_params(&group(&[("a", "x=y"), ("b", "")])), Ok(()));
        assert_eq!(dropped_params(&group(&[("a", "x=y"), ("b", "")])), ["a"]);
    }

    /// The variables of the contract's table, less those of labelled ports.
    const CONTRACT: [&str; 28] = [
        "TEST_PLAN",
        "TEST_CASE",
        "TEST_RUN",
        "TEST_GROUP_ID",
        "TEST_INSTANCE_COUNT",
        "TEST_GROUP_INSTANCE_COUNT",
        "TEST_INSTANCE_PARAMS",
        "TEST_CAPTURE_PROFILES",
        "TEST_INSTANCE_ROLE",
        "TEST_REPO",
        "TEST_BRANCH",
        "TEST_TAG",
        "TEST_OUTPUTS_PATH",
        "TEST_TEMP_PATH",
        "TEST_SIDECAR",
        "TEST_SUBNET",
        "TEST_START_TIME",
        "TEST_DISABLE_METRICS",
        "INFLUXDB_URL",
        "REDIS_HOST",
        "SYNC_SERVICE_HOST",
        "SYNC_SERVICE_PORT",
        "LOG_LEVEL",
        "ADDITIONAL_HOSTS",
        "POD_IP",
        "HOST_IP",
        "HOSTNAME",
        "PATH",
    ];

    #[test]
    fn every_variable_of_the_contract_is_set_once() {
        let group = group(&[("size", "10"), ("mode", "a")]);
        let request = RunRequest {
            run: RunId::new("r1"),
            plan: "demo".to_owned(),
            case: "flood".to_owned(),
            groups: vec![group.clone()],
            seed: 7719,
            timeout: Duration::from_secs(1),
            outputs: PathBuf::from("/o"),
            disable_metrics: false,
            labels: [("TEST_BRANCH".to_owned(), "trunk".to_owned())].into(),
            pin: false,
            bare: false,
        };
        let common = Common {
            sync: ([127, 0, 0, 1], 5050).into(),
            influx: ([127, 0, 0, 1], 8086).into(),
            start_time: rfc3339(0),
            path: "/bin".to_owned(),
            token: "t".to_owned(),
        };
        let instance = InstanceId { group: "leech".to_owned(), index: 3 };
        let who = Who {
            group: &group,
            instance: &instance,
            global: 5,
            outputs: "/o/leech/3",
            temporary: "/t",
        };
        let list = environment(&request, &common, who);
        for name in CONTRACT {
            assert_eq!(list.iter().filter(|(key, _)| key == name).count(), 1, "{name}");
        }
        let value = |name: &str| {
            list.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap()
        };
        assert_eq!(value("TEST_INSTANCE_PARAMS"), "mode=a|size=10");
        assert_eq!(value("TEST_BRANCH"), "trunk");
        assert_eq!(value("TEST_TAG"), "");
        assert_eq!(value("TEST_SIDECAR"), "false");
        assert_eq!(value("GROUND_INSTANCE"), "leech[3]");
        assert_eq!(value("GROUND_INSTANCE_INDEX"), "5");
        assert_eq!(value("HOSTNAME"), "leech-5");
        assert_eq!(value("INFLUXDB_URL"), "http://127.0.0.1:8086/instance/5");
    }

    #[test]
    fn host_names_are_plain_and_unique() {
        assert_eq!(host_name("Seeds_EU", 3), "seeds-eu-3");
        assert_eq!(host_name("--", 3), "i-3");
        assert_eq!(host_name(&"x".repeat(90), 9999).len(), 55);
        assert_ne!(host_name("a_b", 1), host_name("a-b", 2));
    }

    /// Expected values from `date -u -d @SECONDS +%FT%T`.
    #[test]
    fn moments_are_written_as_rfc_3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000000Z"),
            (1_795_354_257, "2026-11-22T13:30:57.000000000Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000000000Z"),
            (-1, "1969-12-31T23:59:59.000000000Z"),
        ] {
            assert_eq!(rfc3339(seconds * 1_000_000_000), text);
        }
        assert_eq!(rfc3339(1_500_000_000), "1970-01-01T00:00:01.500000000Z");
    }
}
