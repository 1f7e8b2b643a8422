#!/usr/bin/env python3
"""Writes tests/golden/filters.json: what scipy's filtfilt(butter(2)) makes of signals, and Hampel filters by
numpy's medians. Needs numpy and scipy (made with scipy 1.17.1).

    python3 tests/golden/make_filters.py
"""
import json
import pathlib

import numpy as np
from scipy import signal

random = np.random.default_rng(5)
filters = []
for rate, cutoff, length in [(30, 6, 40), (25, 4, 10), (59.94, 6, 25), (120, 11.5, 64), (12, 5, 12)]:
    t = np.arange(length) / rate
    x = 300 + 80 * np.sin(2 * np.pi * 0.9 * t) + 40 * t + random.normal(0, 3, length)
    b, a = signal.butter(2, cutoff / (rate / 2))
    y = signal.filtfilt(b, a, x, padtype="odd", padlen=9)
    filters.append({"rate": rate, "cutoff": cutoff, "b": b.tolist(), "a": a.tolist(), "x": x.tolist(), "y": y.tolist()})


def hampel(x, half, deviations):
    out = x.copy()
    for i in range(len(x)):
        window = x[max(0, i - half):i + half + 1]
        middle = np.median(window)
        mad = 1.4826 * np.median(np.abs(window - middle))
        if abs(x[i] - middle) > deviations * mad:
            out[i] = middle
    return out


outliers = []
for half, deviations in [(3, 3.0), (2, 2.0)]:
    x = np.cumsum(random.normal(0, 1, 40))
    x[[0, 7, 8, 23, 39]] += [40, -25, 30, 12, -50]
    outliers.append({"half_window": half, "deviations": deviations, "x": x.tolist(),
                     "y": hampel(x, half, deviations).tolist()})

path = pathlib.Path(__file__).parent / "filters.json"
path.write_text(json.dumps({"low_pass": filters, "outliers": outliers}, indent=None, separators=(",", ":")) + "\n")
