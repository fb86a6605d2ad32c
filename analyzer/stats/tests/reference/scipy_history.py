"""Writes scipy_history.txt: what SciPy says about small samples.

    pip install numpy==2.2.0 scipy==1.16.3 && python scipy_history.py > scipy_history.txt

Each case is a line with its kind, a line for each sample, and a line of results.
"""

import random

import numpy as np
from scipy import stats


def line(values):
    print(" ".join(repr(float(v)) for v in values))


def main():
    rng = random.Random(7)
    for n, m, shift, scale in [(8, 9, 0, 1), (12, 20, 1, 3), (30, 31, 0.5, 0.5), (64, 10, 0, 2)]:
        x = [round(rng.gauss(10, 1), 3) for _ in range(n)]
        y = [round(rng.gauss(10 + shift, scale), 3) for _ in range(m)]
        print("levene")
        line(x)
        line(y)
        line([stats.levene(x, y, center="median").pvalue])
    for n, m, shift in [(3, 12, 1), (4, 30, 2), (5, 5, 0), (6, 40, 1), (8, 100, 0.5), (10, 10, 3)]:
        x = [round(rng.gauss(shift, 1), 6) for _ in range(n)]
        y = [round(rng.gauss(0, 1), 6) for _ in range(m)]
        print("mannwhitney")
        line(x)
        line(y)
        line([stats.mannwhitneyu(x, y, method="exact").pvalue])
    for n in (8, 20, 63):
        x = [round(0.05 * i + rng.gauss(0, 1), 6) for i in range(n)]
        print("theil")
        line(x)
        line([stats.theilslopes(x).slope])
    for n, m in [(1, 1), (2, 5), (15, 15), (40, 64), (64, 63)]:
        x = [round(rng.gauss(0, 1), 3) for _ in range(n)]
        y = [round(rng.gauss(0.7, 1), 3) for _ in range(m)]
        print("shift")
        line(x)
        line(y)
        line([np.median(np.subtract.outer(np.array(y), np.array(x)))])


main()
