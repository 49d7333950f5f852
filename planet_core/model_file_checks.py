"""What a file of weights or arrays claims, looked at before anything believes it. No torch."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy
from safetensors import SafetensorError, safe_open

from planet_core.stopping import UserError

MOST_ARRAY_BYTES = 1 << 32
MOST_TIMES = 400
"""Arrays that are so many times larger than their file are a trap: sorted digests shrink some tenfold."""
SMALL_BYTES = 1 << 20
"""Arrays below this may shrink as they like: an empty one does without end."""


class ModelFileError(UserError):
    """A file that is no whole and honest model file, as a sentence for people."""


def check_weights(path: Path, *, may_be_empty: bool = False) -> None:
    """That a file is safetensors whose header fits its length, as its own reader sees it.

    Args:
        may_be_empty: whether it may hold no tensor.

    Raises:
        ModelFileError: it is something else, such as a pickle, or is cut off.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            names = file.keys()
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelFileError(f"{path.name} in it is no whole safetensors file: {error}") from error
    if not names and not may_be_empty:
        raise ModelFileError(f"{path.name} in it holds no weights")


def check_arrays(path: Path) -> None:
    """That an .npz file holds plain arrays, each as large as it says, that are no trap for the memory.

    Raises:
        ModelFileError: it does not; says which array.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            size = sum(entry.file_size for entry in entries)
            most = min(MOST_ARRAY_BYTES, max(SMALL_BYTES, MOST_TIMES * path.stat().st_size))
            if size > most:
                raise ModelFileError(f"{path.name} in it would take {size:,} bytes of memory: that is a trap")
            for entry in entries:
                with archive.open(entry) as file:
                    _check_array(file, entry, path.name)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ModelFileError(f"{path.name} in it is damaged: {error}") from error


def _check_array(file: IO[bytes], entry: zipfile.ZipInfo, name: str) -> None:
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file)
    except (ValueError, EOFError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{entry.filename} of {name} in it is no array: {error}") from error
    if np.dtype(dtype).hasobject:
        raise ModelFileError(f"{entry.filename} of {name} in it holds pickled objects: that is never read")
    if math.prod(shape) * np.dtype(dtype).itemsize != entry.file_size - file.tell():
        raise ModelFileError(f"{entry.filename} of {name} in it is not as large as it says")
