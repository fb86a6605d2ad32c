//! Comma-separated values by RFC 4180, with LF.

use std::fmt::Write as _;

use ground_core::report::{Report, SeriesHistory};

use crate::night::standings;
use crate::number::iso_moment;

/// Quotes a field where it needs it.
fn field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn line(fields: &[String]) -> String {
    let mut out = fields.iter().map(|text| field(text)).collect::<Vec<_>>().join(",");
    out.push('\n');
    out
}

fn number(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or_else(String::new, |value| value.to_string())
}

/// Renders every run of a series: one row for each point, oldest revision first.
#[must_use]
pub fn history(history: &SeriesHistory) -> String {
    let unit = field(history.series.unit.as_str());
    let mut out = "commit,dirty,run,block,started,value,unit\n".to_owned();
    for points in &history.series.revisions {
        let commit: String = points.revision.commit.chars().take(12).collect();
        let (commit, dirty) = (field(&commit), points.revision.dirty);
        for point in &points.points {
            let run = field(point.run.as_str());
            let (block, started) = (point.block.1, iso_moment(point.started_ns));
            let value = number(Some(point.value));
            let _ = writeln!(out, "{commit},{dirty},{run},{block},{started},{value},{unit}");
        }
    }
    out
}

/// Renders where every series stands: one row for each.
#[must_use]
pub fn findings(report: &Report) -> String {
    let mut out =
        "id,plan,case,metric,stat,runner,lang,params,verdict,new,change,lo,hi,p,p_adjusted,\
                   baseline,candidate,n_baseline,n_candidate,unit\n"
            .to_owned();
    for standing in standings(report) {
        let key = standing.key;
        let finding = standing.finding;
        let unit = finding
            .map(|finding| finding.unit.to_string())
            .or(standing.history.map(|history| history.series.unit.to_string()));
        out += &line(&[
            key.id().to_string(),
            key.plan.clone(),
            key.case.clone(),
            key.metric.clone(),
            key.stat.to_string(),
            key.runner.clone(),
            key.lang.clone(),
            key.params_text(),
            standing.verdict.to_string(),
            standing.new.to_string(),
            number(standing.effect.map(|effect| effect.value)),
            number(standing.effect.map(|effect| effect.lo)),
            number(standing.effect.map(|effect| effect.hi)),
            number(finding.and_then(|finding| finding.p)),
            number(finding.and_then(|finding| finding.p_adjusted)),
            number(finding.and_then(|finding| Some(finding.baseline.level?.value))),
            number(finding.and_then(|finding| Some(finding.candidate.level?.value))),
            finding.map_or_else(String::new, |finding| finding.baseline.runs.to_string()),
            finding.map_or_else(String::new, |finding| finding.candidate.runs.to_string()),
            unit.unwrap_or_default(),
        ]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn fields_are_quoted_only_where_needed() {
        assert_eq!(field("a b"), "a b");
        assert_eq!(field("a,b"), "\"a,b\"");
        assert_eq!(field("say \"x\"\n"), "\"say \"\"x\"\"\n\"");
    }
}
