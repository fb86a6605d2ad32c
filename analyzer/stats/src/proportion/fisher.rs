//! Two rates against each other.

use super::Count;
use crate::dist::ln_choose;

/// Result of Fisher's exact test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fisher {
    /// Two-sided exact p: all tables at most as probable as the observed one.
    pub p: f64,
    /// The same, tables as probable as the observed one counting half: less conservative.
    pub mid_p: f64,
}

/// Tests whether two failure rates differ, given the totals.
///
/// # Cost
/// O(failures of both sides).
///
/// # Source
/// Fisher, R. A. (1934). Statistical Methods for Research Workers, fifth edition, section 21.02.
/// Lancaster, H. O. (1961). JASA 56, 223-234 (mid-p). doi:10.1080/01621459.1961.10482105
#[must_use]
pub fn fisher(baseline: Count, candidate: Count) -> Fisher {
    let (n, m) = (baseline.runs as f64, candidate.runs as f64);
    let failures = baseline.failures + candidate.failures;
    let least = failures.saturating_sub(candidate.runs);
    let most = failures.min(baseline.runs);
    let all = ln_choose(n + m, failures as f64);
    let probability =
        |x: u64| (ln_choose(n, x as f64) + ln_choose(m, (failures - x) as f64) - all).exp();
    let observed = probability(baseline.failures);
    // Tables that are equally probable differ in the last bits.
    let (below, above) = (observed * (1.0 - 1e-7), observed * (1.0 + 1e-7));
    let (mut fewer, mut equal) = (0.0, 0.0);
    for x in least..=most {
        let p = probability(x);
        if p < below {
            fewer += p;
        } else if p <= above {
            equal += p;
        }
    }
    Fisher { p: f64::min(fewer + equal, 1.0), mid_p: f64::min(fewer + equal / 2.0, 1.0) }
}
