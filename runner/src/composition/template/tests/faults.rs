//! What is wrong with a template, and where.

use super::try_render;

/// Expects `source` to be refused with `message` at the text `at`.
fn refuse(source: &str, message: &str, at: &str) {
    let error = try_render(source).expect_err(source);
    assert_eq!(error.to_string(), message, "{source}");
    assert_eq!(&source[error.at.clone()], at, "{source}");
}

#[test]
fn what_has_no_end() {
    refuse("a {{ .Env", "this action has no end", "{{ .Env");
    refuse("a {{ .Env\nb = {{ 1 }}", "this action has no end", "{{ .Env");
    refuse("a {{/* b", "this comment has no end", "{{/*");
    refuse("a {{/* b */ c }}", "this comment has no end", "{{/*");
    refuse("{{ \"abc }}", "this quoted text has no end", "\"");
    refuse("{{ \"ab\nc\" }}", "this quoted text has no end", "\"");
    refuse("{{ if true }}x", "this action has no end", "if");
    refuse("{{ if true }}x{{ else }}y", "this action has no end", "if");
    refuse("{{ range .Env }}{{ if . }}{{ end }}", "this action has no end", "range");
    refuse("{{ define \"t\" }}", "this action has no end", "define");
}

#[test]
fn what_stands_at_the_wrong_place() {
    refuse("x{{ end }}", "unexpected `end`, an open action before it is wanted", "end");
    refuse("{{ else }}", "unexpected `else`, an open action before it is wanted", "else");
    refuse("{{ }}", "unexpected `}}`, a value is wanted", "}}");
    refuse("{{ if }}x{{ end }}", "unexpected `}}`, a value is wanted", "}}");
    refuse("{{ 1 | }}", "unexpected `}}`, a value is wanted", "}}");
    refuse("{{ (1 }}", "unexpected `}}`, `)` is wanted", "}}");
    refuse("{{ 1 ) }}", "unexpected `)`, `}}` is wanted", ")");
    refuse("{{ break }}", "unexpected `break`, a `range` around it is wanted", "break");
    refuse("{{ template t }}", "unexpected `t`, the template's name in quotes is wanted", "t");
    refuse(
        "{{ if true }}{{ else }}{{ else }}{{ end }}",
        "unexpected `else`, `end` is wanted",
        "else",
    );
    refuse("{{ print if }}", "unexpected `if`, a value is wanted", "if");
    refuse("{{ a & b }}", "unexpected '&' in an action", "&");
    refuse(
        "{{ 1\"x\" }}",
        "unexpected a value right after another, a space between them is wanted",
        "\"x\"",
    );
}

#[test]
fn what_cannot_be_read() {
    refuse("{{ 12ab }}", "12ab is not a valid number", "12ab");
    refuse(r#"{{ "\q" }}"#, r#""\q" is not a valid quoted text"#, r#""\q""#);
    refuse("{{ 'ab' }}", "'ab' is not a valid character", "'ab'");
}

#[test]
fn what_does_not_exist() {
    refuse("{{ load_ressource \"x\" }}", "there is no function `load_ressource`", "load_ressource");
    refuse("{{ $x }}", "there is no variable `$x`", "$x");
    refuse("{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}", "there is no variable `$x`", "$x");
    refuse("{{ $x = 1 }}", "there is no variable `$x`", "$x = 1");
    refuse("{{ template \"t\" . }}", "there is no template `t`", "template");
    refuse(
        "{{ load_resource \"no.toml\" }}",
        "cannot read resource `no.toml`: not there",
        "load_resource",
    );
    refuse(
        "{{ define \"t\" }}{{ end }}{{ define \"t\" }}{{ end }}",
        "template `t` is defined twice",
        "define",
    );
}

#[test]
fn what_does_not_fit() {
    refuse("{{ .Env.NAME.first }}", "a text has no field `first`", ".Env.NAME.first");
    refuse("{{ index (split \"a,b\") 2 }}", "index 2 is outside of a list of 2", "index");
    refuse(
        "{{ index (split \"a,b\") \"x\" }}",
        "`index` wants a whole number as index of a list, and a text is given",
        "index",
    );
    refuse("{{ atoi \"x\" }}", "`atoi` wants a whole number, and \"x\" is none", "atoi");
    refuse("{{ len 5 }}", "`len` wants a text, list or table, and an integer is given", "len");
    refuse("{{ eq 1 \"1\" }}", "an integer cannot be compared with a text", "eq");
    refuse("{{ eq 1 }}", "`eq` takes at least two arguments, and 1 are given", "eq");
    refuse("{{ split }}", "`split` takes one argument, and 0 are given", "split");
    refuse("{{ and }}", "`and` takes at least one argument, and 0 are given", "and");
    refuse("{{ range \"abc\" }}{{ end }}", "`range` cannot go over a text", "\"abc\"");
    refuse(
        "{{ .Env.NAME 5 }}",
        "this value is no function, and cannot take arguments",
        ".Env.NAME",
    );
    refuse(
        "{{ 5 | .Env.NAME }}",
        "this value is no function, and cannot take arguments",
        ".Env.NAME",
    );
    refuse("{{ toml \"x\" }}", "`toml` wants a table, and a text is given", "toml");
    refuse(
        "{{ $a, $b := 5 }}",
        "unexpected two variables, one outside of `range` is wanted",
        "$a, $b := 5",
    );
}
