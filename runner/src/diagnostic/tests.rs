//! Tests of messages.

use proptest::prelude::*;

use super::{Diagnostic, Place, did_you_mean, nearest};

const TEXT: &str = "[global]\ncase = \"flood\"\n\tünder = 5\r\n";

fn place(of: &str) -> Place {
    let start = TEXT.find(of).unwrap();
    Place::new("swarm.toml", TEXT, start..start + of.len())
}

#[test]
fn a_place_counts_lines_and_characters_from_one() {
    let place = place("5");
    assert_eq!((place.line, place.column, place.width), (3, 10, 1));
    assert_eq!(place.source_line, "\tünder = 5");
    assert_eq!(place.to_string(), "swarm.toml:3:10");
}

#[test]
fn a_place_beyond_the_end_is_the_end() {
    let place = Place::new("x", "ab", 10..20);
    assert_eq!((place.line, place.column, place.width), (1, 3, 1));
    let place = Place::new("x", "", 0..0);
    assert_eq!((place.line, place.column), (1, 1));
}

#[test]
fn a_range_over_several_lines_is_shown_to_the_end_of_the_first() {
    let place = Place::new("x", "abc\ndef", 1..7);
    assert_eq!((place.line, place.column, place.width), (1, 2, 2));
}

#[test]
fn a_message_has_its_place_its_evidence_and_its_hint() {
    let other =
        Place::new("plans/demo/manifest.toml", &"\n".repeat(11).replace('\n', "#\n"), 20..20);
    let diagnostic = Diagnostic::error("plan `demo` has no testcase `flod`")
        .at(place("\"flood\""))
        .evidence("evidence")
        .against(other)
        .hint("did you mean `flood`?".to_owned());
    let expected = "\
error: plan `demo` has no testcase `flod`
  --> swarm.toml:2:8
 2 | case = \"flood\"
   |        ^^^^^^^
  evidence
  --> plans/demo/manifest.toml:11:1
11 | #
   | ^
hint: did you mean `flood`?";
    assert_eq!(diagnostic.to_string(), expected);
}

#[test]
fn a_tab_before_the_caret_stays_a_tab() {
    let text = Diagnostic::warning("w").at(place("5")).to_string();
    assert_eq!(text, "warning: w\n --> swarm.toml:3:10\n3 | \tünder = 5\n  | \t        ^");
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let line = format!("{}X{}", "a".repeat(5000), "b".repeat(5000));
    let text = Diagnostic::error("long").at(Place::new("f", &line, 5000..5001)).to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[2].chars().count() < 110, "{}", lines[2]);
    let caret = lines[3].chars().position(|c| c == '^').unwrap();
    assert_eq!(lines[2].chars().nth(caret), Some('X'));
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let text = Diagnostic::error("e").at(Place::new("f", "a\u{1b}[31mb", 0..1)).to_string();
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn a_near_word_is_offered_and_a_far_one_is_not() {
    let known = ["flood", "drip", "ping-pong"];
    assert_eq!(nearest("flod", &known), Some("flood"));
    assert_eq!(nearest("pingpong", &known), Some("ping-pong"));
    assert_eq!(nearest("xyz", &known), None);
    assert_eq!(did_you_mean("xyz", &known).unwrap(), "known are `flood`, `drip`, `ping-pong`");
    assert_eq!(did_you_mean::<&str>("xyz", &[]), None);
    let many: Vec<String> = (0..20).map(|n| format!("case{n}")).collect();
    assert!(did_you_mean("xyz", &many).unwrap().ends_with("`case11` and 8 more"));
}

proptest! {
    #[test]
    fn no_text_and_range_panic(text in ".{0,80}(\n.{0,80}){0,3}", start in 0_usize..200, end in 0_usize..200) {
        let place = Place::new("f", &text, start..end);
        prop_assert!(place.column <= place.source_line.chars().count() + 2);
        let _ = Diagnostic::error("e").at(place).to_string();
    }
}
