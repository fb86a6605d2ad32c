//! The library against SciPy, statsmodels and brute force; `reference/generate.py` wrote the numbers.

#![allow(missing_docs, reason = "tests")]

use ground_stats::bootstrap::{Resampling, bca, bca_two};
use ground_stats::distribution_test as shape;
use ground_stats::harrell_davis as hd;
use ground_stats::hodges_lehmann as hl;
use ground_stats::mann_whitney::{PMethod, mann_whitney, mann_whitney_by};
use ground_stats::multiplicity as many;
use ground_stats::planning::{Goal, pairs_for_t, runs_for_t};
use ground_stats::proportion as rate;
use ground_stats::welch::{TTest, paired_t, student, welch};
use ground_stats::wilcoxon::{signed_rank, wilcoxon};
use serde_json::Value;

fn cases(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("reference/reference.json")).unwrap();
    all[name].as_array().unwrap().clone()
}

fn number(case: &Value, key: &str) -> f64 {
    case[key].as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn sides(case: &Value) -> (Vec<f64>, Vec<f64>) {
    (numbers(&case["baseline"]), numbers(&case["candidate"]))
}

#[track_caller]
fn close(got: f64, expected: f64) {
    let tolerance = 1e-9 * expected.abs() + 1e-12;
    assert!((got - expected).abs() <= tolerance, "got {got:e}, expected {expected:e}");
}

#[test]
fn mann_whitney_is_scipys() {
    for case in cases("two_samples") {
        let (a, b) = sides(&case);
        let asymptotic = mann_whitney_by(&a, &b, PMethod::Asymptotic).unwrap();
        close(asymptotic.u, number(&case, "u"));
        close(asymptotic.p, number(&case, "p_asymptotic").min(1.0));
        close(asymptotic.p_greater, number(&case, "p_greater_asymptotic"));
        if let Some(p) = case["p_exact"].as_f64() {
            let exact = mann_whitney(&a, &b).unwrap();
            assert_eq!(exact.method, PMethod::Exact);
            close(exact.p, p);
            close(exact.p_less, number(&case, "p_less_exact"));
        }
    }
}

#[test]
fn shifts_are_the_median_of_all_differences() {
    for case in cases("two_samples") {
        let (a, b) = sides(&case);
        close(hl::shift(&a, &b).unwrap(), number(&case, "shift"));
    }
}

#[test]
fn shift_intervals_agree_with_the_list_of_all_assignments() {
    for case in cases("shift_intervals") {
        let (a, b) = sides(&case);
        let got = hl::shift_interval(&a, &b, number(&case, "alpha")).unwrap();
        if case["bounds"].is_null() {
            assert_eq!((got.lo, got.hi), (f64::NEG_INFINITY, f64::INFINITY));
        } else {
            let bounds = numbers(&case["bounds"]);
            close(got.lo, bounds[0]);
            close(got.hi, bounds[1]);
        }
    }
}

#[track_caller]
fn same_t(got: &TTest, expected: &Value) {
    close(got.t, number(expected, "t"));
    close(got.df, number(expected, "df"));
    close(got.p, number(expected, "p"));
    close(got.difference.lo, number(expected, "lo"));
    close(got.difference.hi, number(expected, "hi"));
}

#[test]
fn t_tests_are_scipys() {
    for case in cases("two_samples") {
        let (a, b) = sides(&case);
        same_t(&welch(&a, &b, 0.05).unwrap(), &case["welch"]);
        same_t(&student(&a, &b, 0.05).unwrap(), &case["student"]);
    }
    for case in cases("pairs") {
        let (a, b) = sides(&case);
        same_t(&paired_t(&a, &b, 0.05).unwrap(), &case["t"]);
    }
}

#[test]
fn signed_ranks_are_scipys() {
    for case in cases("pairs") {
        let (a, b) = sides(&case);
        let d: Vec<f64> = b.iter().zip(&a).map(|(b, a)| b - a).collect();
        let asymptotic = signed_rank(&d, PMethod::Asymptotic).unwrap();
        close(asymptotic.p, number(&case, "p_asymptotic"));
        if let Some(p) = case["p_exact"].as_f64() {
            close(wilcoxon(&a, &b).unwrap().p, p);
        }
        close(hl::centre(&d).unwrap(), number(&case, "centre"));
    }
}

#[test]
fn tests_of_spread_and_shape_are_scipys() {
    for case in cases("two_samples") {
        let (a, b) = sides(&case);
        let spread = shape::brown_forsythe(&a, &b).unwrap();
        let expected = numbers(&case["brown_forsythe"]);
        close(spread.statistic, expected[0]);
        close(spread.p, expected[1]);
        if !case["brunner_munzel"].is_null() {
            let order = shape::brunner_munzel(&a, &b).unwrap();
            let expected = numbers(&case["brunner_munzel"]);
            // SciPy's statistic looks at the sides the other way round.
            close(order.statistic, expected[0]);
            close(order.p, expected[1]);
        }
        close(shape::energy_distance(&a, &b).unwrap(), number(&case, "energy"));
        let gap = shape::kolmogorov_smirnov(&a, &b).unwrap();
        let expected = numbers(&case["ks"]);
        close(gap.statistic, expected[0]);
        close(gap.p, expected[1]);
    }
}

#[test]
fn quantiles_are_scipys() {
    for case in cases("quantiles") {
        let (values, p) = (numbers(&case["values"]), number(&case, "p"));
        close(hd::harrell_davis(&values, p).unwrap(), number(&case, "hd"));
        close(hd::jackknife_error(&values, p).unwrap(), number(&case, "jackknife"));
        match case["maritz_jarrett"].as_f64() {
            Some(error) => {
                let got = hd::maritz_jarrett_error(&values, p).unwrap();
                // SciPy takes the difference of two large squares; ours does not.
                assert!((got - error).abs() < 1e-6 * error, "{got} {error}");
            }
            None => assert!(hd::maritz_jarrett_error(&values, p).is_err()),
        }
        let exact = hd::exact_interval(&values, p, 0.05).unwrap();
        assert_eq!(exact.lo, case["exact"][0].as_f64().unwrap_or(f64::NEG_INFINITY));
        assert_eq!(exact.hi, case["exact"][1].as_f64().unwrap_or(f64::INFINITY));
    }
}

#[test]
fn adjusted_p_are_statsmodels() {
    for case in cases("families") {
        let p = numbers(&case["p"]);
        let same = |got: Vec<f64>, key: &str| {
            got.iter().zip(numbers(&case[key])).for_each(|(g, e)| close(*g, e));
        };
        same(many::benjamini_hochberg(&p).unwrap(), "bh");
        same(many::benjamini_yekutieli(&p).unwrap(), "by");
        same(many::holm(&p).unwrap(), "holm");
        same(many::hochberg(&p).unwrap(), "hochberg");
        close(many::simes(&p).unwrap(), number(&case, "simes"));
    }
}

#[test]
fn intervals_of_rates_are_statsmodels() {
    for case in cases("rates") {
        let count =
            rate::Count::new(case["failures"].as_u64().unwrap(), case["runs"].as_u64().unwrap());
        let count = count.unwrap();
        for (key, got) in [
            ("wilson", rate::wilson(count, 0.05)),
            ("jeffreys", rate::jeffreys(count, 0.05)),
            ("clopper_pearson", rate::clopper_pearson(count, 0.05)),
        ] {
            let (got, expected) = (got.unwrap(), numbers(&case[key]));
            close(got.lo, expected[0]);
            close(got.hi, expected[1]);
        }
    }
}

#[test]
fn fishers_test_is_scipys() {
    for case in cases("fisher") {
        let counts: Vec<u64> =
            case["counts"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect();
        let got = rate::fisher(
            rate::Count::new(counts[0], counts[1]).unwrap(),
            rate::Count::new(counts[2], counts[3]).unwrap(),
        );
        close(got.p, number(&case, "p"));
        close(got.mid_p, number(&case, "mid_p"));
    }
}

#[test]
fn planned_runs_are_within_one_of_exact_power() {
    for case in cases("plans") {
        let goal = Goal { alpha: 0.05, power: number(&case, "power") };
        let effect = number(&case, "effect");
        let runs = runs_for_t(1.0, effect, goal).unwrap() as f64;
        let pairs = pairs_for_t(1.0, effect, goal).unwrap() as f64;
        assert!((runs - number(&case, "runs")).abs() <= 1.0, "{runs} {case}");
        assert!((pairs - number(&case, "pairs")).abs() <= 1.0, "{pairs} {case}");
    }
}

#[test]
fn bootstrap_intervals_are_scipys_but_for_resampling_noise() {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let how = Resampling { resamples: 20_000, seed: 5, alpha: 0.05 };
    for case in cases("bootstrap") {
        let (a, b) = sides(&case);
        let one = bca(&a, mean, how).unwrap();
        let ratio = bca_two(&a, &b, |x, y| mean(y) / mean(x), how).unwrap();
        for (got, expected) in [(one, numbers(&case["mean"])), (ratio, numbers(&case["ratio"]))] {
            let tolerance = 0.03 * (expected[1] - expected[0]);
            assert!((got.lo - expected[0]).abs() < tolerance, "{got:?} {expected:?}");
            assert!((got.hi - expected[1]).abs() < tolerance, "{got:?} {expected:?}");
        }
    }
}
