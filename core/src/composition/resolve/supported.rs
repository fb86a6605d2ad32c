//! Which testcase, builder and runner are meant, and whether the plan has them.

use super::super::error::{Fault, ResolveError};
use super::super::path::KeyPath;
use super::{Composition, Context, Member};
use crate::config_value::{self, ConfigMap};
use crate::plan::{Manifest, TestCase};

pub(super) fn testcase<'a>(
    composition: &Composition,
    manifest: &'a Manifest,
) -> Result<&'a TestCase, ResolveError> {
    let wanted = &composition.global.case;
    let only =
        manifest.testcases.first().filter(|_| wanted.is_empty() && manifest.testcases.len() == 1);
    only.or_else(|| manifest.testcase(wanted)).ok_or_else(|| {
        Fault::UnknownTestcase {
            plan: manifest.name.clone(),
            testcase: wanted.clone(),
            known: manifest.testcases.iter().map(|case| case.name.clone()).collect(),
        }
        .at(KeyPath::composition("global").key("case"))
        .against(KeyPath::manifest("testcases"))
    })
}

pub(super) fn runner(context: &Context<'_>) -> Result<(String, ConfigMap), ResolveError> {
    let Context { composition, manifest, overrides, .. } = context;
    let swept = &composition.sweep.runners;
    for (index, runner) in swept.iter().enumerate() {
        let at = KeyPath::composition("sweep").key("runners").index(index);
        run_config(composition, manifest, runner, at)?;
    }
    let at = KeyPath::composition("global").key("runner");
    let given = overrides.runner.as_ref().or(composition.global.runner.as_ref()).or(swept.first());
    let Some(runner) =
        given.or(manifest.defaults.runner.as_ref()).or_else(|| only(&manifest.runners))
    else {
        return Err(Fault::NoRunner { supported: ids(&manifest.runners) }.at(at));
    };
    Ok((runner.clone(), run_config(composition, manifest, runner, at)?))
}

/// Returns the configuration of `runner`, which is named at `at`, if the plan supports it.
fn run_config(
    composition: &Composition,
    manifest: &Manifest,
    runner: &str,
    at: KeyPath,
) -> Result<ConfigMap, ResolveError> {
    let Some(defaults) = manifest.runners.get(runner) else {
        return Err(Fault::UnsupportedRunner {
            plan: manifest.name.clone(),
            runner: runner.to_owned(),
            supported: ids(&manifest.runners),
        }
        .at(at)
        .against(KeyPath::manifest("runners")));
    };
    let mut config = composition.global.run_config.clone();
    config_value::fill(&mut config, defaults);
    Ok(config)
}

pub(super) fn builder(context: &Context<'_>, member: &Member<'_>) -> Result<String, ResolveError> {
    let Context { composition, manifest, overrides, .. } = context;
    let own = member.group.builder.as_ref();
    let at = match own {
        Some(_) => member.group_at.clone().key("builder"),
        None => KeyPath::composition("global").key("builder"),
    };
    let given = overrides.builder.as_ref().or(own).or(composition.global.builder.as_ref());
    let Some(builder) =
        given.or(manifest.defaults.builder.as_ref()).or_else(|| only(&manifest.builders))
    else {
        let supported = ids(&manifest.builders);
        return Err(Fault::NoBuilder { group: member.id.to_owned(), supported }.at(at));
    };
    if !manifest.builders.contains_key(builder) {
        return Err(Fault::UnsupportedBuilder {
            plan: manifest.name.clone(),
            group: member.id.to_owned(),
            builder: builder.clone(),
            supported: ids(&manifest.builders),
        }
        .at(at)
        .against(KeyPath::manifest("builders")));
    }
    Ok(builder.clone())
}

fn only(supported: &std::collections::BTreeMap<String, ConfigMap>) -> Option<&String> {
    supported.keys().next().filter(|_| supported.len() == 1)
}

fn ids(supported: &std::collections::BTreeMap<String, ConfigMap>) -> Vec<String> {
    supported.keys().cloned().collect()
}
