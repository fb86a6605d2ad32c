//! The costly questions about stretches of a series, each answered once.

use std::collections::HashMap;
use std::hash::Hash;

use super::effect::{Effect, relative_shift};
use super::excursion::{self, Ends, Excursion};
use super::locate::{Location, locate};
use super::order::Order;
use super::types::Settings;
use super::{noise, variance, verify};
use crate::kernel::{Embedding, partition};
use crate::outlier::outliers;

/// Answers that stay true while points are only appended: each depends on the points of its stretch alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memo {
    searches: Answers<(usize, usize, usize), Vec<usize>>,
    ps: Answers<(usize, usize, usize, u64), f64>,
    excursions: Answers<(usize, usize, Ends, u64), Option<Excursion>>,
    splits: Answers<(usize, usize, u64), Option<(usize, f64)>>,
    locations: Answers<(usize, usize, usize, u64), Location>,
    sides: Answers<(usize, usize, usize, u64), Sides>,
    pieces: Answers<(usize, usize, u64), Piece>,
}

/// What both sides of a change say about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sides {
    pub(crate) effect: Effect,
    /// Ratio of spreads, new to old, and its p.
    pub(crate) spread: Option<(f64, f64)>,
}

/// What one segment is like; positions count from its start.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) level: f64,
    pub(crate) spread: f64,
    pub(crate) outliers: Vec<usize>,
    /// Place, ratio and p of the greatest change of spread inside.
    pub(crate) uneven: Option<(usize, f64, f64)>,
}

impl Memo {
    /// Forgets the answers that the last analysis did not need.
    pub(crate) fn turn(&mut self) {
        self.searches.turn();
        self.ps.turn();
        self.excursions.turn();
        self.splits.turn();
        self.locations.turn();
        self.sides.turn();
        self.pieces.turn();
    }
}

#[derive(Debug, Clone)]
struct Answers<K, V> {
    used: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Answers<K, V> {
    fn default() -> Self {
        Self { used: HashMap::new(), old: HashMap::new() }
    }
}

impl<K: Eq + Hash + Copy, V: Clone> Answers<K, V> {
    fn of(&mut self, key: K, answer: impl FnOnce() -> V) -> V {
        if let Some(known) = self.used.get(&key) {
            return known.clone();
        }
        let answer = self.old.remove(&key).unwrap_or_else(answer);
        self.used.insert(key, answer.clone());
        answer
    }

    fn turn(&mut self) {
        self.old = std::mem::take(&mut self.used);
    }
}

/// A series at work: its values, their order, and what is known about its stretches.
pub(crate) struct Work<'a> {
    pub(crate) values: &'a [f64],
    pub(crate) order: &'a Order,
    pub(crate) settings: &'a Settings,
    pub(crate) memo: &'a mut Memo,
}

impl Work<'_> {
    /// Splits of a stretch, counted from its start.
    pub(crate) fn search(&mut self, start: usize, end: usize, grid: usize) -> Vec<usize> {
        let (values, order, settings) = (self.values, self.order, self.settings);
        self.memo.searches.of((start, end, grid), || {
            let Some(embedding) =
                Embedding::of_sorted(&values[start..end], &order.sorted(start, end))
            else {
                return Vec::new();
            };
            let penalty = settings.penalty * ((end - start) as f64).ln();
            partition(&embedding, penalty, settings.min_run, grid)
        })
    }

    /// p of the best split of `[start, end)`, proposed at `split`.
    pub(crate) fn p(&mut self, start: usize, split: usize, end: usize, rho: f64) -> f64 {
        let (values, order, settings) = (self.values, self.order, self.settings);
        self.memo.ps.of((start, split, end, rho.to_bits()), || {
            let ranks = order.doubled_ranks(start, end);
            verify::p_of_best_split(&values[start..end], &ranks, split - start, rho, settings)
        })
    }

    /// The short run of `[start, end)` that stands out most.
    pub(crate) fn excursion(&mut self, start: usize, end: usize, rho: f64) -> Option<Excursion> {
        let order = self.order;
        let ends = Ends { first: start == 0, last: end == self.values.len() };
        let key = (start, end, ends, rho.to_bits());
        self.memo
            .excursions
            .of(key, || excursion::strongest(&order.doubled_ranks(start, end), ends, rho))
    }

    /// The split of `[start, end)` that ranks favour, counted from the series' beginning, with its p.
    pub(crate) fn rank_split(
        &mut self,
        start: usize,
        end: usize,
        rho: f64,
    ) -> Option<(usize, f64)> {
        let order = self.order;
        let key = (start, end, rho.to_bits());
        let found = self
            .memo
            .splits
            .of(key, || excursion::best_split(&order.doubled_ranks(start, end), rho));
        found.map(|(split, p)| (start + split, p))
    }

    /// The most likely place of the change of `[start, end)` near `guess`.
    pub(crate) fn location(
        &mut self,
        start: usize,
        guess: usize,
        end: usize,
        rho: f64,
    ) -> Location {
        let values = self.values;
        let key = (start, guess, end, rho.to_bits());
        self.memo.locations.of(key, || locate(values, start, guess, end, rho))
    }

    /// Compares both sides of the change at `at`; `scaled` are the values with any trend in them.
    pub(crate) fn sides(&mut self, scaled: &[f64], bounds: [usize; 3], rho: f64) -> Sides {
        let [start, at, end] = bounds;
        self.memo.sides.of((start, at, end, rho.to_bits()), || {
            let (before, after) = (&scaled[start..at], &scaled[at..end]);
            let inflation = noise::inflation(rho, before.len().min(after.len()));
            Sides {
                effect: relative_shift(before, after, inflation),
                spread: variance::compare(before, after, rho),
            }
        })
    }

    /// Describes the segment `[start, end)`; `scaled` are the values with any trend in them.
    pub(crate) fn piece(&mut self, scaled: &[f64], start: usize, end: usize, rho: f64) -> Piece {
        let flat = &self.values[start..end];
        self.memo.pieces.of((start, end, rho.to_bits()), || {
            let level = noise::median(&scaled[start..end]);
            Piece {
                level,
                spread: noise::spread(&scaled[start..end], level),
                outliers: outliers(flat),
                uneven: variance::inside(flat, rho),
            }
        })
    }
}
