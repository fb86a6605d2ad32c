//! Seeded noise, and bounds for shares that were counted in simulations.

#![allow(dead_code, missing_docs, unreachable_pub, reason = "each test file uses its part")]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::PI;

pub struct Noise(ChaCha8Rng);

/// Shapes of run-to-run noise, all with a spread of about one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    Gauss,
    T2,
    Lognormal,
    Bimodal,
    Rounded,
    Outliers,
}

pub const SHAPES: [Shape; 6] =
    [Shape::Gauss, Shape::T2, Shape::Lognormal, Shape::Bimodal, Shape::Rounded, Shape::Outliers];

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub fn uniform(&mut self) -> f64 {
        self.0.random::<f64>()
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0.random_range(0..n)
    }

    pub fn gauss(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (2.0 * PI * self.uniform()).cos()
    }

    pub fn draw(&mut self, shape: Shape) -> f64 {
        match shape {
            Shape::Gauss => self.gauss(),
            Shape::T2 => {
                let chi = -2.0 * (1.0 - self.uniform()).ln();
                self.gauss() / (chi / 2.0).sqrt()
            }
            Shape::Lognormal => ((0.8 * self.gauss()).exp() - 1.38) / 1.3,
            Shape::Bimodal => {
                let mode = if self.uniform() < 0.5 { -1.0 } else { 1.0 };
                mode + 0.2 * self.gauss()
            }
            Shape::Rounded => self.gauss().round(),
            Shape::Outliers => {
                let far = if self.uniform() < 0.1 { 8.0 } else { 0.0 };
                self.gauss() + far
            }
        }
    }

    /// `n` runs around `level` with relative spread `cv`.
    pub fn runs(&mut self, n: usize, shape: Shape, level: f64, cv: f64) -> Vec<f64> {
        (0..n).map(|_| level * (cv * self.draw(shape)).exp()).collect()
    }

    /// `n` runs of `k` instances; a share `icc` of the variance belongs to the run.
    pub fn nested(&mut self, n: usize, k: usize, of: Nest) -> Vec<Vec<f64>> {
        (0..n)
            .map(|_| {
                let run = of.icc.sqrt() * self.draw(of.runs);
                let instance = (1.0 - of.icc).sqrt();
                (0..k)
                    .map(|_| of.level * (of.cv * (run + instance * self.draw(of.instances))).exp())
                    .collect()
            })
            .collect()
    }

    pub fn failures(&mut self, n: u64, rate: f64) -> u64 {
        (0..n).filter(|_| self.uniform() < rate).count() as u64
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Nest {
    pub runs: Shape,
    pub instances: Shape,
    pub icc: f64,
    pub level: f64,
    pub cv: f64,
}

/// Share of `true` over `trials` seeded trials.
pub fn share(trials: usize, mut trial: impl FnMut(usize) -> bool) -> f64 {
    (0..trials).filter(|i| trial(*i)).count() as f64 / trials as f64
}

/// Upper binomial bound: what a true rate of `rate` shows at most in `trials`, but for one case in a thousand.
pub fn at_most(rate: f64, trials: usize) -> f64 {
    rate + 3.1 * (rate * (1.0 - rate) / trials as f64).sqrt()
}

/// The same from below.
pub fn at_least(rate: f64, trials: usize) -> f64 {
    rate - 3.1 * (rate * (1.0 - rate) / trials as f64).sqrt()
}
