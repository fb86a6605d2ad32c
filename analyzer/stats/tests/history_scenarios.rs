//! What the documents claim of the history engine, measured on seeded scenarios.

mod scenarios;

use ground_stats::changes::{HistoryAnalysis, Settings, analyze};
use scenarios::{Case, SCENARIOS, Score, Truth};

const SEED: u64 = 90_210;
const EACH: usize = 80;
const MARGIN: usize = 5;

struct Outcome {
    case: Case,
    analysis: HistoryAnalysis,
}

impl Outcome {
    fn found(&self) -> Vec<usize> {
        self.analysis.change_points.iter().map(|change| change.index).collect()
    }
}

fn outcomes(name: &str) -> Vec<Outcome> {
    let scenario =
        SCENARIOS.iter().find(|scenario| scenario.name == name).expect("a scenario of that name");
    let outcome = |number| {
        let case = scenario.case(SEED, number);
        let analysis = analyze(&case.values, &Settings::default()).expect("no value is infinite");
        Outcome { case, analysis }
    };
    (0..EACH).map(outcome).collect()
}

fn score(outcomes: &[Outcome]) -> Score {
    let mut all = Score::default();
    outcomes
        .iter()
        .for_each(|outcome| all.add(Score::of(&outcome.case.changes, &outcome.found(), MARGIN)));
    all
}

#[test]
fn all_scenarios_together_reach_the_promised_f1() {
    let mut all = Score::default();
    for scenario in SCENARIOS.iter().filter(|scenario| scenario.truth != Truth::Spread) {
        all.add(score(&outcomes(scenario.name)));
    }
    assert!(all.f1() >= 0.88, "F1 {:.3}", all.f1());
    assert!(all.precision() >= 0.93, "precision {:.3}", all.precision());
}

#[test]
fn nothing_happened_and_nothing_is_said() {
    for scenario in SCENARIOS.iter().filter(|scenario| scenario.truth == Truth::Null) {
        let alarmed =
            outcomes(scenario.name).iter().filter(|outcome| !outcome.found().is_empty()).count();
        // Promised 2 percent; 1 in 1000 of sets of 80 has more than 6.
        assert!(alarmed <= 6, "{}: {alarmed} of {EACH}", scenario.name);
    }
}

#[test]
fn late_changes_and_short_reverts_are_seen_at_the_same_settings() {
    let late = score(&outcomes("late, last 1..8")).recall();
    assert!(late >= 0.80, "late {late:.3}");
    let revert = score(&outcomes("revert after 3..8")).recall();
    assert!(revert >= 0.60, "revert {revert:.3}");
}

#[test]
fn drift_is_called_drift() {
    let outcomes = outcomes("drift 2 percent");
    let stepped = outcomes.iter().filter(|outcome| !outcome.found().is_empty()).count();
    let named = outcomes.iter().filter(|outcome| outcome.analysis.drift.is_some()).count();
    assert!(stepped * 10 <= EACH, "{stepped} of {EACH} called steps");
    assert!(named * 10 >= EACH * 8, "{named} of {EACH} called drift");
    for drift in outcomes.iter().filter_map(|outcome| outcome.analysis.drift.as_ref()) {
        assert!((drift.total.abs() - 0.02).abs() < 0.015, "total {}", drift.total);
    }
}

#[test]
fn steps_are_not_called_drift() {
    for name in ["step gauss", "step t2", "step + outliers", "multi", "ramp"] {
        let named =
            outcomes(name).iter().filter(|outcome| outcome.analysis.drift.is_some()).count();
        assert!(named * 20 <= EACH, "{name}: {named} of {EACH}");
    }
}

#[test]
fn each_family_of_steps_is_found() {
    for (name, least) in [
        ("step gauss", 0.86),
        ("step t2", 0.77),
        ("step lognormal", 0.85),
        ("step bimodal", 0.80),
        ("step AR(1) 0.6", 0.70),
        ("step quantised", 0.84),
        ("step + outliers", 0.85),
        ("tiny 1..3 percent", 0.84),
        ("multi", 0.93),
        ("hetero", 0.90),
        ("ramp", 0.92),
        ("holes 10 percent", 0.94),
        ("exact step", 1.0),
    ] {
        let f1 = score(&outcomes(name)).f1();
        assert!(f1 >= least, "{name}: F1 {f1:.3}");
    }
}

#[test]
fn intervals_hold_the_true_place_nine_times_in_ten() {
    let (mut held, mut all) = (0, 0);
    for name in ["step gauss", "step lognormal", "tiny 1..3 percent", "holes 10 percent", "step t2"]
    {
        for outcome in outcomes(name) {
            let at = outcome.case.changes[0];
            let near = outcome
                .analysis
                .change_points
                .iter()
                .min_by_key(|change| change.index.abs_diff(at));
            if let Some(change) = near.filter(|change| change.index.abs_diff(at) < 40) {
                all += 1;
                held += usize::from(change.lo <= at && at <= change.hi);
            }
        }
    }
    let share = held as f64 / all as f64;
    println!("location intervals hold {share:.3} of {all}");
    assert!(share >= 0.85, "{share:.3} of {all}");
}

#[test]
fn a_wider_spread_is_its_own_word() {
    let outcomes = outcomes("variance x 3");
    let long: Vec<&Outcome> =
        outcomes.iter().filter(|outcome| outcome.case.values.len() >= 80).collect();
    let near = |outcome: &Outcome| {
        outcome.analysis.variance_changes.iter().any(|change| {
            change.index.abs_diff(outcome.case.changes[0]) <= outcome.case.values.len() / 10
                && change.ratio > 1.5
        })
    };
    let named = long.iter().filter(|outcome| near(outcome)).count();
    assert!(named * 10 >= long.len() * 8, "{named} of {}", long.len());
    let stepped = outcomes.iter().filter(|outcome| !outcome.found().is_empty()).count();
    assert!(stepped * 8 <= EACH, "{stepped} of {EACH} called steps");
}
