//! Seeded series with known changes, for judging the history engine and its peers' words alike.
//!
//! Written down before the engine was run on them: lengths, sizes and places below are part of the yardstick.

#![allow(dead_code, reason = "each binary that includes this module uses part of it")]

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Lengths of the series of a scenario, in turn.
const LENGTHS: [usize; 8] = [20, 40, 80, 120, 200, 400, 1000, 2000];

/// What kind of truth a scenario holds, and so how it is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    /// No change: any change point is a false alarm.
    Null,
    /// Changes at known places.
    Steps,
    /// A slope: any change point is a false alarm, and the drift is to be named.
    Drift,
    /// A change of spread at a known place.
    Spread,
}

/// One series and the first points of its new segments.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) values: Vec<f64>,
    pub(crate) changes: Vec<usize>,
}

/// A named family of series.
#[derive(Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) truth: Truth,
    make: fn(&mut Source, usize) -> Case,
}

impl Scenario {
    /// Makes series `number` of this scenario from `seed`.
    pub(crate) fn case(&self, seed: u64, number: usize) -> Case {
        let mut name = 0_u64;
        for byte in self.name.bytes() {
            name = name.wrapping_mul(31).wrapping_add(u64::from(byte));
        }
        let mut source =
            Source::new(seed ^ name.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ ((number as u64) << 40));
        let length = LENGTHS[number % LENGTHS.len()];
        (self.make)(&mut source, length)
    }
}

/// Every scenario.
pub(crate) const SCENARIOS: &[Scenario] = &[
    null("null gauss", |s, n| s.flat(n, Noise::Gauss)),
    null("null t2", |s, n| s.flat(n, Noise::Student2)),
    null("null lognormal", |s, n| s.flat(n, Noise::Lognormal)),
    null("null bimodal", |s, n| s.flat(n, Noise::Bimodal)),
    null("null AR(1) 0.6", |s, n| s.flat(n, Noise::Correlated)),
    null("null quantised", |s, n| s.flat(n, Noise::Quantised)),
    null("outliers only", |s, n| s.flat(n, Noise::Outliers)),
    null("season 7", season),
    null("exact null", |s, n| Case { values: vec![s.level().round(); n], changes: Vec::new() }),
    Scenario { name: "drift 2 percent", truth: Truth::Drift, make: drift },
    steps("step gauss", |s, n| s.step(n, Noise::Gauss)),
    steps("step t2", |s, n| s.step(n, Noise::Student2)),
    steps("step lognormal", |s, n| s.step(n, Noise::Lognormal)),
    steps("step bimodal", |s, n| s.step(n, Noise::Bimodal)),
    steps("step AR(1) 0.6", |s, n| s.step(n, Noise::Correlated)),
    steps("step quantised", |s, n| s.step(n, Noise::Quantised)),
    steps("step + outliers", |s, n| s.step(n, Noise::Outliers)),
    steps("tiny 1..3 percent", tiny),
    steps("multi", multi),
    steps("hetero", hetero),
    steps("ramp", ramp),
    steps("holes 10 percent", holes),
    steps("revert after 3..8", revert),
    steps("late, last 1..8", late),
    steps("exact step", exact_step),
    Scenario { name: "variance x 3", truth: Truth::Spread, make: variance },
];

const fn null(name: &'static str, make: fn(&mut Source, usize) -> Case) -> Scenario {
    Scenario { name, truth: Truth::Null, make }
}

const fn steps(name: &'static str, make: fn(&mut Source, usize) -> Case) -> Scenario {
    Scenario { name, truth: Truth::Steps, make }
}

/// Shapes of noise, each with a typical size of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noise {
    Gauss,
    Student2,
    Lognormal,
    Bimodal,
    Correlated,
    Quantised,
    Outliers,
}

