"""How often one connection may speak: a bucket of tokens that fills up again. The clock is an argument."""

from __future__ import annotations

import enum

CAPACITY = 30
"""Messages at once: what a page resends after it lost its connection."""
PER_SECOND = 6.0
PATIENCE = 60
"""So many refusals before the bucket has been full again, and the connection is closed."""


class Verdict(enum.Enum):
    TAKE = "take"
    REFUSE = "refuse"
    HANG_UP = "hang up"


class TokenBucket:
    def __init__(
        self,
        now: float,
        *,
        capacity: int = CAPACITY,
        per_second: float = PER_SECOND,
        patience: int = PATIENCE,
    ) -> None:
        self._capacity = capacity
        self._per_second = per_second
        self._patience = patience
        self._tokens = float(capacity)
        self._refused = 0
        self._at = now

    def take(self, now: float) -> Verdict:
        """One more message at the time `now`, in seconds of a clock that never goes back."""
        self._tokens = min(self._capacity, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens >= self._capacity:
            self._refused = 0
        if self._tokens >= 1:
            self._tokens -= 1
            return Verdict.TAKE
        self._refused += 1
        return Verdict.HANG_UP if self._refused > self._patience else Verdict.REFUSE
