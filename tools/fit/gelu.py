"""Coefficients of the polynomial that gelu of backend/cpu/internal/simd/_asm/elementwise uses: python gelu.py

For x >= 0 and t = 1/(1 + P*x), the tail of the normal distribution is Phi(-x) = exp(-x*x/2) * t * Q(t). Q is fitted for
the least relative error over 0 <= x <= 14 (Lawson's iteration on Chebyshev nodes). Needs numpy and scipy.
"""
import numpy as np
from scipy.special import erfcx

P, DEGREE, LARGEST, NODES = 0.35, 9, 14, 4000

least = 1 / (1 + P * LARGEST)
t = (least + 1) / 2 + (1 - least) / 2 * np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
want = 0.5 * erfcx((1 / t - 1) / P / np.sqrt(2)) / t
powers, weight = np.vander(t, DEGREE + 1), np.ones_like(t)
for _ in range(80):
    root = np.sqrt(weight)
    c = np.linalg.lstsq(powers * (root / want)[:, None], root, rcond=None)[0]
    error = np.abs(powers @ c / want - 1)
    weight *= error + 1e-15
    weight /= weight.sum()
print("highest power first:", ", ".join(f"{x:.9g}" for x in c))
print(f"relative error before rounding: {error.max():.1e}")
