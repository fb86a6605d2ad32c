//! Error rates that the documentation promises, counted on seeded noise.

#![allow(missing_docs, clippy::print_stdout, reason = "tests print what they measured")]

mod support;

use ground_stats::bootstrap::{Resampling, bca};
use ground_stats::compare::{CompareInput, Comparison, Direction, Sample, Verdict, compare};
use ground_stats::culprit::{Goal, Search, Step};
use ground_stats::equivalence::{Band, tost_welch};
use ground_stats::hodges_lehmann::centre_interval;
use ground_stats::nested::nested_bootstrap;
use ground_stats::proportion::{Answer, Count, Sprt, TestCount, flake_scores};
use ground_stats::rank::midranks;
use ground_stats::sequential::{Mixture, RunLook, Spending, schedule};
use ground_stats::shift_function::{DECILES, shift_function};
use support::{Nest, Noise, SHAPES, Shape, at_least, at_most, share};

fn judged(baseline: &[f64], candidate: &[f64], margin: f64, alpha: f64) -> Comparison {
    let input = CompareInput {
        margin,
        alpha,
        direction: Direction::Lower,
        ..CompareInput::new(Sample::Runs(baseline), Sample::Runs(candidate))
    };
    compare(&input).unwrap()
}

fn times(values: &[f64], factor: f64) -> Vec<f64> {
    values.iter().map(|v| v * factor).collect()
}

fn changed(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Regression | Verdict::Improvement)
}

#[test]
fn unpaired_runs_keep_alpha_under_any_noise() {
    let trials = 1000;
    for (i, shape) in SHAPES.into_iter().enumerate() {
        for n in [4, 10, 25] {
            let mut noise = Noise::new(100 + i as u64);
            let mut floor = 0;
            let alarms = share(trials, |_| {
                let (a, b) = (noise.runs(n, shape, 50.0, 0.006), noise.runs(n, shape, 50.0, 0.006));
                let got = judged(&a, &b, 0.01, 0.05);
                floor += usize::from(changed(got.verdict));
                got.p.unwrap() <= 0.05
            });
            let floor = floor as f64 / trials as f64;
            println!("{shape:?} n {n}: false alarms {alarms:.3}, beyond 1 percent {floor:.4}");
            assert!(alarms <= at_most(0.05, trials));
            assert!(floor <= 0.01);
        }
    }
}

#[test]
fn two_percent_are_seen_with_ten_runs() {
    let trials = 1000;
    for (shape, cv, power) in
        [(Shape::Gauss, 0.012, 0.9), (Shape::T2, 0.006, 0.9), (Shape::Lognormal, 0.012, 0.95)]
    {
        let mut noise = Noise::new(7);
        let seen = share(trials, |_| {
            let (a, b) = (noise.runs(10, shape, 50.0, cv), noise.runs(10, shape, 51.0, cv));
            judged(&a, &b, 0.01, 0.05).p.unwrap() <= 0.05
        });
        println!("{shape:?} cv {cv}: power {seen:.3}");
        assert!(seen >= at_least(power, trials), "{seen}");
    }
}

#[test]
fn equivalence_is_rarely_proved_at_the_margin_and_mostly_without_a_change() {
    let trials = 2000;
    for shape in SHAPES {
        let mut noise = Noise::new(11);
        let mut without = 0;
        let at_margin = share(trials, |_| {
            let (a, b) = (noise.runs(10, shape, 50.0, 0.006), noise.runs(10, shape, 50.0, 0.006));
            without += usize::from(judged(&a, &b, 0.02, 0.05).verdict == Verdict::Equivalent);
            judged(&a, &times(&b, 1.02), 0.02, 0.05).verdict == Verdict::Equivalent
        });
        let without = without as f64 / trials as f64;
        println!("{shape:?}: proved at the margin {at_margin:.4}, without a change {without:.3}");
        assert!(at_margin <= at_most(0.025, trials));
        assert!(without >= 0.84, "{shape:?} {without}");
    }
    let mut noise = Noise::new(12);
    let band = Band::relative(0.02).unwrap();
    let by_means = share(trials, |_| {
        let a: Vec<f64> = (0..10).map(|_| 0.006 * noise.gauss()).collect();
        let b: Vec<f64> = (0..10).map(|_| 0.006 * noise.gauss() + band.hi()).collect();
        tost_welch(&a, &b, band, 0.025).unwrap().proved
    });
    assert!(by_means <= at_most(0.025, trials));
}

