use super::*;

fn goal() -> Goal {
    Goal::default()
}

/// Runs a search against exact levels: 0 before `culprit`, 1 from it on, with a little alternating noise.
fn search(revisions: usize, culprit: usize, skipped: &[usize]) -> (Step, usize) {
    let mut search = Search::new(revisions, goal()).unwrap();
    skipped.iter().for_each(|r| search.skip(*r).unwrap());
    for turn in 0.. {
        match search.step() {
            Step::Measure { revision } => {
                assert!(!skipped.contains(&revision));
                let level = if revision >= culprit { 1.0 } else { 0.0 };
                search.record(revision, level + [0.02, -0.01, -0.02, 0.01][turn % 4]).unwrap();
            }
            end => return (end, search.measurements()),
        }
    }
    unreachable!("the loop ends with the search")
}

#[test]
fn refuses_searches_and_measurements_that_cannot_be() {
    assert!(matches!(Search::new(1, goal()), Err(StatsError::TooFew { needed: 2, .. })));
    assert!(Search::new(9, Goal { probability: 1.0, ..goal() }).is_err());
    assert!(Search::new(9, Goal { width: 0, ..goal() }).is_err());
    let mut search = Search::new(9, goal()).unwrap();
    assert!(search.record(9, 1.0).is_err() && search.record(3, f64::NAN).is_err());
    assert!(search.skip(0).is_err() && search.skip(8).is_err());
    assert!(search.suspect(&[1.0; 8]).is_err() && search.suspect(&[0.0; 9]).is_err());
    assert!(search.suspect(&[1.0, 1.0, -1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]).is_err());
}

#[test]
fn every_culprit_is_found_where_noise_is_small() {
    for culprit in 1..40 {
        let (end, measurements) = search(40, culprit, &[]);
        let Step::Found(suspects) = end else { panic!("{culprit}: {end:?}") };
        assert_eq!((suspects.first, suspects.last), (culprit, culprit));
        assert!(measurements <= 8 + 16, "{culprit}: {measurements}");
    }
    let (end, _) = search(2, 1, &[]);
    assert_eq!(end, Step::Found(Suspects { first: 1, last: 1, probability: 1.0 }));
}

#[test]
fn what_cannot_be_measured_stays_suspect_with_its_neighbour() {
    let (end, _) = search(20, 11, &[10, 11]);
    let Step::Found(suspects) = end else { panic!("{end:?}") };
    assert_eq!((suspects.first, suspects.last), (10, 12));
}

#[test]
fn equal_ends_are_no_repro_and_a_spent_budget_says_so() {
    let mut equal = Search::new(30, goal()).unwrap();
    let mut turn = 0;
    while let Step::Measure { revision } = equal.step() {
        assert!(revision == 0 || revision == 29);
        equal.record(revision, f64::from((turn * 7) % 5)).unwrap();
        turn += 1;
    }
    assert!(matches!(equal.step(), Step::NoRepro { p } if p > 0.05));
    assert_eq!(equal.measurements(), 26);
    assert_eq!(equal.step(), equal.clone().step());
    let mut short = Search::new(30, Goal { budget: 9, ..goal() }).unwrap();
    for _ in 0..5 {
        short.record(0, 0.0).unwrap();
        short.record(29, 1.0).unwrap();
    }
    assert!(matches!(short.step(), Step::Exhausted(_)));
}

#[test]
fn beliefs_follow_the_prior_until_measured_and_one_wild_run_convicts_nobody() {
    let mut search = Search::new(5, goal()).unwrap();
    assert_eq!(search.probabilities(), [0.0, 0.25, 0.25, 0.25, 0.25]);
    search.suspect(&[9.0, 1.0, 0.0, 0.0, 3.0]).unwrap();
    assert_eq!(search.probabilities(), [0.0, 0.25, 0.0, 0.0, 0.75]);
    let mut search = Search::new(5, goal()).unwrap();
    for noise in [-0.1, 0.0, 0.1, 0.05] {
        search.record(0, noise).unwrap();
        search.record(4, 1.0 + noise).unwrap();
        search.record(2, noise).unwrap();
    }
    search.record(2, 1e6).unwrap();
    let p = search.probabilities();
    assert!(p[3] + p[4] > 0.9, "{p:?}");
}
