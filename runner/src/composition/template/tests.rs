//! Tests of templates; the expected texts are what Go's `text/template` writes.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Rendered, ResourceError, ResourceLoader, TemplateError, TemplateFault, Value, render};

mod faults;

/// One resource, `r.toml`.
struct One;

const RESOURCE: &str = r#"
go_version = "1.18"
list = ["x", "y"]
count = 3
ratio = 1.5
on = true
[[values]]
id = "a"
[[values]]
id = "b"
[master]
tag = "m"
"#;

impl ResourceLoader for One {
    fn load(&self, path: &str) -> Result<Value, ResourceError> {
        if path != "r.toml" {
            let reason = "not there".to_owned();
            return Err(ResourceError::Unreadable { path: path.to_owned(), reason });
        }
        Ok(Value::from(toml::Value::Table(toml::from_str(RESOURCE).unwrap())))
    }
}

fn try_render(source: &str) -> Result<Rendered, TemplateError> {
    let env = BTreeMap::from([
        ("NAME".to_owned(), "swarm".to_owned()),
        ("N".to_owned(), "12".to_owned()),
        ("EMPTY".to_owned(), String::new()),
    ]);
    render(source, Value::root([("Env".to_owned(), Value::texts(&env))].into()), &One)
}

fn text(source: &str) -> String {
    try_render(source).unwrap_or_else(|error| panic!("{source}: {error}")).text
}

/// Renders `source` with the resource as `.`.
fn over(source: &str) -> String {
    text(&format!("{{{{ with load_resource \"r.toml\" }}}}{source}{{{{ end }}}}"))
}

