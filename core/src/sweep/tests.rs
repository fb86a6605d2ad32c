use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Cell, Matrix, Slot, derive_seed, schedule};
use crate::revision::Revision;

fn matrix(cells: usize, revisions: usize, repetitions: u32, seed: u64) -> Matrix {
    let cell = |index: usize| Cell {
        composition_run: format!("run{index}"),
        params: BTreeMap::new(),
        runner: "local:exec".to_owned(),
    };
    let revision =
        |index: usize| Revision { commit: format!("{index:040x}"), ..Revision::default() };
    Matrix {
        cells: (0..cells).map(cell).collect(),
        revisions: (0..revisions).map(revision).collect(),
        repetitions,
        seed,
    }
}

fn blocks(slots: &[Slot]) -> Vec<&[Slot]> {
    slots.chunk_by(|a, b| a.block == b.block).collect()
}

#[test]
fn an_empty_matrix_has_no_runs() {
    for empty in [matrix(0, 2, 3, 1), matrix(2, 0, 3, 1), matrix(2, 2, 0, 1)] {
        assert_eq!(schedule(&empty), []);
        assert_eq!(empty.runs(), 0);
    }
}

#[test]
fn two_revisions_take_turns_at_the_first_place() {
    let slots = schedule(&matrix(1, 2, 60, 42));
    let first: Vec<usize> = blocks(&slots).iter().map(|block| block[0].revision).collect();
    // Rows of two-by-two squares: each pair of repetitions holds both orders.
    for pair in first.chunks(2) {
        assert_eq!(pair.iter().sum::<usize>(), 1, "{first:?}");
    }
    let pairs: BTreeSet<usize> = first.chunks(2).map(|pair| pair[0]).collect();
    assert_eq!(pairs.len(), 2, "which order comes first is itself drawn: {first:?}");
}

#[test]
fn every_order_of_cells_occurs() {
    let slots = schedule(&matrix(3, 1, 200, 7));
    let orders: BTreeSet<Vec<usize>> =
        slots.chunks(3).map(|round| round.iter().map(|slot| slot.cell).collect()).collect();
    assert_eq!(orders.len(), 6);
}

/// Counts over many seeds: each of the six orders of three revisions should lead a cell equally often.
/// 6,000 draws, expected 1,000 each, standard deviation 29: bounds of five of them.
#[test]
fn orders_are_drawn_evenly() {
    let mut seen: BTreeMap<Vec<usize>, u32> = BTreeMap::new();
    for seed in 0..6_000 {
        let order = schedule(&matrix(1, 3, 1, seed)).iter().map(|slot| slot.revision).collect();
        *seen.entry(order).or_default() += 1;
    }
    assert_eq!(seen.len(), 6);
    assert!(seen.values().all(|&count| (855..=1145).contains(&count)), "{seen:?}");
}

#[test]
fn derived_seeds_differ_by_every_word_and_their_order() {
    let seeds = [
        derive_seed(1, &[]),
        derive_seed(1, &[0]),
        derive_seed(1, &[0, 0]),
        derive_seed(1, &[1, 2]),
        derive_seed(1, &[2, 1]),
        derive_seed(2, &[1, 2]),
    ];
    assert_eq!(seeds.iter().collect::<BTreeSet<_>>().len(), seeds.len());
    assert_eq!(derive_seed(1, &[1, 2]), derive_seed(1, &[1, 2]));
}

/// The order is part of what a journal means: a resumed sweep of an older release must find it again.
#[test]
fn the_order_of_a_seed_never_changes() {
    let slots = schedule(&matrix(2, 3, 2, 7719));
    let order: Vec<(usize, usize)> = slots.iter().map(|slot| (slot.cell, slot.revision)).collect();
    assert_eq!(order, GOLDEN);
}

const GOLDEN: [(usize, usize); 12] = [
    (1, 0),
    (1, 2),
    (1, 1),
    (0, 1),
    (0, 0),
    (0, 2),
    (1, 2),
    (1, 1),
    (1, 0),
    (0, 0),
    (0, 2),
    (0, 1),
];

proptest! {
    #[test]
    fn every_combination_comes_exactly_once(
        cells in 0usize..5, revisions in 0usize..7, repetitions in 0u32..12, seed: u64,
    ) {
        let matrix = matrix(cells, revisions, repetitions, seed);
        let slots = schedule(&matrix);
        prop_assert_eq!(slots.len() as u64, matrix.runs());
        let distinct: BTreeSet<(usize, usize, u32)> =
            slots.iter().map(|slot| (slot.cell, slot.revision, slot.repetition)).collect();
        prop_assert_eq!(distinct.len(), slots.len());
        prop_assert!(slots.iter().zip(0u32..).all(|(slot, place)| slot.position == place));
    }

    #[test]
    fn a_block_is_one_cell_at_one_repetition_with_all_its_revisions(
        cells in 1usize..5, revisions in 1usize..7, repetitions in 1u32..12, seed: u64,
    ) {
        let slots = schedule(&matrix(cells, revisions, repetitions, seed));
        let blocks = blocks(&slots);
        prop_assert_eq!(blocks.len(), cells * repetitions as usize);
        for (block, number) in blocks.iter().zip(0u32..) {
            prop_assert_eq!(block.len(), revisions);
            let same = |slot: &Slot| {
                slot.block == number
                    && slot.cell == block[0].cell
                    && slot.repetition == block[0].repetition
            };
            prop_assert!(block.iter().all(same));
        }
    }

    #[test]
    fn every_cell_is_repeated_before_any_is_repeated_again(
        cells in 1usize..5, revisions in 1usize..4, repetitions in 1u32..8, seed: u64,
    ) {
        let slots = schedule(&matrix(cells, revisions, repetitions, seed));
        prop_assert!(slots.is_sorted_by_key(|slot| slot.repetition));
    }

    #[test]
    fn each_revision_stands_at_each_place_equally_often(
        cells in 1usize..4, revisions in 1usize..7, repetitions in 1u32..25, seed: u64,
    ) {
        let slots = schedule(&matrix(cells, revisions, repetitions, seed));
        let mut counts = vec![vec![vec![0u32; revisions]; revisions]; cells];
        for block in blocks(&slots) {
            for (place, slot) in block.iter().enumerate() {
                counts[slot.cell][place][slot.revision] += 1;
            }
        }
        let whole = repetitions / revisions as u32;
        let rest = u32::from(repetitions % revisions as u32 != 0);
        for count in counts.iter().flatten().flatten() {
            prop_assert!((whole..=whole + rest).contains(count), "{counts:?}");
        }
    }

    #[test]
    fn a_seed_decides_the_order(cells in 2usize..4, revisions in 3usize..5, seed: u64) {
        let one = matrix(cells, revisions, 20, seed);
        let other = Matrix { seed: seed.wrapping_add(1), ..one.clone() };
        prop_assert_eq!(schedule(&one), schedule(&one));
        prop_assert_ne!(schedule(&one), schedule(&other));
    }
}
