"""Writes reference.json: what SciPy, statsmodels and brute force say about seeded samples.

    python3 -m venv venv && venv/bin/pip install scipy==1.* statsmodels && venv/bin/python generate.py

Brute force means: all assignments listed by itertools, nothing shared with the code under test.
"""

import itertools
import json
import math
import pathlib

import numpy as np
import scipy
import statsmodels
from scipy import stats
from scipy.stats import mstats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower, TTestPower
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(20130620)
out = {"scipy": scipy.__version__, "numpy": np.__version__, "statsmodels": statsmodels.__version__}


def floats(values):
    return [float(v) for v in values]


def pair(n, m, kind, shift=0.0):
    draw = {
        "gauss": lambda k: rng.normal(100, 3, k),
        "t2": lambda k: rng.standard_t(2, k) + 50,
        "lognormal": lambda k: rng.lognormal(0, 0.7, k),
        "rounded": lambda k: np.round(rng.normal(10, 1.2, k)),
    }[kind]
    return draw(n), draw(m) + shift


# Two samples: ranks, t, spread, distance.
two = []
for n, m, kind, shift in [
    (3, 3, "gauss", 0), (4, 4, "gauss", 5), (5, 7, "gauss", 2), (10, 10, "gauss", 2), (10, 10, "t2", 1),
    (20, 20, "lognormal", 0.3), (15, 60, "gauss", -1), (30, 25, "t2", 0.4), (60, 55, "lognormal", 0.1),
    (6, 6, "rounded", 1), (12, 9, "rounded", 1), (40, 40, "rounded", 1), (2, 12, "gauss", 4), (100, 150, "t2", 0.2),
]:
    a, b = pair(n, m, kind, shift)
    tied = len(set(a) | set(b)) < n + m
    case = {"baseline": floats(a), "candidate": floats(b), "tied": tied}
    u = stats.mannwhitneyu(b, a, alternative="two-sided", method="asymptotic")
    case["u"] = float(u.statistic)
    case["p_asymptotic"] = float(u.pvalue)
    case["p_greater_asymptotic"] = float(stats.mannwhitneyu(b, a, alternative="greater", method="asymptotic").pvalue)
    if not tied and min(n, m) <= 20:
        case["p_exact"] = float(stats.mannwhitneyu(b, a, alternative="two-sided", method="exact").pvalue)
        case["p_less_exact"] = float(stats.mannwhitneyu(b, a, alternative="less", method="exact").pvalue)
    if tied and n + m <= 21:
        ranks = stats.rankdata(np.concatenate([a, b]))
        sums = np.array([sum(c) for c in itertools.combinations(ranks, m)])
        observed = ranks[n:].sum()
        less, greater = np.mean(sums <= observed + 1e-9), np.mean(sums >= observed - 1e-9)
        case["p_exact"] = float(min(1, 2 * min(less, greater)))
        case["p_less_exact"] = float(less)
    case["shift"] = float(np.median(np.subtract.outer(b, a)))
    for name, equal in (("welch", False), ("student", True)):
        t = stats.ttest_ind(b, a, equal_var=equal)
        ci = t.confidence_interval(0.95)
        case[name] = {"t": float(t.statistic), "df": float(t.df), "p": float(t.pvalue), "lo": float(ci.low), "hi": float(ci.high)}
    lev = stats.levene(a, b, center="median")
    case["brown_forsythe"] = [float(lev.statistic), float(lev.pvalue)]
    bm = stats.brunnermunzel(a, b)
    case["brunner_munzel"] = [float(bm.statistic), float(bm.pvalue)] if np.isfinite(bm.statistic) else None
    ks = stats.ks_2samp(a, b, method="exact")
    case["ks"] = [float(ks.statistic), float(ks.pvalue)]
    case["energy"] = float(stats.energy_distance(a, b) ** 2)
    two.append(case)
out["two_samples"] = two

