//! Group-sequential boundaries by recursive numerical integration.

use crate::dist::{normal_pdf, normal_quantile, normal_sf};
use crate::error::{StatsError, check_count, check_open_unit};
use crate::mann_whitney::min_attainable_p;

/// Points of the density of the statistic between two looks; Simpson's rule needs an odd number.
const POINTS: usize = 201;
/// Beyond this many standard deviations a density is nothing.
const REACH: f64 = 8.5;

/// How the error rate is spent over the information.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spending {
    /// Hardly anything early: 4 - 4 Phi(z / sqrt t), z being the upper alpha / 4 point.
    ObrienFleming,
    /// Evenly: alpha ln(1 + (e - 1) t).
    Pocock,
}

impl Spending {
    /// Returns the two-sided error rate spent when a share `t` of the information is there.
    ///
    /// Each side spends half of alpha by Lan and DeMets' one-sided function, as the common programs do.
    ///
    /// # Source
    /// Lan, K. K. G. and DeMets, D. L. (1983). Biometrika 70, 659-663. doi:10.1093/biomet/70.3.659
    #[must_use]
    pub fn spent(self, t: f64, alpha: f64) -> f64 {
        let t = t.clamp(0.0, 1.0);
        if t == 0.0 {
            return 0.0;
        }
        match self {
            Self::ObrienFleming => 4.0 * normal_sf(-normal_quantile(alpha / 4.0) / t.sqrt()),
            Self::Pocock => alpha * ((std::f64::consts::E - 1.0) * t).ln_1p(),
        }
    }
}

/// The two-sided boundary at one look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Boundary {
    /// Share of the planned information at this look.
    pub information: f64,
    /// Stop where |z| reaches this.
    pub z: f64,
    /// The two-sided p that z is; an ordinary interval at this alpha is the repeated interval of the look.
    pub nominal_alpha: f64,
    /// Error rate spent up to and with this look.
    pub spent: f64,
}

/// Returns the boundaries of looks at growing shares of the information, spending alpha as planned.
///
/// Looks need not be evenly spaced, and later shares may be changed without harm to earlier looks.
///
/// # Errors
/// [`StatsError::TooFew`] without looks; [`StatsError::Entry`] for shares that do not grow within (0, 1];
/// [`StatsError::Parameter`] for an `alpha` outside (0, 1).
///
/// # Source
/// Lan, K. K. G. and DeMets, D. L. (1983). Biometrika 70, 659-663. doi:10.1093/biomet/70.3.659
/// Armitage, P., McPherson, C. K. and Rowe, B. C. (1969). J. R. Statist. Soc. A 132, 235-244 (recursion).
/// doi:10.2307/2343787
pub fn spend(
    information: &[f64],
    alpha: f64,
    spending: Spending,
) -> Result<Vec<Boundary>, StatsError> {
    check_open_unit("alpha", alpha)?;
    check_looks(information)?;
    let mut walk = Walk::new();
    let mut spent = 0.0;
    let mut boundaries = Vec::with_capacity(information.len());
    for &t in information {
        let goal = spending.spent(t, alpha);
        let z = walk.solve(t, goal - spent);
        walk.pass(t, z);
        spent = goal;
        boundaries.push(Boundary { information: t, z, nominal_alpha: 2.0 * normal_sf(z), spent });
    }
    Ok(boundaries)
}

/// One look of a sweep that may stop early.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunLook {
    /// Runs a side at this look.
    pub runs: usize,
    /// The alpha to compare with at this look, so that all looks together keep the planned one.
    pub alpha: f64,
    /// Whether so many runs can reach that alpha by ranks at all.
    pub can_decide: bool,
}

/// Returns the alpha of each look of a sweep with at most the last number of runs a side.
///
/// A comparison at the look's alpha gives a repeated confidence interval: a verdict from it may end the sweep at
/// any look, be it `regression`, `improvement` or `equivalent`.
///
/// # Errors
/// [`StatsError::TooFew`] without looks; [`StatsError::Entry`] for numbers of runs that do not grow;
/// [`StatsError::Parameter`] for an `alpha` outside (0, 1).
///
/// # Source
/// Jennison, C. and Turnbull, B. W. (1989). J. R. Statist. Soc. B 51, 305-361 (repeated confidence intervals).
pub fn schedule(
    runs: &[usize],
    alpha: f64,
    spending: Spending,
) -> Result<Vec<RunLook>, StatsError> {
    let most = runs.last().copied().unwrap_or(0) as f64;
    let information: Vec<f64> = runs.iter().map(|n| *n as f64 / most).collect();
    let boundaries = spend(&information, alpha, spending)?;
    let look = |(&runs, boundary): (&usize, &Boundary)| {
        let alpha = boundary.nominal_alpha;
        RunLook { runs, alpha, can_decide: min_attainable_p(runs, runs) <= alpha }
    };
    Ok(runs.iter().zip(&boundaries).map(look).collect())
}

