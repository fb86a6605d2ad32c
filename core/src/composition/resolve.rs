//! Fills in every default of one run and checks it against the manifest.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{Fault, ResolveError, Warning};
use super::path::KeyPath;
use super::{Composition, DEFAULT_RUN, Group, Params, ResolvedGroup, ResolvedRun, Run, RunGroup};
use crate::config_value::{self, ConfigMap};
use crate::execution::Resources;
use crate::metric::MetricSpec;
use crate::plan::{Manifest, TestCase};

mod instances;
mod params;
mod supported;

/// What a sweep or a command line puts above everything the composition says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// Parameters of every group.
    pub params: Params,
    /// The runner.
    pub runner: Option<String>,
    /// The builder of every group.
    pub builder: Option<String>,
}

/// Resolves the run called `run_id` of `composition` against the plan's `manifest`.
///
/// # Errors
/// [`ResolveError`] says which rule is broken, and at which key of which file.
pub fn resolve(
    composition: &Composition,
    manifest: &Manifest,
    run_id: &str,
) -> Result<ResolvedRun, ResolveError> {
    resolve_with(composition, manifest, run_id, &Overrides::default())
}

/// Resolves the run called `run_id` as [`resolve`] does, with `overrides` above everything else.
///
/// # Errors
/// [`ResolveError`] says which rule is broken, and at which key of which file.
pub fn resolve_with(
    composition: &Composition,
    manifest: &Manifest,
    run_id: &str,
    overrides: &Overrides,
) -> Result<ResolvedRun, ResolveError> {
    check_ids(composition)?;
    composition.sweep.check()?;
    check_margins(composition, manifest)?;
    let case = supported::testcase(composition, manifest)?;
    let run = find_run(composition, run_id)?;
    let context = Context { composition, manifest, case, overrides, run };
    let members = context.members()?;
    let counts = instances::counts(&context, &members)?;
    let (runner, run_config) = supported::runner(&context)?;

    let mut groups = Vec::with_capacity(members.len());
    let mut warnings: Vec<Warning> = Vec::new();
    let mut seen = BTreeSet::new();
    for (member, count) in members.iter().zip(counts) {
        groups.push(context.group(member, count)?);
        params::warn(&context, member, &mut seen, &mut warnings);
    }
    Ok(ResolvedRun {
        id: run_id.to_owned(),
        plan: manifest.name.clone(),
        case: case.name.clone(),
        runner,
        run_config,
        groups,
        concurrent_builds: composition.global.concurrent_builds,
        disable_metrics: composition.global.disable_metrics,
        timeout: run
            .and_then(|(_, run)| run.timeout)
            .or(composition.global.timeout)
            .or(case.timeout),
        metrics: metrics(composition, manifest, case),
        warnings,
    })
}

/// Everything that the parts of a resolution look at.
struct Context<'a> {
    composition: &'a Composition,
    manifest: &'a Manifest,
    case: &'a TestCase,
    overrides: &'a Overrides,
    /// The run with its index, or nothing for the run of a composition without `[[runs]]`.
    run: Option<(usize, &'a Run)>,
}

/// A group that takes part in the run.
struct Member<'a> {
    id: &'a str,
    group: &'a Group,
    group_at: KeyPath,
    /// What the run says about the group, and where.
    own: Option<(&'a RunGroup, KeyPath)>,
}

