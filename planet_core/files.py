"""Writing files so that a crash or a full disk leaves the old one whole (standard library only)."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Opens a temporary sibling for writing and renames it to `path` when the block ends without an error.

    Raises:
        OSError: it cannot be written, or `path` is a device, a pipe or a folder, and is left as it is.
    """
    target = Path(path)
    if target.exists() and not target.is_file():
        raise OSError(errno.ENOTSUP, "it is there and is no regular file", str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    # Named before it is made: a signal in between leaves nothing behind.
    temporary = target.parent / f".{target.name}.{secrets.token_hex(4)}.tmp"
    try:
        with _new_file(temporary, target) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(target)
    except OSError as error:  # a full disk does not say which file had no room
        error.filename = error.filename or str(target)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _new_file(temporary: Path, target: Path) -> BinaryIO:
    try:
        return temporary.open("xb")
    except OSError as error:  # it names the temporary file, which tells nobody anything
        error.filename = str(target)
        raise


@contextlib.contextmanager
def atomic_directory(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Makes a temporary sibling directory and renames it to `path` when the block ends without an error.

    A directory that is already there is replaced as a whole, after the new one is complete.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent))
    try:
        new = temporary / "new"
        new.mkdir()
        yield new
        if target.exists():
            target.rename(temporary / "old")
        new.rename(target)
    finally:
        # interrupted between the two renames: the old one goes back
        if (temporary / "old").exists() and not target.exists():
            (temporary / "old").rename(target)
        shutil.rmtree(temporary, ignore_errors=True)
