//! Rates of many tests at once: a prior learnt from the suite keeps three runs from outranking three thousand.

use super::order;
use super::quadrature::{Component, Mixture, minimise};
use super::{Count, wilson};
use crate::error::{StatsError, check_open_unit};
use crate::hodges_lehmann::Estimate;
use statrs::function::gamma::ln_gamma;
use std::collections::BTreeMap;

/// Most points on either side that a suite's unknown mean rate is spread over, and the least.
const NODES: (usize, usize) = (16, 4);
/// Distance between those points in log odds, as far as the most of them allow.
const NODE_STEP: f64 = 0.25;
/// Reach of those points around the overall mean, in standard deviations of the log odds.
const REACH: f64 = 4.0;
/// Failure rate from which a test counts as flaky in the score.
const WORTH_FIXING: f64 = 0.01;
/// Most reruns that are counted as wasted on one test.
const MOST_RERUNS: f64 = 1000.0;
/// Quantiles of the suite's rates that a test's expected place is computed from.
const PLACES: usize = 15;
/// Above this many different counts the prior is fitted on a regular sample of them.
const MOST_FITTED: usize = 500;

/// Failures of one test, and the suite it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TestCount {
    /// Failures among its runs; no runs is allowed.
    pub count: Count,
    /// Number of its suite; tests without one form a suite of their own.
    pub suite: Option<usize>,
}

/// The learnt distribution of failure rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SuitePrior {
    /// Overall mean rate, on the log odds scale's centre.
    pub mean: f64,
    /// How alike tests of one suite are: the a + b of their beta distribution.
    pub concentration: f64,
    /// Standard deviation of suites' means in log odds.
    pub between: f64,
}

/// What is known of one test's failure rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FlakeScore {
    /// Posterior mean of the rate, with Wilson's 1 - alpha interval, which needs no prior.
    pub rate: Estimate,
    /// Posterior mean of the rate with its 1 - alpha credible interval: narrower, and as good as the prior.
    pub credible: Estimate,
    /// Posterior probability that the rate is above 1 percent.
    pub score: f64,
    /// Expected reruns that one run of this test costs until it passes, at most 1,000.
    pub wasted_reruns: f64,
    /// Place in the order by expected place among the suite's rates, from 1 for the flakiest; ties share the
    /// better place.
    pub rank: usize,
}

/// Fits the suite prior and scores every test, in input order.
///
/// Rates of one suite follow a beta distribution with the suite's mean and a common concentration; the suites'
/// means are normal in log odds around the overall mean. The three numbers maximise the beta-binomial likelihood
/// with weak penalties that keep them finite; a suite's mean is integrated out. Credible intervals are one-sided
/// from 0 for tests that never failed and up to 1 for tests that always did, else equal-tailed. Tests with equal
/// counts share their place unless their suites tell enough to raise the expected rank
/// correlation with the true rates.
///
/// # Errors
/// [`StatsError::Parameter`] for an `alpha` outside (0, 1). No tests give no scores.
///
/// # Source
/// Morris, C. N. (1983). Parametric empirical Bayes inference. JASA 78, 47-55. doi:10.1080/01621459.1983.10477920
/// Griffiths, D. A. (1973). Maximum likelihood estimation for the beta-binomial distribution. Biometrics 29,
/// 637-648. doi:10.2307/2529131
pub fn flake_scores(
    tests: &[TestCount],
    alpha: f64,
) -> Result<(Option<SuitePrior>, Vec<FlakeScore>), StatsError> {
    check_open_unit("alpha", alpha)?;
    if tests.is_empty() {
        return Ok((None, Vec::new()));
    }
    let suites = Suites::of(tests);
    let prior = suites.fit();
    let nodes = Nodes::of(&prior);
    let beliefs: Vec<Vec<f64>> = suites.groups.iter().map(|g| nodes.belief(g)).collect();
    let grid = nodes.prior().quantiles(PLACES);
    let mut known: BTreeMap<Key, Scored> = BTreeMap::new();
    for (test, &group) in tests.iter().zip(&suites.of_test) {
        let count = test.count;
        let entry = known.entry((count.failures, count.runs, group)).or_insert_with(|| {
            let mixture = nodes.posterior(&beliefs[group], count);
            let place = mixture.place(&grid);
            Scored { place, tests: 0.0, score: score(&mixture, count, alpha) }
        });
        entry.tests += 1.0;
    }
    let places = order::places(&known);
    let scored = tests.iter().zip(&suites.of_test).map(|(test, &group)| {
        let key = (test.count.failures, test.count.runs, group);
        (places[&key], known[&key].score)
    });
    Ok((Some(prior), ranked(scored.collect())))
}

