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
    """Compiled by numba at its first call, then read from the cache. The function must not make arrays or lists.

    Without reference counts: passing a tuple of arrays from function to function costs nothing then, which halves the
    time of a picture.
    """
    result: F = njit(**_HOW, _nrt=False)(function)
    return result


def inlined(function: F) -> F:
    """The same, copied into each caller: for small functions that are called for every pixel."""
    result: F = njit(**_HOW, _nrt=False, inline="always")(function)
    return result


def allocating(function: F) -> F:
    """Compiled, for functions that make arrays."""
    result: F = njit(**_HOW)(function)
    return result
