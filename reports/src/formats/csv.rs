//! Comma-separated values by RFC 4180, with LF.

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
    let mut out = "commit,dirty,committed_at_s,run,sweep,block,started,value,unit\n".to_owned();
    for points in &history.series.revisions {
        for point in &points.points {
            out += &line(&[
                points.revision.commit.clone(),
                points.revision.dirty.to_string(),
                points.revision.committed_at_s.to_string(),
                point.run.to_string(),
                point.block.0.clone(),
                point.block.1.to_string(),
                iso_moment(point.started_ns),
                number(Some(point.value)),
                history.series.unit.to_string(),
            ]);
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
