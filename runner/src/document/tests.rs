//! Tests of TOML files with places.

use std::time::Duration;

use ground_core::composition::Step;
use proptest::prelude::*;

use super::{Document, DocumentFault, duration};

fn key(name: &str) -> Step {
    Step::Key(name.to_owned())
}

const TEXT: &str = "\
[global]
case = \"flood\"
[[groups]]
id = \"a\"
instances = { count = 5 }
[[groups]]
id = \"b\"
[groups.run.test_params]
size = \"1\"
";

fn found(steps: &[Step]) -> (usize, usize, usize) {
    let place = Document::new("f", TEXT).find(steps).place;
    (place.line, place.column, place.width)
}

#[test]
fn the_deepest_value_that_exists_is_found() {
    assert_eq!(found(&[key("global"), key("case")]), (2, 8, 7));
    assert_eq!(found(&[key("global"), key("runner")]), (1, 2, 6), "the table's name");
    assert_eq!(found(&[key("groups"), Step::Index(0), key("instances"), key("count")]), (5, 23, 1));
    assert_eq!(
        found(&[key("groups"), Step::Index(0), key("instances"), key("percentage")]),
        (5, 1, 9)
    );
    assert_eq!(
        found(&[key("groups"), Step::Index(1), key("run"), key("test_params"), key("size")]),
        (9, 8, 3)
    );
    assert_eq!(
        found(&[key("groups"), Step::Index(1), key("resources")]).0,
        6,
        "the group's header"
    );
    assert_eq!(found(&[key("nothing")]).0, 1);
    assert_eq!(found(&[key("groups"), Step::Index(7), key("id")]).0, 3);
}

#[test]
fn a_type_that_does_not_fit_has_its_place() {
    #[derive(Debug, serde::Deserialize)]
    struct Wanted {
        #[expect(dead_code, reason = "only read")]
        n: u32,
    }
    for (text, column) in [("n = \"x\"", 5), ("n = -1", 5), ("n = 1\nn = 2", 1), ("n = ", 5)] {
        let error = Document::new("f", text).parse::<Wanted>().unwrap_err();
        assert!(matches!(*error.fault, DocumentFault::Toml { .. }));
        assert_eq!(error.spot.place.column, column, "{text}: {error}");
    }
}

#[test]
fn durations_are_go_texts_or_seconds() {
    let text = |text: &str| duration(&toml::Value::String(text.to_owned()));
    let millis = |n| Ok(Duration::from_millis(n));
    assert_eq!(text("90s"), millis(90_000));
    assert_eq!(text("1m30s"), millis(90_000));
    assert_eq!(text("1.5h"), millis(5_400_000));
    assert_eq!(text("250ms"), millis(250));
    assert_eq!(duration(&toml::Value::Integer(2)), millis(2000));
    assert_eq!(duration(&toml::Value::Float(0.5)), millis(500));
    for wrong in
        ["", "5", "s", "-5s", "0s", "5 parsecs", "1m30", "1e3s", "99999999999999999999h", "."]
    {
        assert!(text(wrong).is_err(), "{wrong}");
    }
    for wrong in [
        toml::Value::Integer(0),
        toml::Value::Integer(-1),
        toml::Value::Float(f64::NAN),
        toml::Value::Float(f64::INFINITY),
        toml::Value::Boolean(true),
    ] {
        assert!(duration(&wrong).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_text_and_way_panic(text in "(.|\n){0,120}", steps in prop::collection::vec(prop_oneof![
        ".{0,3}".prop_map(Step::Key), (0_usize..3).prop_map(Step::Index)], 0..4))
    {
        let document = Document::new("f", text);
        let _ = document.find(&steps);
        let _ = document.parse::<toml::Table>();
    }
}
