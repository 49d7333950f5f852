"""Whether a command will be able to write its files, asked before its work begins, and whether anybody reads
what it prints (standard library only)."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


class OutputError(Exception):
    """A file that cannot be written."""


def writable_file(path: str | os.PathLike[str], *suffixes: str) -> Path:
    """The path of a file that a command is going to write; folders on the way to it may be missing.

    Args:
        suffixes: the endings it may have, with the dot; any if none is given.

    Raises:
        OutputError: another ending, a folder of that name, or a place where nothing may be written.
    """
    file = Path(path)
    if suffixes and file.suffix.lower() not in suffixes:
        raise OutputError(f"cannot write {file}: its name must end in {' or '.join(suffixes)}")
    if file.is_dir():
        raise OutputError(f"cannot write {file}: it is a folder, name a file")
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise OutputError(f"cannot write {file}: {folder} is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"cannot write {file}: there is no right to write in {folder}")
    return file


@contextlib.contextmanager
def while_somebody_reads() -> Iterator[None]:
    """Ends the block quietly where whoever reads the standard output has gone, as `| head` does."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # at its end Python writes what is still buffered: to nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
