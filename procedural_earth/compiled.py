"""The one way in which functions here are compiled: cached on disk, without the lock, arithmetic as the
processor likes.

numba looks only at the file of a function to see whether its code is old, not at the files of what it calls.
So what is compiled lies in a folder named after all sources of the package together.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from numba import config, njit

PACKAGE = Path(__file__).parent

F = TypeVar("F", bound=Callable[..., object])

_HOW: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "arcp", "nsz", "afn"},
}
_UNCOUNTED: dict[str, Any] = {"_nrt": False}


def cache_folder(package: Path) -> Path:
    """Where the code compiled from these very sources lies; that of other sources is removed.

    Beside the sources, or among temporary files where that folder cannot be written.
    """
    digest = hashlib.sha256()
    for source in sorted(package.rglob("*.py")):
        digest.update(str(source.relative_to(package)).encode())
        digest.update(source.read_bytes())
    beside = package / "__pycache__"
    try:
        beside.mkdir(exist_ok=True)
        writable = os.access(beside, os.W_OK)
    except OSError:
        writable = False
    root = beside if writable else Path(tempfile.gettempdir()) / f"procedural-earth-{os.getuid()}"
    folder = root / f"compiled-{digest.hexdigest()[:16]}"
    if not folder.exists():
        for old in root.glob("compiled-*"):
            shutil.rmtree(old, ignore_errors=True)
    return folder


if not os.environ.get("NUMBA_CACHE_DIR"):
    config.CACHE_DIR = str(cache_folder(PACKAGE))  # type: ignore[attr-defined]


def compiled(function: F) -> F:
    """Compiled by numba at its first call, then read from the cache; the function must not make arrays or
    lists.

    Without reference counts: passing a tuple of arrays from function to function costs nothing then, which
    halves the time of a picture.
    """
    result: F = njit(**_HOW, **_UNCOUNTED)(function)
    return result


def inlined(function: F) -> F:
    """The same, copied into each caller: for small functions that are called for every pixel."""
    result: F = njit(**_HOW, **_UNCOUNTED, inline="always")(function)
    return result


def allocating(function: F) -> F:
    """Compiled, for functions that make arrays."""
    result: F = njit(**_HOW)(function)
    return result