impl<'a> Context<'a> {
    fn run_id(&self) -> &'a str {
        self.run.map_or(DEFAULT_RUN, |(_, run)| run.id.as_str())
    }

    fn members(&self) -> Result<Vec<Member<'a>>, ResolveError> {
        let groups = &self.composition.groups;
        let at = |index: usize| KeyPath::composition("groups").index(index);
        if let Some((run_index, run)) = self.run.filter(|(_, run)| !run.groups.is_empty()) {
            return run
                .groups
                .iter()
                .enumerate()
                .map(|(i, own)| self.member(run, own, run_group_at(run_index, i)))
                .collect();
        }
        if groups.is_empty() {
            return Err(Fault::NoGroups.at(KeyPath::composition("groups")));
        }
        Ok(groups
            .iter()
            .enumerate()
            .map(|(index, group)| Member { id: &group.id, group, group_at: at(index), own: None })
            .collect())
    }

    fn member(
        &self,
        run: &Run,
        own: &'a RunGroup,
        at: KeyPath,
    ) -> Result<Member<'a>, ResolveError> {
        let wanted = own.group_id.as_deref().unwrap_or(&own.id);
        let groups = &self.composition.groups;
        let Some(index) = groups.iter().position(|group| group.id == wanted) else {
            let key = if own.group_id.is_some() { "group_id" } else { "id" };
            return Err(Fault::UnknownGroup {
                run: run.id.clone(),
                group: wanted.to_owned(),
                known: groups.iter().map(|group| group.id.clone()).collect(),
            }
            .at(at.key(key)));
        };
        let group_at = KeyPath::composition("groups").index(index);
        Ok(Member { id: &own.id, group: &groups[index], group_at, own: Some((own, at)) })
    }

    fn group(&self, member: &Member<'_>, count: u32) -> Result<ResolvedGroup, ResolveError> {
        let global = &self.composition.global;
        let group = member.group;
        let builder = supported::builder(self, member)?;
        let mut build_config = group.build_config.clone();
        config_value::fill(&mut build_config, &global.build_config);
        config_value::fill(
            &mut build_config,
            self.manifest.builders.get(&builder).unwrap_or(&ConfigMap::new()),
        );

        let mut dependencies = BTreeMap::new();
        for dependency in global.build.dependencies.iter().chain(&group.build.dependencies) {
            dependencies.insert(dependency.module.clone(), dependency.clone());
        }
        let selectors = if group.build.selectors.is_empty() {
            &global.build.selectors
        } else {
            &group.build.selectors
        };

        let mut profiles = global.run.profiles.clone();
        profiles.extend(group.run.profiles.clone());
        profiles.extend(member.own.iter().flat_map(|(own, _)| own.profiles.clone()));

        let artifact = group.run.artifact.as_ref().or(global.run.artifact.as_ref());
        Ok(ResolvedGroup {
            id: member.id.to_owned(),
            group_id: group.id.clone(),
            count,
            builder,
            build_config,
            selectors: selectors.clone(),
            dependencies: dependencies.into_values().collect(),
            artifact: artifact.filter(|artifact| !artifact.is_empty()).cloned(),
            params: params::of(self, member)?,
            resources: resources(member)?,
            profiles,
        })
    }
}

fn run_group_at(run: usize, group: usize) -> KeyPath {
    KeyPath::composition("runs").index(run).key("groups").index(group)
}

fn find_run<'a>(
    composition: &'a Composition,
    run_id: &str,
) -> Result<Option<(usize, &'a Run)>, ResolveError> {
    if composition.runs.is_empty() && run_id == DEFAULT_RUN {
        return Ok(None);
    }
    let found = composition.runs.iter().enumerate().find(|(_, run)| run.id == run_id);
    let known = || composition.run_ids().into_iter().map(str::to_owned).collect();
    let unknown = || Fault::UnknownRun { run: run_id.to_owned(), known: known() };
    found.map(Some).ok_or_else(|| unknown().at(KeyPath::composition("runs")))
}

fn check_ids(composition: &Composition) -> Result<(), ResolveError> {
    let groups = composition.groups.iter().map(|group| group.id.as_str());
    check_unique("group", groups, |i| KeyPath::composition("groups").index(i).key("id"))?;
    let runs = composition.runs.iter().map(|run| run.id.as_str());
    check_unique("run", runs, |i| KeyPath::composition("runs").index(i).key("id"))?;
    for (index, run) in composition.runs.iter().enumerate() {
        let groups = run.groups.iter().map(|group| group.id.as_str());
        check_unique("group", groups, |i| run_group_at(index, i).key("id"))?;
    }
    Ok(())
}

