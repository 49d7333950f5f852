"""Numbers with their nouns."""

from __future__ import annotations

from collections.abc import Mapping

OUTCOMES = {
    "answered": ("answer", "answers"),
    "timeout": ("time-out", "time-outs"),
    "refused": ("refusal", "refusals"),
    "error": ("error", "errors"),
}


def many(number: int, noun: str, more: str = "") -> str:
    """1 round, 2 rounds, 1,000 rounds. `more` is the plural of words that do not just take an s."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {more or noun + 's'}"


def outcomes(counts: Mapping[str, int]) -> str:
    """How many rounds ended how; only what happened."""
    return ", ".join(many(count, *OUTCOMES[kind]) for kind, count in counts.items() if count)
