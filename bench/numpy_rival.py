"""Losses of class ids and their gradients, as one writes them with numpy. bench/numpy.ts runs this.

Reads ids.bin (int32) and logits.bin (float32) in a folder, writes gradient.bin there, and prints the value and the
nanoseconds of a call as JSON.
"""

import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np


def categorical_hinge(x, y, rows):
    return of_max(x, y, rows, 0)


def crammer_singer(x, y, rows):
    return of_max(x, y, rows, -np.inf)


def of_max(x, y, rows, own_score):
    others = x.copy()
    others[rows, y] = own_score
    best = others.argmax(axis=1)
    violation = 1 - x[rows, y] + others[rows, best]
    gradient = np.zeros_like(x)
    slope = (violation >= 0) / np.float32(len(y))
    gradient[rows, best] = slope
    gradient[rows, y] = -slope
    return np.maximum(violation, 0).mean(), gradient


def weston_watkins(x, y, rows):
    count, classes = x.shape
    violation = 1 - x[rows, y][:, None] + x
    violation[rows, y] = -1
    gradient = (violation >= 0) / np.float32(count * classes)
    gradient[rows, y] = -gradient.sum(axis=1)
    return np.maximum(violation, 0).mean(), gradient


LOSSES = {
    "categoricalHinge": categorical_hinge,
    "crammerSinger": crammer_singer,
    "westonWatkins": weston_watkins,
}

loss, width, folder = LOSSES[sys.argv[1]], int(sys.argv[2]), Path(sys.argv[3])
ids = np.fromfile(folder / "ids.bin", np.int32)
logits = np.fromfile(folder / "logits.bin", np.float32).reshape(len(ids), width)
indices = np.arange(len(ids))

times = []
for _ in range(15):
    start = time.perf_counter_ns()
    value, gradient = loss(logits, ids, indices)
    times.append(time.perf_counter_ns() - start)
gradient.astype(np.float32).tofile(folder / "gradient.bin")
print(json.dumps({"value": float(value), "nsPerCall": statistics.median(times), "numpy": np.__version__}))