#[test]
fn nested_runs_keep_alpha_at_any_correlation() {
    let trials = 1000;
    let kinds = [
        (Shape::Gauss, Shape::Gauss),
        (Shape::Lognormal, Shape::Lognormal),
        (Shape::Bimodal, Shape::Gauss),
        (Shape::Outliers, Shape::T2),
    ];
    for (runs, instances) in kinds {
        for n in [3, 5, 10] {
            for icc in [0.0, 0.3, 1.0] {
                let of = Nest { runs, instances, icc, level: 20.0, cv: 0.01 };
                let mut noise = Noise::new(23);
                let alarms = share(trials, |_| {
                    let (a, b) = (noise.nested(n, 10, of), noise.nested(n, 10, of));
                    let input = CompareInput::new(Sample::Instances(&a), Sample::Instances(&b));
                    compare(&input).unwrap().p.unwrap() <= 0.05
                });
                println!("{runs:?}/{instances:?} n {n} icc {icc}: false alarms {alarms:.3}");
                assert!(alarms <= at_most(0.05, trials));
            }
        }
    }
}

#[test]
fn pairs_keep_alpha_and_see_what_unpaired_runs_cannot() {
    let trials = 1000;
    for n in [4, 5, 8, 15] {
        let mut noise = Noise::new(31);
        let (mut paired_power, mut unpaired_power) = (0, 0);
        let alarms = share(trials, |_| {
            let block: Vec<f64> = (0..n).map(|_| 0.05 * noise.gauss()).collect();
            let mut side = |shift: f64| -> Vec<f64> {
                block.iter().map(|b| (b + shift + 0.01 * noise.gauss()).exp()).collect()
            };
            let (a, b) = (side(0.0), side(0.0));
            let paired = |a: &[f64], b: &[f64]| {
                let plain = CompareInput::new(Sample::Runs(a), Sample::Runs(b));
                compare(&CompareInput { paired: true, ..plain }).unwrap().p.unwrap() <= 0.05
            };
            let slower = times(&b, 1.03);
            paired_power += usize::from(paired(&a, &slower));
            unpaired_power += usize::from(judged(&a, &slower, 0.01, 0.05).p.unwrap() <= 0.05);
            paired(&a, &b)
        });
        println!(
            "{n} pairs: false alarms {alarms:.3}, power {paired_power} against {unpaired_power}"
        );
        assert!(alarms <= at_most(0.05, trials));
        assert!(paired_power > 2 * unpaired_power);
    }
}

fn looked(a: &[f64], b: &[f64], looks: &[RunLook]) -> (Verdict, usize, bool) {
    let mut rejected = false;
    for look in looks {
        let got = judged(&a[..look.runs], &b[..look.runs], 0.02, look.alpha);
        rejected |= got.p.unwrap() <= look.alpha;
        if got.verdict != Verdict::Inconclusive {
            return (got.verdict, look.runs, rejected);
        }
    }
    (Verdict::Inconclusive, looks[looks.len() - 1].runs, rejected)
}

