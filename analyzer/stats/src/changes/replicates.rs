//! Histories with several runs a revision: short ones are judged by the runs, long ones by the revisions' medians.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::effect::relative_shift;
use super::locate::held;
use super::types::{
    Caveat, ChangeKind, ChangePoint, ChangesError, HistoryAnalysis, Segment, Series, Settings,
};
use super::{analyze, assemble, exact, noise, verify};
use crate::dist::{f_sf, t_two_sided};

/// Revisions up to which runs rather than medians are searched.
const MOST_REVISIONS: usize = 60;
/// Fewest runs a revision, on average, for a spread within revisions.
const LEAST_RUNS: f64 = 3.0;
/// Runs are clipped at this many spreads from their revision's median.
const CLIP: f64 = 3.0;
/// Level of the preliminary test for a spread between revisions: lax, since missing it costs false alarms.
const PRETEST: f64 = 0.1;
/// Exceedances after which the permutations stop.
const ENOUGH: usize = 10;

/// Analyzes several runs a revision, oldest revision first; an empty revision and a NaN are gaps.
///
/// Where runs of all revisions were interleaved, their spread within revisions says how far revisions may differ by
/// chance, so that six revisions of five runs suffice. The best split, then the best stretch, is tested by permuting
/// runs among revisions; a second test by the spread between neighbouring revisions keeps differences that
/// every new build shows from passing as changes. Histories of more than 60 revisions, or of fewer than three runs a revision,
/// are judged by their medians as in [`analyze`].
///
/// # Units and shape
/// `revisions: [n][runs]`, any unit; indices are revisions; effects are relative.
///
/// # Errors
/// [`ChangesError::InfiniteRun`] names the first infinite run.
///
/// # Source
/// Olshen, A. B., Venkatraman, E. S., Lucito, R. and Wigler, M. (2004). Circular binary segmentation. Biostatistics 5,
/// 557–572. doi:10.1093/biostatistics/kxh008; Besag and Clifford (1991) for the early stop.
pub fn analyze_replicated(
    revisions: &[Vec<f64>],
    settings: &Settings,
) -> Result<HistoryAnalysis, ChangesError> {
    let clean = cleaned(revisions)?;
    let medians: Vec<f64> = clean
        .iter()
        .map(|runs| if runs.is_empty() { f64::NAN } else { noise::median(runs) })
        .collect();
    let series = Series::new(&medians)?;
    let present: Vec<&Vec<f64>> = clean.iter().filter(|runs| !runs.is_empty()).collect();
    let total: usize = present.iter().map(|runs| runs.len()).sum();
    let replicated = total as f64 >= LEAST_RUNS * present.len() as f64;
    if !replicated || present.len() > MOST_REVISIONS {
        return analyze(&medians, settings);
    }
    if present.len() < 2 {
        return Ok(assemble::too_short(&series));
    }
    if present.iter().all(|runs| runs.iter().all(|run| *run == runs[0])) {
        return Ok(exact::judge_agreed(&series));
    }
    let table = Table::new(&present);
    let mut splits = Vec::new();
    search(&table, 0, present.len(), settings, &mut splits);
    splits.sort_by_key(|split| split.at);
    Ok(answer(&series, &present, &table, &splits))
}