/// A seeded source of random numbers.
pub(crate) struct Source {
    random: ChaCha8Rng,
}

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// Uniform in (0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        ((self.random.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn whole(&mut self, low: usize, high: usize) -> usize {
        low + (self.unit() * (high - low + 1) as f64) as usize
    }

    pub(crate) fn gauss(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    fn sign(&mut self) -> f64 {
        if self.unit() < 0.5 { -1.0 } else { 1.0 }
    }

    fn level(&mut self) -> f64 {
        10.0_f64.powf(self.between(1.0, 6.0))
    }

    /// `count` draws of noise of typical size one.
    pub(crate) fn noise(&mut self, count: usize, noise: Noise) -> Vec<f64> {
        let mut previous = self.gauss();
        (0..count).map(|_| self.draw(noise, &mut previous)).collect()
    }

    fn draw(&mut self, noise: Noise, previous: &mut f64) -> f64 {
        match noise {
            Noise::Gauss => self.gauss(),
            // Chi squared with two degrees of freedom is exponential.
            Noise::Student2 => self.gauss() / (-self.unit().ln()).sqrt(),
            Noise::Lognormal => (0.8 * self.gauss()).exp() - 1.0,
            Noise::Bimodal => 0.4 * self.gauss() + if self.unit() < 0.35 { 2.0 } else { 0.0 },
            Noise::Correlated => {
                *previous = 0.6 * *previous + 0.8 * self.gauss();
                *previous
            }
            Noise::Quantised => (self.gauss() / 1.5).round() * 1.5,
            Noise::Outliers => {
                let far =
                    if self.unit() < 0.05 { self.sign() * self.between(5.0, 25.0) } else { 0.0 };
                self.gauss() + far
            }
        }
    }

    /// Noise around `shape`, which is in units of the noise, at a random level and a noise of 0.5 to 3 percent.
    fn around(&mut self, shape: &[f64], noise: Noise) -> Vec<f64> {
        let (level, share) = (self.level(), self.between(0.005, 0.03));
        let noise = self.noise(shape.len(), noise);
        shape
            .iter()
            .zip(noise)
            .map(|(shape, noise)| level * (1.0 + share * (shape + noise)))
            .collect()
    }

    fn flat(&mut self, count: usize, noise: Noise) -> Case {
        Case { values: self.around(&vec![0.0; count], noise), changes: Vec::new() }
    }

    fn step(&mut self, count: usize, noise: Noise) -> Case {
        let at = self.whole(count / 6, count - count / 6);
        let size = self.sign() * self.between(1.0, 5.0);
        let shape: Vec<f64> = (0..count).map(|index| if index < at { 0.0 } else { size }).collect();
        Case { values: self.around(&shape, noise), changes: vec![at] }
    }
}

fn season(source: &mut Source, count: usize) -> Case {
    let shape: Vec<f64> = (0..count).map(|index| if index % 7 >= 5 { 1.5 } else { 0.0 }).collect();
    Case { values: source.around(&shape, Noise::Gauss), changes: Vec::new() }
}

/// A rise of two percent over the series under noise of half a percent.
fn drift(source: &mut Source, count: usize) -> Case {
    let (level, sign) = (source.level(), source.sign());
    let noise = source.noise(count, Noise::Gauss);
    let share = |index: usize| index as f64 / count as f64;
    let values = noise
        .iter()
        .enumerate()
        .map(|(i, noise)| level * (1.0 + sign * 0.02 * share(i) + 0.005 * noise));
    Case { values: values.collect(), changes: Vec::new() }
}

/// One to three percent under noise of half a percent to one percent.
fn tiny(source: &mut Source, count: usize) -> Case {
    let at = source.whole(count / 5, count - count / 5);
    let (level, share) = (source.level(), source.between(0.005, 0.01));
    let size = source.sign() * source.between(0.01, 0.03);
    let noise = source.noise(count, Noise::Gauss);
    let shift = |index: usize| if index < at { 0.0 } else { size };
    let values =
        noise.iter().enumerate().map(|(i, noise)| level * (1.0 + shift(i) + share * noise));
    Case { values: values.collect(), changes: vec![at] }
}

/// Two to five steps at least twelve points apart.
fn multi(source: &mut Source, count: usize) -> Case {
    let wanted = source.whole(2, (count / 30).clamp(2, 6));
    let room = count / (wanted + 1);
    let mut changes = Vec::new();
    for number in 1..=wanted {
        let wiggle = (room / 2).saturating_sub(3);
        changes.push((number * room + source.whole(0, wiggle)).saturating_sub(wiggle / 2));
    }
    let mut shape = vec![0.0; count];
    for &at in &changes {
        let size = source.sign() * source.between(3.0, 8.0);
        shape[at..].iter_mut().for_each(|value| *value += size);
    }
    Case { values: source.around(&shape, Noise::Gauss), changes }
}

