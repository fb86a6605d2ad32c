#![allow(missing_docs, clippy::print_stdout, reason = "tests")]
mod support;
use ground_stats::compare::*;
use ground_stats::proportion::{self, Count, TestCount, flake_scores};
use ground_stats::sequential::{Spending, spend};
use support::*;

fn cmp<'a>(a: &'a [f64], b: &'a [f64], margin: f64, alpha: f64) -> Comparison {
    let mut i = CompareInput::new(Sample::Runs(a), Sample::Runs(b));
    i.direction = Direction::Lower;
    i.margin = margin;
    i.alpha = alpha;
    compare(&i).unwrap()
}

#[test]
fn flat() {
    let mut g = Noise::new(1);
    let trials = 4000;
    for shape in SHAPES {
        for n in [4usize, 5, 7, 10, 20, 30] {
            let (mut fp, mut v, mut pw, mut pwv, mut eq, mut eqm) = (0, 0, 0, 0, 0, 0);
            for _ in 0..trials {
                let a = g.runs(n, shape, 100.0, 0.006);
                let b = g.runs(n, shape, 100.0, 0.006);
                let c: Vec<f64> = b.iter().map(|v| v * 1.02).collect();
                let r = cmp(&a, &b, 0.01, 0.05);
                fp += (r.p.unwrap() < 0.05) as usize;
                v += matches!(r.verdict, Verdict::Regression | Verdict::Improvement) as usize;
                let r2 = cmp(&a, &c, 0.01, 0.05);
                pw += (r2.p.unwrap() < 0.05) as usize;
                pwv += (r2.verdict == Verdict::Regression) as usize;
                eq += (cmp(&a, &b, 0.02, 0.05).verdict == Verdict::Equivalent) as usize;
                eqm += (cmp(&a, &c, 0.02, 0.05).verdict == Verdict::Equivalent) as usize;
            }
            let f = |x: usize| x as f64 / trials as f64;
            println!(
                "{shape:?} n {n}: fp {:.4} floor {:.4} power {:.3} beyond1% {:.3} | eq AA {:.3} at margin {:.4}",
                f(fp),
                f(v),
                f(pw),
                f(pwv),
                f(eq),
                f(eqm)
            );
        }
    }
}

#[test]
fn nested() {
    let mut g = Noise::new(2);
    let trials = 4000;
    for (rs, is) in [
        (Shape::Gauss, Shape::Gauss),
        (Shape::T2, Shape::Gauss),
        (Shape::Lognormal, Shape::Lognormal),
        (Shape::Bimodal, Shape::Gauss),
        (Shape::Outliers, Shape::T2),
    ] {
        for n in [3usize, 4, 5, 8, 10] {
            for icc in [0.0, 0.05, 0.3, 0.8, 1.0] {
                let of = Nest { runs: rs, instances: is, icc, level: 100.0, cv: 0.0105 };
                let (mut fp, mut pw) = (0, 0);
                for _ in 0..trials {
                    let a = g.nested(n, 10, of);
                    let b = g.nested(n, 10, of);
                    let c: Vec<Vec<f64>> =
                        b.iter().map(|r| r.iter().map(|v| v * 1.02).collect()).collect();
                    let go = |x: &[Vec<f64>], y: &[Vec<f64>]| {
                        compare(&CompareInput::new(Sample::Instances(x), Sample::Instances(y)))
                            .unwrap()
                    };
                    fp += (go(&a, &b).p.unwrap() < 0.05) as usize;
                    pw += (go(&a, &c).p.unwrap() < 0.05) as usize;
                }
                let f = |x: usize| x as f64 / trials as f64;
                println!("{rs:?}/{is:?} n {n} icc {icc}: fp {:.4} power {:.3}", f(fp), f(pw));
            }
        }
    }
}