/// Failures, runs and suite.
pub(super) type Key = (u64, u64, usize);

/// Tests of one suite with equal counts.
pub(super) struct Scored {
    /// Expected share of all rates that lie below these tests'.
    pub(super) place: f64,
    /// How many tests.
    pub(super) tests: f64,
    score: FlakeScore,
}

fn score(mixture: &Mixture, count: Count, alpha: f64) -> FlakeScore {
    let (lower, upper) = match (count.failures, count.passes()) {
        (0, passes) if passes > 0 => (0.0, alpha),
        (failures, 0) if failures > 0 => (alpha, 0.0),
        _ => (alpha / 2.0, alpha / 2.0),
    };
    let lo = if lower == 0.0 { 0.0 } else { mixture.quantile(lower) };
    let hi = if upper == 0.0 { 1.0 } else { mixture.quantile(1.0 - upper) };
    let value = mixture.mean();
    let without_prior = wilson(count, alpha);
    let (low, high) = without_prior.map_or((0.0, 1.0), |interval| (interval.lo, interval.hi));
    FlakeScore {
        rate: Estimate { value: value.clamp(low, high), lo: low, hi: high },
        credible: Estimate { value: value.clamp(lo, hi), lo, hi },
        score: 1.0 - mixture.cdf(WORTH_FIXING),
        wasted_reruns: mixture.mean_odds(MOST_RERUNS),
        rank: 0,
    }
}

fn ranked(scored: Vec<(f64, FlakeScore)>) -> Vec<FlakeScore> {
    let mut order: Vec<f64> = scored.iter().map(|(place, _)| *place).collect();
    order.sort_by(|a, b| b.total_cmp(a));
    let rank = |place: f64| 1 + order.partition_point(|other| *other > place);
    scored.into_iter().map(|(place, score)| FlakeScore { rank: rank(place), ..score }).collect()
}

/// Tests by suite, equal counts folded.
struct Suites {
    /// Per suite: (failures, runs, number of tests with that count).
    groups: Vec<Vec<(u64, u64, f64)>>,
    /// Suite of each test.
    of_test: Vec<usize>,
    named: usize,
}

impl Suites {
    fn of(tests: &[TestCount]) -> Self {
        let mut index = BTreeMap::new();
        for test in tests {
            let next = index.len();
            index.entry(test.suite).or_insert(next);
        }
        let mut folded = vec![BTreeMap::new(); index.len()];
        let of_test: Vec<usize> = tests.iter().map(|t| index[&t.suite]).collect();
        for (test, &group) in tests.iter().zip(&of_test) {
            *folded[group].entry((test.count.failures, test.count.runs)).or_insert(0.0) += 1.0;
        }
        let unfold = |group: BTreeMap<(u64, u64), f64>| {
            group.into_iter().map(|((x, n), times)| (x, n, times)).collect()
        };
        let named = index.keys().filter(|suite| suite.is_some()).count();
        Self { groups: folded.into_iter().map(unfold).collect(), of_test, named }
    }

    fn fit(&self) -> SuitePrior {
        let total: usize = self.groups.iter().map(Vec::len).sum();
        let stride = total.div_ceil(MOST_FITTED).max(1);
        let sampled: Vec<Vec<(u64, u64, f64)>> =
            self.groups.iter().map(|g| g.iter().copied().step_by(stride).collect()).collect();
        let (failures, runs) = self.groups.iter().flatten().fold((0.5, 1.0), |(x, n), count| {
            (x + count.0 as f64 * count.2, n + count.1 as f64 * count.2)
        });
        let rate: f64 = failures / runs;
        let start = [(rate / (1.0 - rate)).ln(), 1.0, -0.5];
        // One suite cannot tell how far suites differ.
        let alone = self.named < 2;
        let found = minimise(start, 0.7, |theta| {
            let prior = SuitePrior::from_search(theta, alone);
            let nodes = Nodes::of(&prior);
            let fit: f64 = sampled.iter().map(|group| nodes.log_evidence(group)).sum();
            penalty(theta) - fit
        });
        SuitePrior::from_search(found, alone)
    }
}