#[test]
fn looks_save_runs_and_keep_alpha() {
    let trials = 10_000;
    let looks = schedule(&[5, 7, 9, 12], 0.05, Spending::Pocock).unwrap();
    for (shift, saved_at_least) in [(1.0, 0.3), (1.05, 0.3)] {
        let mut noise = Noise::new(41);
        let (mut runs, mut decided, mut fixed_decided) = (0, 0, 0);
        let rejected = share(trials, |_| {
            let a = noise.runs(12, Shape::Gauss, 50.0, 0.008);
            let b = noise.runs(12, Shape::Gauss, 50.0 * shift, 0.008);
            let (verdict, used, rejected) = looked(&a, &b, &looks);
            runs += used;
            decided += usize::from(verdict != Verdict::Inconclusive);
            let fixed = judged(&a[..10], &b[..10], 0.02, 0.05).verdict;
            fixed_decided += usize::from(fixed != Verdict::Inconclusive);
            rejected
        });
        let saved = 1.0 - runs as f64 / (10 * trials) as f64;
        println!(
            "shift {shift}: {:.1} percent saved, decided {decided}, fixed {fixed_decided}, rejected {rejected:.4}",
            saved * 100.0
        );
        assert!(saved >= saved_at_least, "{saved}");
        assert!(decided as f64 >= fixed_decided as f64 * 0.995);
        if shift == 1.0 {
            assert!(rejected <= 0.05);
        }
    }
}

#[test]
fn looking_after_every_run_keeps_alpha() {
    let trials = 2000;
    let mut noise = Noise::new(43);
    let test = Mixture::new(1.0, 0.5).unwrap();
    let ever = share(trials, |_| {
        let mut sum = 0.0;
        (1..=200).any(|n| {
            sum += noise.gauss();
            test.likelihood_ratio(n, sum / n as f64) >= 20.0
        })
    });
    println!("mixture test over 200 looks: {ever:.4}");
    assert!(ever <= at_most(0.05, trials));
}

#[test]
fn shift_functions_are_true_together() {
    let trials = 600;
    for (shape, n) in [(Shape::Gauss, 50), (Shape::Lognormal, 60), (Shape::T2, 200)] {
        let mut noise = Noise::new(47);
        let wrong = share(trials, |_| {
            let (a, b) = (noise.runs(n, shape, 9.0, 0.1), noise.runs(n, shape, 9.0, 0.1));
            let got = shift_function(&a, &b, &DECILES, 0.05).unwrap();
            got.shifts.iter().any(|s| s.difference.lo > 0.0 || s.difference.hi < 0.0)
        });
        println!("{shape:?} n {n}: any of nine deciles wrong {wrong:.3}");
        assert!(wrong <= at_most(0.05, trials));
    }
}

#[test]
fn bootstraps_cover_what_they_promise() {
    let trials = 600;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let mut noise = Noise::new(53);
    let missed = share(trials, |i| {
        let values: Vec<f64> = (0..20).map(|_| noise.gauss()).collect();
        let how = Resampling { resamples: 500, seed: i as u64, alpha: 0.05 };
        let got = bca(&values, mean, how).unwrap();
        got.lo > 0.0 || got.hi < 0.0
    });
    println!("mean of 20 by BCa: missed {missed:.3}");
    // BCa on 20 values is known to be a little narrow; the documentation says 6 to 8 percent.
    assert!(missed <= at_most(0.07, trials));
    for (n, icc) in [(5, 0.8), (10, 0.3)] {
        let of = Nest { runs: Shape::Gauss, instances: Shape::Gauss, icc, level: 1.0, cv: 1.0 };
        let logs = |run: &[f64]| run.iter().map(|v| v.ln()).sum::<f64>() / run.len() as f64;
        let missed = share(trials, |i| {
            let how = Resampling { resamples: 400, seed: i as u64, alpha: 0.05 };
            let (a, b) = (noise.nested(n, 8, of), noise.nested(n, 8, of));
            let got = nested_bootstrap(&a, &b, logs, how).unwrap();
            got.lo > 0.0 || got.hi < 0.0
        });
        println!("nested bootstrap, {n} runs, icc {icc}: false alarms {missed:.3}");
        assert!(missed <= at_most(0.05, trials));
    }
}