/// A step after which the noise is two and a half times as large.
fn hetero(source: &mut Source, count: usize) -> Case {
    let at = source.whole(count / 5, count - count / 5);
    let size = source.sign() * source.between(4.0, 10.0);
    let (level, share) = (source.level(), source.between(0.005, 0.02));
    let noise = source.noise(count, Noise::Gauss);
    let shape = |index: usize, noise: f64| if index < at { noise } else { size + 2.5 * noise };
    let values =
        noise.iter().enumerate().map(|(i, &noise)| level * (1.0 + share * shape(i, noise)));
    Case { values: values.collect(), changes: vec![at] }
}

/// A step that takes three to six points.
fn ramp(source: &mut Source, count: usize) -> Case {
    let at = source.whole(count / 5, count - count / 5);
    let (size, slow) = (source.sign() * source.between(4.0, 10.0), source.whole(3, 6));
    let share = |index: usize| ((index as f64 - at as f64) / slow as f64).clamp(0.0, 1.0);
    let shape: Vec<f64> = (0..count).map(|index| size * share(index)).collect();
    Case { values: source.around(&shape, Noise::Gauss), changes: vec![at + slow / 2] }
}

fn holes(source: &mut Source, count: usize) -> Case {
    let at = source.whole(count / 5, count - count / 5);
    let size = source.sign() * source.between(3.0, 8.0);
    let shape: Vec<f64> = (0..count).map(|index| if index < at { 0.0 } else { size }).collect();
    let mut values = source.around(&shape, Noise::Gauss);
    for value in &mut values {
        if source.unit() < 0.1 {
            *value = f64::NAN;
        }
    }
    Case { values, changes: vec![at] }
}

fn revert(source: &mut Source, count: usize) -> Case {
    let length = source.whole(3, 8);
    let at = source.whole(count / 5, count - count / 5);
    let size = source.sign() * source.between(3.0, 10.0);
    let inside = |index: usize| (at..at + length).contains(&index);
    let shape: Vec<f64> = (0..count).map(|index| if inside(index) { size } else { 0.0 }).collect();
    Case { values: source.around(&shape, Noise::Gauss), changes: vec![at, at + length] }
}

fn late(source: &mut Source, count: usize) -> Case {
    let at = count - source.whole(1, 8);
    let size = source.sign() * source.between(4.0, 10.0);
    let shape: Vec<f64> = (0..count).map(|index| if index < at { 0.0 } else { size }).collect();
    Case { values: source.around(&shape, Noise::Gauss), changes: vec![at] }
}

fn exact_step(source: &mut Source, count: usize) -> Case {
    let at = source.whole(count / 5, count - count / 5);
    let (level, size) = (source.level().round(), source.sign() * source.whole(1, 5) as f64);
    Case {
        values: (0..count).map(|index| if index < at { level } else { level + size }).collect(),
        changes: vec![at],
    }
}

fn variance(source: &mut Source, count: usize) -> Case {
    let at = source.whole(count / 4, count - count / 4);
    let (level, share) = (source.level(), source.between(0.005, 0.02));
    let noise = source.noise(count, Noise::Gauss);
    let scale = |index: usize| if index < at { 1.0 } else { 3.0 };
    let values =
        noise.iter().enumerate().map(|(i, noise)| level * (1.0 + share * scale(i) * noise));
    Case { values: values.collect(), changes: vec![at] }
}

/// How many reported changes are right, wrong, missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Score {
    pub(crate) right: usize,
    pub(crate) wrong: usize,
    pub(crate) missed: usize,
}

impl Score {
    /// Matches each truth with the nearest report within `margin`, each report once.
    pub(crate) fn of(truth: &[usize], found: &[usize], margin: usize) -> Self {
        let mut free = found.to_vec();
        let mut right = 0;
        for &at in truth {
            let near = (0..free.len()).min_by_key(|&index| free[index].abs_diff(at));
            if let Some(index) = near.filter(|&index| free[index].abs_diff(at) <= margin) {
                free.remove(index);
                right += 1;
            }
        }
        Self { right, wrong: free.len(), missed: truth.len() - right }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.missed += other.missed;
    }

    pub(crate) fn precision(self) -> f64 {
        self.right as f64 / (self.right + self.wrong).max(1) as f64
    }

    pub(crate) fn recall(self) -> f64 {
        self.right as f64 / (self.right + self.missed).max(1) as f64
    }

    pub(crate) fn f1(self) -> f64 {
        2.0 * self.right as f64 / (2 * self.right + self.wrong + self.missed).max(1) as f64
    }
}
