#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The same question by the best plain NumPy program known here: one loan, a day at one-second steps, in float32 and in blocks that
stay in the cache; the crossing is found on the grid, so it also misses crossings between two steps."""
import time
import numpy as np

SIGMA, STEPS, PATHS, BLOCK = 0.8, 86400, 512, 512
year = 365 * 86400.0
drift, sd = np.float32(-0.5 * SIGMA**2 / year), np.float32(SIGMA / np.sqrt(year))
level = np.float32(np.log(2900 / 0.99 / 3000))
rng = np.random.Generator(np.random.SFC64(1))
start = time.perf_counter()
x = np.zeros(PATHS, np.float32)
low = np.zeros(PATHS, np.float32)
for first in range(0, STEPS, BLOCK):
    z = rng.standard_normal((min(BLOCK, STEPS - first), PATHS), np.float32)
    z *= sd
    z += drift
    np.cumsum(z, axis=0, out=z)
    z += x
    np.minimum(low, z.min(axis=0), out=low)
    x = z[-1].copy()
seconds = time.perf_counter() - start
print(f"NumPy {np.__version__}, {PATHS} paths at 1 s:                {1e9 * seconds / PATHS / STEPS:8.2f} ns per step, {1e6 * seconds / PATHS:.0f} µs a path "
      f"(hit {np.mean(low <= level):.3f}, is 0.576)")