#[test]
fn centres_are_covered() {
    let trials = 2000;
    for n in [6, 12, 60] {
        let mut noise = Noise::new(59);
        let missed = share(trials, |_| {
            let values: Vec<f64> = (0..n).map(|_| noise.draw(Shape::T2)).collect();
            let got = centre_interval(&values, 0.05).unwrap();
            got.lo > 0.0 || got.hi < 0.0
        });
        assert!(missed <= at_most(0.05, trials), "{n} {missed}");
    }
}

#[test]
fn fixes_are_called_right() {
    let trials = 1000;
    let test = Sprt::tenth_of(0.2).unwrap();
    for (rate, wrong) in [(0.2, Answer::Fixed), (0.02, Answer::NotFixed)] {
        let mut noise = Noise::new(61);
        let mut runs = 0;
        let errors = share(trials, |_| {
            let (mut failures, mut all) = (0, 0);
            loop {
                all += 1;
                failures += noise.failures(1, rate);
                let answer = test.answer(Count::new(failures, all).unwrap());
                if !matches!(answer, Answer::Undecided { .. }) {
                    runs += all;
                    return answer == wrong;
                }
            }
        });
        println!("rate {rate}: {errors:.3} wrong, {:.1} runs", runs as f64 / trials as f64);
        assert!(errors <= at_most(0.05, trials));
    }
}

/// Rates of a suite of 20 to 30 projects, as log odds: how far projects and tests spread.
struct Rates {
    projects: f64,
    tests: f64,
    centre: f64,
}

impl Rates {
    fn draw(&self, noise: &mut Noise, runs: u64) -> (Vec<f64>, Vec<TestCount>) {
        let (mut truth, mut counts) = (Vec::new(), Vec::new());
        for suite in 0..25 {
            let project = self.centre + self.projects * noise.gauss();
            for _ in 0..8 + noise.below(50) {
                let rate = 1.0 / (1.0 + (-project - self.tests * noise.gauss()).exp());
                let count = Count::new(noise.failures(runs, rate), runs).unwrap();
                truth.push(rate);
                counts.push(TestCount { count, suite: Some(suite) });
            }
        }
        (truth, counts)
    }
}

fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (midranks(a).unwrap().ranks, midranks(b).unwrap().ranks);
    let middle = (a.len() as f64 + 1.0) / 2.0;
    let product = |x: &[f64], y: &[f64]| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - middle) * (y - middle)).sum()
    };
    product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt()
}

#[test]
fn rates_of_failure_are_covered_and_ordered() {
    let telling = Rates { projects: 2.0, tests: 0.8, centre: -4.0 };
    let silent = Rates { projects: 0.3, tests: 2.5, centre: -4.0 };
    for (name, rates, gain) in [("telling suites", telling, 0.02), ("silent suites", silent, -0.02)]
    {
        for runs in [5, 20, 100] {
            let mut noise = Noise::new(67);
            let (mut wilson, mut credible, mut tests, mut ours, mut plain) = (0, 0, 0, 0.0, 0.0);
            let suites = 3;
            for _ in 0..suites {
                let (truth, counts) = rates.draw(&mut noise, runs);
                let (_, scores) = flake_scores(&counts, 0.05).unwrap();
                for (rate, score) in truth.iter().zip(&scores) {
                    wilson += usize::from(score.rate.lo <= *rate && *rate <= score.rate.hi);
                    credible +=
                        usize::from(score.credible.lo <= *rate && *rate <= score.credible.hi);
                    tests += 1;
                }
                let ranks: Vec<f64> = scores.iter().map(|s| -(s.rank as f64)).collect();
                let failures: Vec<f64> = counts.iter().map(|t| t.count.failures() as f64).collect();
                ours += spearman(&truth, &ranks) / f64::from(suites);
                plain += spearman(&truth, &failures) / f64::from(suites);
            }
            let (wilson, credible) = (wilson as f64 / tests as f64, credible as f64 / tests as f64);
            println!(
                "{name}, {runs} runs: covered {wilson:.3} (credible {credible:.3}), order {ours:.3} against {plain:.3}"
            );
            assert!((0.935..=0.98).contains(&wilson) && (0.925..=0.985).contains(&credible));
            // With a hundred runs the counts have told nearly all that there is.
            assert!(ours >= plain + if runs < 100 { gain } else { gain / 2.0 }, "{ours} {plain}");
        }
    }
}