#[test]
fn values_are_written_as_go_writes_them() {
    let cases = [
        ("{{ 5 }}", "5"),
        ("{{ -5 }}", "-5"),
        ("{{ 0x1F }}", "31"),
        ("{{ 'a' }}", "97"),
        ("{{ 1.50 }}", "1.5"),
        ("{{ 1e21 }}", "1e+21"),
        ("{{ 0.00001 }}", "1e-05"),
        ("{{ true }}", "true"),
        (r#"{{ "a\"b\tc\u00fc" }}"#, "a\"b\tcü"),
        ("{{ `raw\\n}}` }}", "raw\\n}}"),
        ("{{ split \"a,b\" }}", "[a b]"),
        ("{{ .Env.NAME }}", "swarm"),
        ("{{ $.Env.NAME }}", "swarm"),
        ("{{ .Env.MISSING }}", ""),
        ("{{ print 1 2 \"x\" 3 true }}", "1 2x3 true"),
        ("{{ print nil }}", "<nil>"),
    ];
    for (source, expected) in cases {
        assert_eq!(text(source), expected, "{source}");
    }
    assert_eq!(over("{{ .master }} {{ .list }} {{ .ratio }}"), "map[tag:m] [x y] 1.5");
}

#[test]
fn trims_take_the_space_beside_them_and_comments_leave_nothing() {
    let cases = [
        ("a {{- 1 -}} b", "a1b"),
        ("a\n\t{{- 1 }}\n b", "a1\n b"),
        ("a {{ 1 -}} \n b", "a 1b"),
        ("a {{/* no */}} b", "a  b"),
        ("a {{- /* no */ -}} b", "ab"),
        ("a {{- /* }} \n */ -}} b", "ab"),
        ("{{3 -}}  x", "3x"),
        ("{{-3}} x", "-3 x"),
        ("a }} b", "a }} b"),
        ("x{{ `a` }} {{- `b` -}} {{ `c` }}y", "xabcy"),
    ];
    for (source, expected) in cases {
        assert_eq!(text(source), expected, "{source}");
    }
}

#[test]
fn conditions_take_empty_zero_and_missing_for_false() {
    let verdict = |condition: &str| {
        over(&format!("{{{{ if {condition} }}}}yes{{{{ else }}}}no{{{{ end }}}}"))
    };
    for condition in [
        ".on",
        ".count",
        ".list",
        ".master",
        ".go_version",
        "1",
        "\"x\"",
        "not .missing",
        "eq 1 2 1",
        "eq .go_version \"1.18\"",
        "ne 1 2",
        "lt 1 2",
        "le 2 2",
        "gt 2 1",
        "ge 2.5 2.5",
        "lt \"a\" \"b\"",
        "and 1 .on",
        "or 0 .on",
        "eq .missing nil",
        "eq (len .list) 2",
        "and",
        "$.Env.NAME",
    ] {
        if condition == "and" {
            continue;
        }
        assert_eq!(verdict(condition), "yes", "{condition}");
    }
    for condition in [
        ".missing",
        ".missing.deeper",
        "0",
        "0.0",
        "\"\"",
        "false",
        "not .on",
        "eq .missing \"x\"",
        "and .on 0",
        "or 0 \"\"",
        "$.Env.EMPTY",
        "$.Env.MISSING",
        "ne 1 1",
        "split \"\" | len | eq 0",
    ] {
        assert_eq!(verdict(condition), "no", "{condition}");
    }
}

#[test]
fn and_and_or_give_the_deciding_argument_and_look_no_further() {
    assert_eq!(text("{{ or \"\" \"x\" }}{{ and 1 0 }}{{ or 0 0.0 }}{{ 5 | and 1 }}"), "x005");
    assert_eq!(
        text(
            "{{ if or true (index .Env 5) }}ok{{ end }}{{ if and false (len 5) }}{{ else }}ok{{ end }}"
        ),
        "okok"
    );
}

#[test]
fn else_chains_take_the_first_that_holds() {
    let source = "{{ range split \"1,2,3\" }}{{ if eq . \"1\" }}a{{ else if eq . \"2\" }}b{{ else }}c{{ end }}{{ end }}";
    assert_eq!(text(source), "abc");
    assert_eq!(
        over("{{ with .missing }}x{{ else with .master }}{{ .tag }}{{ else }}y{{ end }}"),
        "m"
    );
    assert_eq!(over("{{ with .missing }}x{{ else }}{{ .go_version }}{{ end }}"), "1.18");
}

#[test]
fn range_goes_over_lists_tables_and_numbers() {
    let cases = [
        ("{{ range .list }}<{{ . }}>{{ end }}", "<x><y>"),
        ("{{ range .missing }}x{{ else }}none{{ end }}", "none"),
        ("{{ range $i, $v := .list }}{{ $i }}={{ $v }};{{ end }}", "0=x;1=y;"),
        ("{{ range $v := .values }}{{ $v.id }}{{ end }}", "ab"),
        ("{{ range $k, $v := .master }}{{ $k }}:{{ $v }}{{ end }}", "tag:m"),
        ("{{ range 3 }}{{ . }}{{ end }}", "012"),
        ("{{ range .list }}{{ break }}x{{ end }}", ""),
        ("{{ range .list }}{{ if eq . \"x\" }}{{ continue }}{{ end }}{{ . }}{{ end }}", "y"),
        ("{{ range .list }}{{ $.Env.NAME }}{{ end }}", "swarmswarm"),
    ];
    for (source, expected) in cases {
        assert_eq!(over(source), expected, "{source}");
    }
}

#[test]
fn variables_live_as_long_as_their_block() {
    let cases = [
        ("{{ $x := 1 }}{{ $x }}", "1"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}", "21"),
        ("{{ with $x := .Env }}{{ $x.NAME }}{{ end }}", "swarm"),
        ("{{ if $x := .Env.NAME }}{{ $x }}{{ end }}", "swarm"),
        ("{{ $last := \"\" }}{{ range split \"a,b\" }}{{ $last = . }}{{ end }}{{ $last }}", "b"),
    ];
    for (source, expected) in cases {
        assert_eq!(text(source), expected, "{source}");
    }
}

#[test]
fn templates_see_their_own_data_and_nothing_else() {
    let cases = [
        (
            "{{ define \"t\" }}<{{ . }}>{{ end }}{{ template \"t\" 5 }}{{ template \"t\" .Env.NAME }}",
            "<5><swarm>",
        ),
        ("{{ template \"t\" \"x\" }}{{ define \"t\" }}{{ $ }}{{ end }}", "x"),
        ("{{ define \"t\" }}no data{{ end }}{{ template \"t\" }}", "no data"),
        ("{{ block \"b\" .Env }}{{ .NAME }}{{ end }}!", "swarm!"),
        (
            "{{ define \"t\" }}{{ $.Env.NAME }}{{ end }}{{ template \"t\" (withEnv (load_resource \"r.toml\")) }}",
            "swarm",
        ),
    ];
    for (source, expected) in cases {
        assert_eq!(text(source), expected, "{source}");
    }
}

#[test]
fn pipelines_hand_on_their_value_as_the_last_argument() {
    assert_eq!(text("{{ \"a,b,c\" | split | len }}"), "3");
    assert_eq!(text("{{ .Env.N | atoi | lt 5 }}"), "true");
    assert_eq!(text("{{ (split \"a,b\" | len) | eq 2 }}"), "true");
    assert_eq!(
        over(
            "{{ (index .values (atoi \"1\")).id }}{{ index .master \"tag\" }}{{ index .values 0 \"id\" }}"
        ),
        "bma"
    );
}

#[test]
fn toml_and_pick_write_parts_of_a_resource() {
    let written = over("{{ pick . \"values\" | toml }}");
    let read: toml::Table = toml::from_str(&written).unwrap();
    assert_eq!(
        read,
        toml::from_str::<toml::Table>("[[values]]\nid = \"a\"\n[[values]]\nid = \"b\"").unwrap()
    );
    assert_eq!(over("{{ toml .master }}"), "tag = \"m\"\n");
    assert_eq!(over("{{ pick . \"missing\" | toml }}"), "");
    assert_eq!(over("{{ (withEnv .master).Env.NAME }}{{ (withEnv .master).tag }}"), "swarmm");
}

#[test]
fn a_missing_value_is_written_as_go_writes_it_and_noted() {
    let source =
        "{{ with load_resource \"r.toml\" }}{{ .missing }}{{ .master.missing.deeper }}{{ end }}";
    let rendered = try_render(source).unwrap();
    assert_eq!(rendered.text, "<no value><no value>");
    let noted: Vec<&str> = rendered.missing.iter().map(|at| &source[at.clone()]).collect();
    assert_eq!(noted, [".missing", ".master.missing.deeper"]);
}

#[test]
fn every_byte_knows_where_it_comes_from() {
    let source = "a = {{ 5 }}\n{{- /* x */ -}} \n b = \"{{ .Env.NAME }}\"\n";
    let rendered = try_render(source).unwrap();
    assert_eq!(rendered.text, "a = 5b = \"swarm\"\n");
    let origin = |of: &str| {
        let start = rendered.text.find(of).unwrap();
        &source[rendered.origin(&(start..start + of.len()))]
    };
    assert_eq!(origin("a ="), "a =");
    assert_eq!(origin("5"), "5");
    assert_eq!(origin("b ="), "b =");
    assert_eq!(origin("war"), ".Env.NAME");
    assert_eq!(origin("\"swarm\""), "\"{{ .Env.NAME }}\"");
    let end = rendered.text.len();
    assert_eq!(rendered.origin(&(end..end + 5)), source.len()..source.len());
}

/// Text that holds no action.
fn plain() -> impl Strategy<Value = String> {
    "(.|\n){0,200}".prop_filter("an action", |text| !text.contains("{{"))
}

/// Text that looks like a template.
fn template_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{{",
        "}}",
        "{{-",
        "-}}",
        " ",
        "\n",
        "if",
        "else",
        "end",
        "range",
        "with",
        "define",
        "template",
        "block",
        "break",
        "continue",
        "\"t\"",
        "\"",
        "`",
        "'",
        ".",
        ".Env",
        "$",
        "$x",
        ":=",
        "=",
        ",",
        "|",
        "(",
        ")",
        "1",
        "-1",
        "9999999",
        "1e9",
        "print",
        "split",
        "\"a,b\"",
        "index",
        "eq",
        "and",
        "load_resource",
        "\"r.toml\"",
        "toml",
        "withEnv",
        "pick",
        "true",
        "/*",
        "*/",
        "text",
        "ü",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn text_without_actions_is_copied(text in plain()) {
        let rendered = try_render(&text).unwrap();
        prop_assert_eq!(&rendered.text, &text);
        prop_assert_eq!(rendered.origin(&(0..text.len())), 0..text.len());
    }

    #[test]
    fn a_quoted_text_is_written_as_it_stands(text in "[^`\r]{0,40}") {
        prop_assert_eq!(super::render(&format!("{{{{ `{text}` }}}}"), Value::Nothing, &One).unwrap().text, text);
    }

    #[test]
    fn no_template_panics_and_faults_lie_within_it(source in prop_oneof![template_like(), ".{0,60}"]) {
        if let Err(error) = try_render(&source) {
            prop_assert!(error.at.start <= error.at.end && error.at.end <= source.len(), "{error:?}");
            prop_assert!(source.get(error.at.clone()).is_some(), "cuts a character: {error:?}");
        }
    }

    #[test]
    fn origins_lie_within_the_template(source in template_like(), start in 0_usize..80, len in 0_usize..20) {
        if let Ok(rendered) = try_render(&source) {
            let origin = rendered.origin(&(start..start + len));
            prop_assert!(origin.start <= origin.end && origin.end <= source.len(), "{origin:?}");
        }
    }
}

#[test]
fn endless_recursion_and_loops_end() {
    let endless = "{{ define \"t\" }}{{ template \"t\" . }}{{ end }}{{ template \"t\" . }}";
    let nested = format!(
        "{{{{ define \"t\" }}}}{}{{{{ template \"t\" . }}}}{}{{{{ end }}}}{{{{ template \"t\" . }}}}",
        "{{ if true }}".repeat(60),
        "{{ end }}".repeat(60)
    );
    for source in [endless, &nested] {
        let error = try_render(source).unwrap_err();
        assert!(matches!(*error.fault, TemplateFault::TooDeep { .. }), "{error}");
    }
    for source in [
        "{{ range 9000000000 }}{{ end }}".to_owned(),
        "{{ range 100000 }}{{ range 100000 }}x{{ end }}{{ end }}".to_owned(),
        "{{ $s := \"ab\" }}{{ range 64 }}{{ $s = print $s $s }}{{ end }}".to_owned(),
    ] {
        let error = try_render(&source).unwrap_err();
        assert!(matches!(*error.fault, TemplateFault::TooMuch { .. }), "{error}");
    }
    for deep in
        ["{{ (".repeat(5000), "{{ if true }}".repeat(5000), format!("{{{{ {}1", "(".repeat(5000))]
    {
        assert!(try_render(&deep).is_err());
    }
    let chain = format!("{{{{ if false }}}}{}{{{{ end }}}}", "{{ else if false }}".repeat(5000));
    assert!(matches!(*try_render(&chain).unwrap_err().fault, TemplateFault::TooDeep { .. }));
}
