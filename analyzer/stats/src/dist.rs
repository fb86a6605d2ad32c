//! Distribution functions and their inverses, on top of statrs.

use statrs::function::beta::{beta_reg, ln_beta};
use statrs::function::erf::{erfc, erfc_inv};
use std::f64::consts::{PI, SQRT_2};

/// Above this many degrees of freedom Student's t is the normal distribution to twelve digits.
const NORMAL_DF: f64 = 1e8;

/// Returns P(Z <= x) of a standard normal.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x / SQRT_2)
}

/// Returns P(Z > x) of a standard normal.
pub(crate) fn normal_sf(x: f64) -> f64 {
    0.5 * erfc(x / SQRT_2)
}

/// Returns the density of a standard normal.
pub(crate) fn normal_pdf(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// Returns x with P(Z <= x) = p; infinite at 0 and 1.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    -SQRT_2 * erfc_inv(2.0 * p)
}

/// Returns P(T > t) of Student's t.
pub(crate) fn t_sf(t: f64, df: f64) -> f64 {
    if df >= NORMAL_DF {
        return normal_sf(t);
    }
    if t.is_infinite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    let tail = 0.5 * beta_reg(0.5 * df, 0.5, df / (df + t * t));
    if t >= 0.0 { tail } else { 1.0 - tail }
}

/// Returns the two-sided p of a t statistic.
pub(crate) fn t_two_sided(t: f64, df: f64) -> f64 {
    (2.0 * t_sf(t.abs(), df)).min(1.0)
}

fn t_pdf(t: f64, df: f64) -> f64 {
    let log_norm = -ln_beta(0.5 * df, 0.5) - 0.5 * df.ln();
    (log_norm - 0.5 * (df + 1.0) * (t * t / df).ln_1p()).exp()
}

/// Returns t with P(T <= t) = p.
pub(crate) fn t_quantile(p: f64, df: f64) -> f64 {
    if df >= NORMAL_DF {
        return normal_quantile(p);
    }
    if p < 0.5 { -t_upper_quantile(p, df) } else { t_upper_quantile(1.0 - p, df) }
}

/// Returns t with P(T > t) = `upper`, which is at most one half.
fn t_upper_quantile(upper: f64, df: f64) -> f64 {
    if upper <= 0.0 {
        return f64::INFINITY;
    }
    let mut hi = (-normal_quantile(upper)).max(1.0);
    while t_sf(hi, df) > upper {
        hi *= 2.0;
    }
    newton(0.0, hi, |t| (upper - t_sf(t, df), t_pdf(t, df)))
}

/// Returns the density of a beta distribution over ln x, which is x times the density over x.
pub(crate) fn beta_log_density(ln_x: f64, a: f64, b: f64) -> f64 {
    (a * ln_x + (b - 1.0) * (-ln_x.exp()).ln_1p() - ln_beta(a, b)).exp()
}

/// Returns P(X <= x) of a beta distribution.
pub(crate) fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        0.0
    } else if x >= 1.0 {
        1.0
    } else {
        beta_reg(a, b, x)
    }
}

/// Returns x with P(X <= x) = p of a beta distribution.
pub(crate) fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    let split = a / (a + b);
    if p > beta_cdf(split, a, b) {
        return 1.0 - beta_lower_quantile(1.0 - p, b, a);
    }
    beta_lower_quantile(p, a, b)
}

/// Solves in ln x, since quantiles of a prior with a small shape lie at 1e-30 and below.
fn beta_lower_quantile(p: f64, a: f64, b: f64) -> f64 {
    const LEAST_LN: f64 = -700.0;
    let norm = ln_beta(a, b);
    if beta_cdf(LEAST_LN.exp(), a, b) >= p {
        return 0.0;
    }
    let ln_x = newton(LEAST_LN, 0.0, |u| {
        let x = u.exp();
        let slope = (a * u + (b - 1.0) * (-x).ln_1p() - norm).exp();
        (beta_cdf(x, a, b) - p, slope)
    });
    ln_x.exp()
}

/// Finds the root of an increasing function inside a bracket by Newton steps, halving where they leave it.
fn newton(lo: f64, hi: f64, f: impl Fn(f64) -> (f64, f64)) -> f64 {
    newton_from(0.5 * (lo + hi), (lo, hi), f)
}

/// Does as [`newton`], from a point inside the bracket.
pub(crate) fn newton_from(
    start: f64,
    (mut lo, mut hi): (f64, f64),
    f: impl Fn(f64) -> (f64, f64),
) -> f64 {
    let mut x = start.clamp(lo, hi);
    for _ in 0..200 {
        let (value, slope) = f(x);
        if value == 0.0 {
            return x;
        }
        if value < 0.0 {
            lo = x;
        } else {
            hi = x;
        }
        let step = value / slope;
        let next = x - step;
        let inside = next > lo && next < hi;
        let target = if inside { next } else { 0.5 * (lo + hi) };
        if (target - x).abs() <= 4.0 * f64::EPSILON * x.abs().max(f64::MIN_POSITIVE) {
            return target;
        }
        x = target;
    }
    x
}

/// Returns P(F > f) of Fisher's F.
pub(crate) fn f_sf(f: f64, df1: f64, df2: f64) -> f64 {
    if f.is_infinite() {
        return 0.0;
    }
    beta_cdf(df2 / (df2 + df1 * f), 0.5 * df2, 0.5 * df1)
}

/// Returns ln of n choose k.
pub(crate) fn ln_choose(n: f64, k: f64) -> f64 {
    use statrs::function::gamma::ln_gamma;
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
}

/// Returns P(X <= k) of a binomial distribution.
pub(crate) fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    beta_cdf(1.0 - p, (n - k) as f64, k as f64 + 1.0)
}

#[cfg(test)]
mod tests;