/// Refuses ids that are given twice, or that cannot name a directory.
fn check_unique<'a>(
    what: &'static str,
    ids: impl Iterator<Item = &'a str>,
    at: impl Fn(usize) -> KeyPath,
) -> Result<(), ResolveError> {
    let mut seen = BTreeMap::new();
    for (index, id) in ids.enumerate() {
        let forbidden = |c: char| c.is_control() || c == '/';
        if matches!(id, "" | "." | "..") || id.contains(forbidden) {
            return Err(Fault::InvalidId { what, id: id.to_owned() }.at(at(index)));
        }
        if let Some(first) = seen.insert(id, index) {
            return Err(Fault::DuplicateId { what, id: id.to_owned() }
                .at(at(index))
                .against(at(first)));
        }
    }
    Ok(())
}

fn resources(member: &Member<'_>) -> Result<Resources, ResolveError> {
    use super::quantity::{cpu_millis, memory_bytes};
    let own = member.own.as_ref();
    let bad = |resource, text: &str, at: KeyPath| {
        let group = member.id.to_owned();
        Fault::NotAnAmount { group, resource, text: text.to_owned() }
            .at(at.key("resources").key(resource))
    };
    let pick = |from_own: Option<&'_ String>, from_group: Option<&'_ String>| match (from_own, own)
    {
        (Some(text), Some((_, at))) => Some((text.clone(), at.clone())),
        _ => from_group.map(|text| (text.clone(), member.group_at.clone())),
    };
    let memory = pick(
        own.and_then(|(o, _)| o.resources.memory.as_ref()),
        member.group.resources.memory.as_ref(),
    );
    let cpu =
        pick(own.and_then(|(o, _)| o.resources.cpu.as_ref()), member.group.resources.cpu.as_ref());
    let memory = memory
        .map(|(text, at)| memory_bytes(&text).ok_or_else(|| bad("memory", &text, at)))
        .transpose()?;
    let cpu =
        cpu.map(|(text, at)| cpu_millis(&text).ok_or_else(|| bad("cpu", &text, at))).transpose()?;
    // An amount of 0 is how Kubernetes says "no limit".
    Ok(Resources { memory_bytes: memory.filter(|&n| n > 0), cpu_millis: cpu.filter(|&n| n > 0) })
}

fn metrics(
    composition: &Composition,
    manifest: &Manifest,
    case: &TestCase,
) -> BTreeMap<String, MetricSpec> {
    let layers = [&composition.metrics, &case.metrics, &manifest.metrics];
    let names: BTreeSet<&String> = layers.iter().flat_map(|layer| layer.keys()).collect();
    names
        .into_iter()
        .map(|name| {
            let spec = layers.iter().filter_map(|layer| layer.get(name));
            (name.clone(), spec.fold(MetricSpec::default(), MetricSpec::or))
        })
        .collect()
}

fn check_margins(composition: &Composition, manifest: &Manifest) -> Result<(), ResolveError> {
    let check = |metrics: &BTreeMap<String, MetricSpec>, at: KeyPath| {
        for (name, spec) in metrics {
            if let Some(margin) =
                spec.margin.filter(|margin| !(margin.is_finite() && *margin > 0.0))
            {
                let fault = Fault::NotAMargin { metric: name.clone(), margin };
                return Err(fault.at(at.key(name).key("margin")));
            }
        }
        Ok(())
    };
    check(&composition.metrics, KeyPath::composition("metrics"))?;
    check(&manifest.metrics, KeyPath::manifest("metrics"))?;
    for (index, case) in manifest.testcases.iter().enumerate() {
        check(&case.metrics, KeyPath::manifest("testcases").index(index).key("metrics"))?;
    }
    Ok(())
}