/// Weak log priors that keep the three numbers finite when the data say nothing about them.
fn penalty(theta: [f64; 3]) -> f64 {
    let mean = 1.0 / (1.0 + (-theta[0]).exp());
    let odds = -0.5 * (mean.max(1e-300).ln() + (1.0 - mean).max(1e-300).ln());
    odds + 0.5 * (theta[1] / 2.0).powi(2) + 0.5 * (theta[2] / 1.5).powi(2)
}

impl SuitePrior {
    fn from_search(theta: [f64; 3], alone: bool) -> Self {
        let between = if alone { 0.0 } else { theta[2].clamp(-5.0, 2.0).exp() };
        Self {
            mean: 1.0 / (1.0 + (-theta[0].clamp(-30.0, 30.0)).exp()),
            concentration: theta[1].clamp(-8.0, 12.0).exp(),
            between,
        }
    }
}

/// The points that a suite's mean may lie on.
struct Nodes {
    shapes: Vec<(f64, f64)>,
    ln_weights: Vec<f64>,
}

impl Nodes {
    fn of(prior: &SuitePrior) -> Self {
        let wanted = (REACH * prior.between / NODE_STEP).ceil() as usize;
        let count = if prior.between > 0.0 { 2 * wanted.clamp(NODES.1, NODES.0) + 1 } else { 1 };
        let centre = (prior.mean / (1.0 - prior.mean)).ln();
        let z = |i: usize| {
            if count == 1 { 0.0 } else { REACH * (2.0 * i as f64 / (count - 1) as f64 - 1.0) }
        };
        let shapes = (0..count).map(|i| {
            let odds = (centre + prior.between * z(i)).clamp(-30.0, 30.0);
            let mean = 1.0 / (1.0 + (-odds).exp());
            let rest = 1.0 / (1.0 + odds.exp());
            (prior.concentration * mean, prior.concentration * rest)
        });
        let ln_weights: Vec<f64> = (0..count).map(|i| -0.5 * z(i) * z(i)).collect();
        let total = log_sum(&ln_weights);
        Self {
            shapes: shapes.collect(),
            ln_weights: ln_weights.iter().map(|w| w - total).collect(),
        }
    }

    /// Log weight of each node after a suite's counts.
    fn ln_belief(&self, group: &[(u64, u64, f64)]) -> Vec<f64> {
        let at = |(&(a, b), weight): (&(f64, f64), &f64)| {
            let normal = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
            let likelihood = |&(x, n, times): &(u64, u64, f64)| {
                let (x, n) = (x as f64, n as f64);
                times * (normal + ln_gamma(a + x) + ln_gamma(b + n - x) - ln_gamma(a + b + n))
            };
            weight + group.iter().map(likelihood).sum::<f64>()
        };
        self.shapes.iter().zip(&self.ln_weights).map(at).collect()
    }

    fn log_evidence(&self, group: &[(u64, u64, f64)]) -> f64 {
        log_sum(&self.ln_belief(group))
    }

    fn belief(&self, group: &[(u64, u64, f64)]) -> Vec<f64> {
        let logs = self.ln_belief(group);
        let total = log_sum(&logs);
        logs.iter().map(|l| (l - total).exp()).collect()
    }

    fn posterior(&self, belief: &[f64], count: Count) -> Mixture {
        let (x, passes) = (count.failures as f64, count.passes() as f64);
        let component =
            |(&(a, b), &weight): (&(f64, f64), &f64)| Component { weight, a: a + x, b: b + passes };
        Mixture::new(self.shapes.iter().zip(belief).map(component))
    }

    /// The distribution of rates before any count is known.
    fn prior(&self) -> Mixture {
        let component =
            |(&(a, b), weight): (&(f64, f64), &f64)| Component { weight: weight.exp(), a, b };
        Mixture::new(self.shapes.iter().zip(&self.ln_weights).map(component))
    }
}

fn log_sum(logs: &[f64]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most + logs.iter().map(|l| (l - most).exp()).sum::<f64>().ln()
}