fn cleaned(revisions: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, ChangesError> {
    let mut clean = Vec::with_capacity(revisions.len());
    for (revision, runs) in revisions.iter().enumerate() {
        if let Some(run) = runs.iter().position(|run| run.is_infinite()) {
            return Err(ChangesError::InfiniteRun { revision, run });
        }
        clean.push(runs.iter().copied().filter(|run| !run.is_nan()).collect());
    }
    Ok(clean)
}

/// Runs on the scale of the test: logarithms where all are positive, clipped about their revision's median.
struct Table {
    rows: Vec<Vec<f64>>,
    /// Variance of one run within its revision.
    within: f64,
    /// Degrees of freedom of `within`.
    freedom: f64,
    /// Variance of one revision's mean between neighbours, where that is clearly more than its runs explain.
    between: Option<f64>,
}

impl Table {
    fn new(present: &[&Vec<f64>]) -> Self {
        let positive = present.iter().all(|runs| runs.iter().all(|&run| run > 0.0));
        let most = present
            .iter()
            .flat_map(|runs| runs.iter())
            .fold(0.0_f64, |most, run| most.max(run.abs()));
        let scale = |run: &f64| if positive { run.ln() } else { run / most };
        let rows: Vec<Vec<f64>> =
            present.iter().map(|runs| runs.iter().map(scale).collect()).collect();
        Self::scaled(rows)
    }

    fn scaled(mut rows: Vec<Vec<f64>>) -> Self {
        let centres: Vec<f64> = rows.iter().map(|runs| noise::median(runs)).collect();
        let residuals: Vec<f64> = rows
            .iter()
            .zip(&centres)
            .flat_map(|(runs, centre)| runs.iter().map(move |run| run - centre))
            .collect();
        // Residuals about a median of few runs are too small; the factor is that of five Gaussian runs.
        let limit = CLIP * 1.3 * noise::spread(&residuals, 0.0);
        for (runs, centre) in rows.iter_mut().zip(&centres) {
            runs.iter_mut().for_each(|run| *run = centre + (*run - centre).clamp(-limit, limit));
        }
        let total: usize = rows.iter().map(Vec::len).sum();
        let squares: f64 = rows.iter().map(|runs| squares(runs)).sum();
        let freedom = (total - rows.len()).max(1) as f64;
        let within = squares / freedom;
        let between = between(&rows, within, freedom);
        Self { rows, within, freedom, between }
    }

    /// Runs a revision, on average.
    fn runs(&self) -> f64 {
        self.rows.iter().map(Vec::len).sum::<usize>() as f64 / self.rows.len() as f64
    }

    /// Variance of one revision's mean about the two levels of a stretch and its rest, with its degrees of freedom.
    fn variance(&self, inside: (usize, usize), whole: (usize, usize)) -> (f64, f64) {
        let means = |from: usize, to: usize| self.rows[from..to].iter().map(|runs| mean(runs));
        let inner: Vec<f64> = means(inside.0, inside.1).collect();
        let outer: Vec<f64> = means(whole.0, inside.0).chain(means(inside.1, whole.1)).collect();
        let left = (inner.len() + outer.len()) as f64 - 2.0;
        match self.between {
            Some(between) if left >= 1.0 => {
                let scatter = (squares(&inner) + squares(&outer)) / left;
                (scatter.min(between).max(self.within / self.runs()), left)
            }
            _ => (self.within / self.runs(), self.freedom),
        }
    }

    /// By how much revisions multiply the variance that runs alone would give.
    fn inflation(&self) -> f64 {
        self.between.map_or(1.0, |between| (between * self.runs() / self.within).max(1.0))
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn squares(values: &[f64]) -> f64 {
    let centre = mean(values);
    values.iter().map(|value| (value - centre).powi(2)).sum()
}

/// Variance of a revision's mean: what runs explain, unless neighbouring revisions differ clearly more.
///
/// The largest quarter of the squared first differences, which holds the steps, is left out; the rest is scaled by what a
/// chi-squared variable keeps below its upper quartile, and by a small-sample factor found by simulation.
///
/// # Source
/// Pooling a mean square after a preliminary test: Bozivich, H., Bancroft, T. A. and Hartley, H. O. (1956). Ann. Math.
/// Statist. 27, 1017–1043. doi:10.1214/aoms/1177728072
fn between(rows: &[Vec<f64>], within: f64, freedom: f64) -> Option<f64> {
    let runs = rows.iter().map(Vec::len).sum::<usize>() as f64 / rows.len() as f64;
    let mut differences: Vec<f64> =
        rows.windows(2).map(|pair| (mean(&pair[1]) - mean(&pair[0])).powi(2)).collect();
    let count = differences.len();
    if count < 4 {
        return None;
    }
    differences.sort_unstable_by(f64::total_cmp);
    let kept = count - count.div_ceil(4);
    let (one, three) = (ChiSquared::new(1.0).ok()?, ChiSquared::new(3.0).ok()?);
    let share = kept as f64 / count as f64;
    let kept_mean = three.cdf(one.inverse_cdf(share)) / share * (1.0 + 2.4 / count as f64);
    let seen = mean(&differences[..kept]) / (2.0 * kept_mean);
    // Differences overlap and are trimmed: 0.43 degrees of freedom each, by simulation.
    (f_sf(seen * runs / within, 0.43 * count as f64, freedom) < PRETEST).then_some(seen)
}

#[derive(Debug, Clone, Copy)]
struct Found {
    at: usize,
    p: f64,
    kind: ChangeKind,
}

fn search(table: &Table, start: usize, end: usize, settings: &Settings, splits: &mut Vec<Found>) {
    if end - start < 2 {
        return;
    }
    let prefix = |from: usize, _: usize| from == start;
    let any = |_: usize, _: usize| true;
    let found = strongest(table, start, end, &prefix, settings)
        .map(|found| (found, ChangeKind::Step))
        .or_else(|| {
            strongest(table, start, end, &any, settings).map(|found| (found, ChangeKind::Revert))
        });
    let Some(((from, to, p), kind)) = found else { return };
    let cuts: Vec<usize> = [from, to].into_iter().filter(|&at| start < at && at < end).collect();
    splits.extend(cuts.iter().map(|&at| Found {
        at,
        p,
        kind: if cuts.len() == 2 { kind } else { ChangeKind::Step },
    }));
    let mut first = start;
    for at in cuts.into_iter().chain(std::iter::once(end)) {
        search(table, first, at, settings, splits);
        first = at;
    }
}

/// Returns the stretch that stands out most among those allowed, where it is significant.
fn strongest(
    table: &Table,
    start: usize,
    end: usize,
    allowed: &dyn Fn(usize, usize) -> bool,
    settings: &Settings,
) -> Option<(usize, usize, f64)> {
    let rows = &table.rows[start..end];
    let sizes: Vec<usize> = rows.iter().map(Vec::len).collect();
    let mut runs: Vec<f64> = rows.iter().flatten().copied().collect();
    let centre = mean(&runs);
    runs.iter_mut().for_each(|run| *run -= centre);
    let stretches: Vec<(usize, usize)> = (0..rows.len())
        .flat_map(|from| (from + 1..=rows.len()).map(move |to| (from, to)))
        .filter(|&(from, to)| to - from < rows.len() && allowed(start + from, start + to))
        .collect();
    let (observed, at) = scan(&runs, &sizes, &stretches);
    let (from, to) = *stretches.get(at)?;
    let by_revision = revision_p(table, (start + from, start + to), (start, end), stretches.len());
    let level = settings.alpha / 2.0;
    if by_revision > level {
        return None;
    }
    let by_runs = permuted_p(&mut runs, &sizes, &stretches, observed, settings);
    let p = by_runs.max(by_revision);
    (p <= level).then_some((start + from, start + to, (2.0 * p).min(1.0)))
}

/// Greatest squared standardised mean over the stretches, and its number; `runs` must sum to zero.
fn scan(runs: &[f64], sizes: &[usize], stretches: &[(usize, usize)]) -> (f64, usize) {
    let mut sums = vec![0.0];
    let mut counts = vec![0_usize];
    let mut next = 0;
    for size in sizes {
        let sum: f64 = runs[next..next + size].iter().sum();
        sums.push(sums[sums.len() - 1] + sum);
        next += size;
        counts.push(next);
    }
    let all = runs.len() as f64;
    let mut best = (-1.0, 0);
    for (number, &(from, to)) in stretches.iter().enumerate() {
        let inside = (counts[to] - counts[from]) as f64;
        let score = (sums[to] - sums[from]).powi(2) * all / (inside * (all - inside));
        if score > best.0 {
            best = (score, number);
        }
    }
    best
}

fn permuted_p(
    runs: &mut [f64],
    sizes: &[usize],
    stretches: &[(usize, usize)],
    observed: f64,
    settings: &Settings,
) -> f64 {
    let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
    let mut exceeded = 0;
    for drawn in 1..=settings.permutations {
        for last in (1..runs.len()).rev() {
            runs.swap(last, verify::below(&mut random, last + 1));
        }
        if scan(runs, sizes, stretches).0 >= observed * (1.0 - 1e-12) {
            exceeded += 1;
            if exceeded == ENOUGH {
                return ENOUGH as f64 / drawn as f64;
            }
        }
    }
    (exceeded + 1) as f64 / (settings.permutations + 1) as f64
}

/// Two-sided p of the stretch's mean against the rest by the spread of revisions, times the stretches tried.
fn revision_p(table: &Table, inside: (usize, usize), whole: (usize, usize), tried: usize) -> f64 {
    let rows = |from: usize, to: usize| table.rows[from..to].iter().flatten().copied();
    let inner: Vec<f64> = rows(inside.0, inside.1).collect();
    let outer: Vec<f64> = rows(whole.0, inside.0).chain(rows(inside.1, whole.1)).collect();
    let (variance, freedom) = table.variance(inside, whole);
    let few = (inside.1 - inside.0) as f64;
    let many = (whole.1 - whole.0) as f64 - few;
    let deviation = (variance * (1.0 / few + 1.0 / many)).sqrt();
    let t = (mean(&inner) - mean(&outer)).abs() / deviation.max(f64::MIN_POSITIVE);
    (t_two_sided(t, freedom) * tried as f64).min(1.0)
}

fn answer(
    series: &Series,
    present: &[&Vec<f64>],
    table: &Table,
    splits: &[Found],
) -> HistoryAnalysis {
    let position = |index: usize| series.positions.get(index).copied().unwrap_or(series.length);
    let mut bounds = vec![0];
    bounds.extend(splits.iter().map(|split| split.at));
    bounds.push(present.len());
    let runs = |from: usize, to: usize| -> Vec<f64> {
        present[from..to].iter().flat_map(|runs| runs.iter().copied()).collect()
    };
    let mut analysis = HistoryAnalysis::default();
    for (number, split) in splits.iter().enumerate() {
        let (start, end) = (bounds[number], bounds[number + 2]);
        let (lo, hi) = interval(table, start, split.at, end);
        let effect =
            relative_shift(&runs(start, split.at), &runs(split.at, end), table.inflation());
        analysis.change_points.push(ChangePoint {
            index: position(split.at),
            lo: position(lo - 1) + 1,
            hi: position(hi),
            effect: effect.estimate,
            effect_lo: effect.lo,
            effect_hi: effect.hi,
            p: split.p,
            kind: split.kind,
        });
    }
    for pair in bounds.windows(2) {
        let values = runs(pair[0], pair[1]);
        let level = noise::median(&values);
        analysis.segments.push(Segment {
            start: if pair[0] == 0 { 0 } else { position(pair[0]) },
            end: position(pair[1]),
            points: pair[1] - pair[0],
            level,
            spread: noise::spread(&values, level),
        });
    }
    if present.len() < 4 {
        analysis.caveats.push(Caveat::TooShort { points: present.len(), least: 4 });
    }
    analysis
}

/// The places that hold 90 percent of the Gaussian profile of one split between its neighbours.
fn interval(table: &Table, start: usize, at: usize, end: usize) -> (usize, usize) {
    let rows = &table.rows[start..end];
    let mut runs: Vec<f64> = rows.iter().flatten().copied().collect();
    let centre = mean(&runs);
    runs.iter_mut().for_each(|run| *run -= centre);
    let sizes: Vec<usize> = rows.iter().map(Vec::len).collect();
    let variance = (table.within * table.inflation()).max(f64::MIN_POSITIVE);
    let heights: Vec<f64> = (1..rows.len())
        .map(|split| scan(&runs, &sizes, &[(0, split)]).0 / (2.0 * variance))
        .collect();
    let (lo, hi) = held(&heights, at - start - 1);
    (start + lo + 1, start + hi + 1)
}