/// Returns the classical boundaries of `looks` evenly spaced looks, with error rate alpha over all of them.
///
/// Pocock's are constant in z; O'Brien and Fleming's fall as 1 / sqrt t.
///
/// # Errors
/// [`StatsError::TooFew`] without looks; [`StatsError::Parameter`] for an `alpha` outside (0, 1).
///
/// # Source
/// Pocock, S. J. (1977). Biometrika 64, 191-199. doi:10.1093/biomet/64.2.191
/// O'Brien, P. C. and Fleming, T. R. (1979). Biometrics 35, 549-556. doi:10.2307/2530245
pub fn fixed_shape(looks: usize, alpha: f64, shape: Spending) -> Result<Vec<Boundary>, StatsError> {
    check_open_unit("alpha", alpha)?;
    check_count("a sequential design", 1, looks)?;
    let shares: Vec<f64> = (1..=looks).map(|k| k as f64 / looks as f64).collect();
    let at = |constant: f64, t: f64| match shape {
        Spending::Pocock => constant,
        Spending::ObrienFleming => constant / t.sqrt(),
    };
    let crossed = |constant: f64| {
        let mut walk = Walk::new();
        shares.iter().map(|&t| walk.cross(t, at(constant, t))).collect::<Vec<f64>>()
    };
    let (mut lo, mut hi) = (0.0, REACH);
    while hi - lo > 1e-8 {
        let middle = 0.5 * (lo + hi);
        if crossed(middle).iter().sum::<f64>() > alpha { lo = middle } else { hi = middle }
    }
    let constant = 0.5 * (lo + hi);
    let mut spent = 0.0;
    let build = |(&information, first): (&f64, f64)| {
        let z = at(constant, information);
        spent += first;
        Boundary { information, z, nominal_alpha: 2.0 * normal_sf(z), spent }
    };
    Ok(shares.iter().zip(crossed(constant)).map(build).collect())
}

fn check_looks(information: &[f64]) -> Result<(), StatsError> {
    check_count("a sequential design", 1, information.len())?;
    let mut before = 0.0;
    for (index, &t) in information.iter().enumerate() {
        if !(t > before && t <= 1.0) {
            let expected = "above the one before and at most 1";
            return Err(StatsError::Entry { name: "information", index, expected });
        }
        before = t;
    }
    Ok(())
}

/// The density of Brownian motion at the last look, on the paths that have not crossed.
struct Walk {
    time: f64,
    /// Points and their density times quadrature weight.
    mass: Vec<(f64, f64)>,
}

impl Walk {
    fn new() -> Self {
        Self { time: 0.0, mass: vec![(0.0, 1.0)] }
    }

    /// Probability to be at or beyond +-z at time t for the first time.
    fn beyond(&self, t: f64, z: f64) -> f64 {
        let edge = z * t.sqrt();
        let step = (t - self.time).sqrt();
        let tails = |x: f64| normal_sf((edge - x) / step) + normal_sf((edge + x) / step);
        self.mass.iter().map(|(x, mass)| mass * tails(*x)).sum()
    }

    fn solve(&self, t: f64, probability: f64) -> f64 {
        let (mut lo, mut hi) = (0.0, REACH);
        while hi - lo > 1e-10 {
            let middle = 0.5 * (lo + hi);
            if self.beyond(t, middle) > probability { lo = middle } else { hi = middle }
        }
        0.5 * (lo + hi)
    }

    /// Moves on to time t, keeping the paths inside +-z.
    fn pass(&mut self, t: f64, z: f64) {
        let edge = (z * t.sqrt()).min(REACH * t.sqrt());
        let step = (t - self.time).sqrt();
        let width = 2.0 * edge / (POINTS - 1) as f64;
        let density = |y: f64| -> f64 {
            self.mass.iter().map(|(x, mass)| mass * normal_pdf((y - x) / step) / step).sum()
        };
        let mass = (0..POINTS).map(|i| {
            let y = -edge + width * i as f64;
            let simpson = match i {
                0 => 1.0,
                i if i == POINTS - 1 => 1.0,
                i if i % 2 == 1 => 4.0,
                _ => 2.0,
            };
            (y, density(y) * simpson * width / 3.0)
        });
        self.mass = mass.collect();
        self.time = t;
    }

    fn cross(&mut self, t: f64, z: f64) -> f64 {
        let crossed = self.beyond(t, z);
        self.pass(t, z);
        crossed
    }
}
