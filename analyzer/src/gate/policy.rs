//! A gate's policy: what is required of which series, and what to do where nobody knows.

use serde::Deserialize;
use toml::Spanned;
use wildmatch::WildMatch;

/// Which alpha a policy has that names none: 5 percent over all its requirements.
const DEFAULT_ALPHA: f64 = 0.05;

/// What a rule that cannot be answered does to the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undecided {
    /// The gate gives no answer: absence of evidence is no evidence.
    NoAnswer,
    /// The gate holds.
    Hold,
    /// The rule passes, and says so.
    Pass,
}

/// What is required of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Require {
    /// Proved not to be worse by the margin or more.
    NotWorse,
    /// Proved to lie inside the margin on both sides.
    Equivalent,
    /// Proved to be better by more than the margin.
    Improved,
}

/// One requirement; patterns may hold `*` and `?`.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// Metrics with their summary, such as `get_latency_s_p99`.
    pub metric: String,
    /// Plans.
    pub plan: String,
    /// Testcases.
    pub case: String,
    /// What is required.
    pub require: Require,
    /// The margin, where it differs from the metric's own.
    pub margin: Option<f64>,
    /// What to do where it cannot be answered, where that differs from the policy's.
    pub undecided: Option<Undecided>,
}

impl Requirement {
    /// Returns whether the requirement is about the series of this plan, testcase and metric.
    #[must_use]
    pub fn covers(&self, plan: &str, case: &str, metric: &str) -> bool {
        WildMatch::new(&self.plan).matches(plan)
            && WildMatch::new(&self.case).matches(case)
            && WildMatch::new(&self.metric).matches(metric)
    }
}

/// What is required of outcomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StabilityRule {
    /// The highest failure rate that is tolerated, as a ratio.
    pub max_failure_rate: f64,
    /// What to do where it cannot be answered, where that differs from the policy's.
    pub undecided: Option<Undecided>,
}

/// A gate's policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Odds of holding a good release, over all requirements together.
    pub alpha: f64,
    /// What to do where a rule cannot be answered.
    pub undecided: Undecided,
    /// What is required of series.
    pub requirements: Vec<Requirement>,
    /// What is required of outcomes, if anything.
    pub stability: Option<StabilityRule>,
    /// SHA-256 of the policy's text, in hex.
    pub digest: String,
}

/// A policy's text is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PolicyError {
    /// What is wrong, in one line.
    pub message: String,
    /// Where: byte offsets into the text, when it is about a place.
    pub span: Option<std::ops::Range<usize>>,
    /// What to change.
    pub hint: &'static str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyText {
    alpha: Option<Spanned<f64>>,
    undecided: Option<Undecided>,
    #[serde(default)]
    require: Vec<Spanned<RequirementText>>,
    stability: Option<StabilityText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequirementText {
    metric: String,
    plan: Option<String>,
    case: Option<String>,
    require: Option<Require>,
    margin: Option<Spanned<f64>>,
    undecided: Option<Undecided>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StabilityText {
    max_failure_rate: Spanned<f64>,
    undecided: Option<Undecided>,
}

impl Policy {
    /// Reads a policy from its text (TOML; the keys are in `docs/gate.md`).
    ///
    /// # Errors
    /// [`PolicyError`] for text that is no TOML, unknown keys, ratios outside their range, and a policy that requires
    /// nothing: a gate that cannot fail is no gate.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let parsed: PolicyText = toml::from_str(text).map_err(|error| PolicyError {
            message: error.message().to_owned(),
            span: error.span(),
            hint: "the keys of a policy are in docs/gate.md",
        })?;
        let ratio = |value: Spanned<f64>, what: &str| within(value, what, 1.0);
        let requirements = parsed
            .require
            .into_iter()
            .map(|requirement| requirement.into_inner().checked())
            .collect::<Result<Vec<_>, _>>()?;
        let stability = parsed
            .stability
            .map(|rule| {
                let max_failure_rate = ratio(rule.max_failure_rate, "max_failure_rate")?;
                Ok(StabilityRule { max_failure_rate, undecided: rule.undecided })
            })
            .transpose()?;
        if requirements.is_empty() && stability.is_none() {
            return Err(PolicyError {
                message: "the policy requires nothing".to_owned(),
                span: None,
                hint: "add a [[require]] with a metric, or [stability] with max_failure_rate",
            });
        }
        Ok(Self {
            alpha: parsed.alpha.map_or(Ok(DEFAULT_ALPHA), |alpha| within(alpha, "alpha", 0.5))?,
            undecided: parsed.undecided.unwrap_or(Undecided::NoAnswer),
            requirements,
            stability,
            digest: ground_core::digest::Digest::of(text.as_bytes()).to_string(),
        })
    }
}

impl RequirementText {
    fn checked(self) -> Result<Requirement, PolicyError> {
        Ok(Requirement {
            metric: self.metric,
            plan: self.plan.unwrap_or_else(|| "*".to_owned()),
            case: self.case.unwrap_or_else(|| "*".to_owned()),
            require: self.require.unwrap_or(Require::NotWorse),
            margin: self.margin.map(|margin| within(margin, "margin", 1.0)).transpose()?,
            undecided: self.undecided,
        })
    }
}

fn within(value: Spanned<f64>, what: &str, most: f64) -> Result<f64, PolicyError> {
    let span = value.span();
    let number = value.into_inner();
    if number > 0.0 && number <= most {
        Ok(number)
    } else {
        Err(PolicyError {
            message: format!("`{what}` is {number}; it lies above 0 and up to {most}"),
            span: Some(span),
            hint: "write ratios, not percent: 0.02 is 2 percent",
        })
    }
}
