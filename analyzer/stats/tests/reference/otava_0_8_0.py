"""Writes otava_0_8_0.txt: change points of Apache Otava 0.8.0 on synthetic series.

    pip install apache-otava==0.8.0 && python otava_0_8_0.py > otava_0_8_0.txt

Each case is four lines: settings, values, indices, and mean before, mean after, deviation before, deviation after, p of each change.
"""

import math
import random
import warnings

from otava.analysis import compute_change_points, fill_missing

warnings.filterwarnings("ignore")


def gauss(rng, n, shape):
    return [round(100 + shape(i) + rng.gauss(0, 1), 3) for i in range(n)]


def heavy(rng, n, shape):
    return [round(100 + shape(i) + rng.gauss(0, 1) / math.sqrt(rng.expovariate(1)), 3) for i in range(n)]


def rounded(rng, n, shape):
    return [float(round(100 + shape(i) + rng.gauss(0, 1))) for i in range(n)]


def correlated(rng, n, shape):
    values, last = [], 0.0
    for i in range(n):
        last = 0.6 * last + rng.gauss(0, 1)
        values.append(round(100 + shape(i) + last, 3))
    return values


def shapes(n):
    return [
        lambda i: 0,
        lambda i: 3 if i >= n // 2 else 0,
        lambda i: 2 * (i // 25 % 2),
        lambda i: 5 if i >= n - 3 else 0,
        lambda i: 4 * i / n,
        lambda i: 6 if n // 3 <= i < n // 3 + 5 else 0,
    ]


def write(values, window, p, magnitude):
    filled = [None if v is None else v for v in values]
    fill_missing(filled)
    found, _ = compute_change_points(filled, window_len=window, max_pvalue=p, min_magnitude=magnitude)
    print(window, p, magnitude)
    print(" ".join("nan" if v is None else repr(v) for v in values))
    print(" ".join(str(int(c.index)) for c in found))
    print(" ".join(repr(float(x)) for c in found for x in (c.stats.mean_1, c.stats.mean_2, c.stats.std_1, c.stats.std_2, c.stats.pvalue)))


def main():
    rng = random.Random(20240711)
    settings = [(50, 0.001, 0.0), (30, 0.01, 0.05), (20, 0.05, 0.0), (50, 0.1, 0.01), (2, 0.001, 0.0), (75, 0.0001, 0.0)]
    for number, noise in enumerate((gauss, heavy, rounded, correlated)):
        for n in (20, 101, 237):
            for index, shape in enumerate(shapes(n)):
                write(noise(rng, n, shape), *settings[(number + index + n) % len(settings)])
    holes = [None if rng.random() < 0.1 else v for v in gauss(rng, 120, lambda i: 2 if i > 70 else 0)]
    holes[0] = None
    write(holes, 50, 0.001, 0.0)
    write([5.0] * 40, 50, 0.001, 0.0)
    write([5.0] * 40 + [6.0] * 40, 50, 0.001, 0.0)
    write([0.0] * 30 + [1.0] * 30, 50, 0.001, 0.0)
    write([1.0], 50, 0.001, 0.0)
    write([1.0, 2.0], 50, 0.001, 0.0)
    write([1.0, 2.0, 3.0], 50, 0.5, 0.0)


main()
