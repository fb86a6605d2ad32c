//! Whether a change is more than the best split of noise: the search is kept inside the null.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::Settings;
use super::noise;
use super::ranks::Standing;
use crate::kernel::{Embedding, greatest_gain};

/// Exceedances after which the answer is clear and the permutations stop.
const ENOUGH: usize = 10;

/// Returns the p of the strongest split of `values`, whose doubled ranks are `ranks`, under permutation of the maximum over all splits.
///
/// First a bound: at a fixed split the rank sum's null is known, so its p times the number of splits bounds the p of the
/// best split; where that is below `1 / (permutations + 1)` it is the answer. Otherwise whole blocks are permuted, their
/// length grown with the serial correlation, and the greatest kernel gain is counted against the observed one.
///
/// # Source
/// Besag, J. and Clifford, P. (1991). Sequential Monte Carlo p-values. Biometrika 78, 301–304. doi:10.1093/biomet/78.2.301;
/// block length: Carlstein, E. (1986). Ann. Statist. 14, 1171–1179. doi:10.1214/aos/1176350057
pub(crate) fn p_of_best_split(
    values: &[f64],
    ranks: &[f64],
    split: usize,
    rho: f64,
    settings: &Settings,
) -> f64 {
    let bound = rank_bound(ranks, split, rho);
    if bound <= 1.0 / (settings.permutations + 1) as f64 {
        return bound;
    }
    permutation_p(values, rho, settings)
}

fn rank_bound(ranks: &[f64], split: usize, rho: f64) -> f64 {
    let count = ranks.len();
    let standing =
        Standing { few: split, many: count - split, doubled_sum: ranks[..split].iter().sum() };
    let inflation = noise::inflation(rho, split.min(count - split));
    (standing.p(inflation) * (count - 1) as f64).min(1.0)
}

fn permutation_p(values: &[f64], rho: f64, settings: &Settings) -> f64 {
    let Some(embedding) = Embedding::new(values) else { return 1.0 };
    let rows: Vec<_> = (0..values.len()).map(|index| embedding.point(index)).collect();
    let mut order: Vec<usize> = (0..values.len()).collect();
    let observed = greatest_gain(&rows, &order, settings.min_run);
    let block = block_length(rho, values.len());
    let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
    let mut exceeded = 0;
    for drawn in 1..=settings.permutations {
        shuffle_blocks(&mut order, block, &mut random);
        if greatest_gain(&rows, &order, settings.min_run) >= observed * (1.0 - 1e-12) {
            exceeded += 1;
            if exceeded == ENOUGH {
                return ENOUGH as f64 / drawn as f64;
            }
        }
    }
    (exceeded + 1) as f64 / (settings.permutations + 1) as f64
}

/// Length of the blocks that keep most of a first-order correlation, one where there is none.
pub(crate) fn block_length(rho: f64, count: usize) -> usize {
    if rho < 0.05 {
        return 1;
    }
    let length = (2.0 * rho / (1.0 - rho * rho)).powf(2.0 / 3.0) * (count as f64).cbrt();
    (length.ceil() as usize).clamp(1, (count / 4).max(1))
}

/// Refills `order` with blocks of consecutive indices in random order, from a random starting point on the circle.
fn shuffle_blocks(order: &mut [usize], block: usize, random: &mut ChaCha8Rng) {
    let count = order.len();
    if block <= 1 {
        for last in (1..count).rev() {
            order.swap(last, below(random, last + 1));
        }
        return;
    }
    let offset = below(random, count);
    let blocks = count.div_ceil(block);
    let mut sequence: Vec<usize> = (0..blocks).collect();
    for last in (1..blocks).rev() {
        sequence.swap(last, below(random, last + 1));
    }
    let mut filled = 0;
    for number in sequence {
        for index in number * block..((number + 1) * block).min(count) {
            order[filled] = (index + offset) % count;
            filled += 1;
        }
    }
}

/// Draws a whole number below `limit` by multiply and shift; the bias is below 2^-32 times the limit.
pub(crate) fn below(random: &mut ChaCha8Rng, limit: usize) -> usize {
    ((u64::from(random.next_u32()) * limit as u64) >> 32) as usize
}
