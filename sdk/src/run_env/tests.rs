use std::time::Duration;

use super::*;

const WHOLE: &[(&str, &str)] = &[
    ("TEST_PLAN", "network"),
    ("TEST_CASE", "ping-pong"),
    ("TEST_RUN", "c9fkd"),
    ("TEST_GROUP_ID", "leech"),
    ("TEST_INSTANCE_COUNT", "10"),
    ("TEST_GROUP_INSTANCE_COUNT", "4"),
    ("TEST_INSTANCE_PARAMS", "n=5|empty=|eq=a=b|list=[\"x\",\"y\"]|wait=1m1.5s|size=64KiB|on=true"),
    ("TEST_INSTANCE_ROLE", ""),
    ("TEST_BRANCH", "main"),
    ("TEST_OUTPUTS_PATH", "/outputs"),
    ("TEST_TEMP_PATH", "/temp"),
    ("TEST_SIDECAR", "true"),
    ("TEST_SUBNET", "127.1.0.0/16"),
    ("TEST_START_TIME", "2026-11-22T19:00:00Z"),
    ("HOSTNAME", "leech-7"),
    ("SYNC_SERVICE_HOST", "localhost"),
    ("SYNC_SERVICE_PORT", "6060"),
    ("GROUND_INSTANCE", "leech[3]"),
    ("GROUND_INSTANCE_INDEX", "7"),
    ("GROUND_SEED", "18446744073709551615"),
];

fn with(changes: &[(&str, Option<&str>)]) -> Result<RunEnv, EnvError> {
    RunEnv::from_lookup(|name| {
        let changed = changes.iter().find(|(changed, _)| *changed == name);
        let given = WHOLE.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
        changed.map_or(given, |(_, value)| *value).map(str::to_owned)
    })
}

#[test]
fn a_missing_variable_is_named() {
    for name in ["TEST_PLAN", "TEST_RUN", "TEST_INSTANCE_COUNT", "TEST_OUTPUTS_PATH"] {
        for absent in [None, Some("")] {
            assert_eq!(with(&[(name, absent)]), Err(EnvError::Missing { name }));
        }
    }
}

#[test]
fn a_wrong_variable_is_named_with_its_value() {
    for (name, value) in [
        ("TEST_INSTANCE_COUNT", "-1"),
        ("TEST_SIDECAR", "yes"),
        ("SYNC_SERVICE_PORT", "70000"),
        ("GROUND_SEED", "x"),
        ("TEST_INSTANCE_PARAMS", "a=1|bare"),
    ] {
        let error = with(&[(name, Some(value))]).unwrap_err();
        assert!(error.to_string().starts_with(&format!("`{name}` is `{value}`")), "{error}");
    }
}

#[test]
fn every_variable_is_read() {
    let env = with(&[]).unwrap();
    assert_eq!((&*env.plan, &*env.case, &*env.run), ("network", "ping-pong", "c9fkd"));
    assert_eq!((&*env.group, env.instance_count, env.group_instance_count), ("leech", 10, 4));
    assert_eq!((env.name(), env.instance_index, env.seed), ("leech[3]", Some(7), u64::MAX));
    assert_eq!((env.outputs_path, env.temp_path), ("/outputs".into(), "/temp".into()));
    assert_eq!((env.sidecar, &*env.subnet, &*env.hostname), (true, "127.1.0.0/16", "leech-7"));
    assert_eq!((&*env.sync_host, env.sync_port), ("localhost", 6060));
    assert_eq!(env.labels, BTreeMap::from([("branch".to_owned(), "main".to_owned())]));
}

#[test]
fn another_runner_leaves_our_own_variables_out() {
    let ours = ["GROUND_INSTANCE", "GROUND_INSTANCE_INDEX", "GROUND_SEED"];
    let theirs = ["SYNC_SERVICE_HOST", "SYNC_SERVICE_PORT", "TEST_INSTANCE_PARAMS"];
    let absent: Vec<_> = ours.into_iter().chain(theirs).map(|name| (name, None)).collect();
    let env = with(&absent).unwrap();
    assert_eq!((env.name(), env.instance_index, env.seed), ("leech", None, 0));
    assert_eq!((&*env.sync_host, env.sync_port), ("testground-sync-service", 5050));
    assert!(env.params.is_empty());
}

#[test]
fn parameters_are_read_by_type() {
    let env = with(&[]).unwrap();
    assert_eq!(env.param("eq"), Ok("a=b"));
    assert_eq!(env.param("empty"), Ok(""));
    assert_eq!(env.param_as::<u32>("n"), Ok(5));
    assert_eq!(env.param_as::<bool>("on"), Ok(true));
    assert_eq!((env.param_or("n", 1u8), env.param_or("absent", 1u8)), (Ok(5), Ok(1)));
    assert_eq!(env.json_param::<Vec<String>>("list"), Ok(vec!["x".to_owned(), "y".to_owned()]));
    assert_eq!(env.duration_param("wait"), Ok(Duration::from_millis(61_500)));
    assert_eq!(env.size_param("size"), Ok(65_536));
    assert_eq!(env.param("absent").unwrap_err().to_string(), "parameter `absent` is not set");
    let error = env.param_or("eq", 1u8).unwrap_err();
    assert_eq!(error.to_string(), "parameter `eq` is `a=b`, which is not of type `u8`");
}

#[test]
fn durations_are_read_as_go_writes_them() {
    let read = |text: &str| {
        with(&[("TEST_INSTANCE_PARAMS", Some(&format!("d={text}")))])
            .unwrap()
            .duration_param("d")
            .ok()
    };
    for (text, nanoseconds) in [
        ("0", 0),
        ("0s", 0),
        ("1ns", 1),
        ("2us", 2_000),
        ("2µs", 2_000),
        ("1.5ms", 1_500_000),
        ("1h2m3s", 3_723_000_000_000),
    ] {
        assert_eq!(read(text), Some(Duration::from_nanos(nanoseconds)), "{text}");
    }
    for text in ["", "5", "ms", "-1s", "1x", "1s2", "1.2.3s", "1e300h"] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn sizes_are_decimal_or_binary_as_they_say() {
    let read = |text: &str| {
        with(&[("TEST_INSTANCE_PARAMS", Some(&format!("s={text}")))]).unwrap().size_param("s").ok()
    };
    for (text, bytes) in [
        ("0", 0),
        ("4096", 4096),
        ("64kB", 64_000),
        ("10MiB", 10_485_760),
        ("1.5 GB", 1_500_000_000),
    ] {
        assert_eq!(read(text), Some(bytes), "{text}");
    }
    for text in ["", "MB", "-1", "1XB", "1k2", "99999999999TB"] {
        assert_eq!(read(text), None, "{text}");
    }
}