#[test]
fn seq() {
    let mut g = Noise::new(3);
    let trials = 4000;
    for spending in [Spending::Pocock, Spending::ObrienFleming] {
        for looks in [vec![5usize, 7, 9, 12], vec![6, 9, 12], vec![5, 6, 7, 8, 9, 10, 11, 12]] {
            let max = *looks.last().unwrap() as f64;
            let info: Vec<f64> = looks.iter().map(|n| *n as f64 / max).collect();
            let b = spend(&info, 0.05, spending).unwrap();
            for cv in [0.004, 0.01, 0.015] {
                for shift in [1.0, 1.01, 1.02, 1.03, 1.05] {
                    let (mut used, mut reg, mut eq, mut fixreg, mut fixeq, mut rej, mut fixrej) =
                        (0usize, 0, 0, 0, 0, 0, 0);
                    for _ in 0..trials {
                        let a = g.runs(12, Shape::Gauss, 100.0, cv);
                        let c: Vec<f64> =
                            g.runs(12, Shape::Gauss, 100.0, cv).iter().map(|v| v * shift).collect();
                        let mut n_used = 12;
                        let mut v = Verdict::Inconclusive;
                        let mut anyrej = false;
                        for (n, bd) in looks.iter().zip(&b) {
                            let r = cmp(&a[..*n], &c[..*n], 0.02, bd.nominal_alpha);
                            anyrej |= r.p.unwrap() <= bd.nominal_alpha;
                            v = r.verdict;
                            if v != Verdict::Inconclusive {
                                n_used = *n;
                                break;
                            }
                        }
                        used += n_used;
                        reg += (v == Verdict::Regression) as usize;
                        eq += (v == Verdict::Equivalent) as usize;
                        rej += anyrej as usize;
                        let r = cmp(&a[..10], &c[..10], 0.02, 0.05);
                        fixreg += (r.verdict == Verdict::Regression) as usize;
                        fixeq += (r.verdict == Verdict::Equivalent) as usize;
                        fixrej += (r.p.unwrap() < 0.05) as usize;
                    }
                    let f = |x: usize| x as f64 / trials as f64;
                    println!(
                        "{spending:?} {looks:?} cv {cv} shift {shift}: used {:.2} reg {:.3} eq {:.3} rej {:.3} | fixed10 reg {:.3} eq {:.3} rej {:.3}",
                        f(used),
                        f(reg),
                        f(eq),
                        f(rej),
                        f(fixreg),
                        f(fixeq),
                        f(fixrej)
                    );
                }
            }
        }
    }
}

fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let ra = ground_stats::rank::midranks(a).unwrap().ranks;
    let rb = ground_stats::rank::midranks(b).unwrap().ranks;
    let n = ra.len() as f64;
    let m = (n + 1.0) / 2.0;
    let c: f64 = ra.iter().zip(&rb).map(|(x, y)| (x - m) * (y - m)).sum();
    let va: f64 = ra.iter().map(|x| (x - m).powi(2)).sum();
    let vb: f64 = rb.iter().map(|x| (x - m).powi(2)).sum();
    c / (va * vb).sqrt()
}

