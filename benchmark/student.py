"""Student's t, the normal distribution and the sign test, exact and without scipy (numpy only)."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np

EXACT = 1000
"""Up to so many rounds the sign test is counted in whole numbers; above, within 1e-9 of that."""


def normal_quantile(probability: float) -> float:
    """The quantile of the standard normal distribution. Raises ValueError outside 0..1 and at its ends."""
    if not 0 < probability < 1:
        raise ValueError(f"a probability between 0 and 1 is expected, not {probability}")
    return NormalDist().inv_cdf(probability)


def t_cdf(t: float, degrees: int) -> float:
    """P(T <= t) of Student's t (Abramowitz and Stegun 26.7.3 and 26.7.4).

    Args:
        degrees: of freedom, at least 1.

    Raises:
        ValueError: fewer degrees.
    """
    if degrees < 1:
        raise ValueError(f"Student's t needs at least one degree of freedom, not {degrees}")
    angle = math.atan2(t, math.sqrt(degrees))
    cosine = math.cos(angle) ** 2
    odd = degrees % 2
    term, total = 1.0, 0.0
    for step in range(1 + odd, degrees, 2):
        total += term
        term *= cosine * step / (step + 1)
    if odd:
        inside = 2 / math.pi * (angle + math.sin(angle) * math.cos(angle) * total)
    else:
        inside = math.sin(angle) * total
    return 0.5 + inside / 2


@lru_cache(maxsize=4096)
def t_quantile(probability: float, degrees: int) -> float:
    """The quantile of Student's t, to 1e-9; above 2,000 degrees by the expansion of Cornish and Fisher.

    Raises:
        ValueError: a probability that is not between 0 and 1, or fewer than one degree of freedom.
    """
    z = normal_quantile(probability)
    if degrees > 2000:
        return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
    if probability < 0.5:
        return -t_quantile(1 - probability, degrees)
    low, high = 0.0, max(1.0, z)
    while t_cdf(high, degrees) < probability:
        high *= 2
    while high - low > 1e-10 * max(1.0, high):
        middle = (low + high) / 2
        low, high = (middle, high) if t_cdf(middle, degrees) < probability else (low, middle)
    return (low + high) / 2


def sign_test(wins: int, losses: int) -> float:
    """The exact two-sided sign test: how probable so uneven a result is if either side wins as often.

    Ties are left out. Without a decided round the answer is 1.

    Raises:
        ValueError: a count below 0.
    """
    if min(wins, losses) < 0:
        raise ValueError(f"{wins} wins and {losses} losses cannot be")
    rounds, fewer = wins + losses, min(wins, losses)
    if rounds <= EXACT:
        total = sum(math.comb(rounds, number) for number in range(fewer + 1))
        return float(min(1.0, 2 * total / (1 << rounds)))
    first = (
        math.lgamma(rounds + 1)
        - math.lgamma(fewer + 1)
        - math.lgamma(rounds - fewer + 1)
        - rounds * math.log(2)
    )
    below = np.arange(fewer, 0, -1)
    relative = 1 + float(np.cumprod(below / (rounds - below + 1)).sum())
    return min(1.0, 2 * math.exp(first) * relative)
