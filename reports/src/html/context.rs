//! What all pages know: the report, where everything stands, where everything is linked.

use std::collections::{BTreeMap, HashMap};

use ground_core::metric::Stat;
use ground_core::report::{Comparison, Report, RunDetail, SeriesHistory};
use ground_core::revision::Revision;
use ground_core::series::SeriesKey;

use super::shell::Shell;
use crate::night::{Counts, Standing, standings};
use crate::number::Scale;
use crate::plain::{short, slug};
use crate::site::SiteOptions;

/// The report with everything that several pages need.
pub(crate) struct Context<'a> {
    /// What is shown.
    pub(crate) report: &'a Report,
    /// How it is shown.
    pub(crate) options: &'a SiteOptions,
    /// Where every series stands, gravest first.
    pub(crate) standings: Vec<Standing<'a>>,
    /// How many stand where.
    pub(crate) counts: Counts,
    /// Place of each revision in the report's history, by commit and state of the work tree.
    places: HashMap<(&'a str, bool), usize>,
    /// Runs by revision, plan and testcase.
    runs: HashMap<[String; 3], Vec<&'a RunDetail>>,
    known: HashMap<&'a SeriesKey, String>,
    families: HashMap<SeriesKey, Vec<usize>>,
    compared: Vec<String>,
    run_names: BTreeMap<&'a str, String>,
}

impl<'a> Context<'a> {
    /// Gathers what the pages of `report` need.
    pub(crate) fn new(report: &'a Report, options: &'a SiteOptions) -> Self {
        let standings = standings(report);
        let counts = Counts::of(report, &standings);
        let place = |(place, revision): (usize, &'a Revision)| {
            ((revision.commit.as_str(), revision.dirty), place)
        };
        let mut runs: HashMap<_, Vec<&RunDetail>> = HashMap::new();
        let mut run_names = BTreeMap::new();
        for detail in &report.runs {
            let run = &detail.run;
            let key = [run.revision.commit.clone(), run.plan.clone(), run.case.clone()];
            runs.entry(key).or_default().push(detail);
            run_names.insert(run.run.as_str(), slug(run.run.as_str()));
        }
        let known = standings
            .iter()
            .filter(|standing| standing.history.is_some())
            .map(|standing| (standing.key, series_path(standing.key)))
            .collect();
        Self {
            families: families(&standings),
            report,
            options,
            counts,
            places: report.revisions.iter().enumerate().map(place).collect(),
            runs,
            known,
            compared: compare_names(&report.comparisons),
            run_names,
            standings,
        }
    }

    /// Returns the frame of a page.
    pub(crate) fn shell(&self, title: &str, nav: &'static str, root: &'static str) -> Shell {
        Shell::new(self, title, nav, root)
    }

    /// Returns a revision's place in the report's history.
    pub(crate) fn place(&self, revision: &Revision) -> Option<usize> {
        self.places.get(&(revision.commit.as_str(), revision.dirty)).copied()
    }

    /// Returns the page of a series, from the site's root; none where the report has no history of it.
    pub(crate) fn series_link(&self, key: &SeriesKey) -> Option<&str> {
        self.known.get(key).map(String::as_str)
    }