# Intervals of the shift, by listing all assignments.
intervals = []
for n, m in [(4, 4), (5, 5), (6, 8), (10, 5), (9, 9)]:
    a, b = pair(n, m, "gauss", 2)
    us = np.array([sum(c) - m * (m + 1) // 2 for c in itertools.combinations(range(1, n + m + 1), m)])
    for alpha in (0.1, 0.05, 0.01):
        k = 0
        while np.mean(us <= k) <= alpha / 2:
            k += 1
        d = np.sort(np.subtract.outer(b, a).ravel())
        bounds = [float(d[k - 1]), float(d[n * m - k])] if k else None
        intervals.append({"baseline": floats(a), "candidate": floats(b), "alpha": alpha, "bounds": bounds})
out["shift_intervals"] = intervals

# Pairs.
pairs = []
for n, kind in [(5, "gauss"), (6, "gauss"), (12, "t2"), (12, "rounded"), (30, "lognormal"), (50, "gauss"), (80, "t2"), (80, "rounded")]:
    a, b = pair(n, n, kind, 0.5)
    d = b - a
    nonzero = d[d != 0]
    case = {"baseline": floats(a), "candidate": floats(b)}
    case["p_asymptotic"] = float(stats.wilcoxon(d, method="asymptotic", correction=True).pvalue)
    tied = len(set(np.abs(nonzero))) < len(nonzero)
    if not tied and len(nonzero) == n and n <= 50:
        case["p_exact"] = float(stats.wilcoxon(d, method="exact").pvalue)
    if len(nonzero) <= 14:
        ranks = stats.rankdata(np.abs(nonzero))
        sums = np.array([np.dot(ranks, s) for s in itertools.product([0, 1], repeat=len(nonzero))])
        w = ranks[nonzero > 0].sum()
        case["p_exact"] = float(min(1, 2 * min(np.mean(sums <= w + 1e-9), np.mean(sums >= w - 1e-9))))
    walsh = [(d[i] + d[j]) / 2 for i in range(n) for j in range(i, n)]
    case["centre"] = float(np.median(walsh))
    t = stats.ttest_rel(b, a)
    ci = t.confidence_interval(0.95)
    case["t"] = {"t": float(t.statistic), "df": float(t.df), "p": float(t.pvalue), "lo": float(ci.low), "hi": float(ci.high)}
    pairs.append(case)
out["pairs"] = pairs

# Quantiles.
quantiles = []
for n, kind in [(10, "gauss"), (11, "t2"), (60, "lognormal"), (500, "gauss")]:
    values, _ = pair(n, 1, kind)
    for p in (0.1, 0.25, 0.5, 0.75, 0.9):
        q = float(mstats.hdquantiles(values, [p])[0])
        weights_n = n - 1
        # Jackknife by leaving out, one by one.
        left = [float(mstats.hdquantiles(np.delete(values, i), [p])[0]) for i in range(n)]
        jack = math.sqrt((n - 1) / n * np.sum((np.array(left) - np.mean(left)) ** 2))
        mj = float(mstats.mjci(values, [p])[0]) if min(math.floor(n * p + 0.5) - 1, n - math.floor(n * p + 0.5)) > 0 else None
        lower = int(stats.binom.ppf(0.025, n, p))
        k = 0
        while stats.binom.cdf(k, n, p) <= 0.025:
            k += 1
        top = n
        while top > 0 and 1 - stats.binom.cdf(top - 1, n, p) <= 0.025:
            top -= 1
        ordered = np.sort(values)
        lo = float(ordered[k - 1]) if k > 0 else None
        hi = float(ordered[top]) if top < n else None
        quantiles.append({"values": floats(values), "p": p, "hd": q, "jackknife": jack, "maritz_jarrett": mj, "exact": [lo, hi]})
out["quantiles"] = quantiles

# Many p.
families = []
for m in (1, 4, 15, 40):
    p = np.concatenate([rng.beta(0.3, 6, m // 2), rng.uniform(size=m - m // 2)])
    if m >= 15:
        p[3] = p[7]
    case = {"p": floats(p)}
    for name, method in (("bh", "fdr_bh"), ("by", "fdr_by"), ("holm", "holm"), ("hochberg", "simes-hochberg")):
        case[name] = floats(multipletests(p, method=method)[1])
    ordered = np.sort(p)
    case["simes"] = float(min(1, np.min(m * ordered / np.arange(1, m + 1))))
    families.append(case)
out["families"] = families

# Rates.
rates = []
for x, n in [(0, 1), (1, 1), (0, 5), (1, 5), (3, 20), (20, 20), (7, 100), (50, 100), (3, 3000), (2999, 3000)]:
    case = {"failures": x, "runs": n}
    for name, method in (("wilson", "wilson"), ("jeffreys", "jeffreys"), ("clopper_pearson", "beta")):
        lo, hi = proportion_confint(x, n, 0.05, method)
        case[name] = [0.0 if x == 0 else float(lo), 1.0 if x == n else float(hi)]
    rates.append(case)
out["rates"] = rates

fishers = []
for a, n, b, m in [(1, 10, 6, 12), (0, 20, 5, 20), (8, 10, 1, 6), (3, 300, 12, 280), (4, 9, 4, 9), (0, 5, 0, 5)]:
    p = float(stats.fisher_exact([[a, n - a], [b, m - b]]).pvalue)
    law = stats.hypergeom(n + m, a + b, n)
    support = np.arange(max(0, a + b - m), min(n, a + b) + 1)
    masses = law.pmf(support)
    observed = law.pmf(a)
    equal = np.abs(masses - observed) <= 1e-7 * observed
    mid = float(masses[(masses < observed) & ~equal].sum() + masses[equal].sum() / 2)
    fishers.append({"counts": [a, n, b, m], "p": p, "mid_p": mid})
out["fisher"] = fishers

# Distribution functions and inverses.
out["t_quantile"] = [[p, df, float(stats.t.ppf(p, df))] for p in (1e-8, 0.001, 0.025, 0.2, 0.6, 0.975, 0.9999) for df in (0.7, 1, 2.5, 8, 40, 1e5)]
out["t_sf"] = [[x, df, float(stats.t.sf(x, df))] for x in (-3.0, 0.0, 0.3, 2.5, 40.0) for df in (1, 3.7, 20, 1e4)]
out["normal_quantile"] = [[p, float(stats.norm.ppf(p))] for p in (1e-300, 1e-12, 0.001, 0.025, 0.31, 0.5, 0.8, 0.999999)]
out["beta_quantile"] = [[p, a, b, float(stats.beta.ppf(p, a, b))] for p in (0.001, 0.025, 0.5, 0.975) for a, b in ((0.5, 0.5), (0.05, 2), (1, 1), (3.5, 97.5), (200, 3), (1e4, 3e4))]
out["binomial_cdf"] = [[k, n, p, float(stats.binom.cdf(k, n, p))] for k, n in ((0, 5), (2, 5), (5, 5), (40, 100), (990, 1000)) for p in (0.01, 0.5, 0.99)]
out["f_sf"] = [[f, a, b, float(stats.f.sf(f, a, b))] for f in (0.0, 0.5, 4.0, 60.0) for a, b in ((1, 4), (1, 18), (3, 200))]

# Planning: exact power by the noncentral t.
plans = []
for effect in (0.3, 0.8, 1.5):
    for power in (0.8, 0.9):
        two_sided = TTestIndPower().solve_power(effect, power=power, alpha=0.05)
        one_sample = TTestPower().solve_power(effect, power=power, alpha=0.05)
        plans.append({"effect": effect, "power": power, "runs": math.ceil(two_sided), "pairs": math.ceil(one_sample)})
out["plans"] = plans

# Bias-corrected and accelerated bootstrap; its own resampling noise is about 2 percent of the width.
boots = []
for n, kind in [(15, "gauss"), (40, "lognormal")]:
    a, b = pair(n, n + 5, kind)
    one = stats.bootstrap((a,), np.mean, n_resamples=40000, method="BCa", rng=1, vectorized=True).confidence_interval
    ratio = lambda x, y, axis=-1: np.mean(y, axis=axis) / np.mean(x, axis=axis)
    both = stats.bootstrap((a, b), ratio, n_resamples=40000, method="BCa", rng=2, vectorized=True).confidence_interval
    boots.append({"baseline": floats(a), "candidate": floats(b), "mean": [float(one.low), float(one.high)], "ratio": [float(both.low), float(both.high)]})
out["bootstrap"] = boots

path = pathlib.Path(__file__).with_name("reference.json")
path.write_text(json.dumps(out, indent=None, separators=(",", ":")) + "\n")
print(path.stat().st_size, "bytes")
