//! Mixtures of beta distributions, and a simplex search for the few numbers of a prior.

use crate::dist::{beta_cdf, beta_log_density, newton_from};

/// One beta distribution of a mixture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Component {
    pub(super) weight: f64,
    pub(super) a: f64,
    pub(super) b: f64,
}

/// Weight below which a component changes no digit that anybody reads.
const NEGLIGIBLE: f64 = 1e-6;

/// A mixture of beta distributions; weights sum to 1.
#[derive(Debug, Clone)]
pub(super) struct Mixture(Vec<Component>);

impl Mixture {
    /// Builds a mixture, leaving out components of negligible weight.
    pub(super) fn new(components: impl Iterator<Item = Component>) -> Self {
        let mut kept: Vec<Component> = components.filter(|c| c.weight > NEGLIGIBLE).collect();
        let total: f64 = kept.iter().map(|c| c.weight).sum();
        kept.iter_mut().for_each(|c| c.weight /= total);
        Self(kept)
    }

    fn sum(&self, of: impl Fn(&Component) -> f64) -> f64 {
        self.0.iter().map(|c| c.weight * of(c)).sum()
    }

    pub(super) fn mean(&self) -> f64 {
        self.sum(|c| c.a / (c.a + c.b))
    }

    /// Mean number of runs until one passes, less one, capped where the rate may be 1.
    pub(super) fn mean_odds(&self, cap: f64) -> f64 {
        self.sum(|c| if c.b > 1.0 { (c.a / (c.b - 1.0)).min(cap) } else { cap }).min(cap)
    }

    pub(super) fn cdf(&self, x: f64) -> f64 {
        self.sum(|c| beta_cdf(x, c.a, c.b))
    }

    /// Quantiles in the middle of `count` equal parts.
    pub(super) fn quantiles(&self, count: usize) -> Vec<f64> {
        (0..count).map(|i| self.quantile((i as f64 + 0.5) / count as f64)).collect()
    }

    /// Expected share of a distribution, given by its quantiles, that lies below this one.
    pub(super) fn place(&self, quantiles: &[f64]) -> f64 {
        quantiles.iter().map(|q| 1.0 - self.cdf(*q)).sum::<f64>() / quantiles.len() as f64
    }

    /// Solves in ln x, since quantiles of rare failures lie at 1e-9 and below; 0 below 1e-300.
    pub(super) fn quantile(&self, p: f64) -> f64 {
        const LEAST_LN: f64 = -690.0;
        if self.cdf(LEAST_LN.exp()) >= p {
            return 0.0;
        }
        let ln_x = newton_from(self.mean().ln(), (LEAST_LN, 0.0), |u| {
            let slope = self.sum(|c| beta_log_density(u, c.a, c.b));
            (self.cdf(u.exp()) - p, slope)
        });
        ln_x.exp()
    }
}

/// Minimises a function of three numbers.
///
/// # Source
/// Nelder, J. A. and Mead, R. (1965). Computer J. 7, 308-313. doi:10.1093/comjnl/7.4.308
pub(super) fn minimise(start: [f64; 3], step: f64, f: impl Fn([f64; 3]) -> f64) -> [f64; 3] {
    let mut simplex: Vec<([f64; 3], f64)> = Vec::with_capacity(4);
    simplex.push((start, f(start)));
    for axis in 0..3 {
        let mut corner = start;
        corner[axis] += step;
        simplex.push((corner, f(corner)));
    }
    for _ in 0..200 {
        simplex.sort_by(|a, b| a.1.total_cmp(&b.1));
        if simplex[3].1 - simplex[0].1 < 1e-7 * (1.0 + simplex[0].1.abs()) {
            break;
        }
        let mut centre = [0.0; 3];
        for (corner, _) in &simplex[..3] {
            (0..3).for_each(|i| centre[i] += corner[i] / 3.0);
        }
        let worst = simplex[3].0;
        let along = |t: f64| {
            let point = [0, 1, 2].map(|i| centre[i] + t * (worst[i] - centre[i]));
            (point, f(point))
        };
        let reflected = along(-1.0);
        if reflected.1 < simplex[0].1 {
            let expanded = along(-2.0);
            simplex[3] = if expanded.1 < reflected.1 { expanded } else { reflected };
        } else if reflected.1 < simplex[2].1 {
            simplex[3] = reflected;
        } else {
            let contracted = if reflected.1 < simplex[3].1 { along(-0.5) } else { along(0.5) };
            if contracted.1 < simplex[3].1.min(reflected.1) {
                simplex[3] = contracted;
            } else {
                let best = simplex[0].0;
                for corner in &mut simplex[1..] {
                    corner.0 = [0, 1, 2].map(|i| 0.5 * (corner.0[i] + best[i]));
                    corner.1 = f(corner.0);
                }
            }
        }
    }
    simplex.sort_by(|a, b| a.1.total_cmp(&b.1));
    simplex[0].0
}