    /// Returns where the other summaries of a series' metric stand, and it itself.
    pub(crate) fn family(&self, key: &SeriesKey) -> impl Iterator<Item = &Standing<'a>> {
        let members = self.families.get(&family_key(key)).map_or(&[][..], Vec::as_slice);
        members.iter().map(|place| &self.standings[*place])
    }

    /// Returns the file of a comparison under `cmp/`.
    pub(crate) fn compare_name(&self, index: usize) -> &str {
        &self.compared[index]
    }

    /// Returns the page of the comparison of two revisions, from the site's root.
    pub(crate) fn compare_link(&self, baseline: &Revision, candidate: &Revision) -> Option<String> {
        let same = |a: &Revision, b: &Revision| a.commit == b.commit && a.dirty == b.dirty;
        let found = self
            .report
            .comparisons
            .iter()
            .position(|c| same(&c.baseline, baseline) && same(&c.candidate, candidate))?;
        Some(format!("cmp/{}", self.compared[found]))
    }

    /// Returns the runs of a testcase at a revision.
    pub(crate) fn runs_of(&self, revision: &Revision, plan: &str, case: &str) -> &[&'a RunDetail] {
        let key = [revision.commit.clone(), plan.to_owned(), case.to_owned()];
        self.runs.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Returns the page of a run, from the site's root; none where the report does not hold the run.
    pub(crate) fn run_link(&self, run: &str) -> Option<String> {
        self.run_names.get(run).map(|name| format!("runs/{name}.html"))
    }

    /// Returns the address of a commit's page elsewhere.
    pub(crate) fn commit_link(&self, revision: &Revision) -> Option<String> {
        let hex = !revision.commit.is_empty()
            && revision.commit.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let web = self.options.commit_url.starts_with("https://")
            || self.options.commit_url.starts_with("http://");
        (hex && web).then(|| self.options.commit_url.replace("{commit}", &revision.commit))
    }

    /// Returns when the newest run began, in nanoseconds since the epoch; none without any run.
    pub(crate) fn newest_ns(&self) -> Option<i64> {
        let points = self
            .report
            .series
            .iter()
            .filter_map(|history| history.series.revisions.last())
            .flat_map(|revision| revision.points.iter().map(|point| point.started_ns));
        points.chain(self.report.runs.iter().map(|detail| detail.run.started_ns)).max()
    }
}

fn family_key(key: &SeriesKey) -> SeriesKey {
    SeriesKey { stat: Stat::Value, ..key.clone() }
}

fn families(standings: &[Standing<'_>]) -> HashMap<SeriesKey, Vec<usize>> {
    let mut families: HashMap<SeriesKey, Vec<usize>> = HashMap::new();
    for (place, standing) in standings.iter().enumerate() {
        families.entry(family_key(standing.key)).or_default().push(place);
    }
    families
}

/// Returns the page of a series, from the site's root.
pub(crate) fn series_path(key: &SeriesKey) -> String {
    let name = format!("{}-{}-{}", key.plan, key.case, key.metric_name());
    format!("s/{}--{}.html", slug(&name), slug(key.id().as_str()))
}

/// Returns the files of comparisons: `a..b.html`, widened where two would be the same.
fn compare_names(comparisons: &[Comparison]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for comparison in comparisons {
        let name = |digits: usize| {
            let side = |revision: &Revision| {
                let commit: String = revision.commit.chars().take(digits).collect();
                let dirty = if revision.dirty { "-dirty" } else { "" };
                let text = if commit.is_empty() { "none".to_owned() } else { slug(&commit) };
                format!("{text}{dirty}")
            };
            format!("{}..{}.html", side(&comparison.baseline), side(&comparison.candidate))
        };
        let found = [7, 12, 20, 40].map(name).into_iter().find(|name| !names.contains(name));
        names.push(found.unwrap_or_else(|| format!("{}-{}", names.len(), name(40))));
    }
    names
}

/// Returns the unit and prefix that suit a history: those of its newest level.
pub(crate) fn scale_of(history: &SeriesHistory, medians: &[Option<f64>]) -> Scale {
    let typical = medians.iter().rev().flatten().copied().next().unwrap_or(0.0);
    Scale::of(&history.series.unit, history.series.key.stat, typical)
}

/// Returns the median of each revision.
pub(crate) fn medians(history: &SeriesHistory) -> Vec<Option<f64>> {
    history.series.revisions.iter().map(crate::text::median).collect()
}

/// Returns the second line under a series' name: runner, language, parameters.
pub(crate) fn where_line(key: &SeriesKey) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in [&key.runner, &key.lang] {
        if !part.is_empty() {
            parts.push(short(part, 40));
        }
    }
    parts.extend(key.params.iter().map(|(name, value)| short(&format!("{name}={value}"), 40)));
    if parts.len() > 7 {
        let more = parts.len() - 6;
        parts.truncate(6);
        parts.push(format!("{more} more"));
    }
    parts.join(" · ")
}