#[test]
fn flakes() {
    let mut g = Noise::new(4);
    for kind in ["beta", "logunif", "curve", "twopoint", "strong"] {
        for n in [5u64, 20, 100] {
            let t0 = std::time::Instant::now();
            let (mut cov, mut covj, mut covw, mut sp, mut spx, mut spn) =
                (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
            let reps = 5;
            for _ in 0..reps {
                let suites = 22;
                let mut truth = vec![];
                let mut tests = vec![];
                for s in 0..suites {
                    let e = 0.9 * g.gauss();
                    for _ in 0..(5 + g.below(60)) {
                        let base: f64 = match kind {
                            "beta" => {
                                let z = g.gauss() * 2.0 - 4.0;
                                1.0 / (1.0 + (-z - e).exp())
                            }
                            "logunif" => {
                                let l = (-4.0 * g.uniform()).max(-4.0);
                                10f64.powf(l) * (0.5 * e).exp()
                            }
                            "strong" => {
                                let z = g.gauss() * 0.8 - 4.0 + 2.0 * e;
                                1.0 / (1.0 + (-z).exp())
                            }
                            "strong" => {
                                let z = g.gauss() * 0.8 - 4.0 + 2.0 * e;
                                1.0 / (1.0 + (-z).exp())
                            }
                            "twopoint" => {
                                if g.uniform() < 0.7 {
                                    0.004 * (e).exp()
                                } else {
                                    0.3
                                }
                            }
                            _ => {
                                let u = g.uniform();
                                let q = [
                                    (0.0f64, 1e-4f64),
                                    (0.16, 3e-4),
                                    (0.26, 1e-3),
                                    (0.36, 3e-3),
                                    (0.48, 8e-3),
                                    (0.57, 0.02),
                                    (0.65, 0.05),
                                    (0.71, 0.1),
                                    (0.78, 0.25),
                                    (0.92, 0.6),
                                    (1.0, 0.95),
                                ];
                                let mut u2 = u;
                                if e > 0.0 {
                                    u2 = u.powf(1.0 / (1.0 + e))
                                } else {
                                    u2 = 1.0 - (1.0 - u2).powf(1.0 / (1.0 - e))
                                }
                                let k = (1..q.len()).find(|&k| u2 <= q[k].0).unwrap();
                                let w = (u2 - q[k - 1].0) / (q[k].0 - q[k - 1].0);
                                (f64::ln(q[k - 1].1) * (1.0 - w) + f64::ln(q[k].1) * w).exp()
                            }
                        };
                        let p = base.clamp(1e-5, 0.999);
                        let x = g.failures(n, p);
                        truth.push(p);
                        tests.push(TestCount { count: Count::new(x, n).unwrap(), suite: Some(s) });
                    }
                }
                let (prior, sc) = flake_scores(&tests, 0.05).unwrap();
                if sp == 0.0 {
                    println!("{kind} {n} {prior:?}");
                }
                let m = truth.len() as f64;
                cov += truth
                    .iter()
                    .zip(&sc)
                    .filter(|(p, s)| s.credible.lo <= **p && **p <= s.credible.hi)
                    .count() as f64
                    / m;
                covj += truth
                    .iter()
                    .zip(&tests)
                    .filter(|(p, t)| {
                        let e = proportion::jeffreys(t.count, 0.05).unwrap();
                        e.lo <= **p && **p <= e.hi
                    })
                    .count() as f64
                    / m;
                covw += truth
                    .iter()
                    .zip(&tests)
                    .filter(|(p, t)| {
                        let e = proportion::wilson(t.count, 0.05).unwrap();
                        e.lo <= **p && **p <= e.hi
                    })
                    .count() as f64
                    / m;
                sp += spearman(&truth, &sc.iter().map(|s| -(s.rank as f64)).collect::<Vec<_>>());
                spx += spearman(
                    &truth,
                    &tests.iter().map(|t| t.count.failures() as f64).collect::<Vec<_>>(),
                );
                let nos: Vec<TestCount> =
                    tests.iter().map(|t| TestCount { suite: None, ..*t }).collect();
                let (_, sn) = flake_scores(&nos, 0.05).unwrap();
                spn += truth
                    .iter()
                    .zip(&sn)
                    .filter(|(p, s)| s.credible.lo <= **p && **p <= s.credible.hi)
                    .count() as f64
                    / m;
            }
            let r = reps as f64;
            println!(
                "{kind} N {n}: eb cov {:.3} (no suites {:.3}) jeff {:.3} wilson {:.3} | spearman eb {:.3} x/N {:.3}  {:?}",
                cov / r,
                spn / r,
                covj / r,
                covw / r,
                sp / r,
                spx / r,
                t0.elapsed() / reps
            );
        }
    }
}
