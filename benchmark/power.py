"""How many rounds it takes to tell a win rate from one half (standard library only)."""

from __future__ import annotations

import math
from typing import Any

from benchmark.student import normal_quantile

ALPHA, POWER = 0.05, 0.8


def rounds_needed(rate: float, alpha: float = ALPHA, power: float = POWER) -> int | None:
    """Decided rounds, taken as independent, after which a two-sided test finds that a rate is not one half.

    By the normal approximation of the binomial, with the variance of each hypothesis (Fleiss, Levin and Paik
    2003, Sec. 2.4, without continuity correction). 0.55 needs 783.

    Args:
        rate: the true one, 0..1.
        alpha: how often an even match may be called uneven.
        power: how often the difference is to be found.

    Returns:
        None for a rate of one half: no number of rounds tells it from one half.

    Raises:
        ValueError: a rate outside 0..1.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"a win rate is 0..1, not {rate}")
    off = abs(rate - 0.5)
    if off == 0:
        return None
    reach = normal_quantile(1 - alpha / 2) / 2 + normal_quantile(power) * math.sqrt(rate * (1 - rate))
    # however uneven, below this many rounds not even a clean sweep is significant
    least = math.ceil(1 - math.log2(alpha))
    return max(least, math.ceil((reach / off) ** 2))


def power_note(wins: int, losses: int) -> dict[str, Any]:
    """What a comparison says of its own size: decided rounds that there are, and that would be needed."""
    decided = wins + losses
    needed = rounds_needed(wins / decided) if decided else None
    return {"decided_rounds": decided, "rounds_needed": needed, "alpha": ALPHA, "power": POWER}
