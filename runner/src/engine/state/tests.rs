use std::collections::{BTreeMap, BTreeSet};

use ground_core::revision::Revision;
use ground_core::sweep::Cell;

use super::*;

fn state(cells: usize, revisions: usize) -> State {
    let header = Header {
        v: 1,
        asked: String::new(),
        sweep: String::new(),
        seed: 11,
        tool: String::new(),
        at_ns: 0,
        plan: String::new(),
        cells: vec![],
        revisions: vec![],
    };
    let cell = |index: usize| Cell {
        composition_run: index.to_string(),
        params: BTreeMap::new(),
        runner: String::new(),
    };
    let matrix = Matrix {
        cells: (0..cells).map(cell).collect(),
        revisions: vec![Revision::default(); revisions],
        repetitions: 0,
        seed: 0,
    };
    State::new(header, matrix)
}

fn add(state: &mut State, cells: &[usize], repetitions: u32) {
    let batch = state.further(cells.to_vec(), repetitions, Why::Asked);
    state.apply(&Line::Batch(batch));
}

#[test]
fn the_first_batch_is_ordered_by_the_seed_of_the_sweep() {
    let mut state = state(2, 3);
    add(&mut state, &[0, 1], 4);
    let matrix = Matrix { repetitions: 4, seed: 11, ..state.matrix.clone() };
    assert_eq!(state.slots, schedule(&matrix));
}

#[test]
fn batches_go_on_counting_where_the_last_ended() {
    let mut state = state(3, 2);
    add(&mut state, &[0, 1, 2], 2);
    add(&mut state, &[1], 3);
    add(&mut state, &[0, 1, 2], 1);
    assert_eq!(state.slots.len(), 12 + 6 + 6);
    assert!(state.slots.iter().zip(0u32..).all(|(slot, place)| slot.position == place));
    let combinations: BTreeSet<(usize, usize, u32)> =
        state.slots.iter().map(|slot| (slot.cell, slot.revision, slot.repetition)).collect();
    assert_eq!(combinations.len(), 24);
    let last = |cell: usize| state.slots.iter().rfind(|slot| slot.cell == cell).unwrap().repetition;
    assert_eq!([last(0), last(1), last(2)], [2, 5, 2]);
    let blocks: Vec<u32> =
        state.slots.chunk_by(|a, b| a.block == b.block).map(|block| block[0].block).collect();
    assert_eq!(blocks, (0..12).collect::<Vec<u32>>());
}

#[test]
fn an_attempt_goes_through_its_stages() {
    let mut state = state(1, 1);
    add(&mut state, &[0], 2);
    let line = |open| Line::Executed {
        position: 1,
        attempt: 1,
        run: "r".to_owned(),
        outcome: "infra_error".to_owned(),
        reason: String::new(),
        open,
    };
    state.apply(&Line::Started { position: 1, attempt: 1, run: "r".to_owned(), at_ns: 0 });
    assert_eq!(state.tried(1).unwrap().stage, Stage::Started);
    state.apply(&line(true));
    assert_eq!(state.outcome(1), Some(OutcomeKind::InfraError));
    let recorded = Line::Recorded { position: 1, attempt: 1, run: "r".to_owned() };
    state.apply(&recorded);
    assert!(!state.is_done(1) && !state.is_done(0));
    assert_eq!(state.tried(1).unwrap().stage, Stage::Recorded { open: true });
    state.apply(&line(false));
    state.apply(&recorded);
    assert!(state.is_done(1) && state.tried(0).is_none());
}

#[test]
fn a_record_found_without_the_word_of_its_end_is_done() {
    let mut state = state(1, 1);
    add(&mut state, &[0], 1);
    state.apply(&Line::Started { position: 0, attempt: 1, run: "r".to_owned(), at_ns: 0 });
    state.apply(&Line::Recorded { position: 0, attempt: 1, run: "r".to_owned() });
    assert!(state.is_done(0));
}

#[test]
fn decided_blocks_are_dropped_and_later_ones_are_not() {
    let mut state = state(2, 2);
    add(&mut state, &[0, 1], 3);
    let end = state.next_block();
    state.apply(&Line::Decided { cell: 1, from_block: 2, to_block: end, reason: String::new() });
    let needed = |state: &State, cell| state.needed().filter(|slot| slot.cell == cell).count();
    assert_eq!((needed(&state, 0), needed(&state, 1)), (6, 2));
    state.apply(&Line::Ended { at_ns: 0 });
    assert!(state.ended);
    add(&mut state, &[0, 1], 1);
    assert!(!state.ended);
    assert_eq!((needed(&state, 0), needed(&state, 1)), (8, 4));
}
