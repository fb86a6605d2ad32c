//! Which value each parameter has.

use std::collections::BTreeSet;

use super::super::Params;
use super::super::error::{Fault, ResolveError, Warning, WarningKind};
use super::super::path::KeyPath;
use super::{Context, Member};

/// Lays the parameters of all levels over each other, the manifest's defaults lowest.
pub(super) fn of(context: &Context<'_>, member: &Member<'_>) -> Result<Params, ResolveError> {
    let mut params: Params = context
        .case
        .params
        .iter()
        .filter_map(|(name, param)| Some((name.clone(), param.default.as_ref()?.to_param())))
        .collect();
    for (layer, _) in layers(context, member) {
        params.extend(layer.clone());
    }
    for (name, value) in &params {
        if let Some(reason) = unrepresentable(name, value) {
            let fault = Fault::UnrepresentableParam { name: name.clone(), reason };
            return Err(fault.at(place(context, member, name)));
        }
    }
    Ok(params)
}

/// Notes what is doubtful about a group's parameters; `seen` holds the places that were looked at before.
pub(super) fn warn(
    context: &Context<'_>,
    member: &Member<'_>,
    seen: &mut BTreeSet<String>,
    warnings: &mut Vec<Warning>,
) {
    for (layer, at) in layers(context, member) {
        if layer.is_empty() || !seen.insert(at.to_string()) {
            continue;
        }
        for (name, value) in layer {
            let warning = |kind| Warning { kind, at: at.clone().key(name) };
            warnings.extend(doubt(context, name, value).map(warning));
        }
    }
}

/// The layers above the manifest's defaults, from the lowest to the highest.
fn layers<'a>(context: &Context<'a>, member: &'a Member<'a>) -> Vec<(&'a Params, KeyPath)> {
    let global = &context.composition.global.run.test_params;
    let mut layers = vec![
        (global, KeyPath::composition("global").key("run").key("test_params")),
        (&member.group.run.test_params, member.group_at.clone().key("run").key("test_params")),
    ];
    if let Some((index, run)) = context.run {
        layers
            .push((&run.test_params, KeyPath::composition("runs").index(index).key("test_params")));
    }
    if let Some((own, at)) = &member.own {
        layers.push((&own.test_params, at.clone().key("test_params")));
    }
    layers.push((&context.overrides.params, KeyPath::composition("sweep").key("params")));
    layers
}

fn place(context: &Context<'_>, member: &Member<'_>, name: &str) -> KeyPath {
    let layer =
        layers(context, member).into_iter().rev().find(|(layer, _)| layer.contains_key(name));
    let case = context.manifest.testcases.iter().position(|case| case.name == context.case.name);
    layer.map_or_else(
        || {
            let testcase = KeyPath::manifest("testcases").index(case.unwrap_or_default());
            testcase.key("params").key(name).key("default")
        },
        |(_, at)| at.key(name),
    )
}

/// An instance's environment holds `name=value|name=value` without any escaping.
fn unrepresentable(name: &str, value: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("its name is empty")
    } else if name.contains(['=', '|', '\0']) {
        Some("its name holds `=` or `|`, which separate parameters")
    } else if value.contains('|') {
        Some("its value holds `|`, which separates parameters")
    } else if value.contains('\0') {
        Some("its value holds a zero byte")
    } else {
        None
    }
}

fn doubt(context: &Context<'_>, name: &str, value: &str) -> Option<WarningKind> {
    let case = context.case;
    match case.params.get(name) {
        None if !case.any_param => Some(WarningKind::UndeclaredParam {
            testcase: case.name.clone(),
            name: name.to_owned(),
            known: case.params.keys().cloned().collect(),
        }),
        Some(param) if !param.accepts(value) => Some(WarningKind::UnexpectedValue {
            name: name.to_owned(),
            kind: param.kind.clone(),
            value: value.to_owned(),
            known: param.values.iter().map(ToString::to_string).collect(),
        }),
        _ if value.contains('=') => Some(WarningKind::EqualsInValue { name: name.to_owned() }),
        _ => None,
    }
}
