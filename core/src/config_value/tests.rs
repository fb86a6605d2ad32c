//! Tests of configuration values.

use proptest::prelude::*;

use super::{ConfigMap, ConfigValue, fill};

fn map(entries: &[(&str, ConfigValue)]) -> ConfigMap {
    entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

fn any_value() -> impl Strategy<Value = ConfigValue> {
    let leaf = prop_oneof![
        any::<String>().prop_map(ConfigValue::String),
        any::<i64>().prop_map(ConfigValue::Integer),
        any::<f64>().prop_filter("comparable", |n| !n.is_nan()).prop_map(ConfigValue::Float),
        any::<bool>().prop_map(ConfigValue::Boolean),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(ConfigValue::List),
            prop::collection::btree_map(any::<String>(), inner, 0..4).prop_map(ConfigValue::Map),
        ]
    })
}

proptest! {
    #[test]
    fn equal_values_have_one_canonical_text_and_unequal_ones_two(a in any_value(), b in any_value()) {
        let zeros = |value: &ConfigValue| value.canonical().contains("0.0");
        prop_assert_eq!(a.canonical(), a.clone().canonical());
        // 0.0 and -0.0 are equal numbers with different texts.
        prop_assume!(!zeros(&a) && !zeros(&b));
        prop_assert_eq!(a == b, a.canonical() == b.canonical());
    }
}

#[test]
fn parameters_are_written_as_testground_wrote_them() {
    let cases: [(ConfigValue, &str); 12] = [
        ("plain text".into(), "plain text"),
        ("".into(), ""),
        (5_i64.into(), "5"),
        (true.into(), "true"),
        ((-53.7499).into(), "-53.7499"),
        (5.0.into(), "5"),
        (1e21.into(), "1e+21"),
        (1e-7.into(), "1e-7"),
        (0.0.into(), "0"),
        (ConfigValue::List(vec!["a".into()]), r#"["a"]"#),
        (ConfigValue::List(vec![1_i64.into(), 2_i64.into()]), "[1,2]"),
        (
            map(&[("k", "\"\\\n\u{1}".into()), ("a", 1_i64.into())]).into(),
            "{\"a\":1,\"k\":\"\\\"\\\\\\n\\u0001\"}",
        ),
    ];
    for (value, expected) in cases {
        assert_eq!(value.to_param(), expected);
        assert_eq!(value.to_string(), expected);
    }
}

#[test]
fn the_canonical_text_shows_the_type() {
    assert_eq!(ConfigValue::from(2_i64).canonical(), "2");
    assert_eq!(ConfigValue::from(2.0).canonical(), "2.0");
    assert_eq!(ConfigValue::from("2").canonical(), "\"2\"");
    assert_eq!(ConfigValue::from(f64::NAN).canonical(), "nan");
    assert_eq!(ConfigValue::from(f64::NEG_INFINITY).canonical(), "-inf");
}

#[test]
fn reading_another_type_gives_nothing() {
    let value = ConfigValue::from("5");
    assert_eq!(value.as_integer(), None);
    assert_eq!(value.as_float(), None);
    assert_eq!(value.as_bool(), None);
    assert!(value.as_list().is_none() && value.as_map().is_none());
    assert_eq!(ConfigValue::from(5_i64).as_float(), Some(5.0));
    assert_eq!(ConfigValue::from(5_i64).as_str(), None);
    assert_eq!(ConfigValue::from(5_i64).type_name(), "integer");
}

#[test]
fn filling_touches_only_what_is_missing_and_does_not_go_deep() {
    let mut own = map(&[("a", 1_i64.into()), ("t", map(&[("x", 1_i64.into())]).into())]);
    let fallback =
        map(&[("a", 2_i64.into()), ("b", 3_i64.into()), ("t", map(&[("y", 2_i64.into())]).into())]);
    fill(&mut own, &fallback);
    assert_eq!(ConfigValue::Map(own).canonical(), r#"{"a":1,"b":3,"t":{"x":1}}"#);
}
