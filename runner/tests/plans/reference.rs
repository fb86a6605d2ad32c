//! Templates against Go's own `text/template`.
//!
//! `tests/reference/templates.go` wrote `templates.expected.json`; `TEMPLATE_REFERENCE` names another
//! such file, for instance one made of many random templates.

use std::collections::BTreeMap;

use ground_runner::composition::template::{ResourceError, ResourceLoader, Value, render};

#[derive(serde::Deserialize)]
struct Case {
    template: String,
    /// What Go writes; nothing when it refuses the template.
    output: Option<String>,
    /// Why Go refuses it.
    #[serde(default)]
    refusal: String,
}

/// The resource of `templates.go`.
struct Resource;

impl ResourceLoader for Resource {
    fn load(&self, path: &str) -> Result<Value, ResourceError> {
        if path != "r.toml" {
            return Err(ResourceError::Unreadable {
                path: path.to_owned(),
                reason: "not there".to_owned(),
            });
        }
        let text = "version = '1.18'\nempty = ''\nlist = ['x', 'y']\nnone = []\ncount = 3\nzero = 0\nratio = 1.5\n\
            on = true\noff = false\nvalues = [{ id = 'a' }, { id = 'b' }]\nmaster = { tag = 'm', n = 1 }";
        Ok(Value::from(toml::Value::Table(toml::from_str(text).unwrap())))
    }
}

#[test]
fn templates_come_out_as_go_writes_them() {
    let file = std::env::var("TEMPLATE_REFERENCE")
        .unwrap_or_else(|_| "tests/reference/templates.expected.json".to_owned());
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert!(cases.len() >= 200, "only {} templates", cases.len());
    let env = BTreeMap::from(
        [("NAME", "swarm"), ("N", "12"), ("EMPTY", "")].map(|(k, v)| (k.to_owned(), v.to_owned())),
    );
    let mut different = Vec::new();
    for case in &cases {
        let ours = render(
            &case.template,
            Value::root([("Env".to_owned(), Value::texts(&env))].into()),
            &Resource,
        );
        if ours.as_ref().ok().map(|rendered| &rendered.text) != case.output.as_ref() {
            let ours = ours.map(|rendered| rendered.text).map_err(|error| error.to_string());
            different.push(format!(
                "{:?}\n  Go:   {:?} {}\n  ours: {ours:?}",
                case.template, case.output, case.refusal
            ));
        }
    }
    let shown = different[..different.len().min(40)].join("\n");
    assert!(different.is_empty(), "{} of {} differ:\n{shown}", different.len(), cases.len());
}
