use super::*;

#[test]
fn refuses_goals_and_sizes_that_cannot_be() {
    let goal = Goal::default();
    assert!(runs_for_t(0.0, 1.0, goal).is_err() && runs_for_t(1.0, 0.0, goal).is_err());
    assert!(runs_for_t(1.0, 1.0, Goal { power: 1.0, ..goal }).is_err());
    assert!(runs_for_mann_whitney(0.5, goal).is_err() && runs_for_mann_whitney(1.5, goal).is_err());
    assert!(
        minimum_detectable(-1.0, 3.0, goal).is_err() && minimum_detectable(1.0, 0.0, goal).is_err()
    );
}

/// Noether (1987), by hand: 7.849 / (3 * 0.04) = 65.4 together, so 33 a side.
#[test]
fn noethers_number_of_runs() {
    assert_eq!(runs_for_mann_whitney(0.7, Goal::default()).unwrap(), 33);
    assert_eq!(runs_for_mann_whitney(0.3, Goal::default()).unwrap(), 33);
    // Never fewer than the exact test can work with.
    assert_eq!(runs_for_mann_whitney(1.0, Goal::default()).unwrap(), 6);
    assert_eq!(runs_for_mann_whitney(1.0, Goal { alpha: 0.05, power: 0.1 }).unwrap(), 4);
    assert_eq!((least_runs(0.05), least_runs(0.01), least_pairs(0.05)), (4, 5, 6));
}

#[test]
fn what_can_be_seen_and_what_is_needed_are_inverse() {
    let goal = Goal { alpha: 0.05, power: 0.9 };
    let runs = runs_for_t(1.3, 0.8, goal).unwrap();
    let seen = |n: usize| {
        minimum_detectable(1.3 * (2.0 / n as f64).sqrt(), 2.0 * (n as f64 - 1.0), goal).unwrap()
    };
    assert!(seen(runs) <= 0.8 && seen(runs - 1) > 0.8);
    assert_eq!(minimum_detectable(0.0, 5.0, goal).unwrap(), 0.0);
}

#[test]
fn more_runs_shrink_with_the_distance_to_the_edge() {
    let band = Band::relative(0.02).unwrap();
    let now = |value: f64| Undecided {
        shift: Estimate { value, lo: -1.0, hi: 1.0 },
        se: 0.01,
        runs: 8,
        band,
    };
    let more = |value| more_runs(&now(value), Goal::default()).unwrap();
    let (centre, near) = (more(0.0).unwrap(), more(0.01).unwrap());
    assert!(centre < near, "{centre} {near}");
    let edge = more(band.hi()).unwrap();
    assert!(near < edge && more(0.06).unwrap() < edge);
    // By hand at the edge: 80 percent of a normal lie beyond 0.2533 standard deviations, so that the interval must
    // shrink to 0.2533 / 1.96 of a standard error: about 8 * 60 runs, the band's other edge being far away.
    assert!((400..560).contains(&edge), "{edge}");
    let hopeless = Undecided { se: 10.0, ..now(band.hi()) };
    assert_eq!(more_runs(&hopeless, Goal { power: 0.999, ..Goal::default() }).unwrap(), None);
    let still = Undecided { se: 0.0, ..now(0.0) };
    assert_eq!(more_runs(&still, Goal::default()).unwrap(), Some(1));
}

/// By hand for large n: 2 (1.96 + 1.6449)^2 (1 / 0.1)^2 = 2599 runs at 90 percent.
#[test]
fn equivalence_needs_both_tests_to_succeed() {
    let goal = Goal { alpha: 0.05, power: 0.9 };
    let runs = runs_for_equivalence(1.0, 0.1, goal).unwrap();
    assert!((2599..=2603).contains(&runs), "{runs}");
    assert!(runs > runs_for_t(1.0, 0.1, goal).unwrap());
    assert!(runs_for_equivalence(1.0, 0.0, goal).is_err());
}
