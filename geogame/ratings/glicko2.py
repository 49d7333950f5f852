"""Glicko-2, from its public description: Mark E. Glickman, "Example of the Glicko-2 system" (2013), whose
steps and symbols are named here. Pure.

Two things are added to it, and change nothing where they are not used: a game may count for less than one
(`weight`), and a rating period may be of any length (`periods`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

TAU = 0.5
"""How much the volatility may change; the paper advises 0.3 to 1.2."""
MIDDLE = 1500.0
SCALE = 173.7178
MOST_DEVIATION = 350.0
PRECISION = 1e-6


@dataclass(frozen=True)
class Rating:
    """What is believed of a player's strength. The defaults are those of somebody nobody knows."""

    rating: float = MIDDLE
    deviation: float = MOST_DEVIATION
    volatility: float = 0.06

    @property
    def mu(self) -> float:
        return (self.rating - MIDDLE) / SCALE

    @property
    def phi(self) -> float:
        return self.deviation / SCALE


@dataclass(frozen=True)
class Result:
    """One game against an opponent: 1 won, 0.5 drawn, 0 lost."""

    opponent: Rating
    score: float
    weight: float = 1.0


def aged(rating: Rating, periods: float) -> Rating:
    """The rating after so many periods without a game: as strong, less certain (step 6)."""
    return Rating(
        rating.rating,
        _deviation(math.hypot(rating.phi, rating.volatility * math.sqrt(periods))),
        rating.volatility,
    )


def expected(own: Rating, opponent: Rating) -> float:
    """The score that `own` should have against the opponent, by what is believed of the two."""
    return 1 / (1 + math.exp(-_g(opponent.phi) * (own.mu - opponent.mu)))


def update(own: Rating, results: Sequence[Result], *, periods: float = 1.0, tau: float = TAU) -> Rating:
    """The rating after these games, at the end of a time of so many periods (steps 2 to 8)."""
    information = 0.0
    surprise = 0.0
    for result in results:
        g, score = _g(result.opponent.phi), expected(own, result.opponent)
        information += result.weight * g * g * score * (1 - score)
        surprise += result.weight * g * (result.score - score)
    if information == 0.0:
        return aged(own, periods)
    variance = 1 / information
    volatility = _volatility(own, variance, variance * surprise, tau)
    before = own.phi * own.phi + volatility * volatility * periods
    phi = 1 / math.sqrt(1 / before + information)
    return Rating(MIDDLE + SCALE * (own.mu + phi * phi * surprise), _deviation(phi), volatility)


def _g(phi: float) -> float:
    return 1 / math.sqrt(1 + 3 * phi * phi / (math.pi * math.pi))


def _deviation(phi: float) -> float:
    return min(SCALE * phi, MOST_DEVIATION)


def _volatility(own: Rating, variance: float, delta: float, tau: float) -> float:
    """Step 5: the root of f by the Illinois algorithm."""
    phi2, delta2 = own.phi * own.phi, delta * delta
    a = math.log(own.volatility * own.volatility)

    def f(x: float) -> float:
        grown = phi2 + variance + math.exp(x)
        return math.exp(x) * (delta2 - grown) / (2 * grown * grown) - (x - a) / (tau * tau)

    low, high = a, _other_end(a, delta2 - phi2 - variance, f, tau)
    f_low, f_high = f(low), f(high)
    while abs(high - low) > PRECISION:
        middle = low + (low - high) * f_low / (f_high - f_low)
        f_middle = f(middle)
        if f_middle * f_high <= 0:
            low, f_low = high, f_high
        else:
            f_low /= 2
        high, f_high = middle, f_middle
    return math.exp(low / 2)


def _other_end(a: float, excess: float, f: Callable[[float], float], tau: float) -> float:
    """A second place on the other side of the root."""
    if excess > 0:
        return math.log(excess)
    steps = 1
    while f(a - steps * tau) < 0:
        steps += 1
    return a - steps * tau
