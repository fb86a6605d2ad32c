//! Which design a comparison has: pairs of one block, or two independent sides.

use std::collections::BTreeMap;

use ground_core::series::RevisionPoints;

/// Fewest pairs for which pairing is worth what it costs in degrees of freedom: below, signed ranks cannot reach
/// 5 percent (2 / 2^5 = 0.0625).
const LEAST_PAIRS: usize = 6;

/// The values of both sides, in pairs where the runs were made in pairs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Design {
    /// Values of the trusted side.
    pub(crate) baseline: Vec<f64>,
    /// Values of the judged side.
    pub(crate) candidate: Vec<f64>,
    /// Whether value i of both sides comes from one block.
    pub(crate) paired: bool,
    /// Whether the sides share hardly any block although both have runs.
    pub(crate) could_not_pair: bool,
}

/// Chooses the design from how the runs were made.
///
/// Runs of one block of one sweep were executed back to back. When at least [`LEAST_PAIRS`] blocks, and four fifths of all
/// runs, have both sides, the pairs are compared and the rest is left out.
pub(crate) fn design(
    baseline: Option<&RevisionPoints>,
    candidate: Option<&RevisionPoints>,
) -> Design {
    let values = |points: Option<&RevisionPoints>| points.map(RevisionPoints::values);
    let (all_baseline, all_candidate) =
        (values(baseline).unwrap_or_default(), values(candidate).unwrap_or_default());
    let by_block = |points: Option<&RevisionPoints>| {
        let mut blocks: BTreeMap<(String, u32), f64> = BTreeMap::new();
        for point in points.map_or(&[][..], |points| &points.points) {
            blocks.insert(point.block.clone(), point.value);
        }
        blocks
    };
    let (first, second) = (by_block(baseline), by_block(candidate));
    let pairs: Vec<(f64, f64)> =
        first.iter().filter_map(|(block, value)| Some((*value, *second.get(block)?))).collect();
    let most = all_baseline.len().max(all_candidate.len());
    if pairs.len() >= LEAST_PAIRS && pairs.len() * 5 >= most * 4 {
        let (baseline, candidate) = pairs.into_iter().unzip();
        return Design { baseline, candidate, paired: true, could_not_pair: false };
    }
    let could_not_pair =
        !all_baseline.is_empty() && !all_candidate.is_empty() && pairs.len() * 2 < most;
    Design { baseline: all_baseline, candidate: all_candidate, paired: false, could_not_pair }
}

#[cfg(test)]
mod tests {
    use ground_core::id::RunId;
    use ground_core::revision::Revision;
    use ground_core::series::{RevisionPoints, RunPoint};

    use super::design;

    fn points(sweep: &str, blocks: std::ops::Range<u32>, offset: f64) -> RevisionPoints {
        let point = |block: u32| RunPoint {
            run: RunId::derive(&[sweep, &block.to_string()]),
            block: (sweep.to_owned(), block),
            value: f64::from(block) + offset,
            started_ns: i64::from(block),
        };
        RevisionPoints {
            revision: Revision::default(),
            points: blocks.map(point).collect(),
            missing: 0,
        }
    }

    #[test]
    fn blocks_with_both_sides_become_pairs() {
        let made = design(Some(&points("s", 0..8, 0.5)), Some(&points("s", 1..9, 0.25)));
        assert!(made.paired);
        assert_eq!(made.baseline, [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]);
        assert_eq!(made.candidate, [1.25, 2.25, 3.25, 4.25, 5.25, 6.25, 7.25]);
    }

    #[test]
    fn few_pairs_are_no_pairs() {
        let made = design(Some(&points("s", 0..5, 0.0)), Some(&points("s", 0..5, 0.0)));
        assert!(!made.paired && !made.could_not_pair);
        assert_eq!(made.baseline.len(), 5);
    }

    #[test]
    fn sides_of_different_sweeps_are_told_apart() {
        let made = design(Some(&points("s", 0..8, 0.0)), Some(&points("t", 0..8, 0.0)));
        assert!(!made.paired && made.could_not_pair);
    }

    #[test]
    fn a_missing_side_is_an_empty_one() {
        let made = design(None, Some(&points("t", 0..3, 0.0)));
        assert!(made.baseline.is_empty() && !made.paired && !made.could_not_pair);
    }
}
