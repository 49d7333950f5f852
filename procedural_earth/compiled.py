"""The one way in which functions here are compiled: cached on disk, without the lock, arithmetic as the processor likes.

A change in a function reaches its compiled callers in other files only after these files change, too (`touch` them).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., object])

_HOW = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract", "arcp", "nsz", "afn"}}


def compiled(function: F) -> F:
    """Compiled by numba at its first call, then read from the cache."""
    result: F = njit(**_HOW)(function)
    return result


def inlined(function: F) -> F:
    """The same, copied into each caller: for what is called for every pixel."""
    result: F = njit(**_HOW, inline="always")(function)
    return result