/// Searches for a step of `step` standard deviations; returns the end and the measurements.
fn searched(mut search: Search, noise: &mut Noise, culprit: usize, step: f64) -> (Step, usize) {
    loop {
        match search.step() {
            Step::Measure { revision } => {
                let level = if revision >= culprit { step } else { 0.0 };
                search.record(revision, level + noise.gauss()).unwrap();
            }
            end => return (end, search.measurements()),
        }
    }
}

#[test]
fn culprits_are_found_and_equal_ends_are_not_searched() {
    let trials = 500;
    let fresh = Search::new(128, Goal { width: 2, ..Goal::default() }).unwrap();
    let mut noise = Noise::new(71);
    let mut measurements = 0;
    let right = share(trials, |_| {
        let culprit = 1 + noise.below(127);
        let (end, used) = searched(fresh.clone(), &mut noise, culprit, 2.0);
        measurements += used;
        matches!(end, Step::Found(s) if (s.first..=s.last).contains(&culprit))
    });
    let no_repro = share(trials, |_| {
        matches!(searched(fresh.clone(), &mut noise, 200, 0.0).0, Step::NoRepro { .. })
    });
    let mean = measurements as f64 / trials as f64;
    println!(
        "culprit among 127: {right:.3} right in {mean:.1} measurements; no repro {no_repro:.3}"
    );
    assert!(right >= at_least(0.95, trials) && mean <= 45.0);
    assert!(no_repro >= at_least(0.95, trials));
}

#[test]
fn the_announced_runs_decide_as_often_as_they_should() {
    let mut noise = Noise::new(83);
    let (mut asked, mut decided, mut added) = (0, 0, 0);
    while asked < 600 {
        let factor = 1.0 + 0.06 * noise.uniform();
        let more = |noise: &mut Noise, n: usize| {
            let a = noise.runs(n, Shape::Gauss, 50.0, 0.02);
            (a, noise.runs(n, Shape::Gauss, 50.0 * factor, 0.02))
        };
        let (a, b) = more(&mut noise, 8);
        let first = judged(&a, &b, 0.02, 0.05);
        let Some(further) = first.more_runs else { continue };
        let (c, d) = more(&mut noise, further);
        let second = judged(&[a, c].concat(), &[b, d].concat(), 0.02, 0.05);
        asked += 1;
        added += further;
        decided += usize::from(second.verdict != Verdict::Inconclusive);
    }
    let share = f64::from(decided as u32) / f64::from(asked);
    println!("announced runs decide in {share:.3}; {} on average", added / asked as usize);
    assert!(share >= at_least(0.75, 600));
}

#[test]
fn p_without_a_change_are_uniform() {
    let draws = 10_000;
    let mut noise = Noise::new(89);
    let mut p: Vec<f64> = (0..draws)
        .map(|_| {
            let (a, b) = (noise.runs(99, Shape::T2, 1.0, 0.1), noise.runs(99, Shape::T2, 1.0, 0.1));
            ground_stats::mann_whitney::mann_whitney(&a, &b).unwrap().p
        })
        .collect();
    p.sort_by(f64::total_cmp);
    let gap = p.iter().enumerate().map(|(i, p)| (p - i as f64 / draws as f64).abs());
    // Kolmogorov's 1 percent point: 1.628 / sqrt(10,000).
    let gap = gap.fold(0.0, f64::max);
    println!("p without a change: {gap:.4} from uniform");
    assert!(gap < 0.0163);
}
