"""What training may take of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext

GB = 1_000_000_000


def bytes_in(folder: Path) -> int:
    """What the files beneath a folder take; those that vanish meanwhile take nothing."""
    return sum(_sizes(str(folder)))


def _sizes(folder: str) -> Iterator[int]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _sizes(entry.path)
            else:
                yield entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue


def disk_used_bytes() -> int:
    """Runs and model versions together."""
    return bytes_in(Path(settings.RUN_ROOT)) + bytes_in(Path(settings.MODEL_ROOT))


def no_room() -> str:
    """Why no training may start now, as a sentence; empty where one may."""
    limit = settings.TRAINING_DISK_GB
    if not limit or (used := disk_used_bytes()) < limit * GB:
        return ""
    text = gettext(
        "Training has %(used)s GB on disk, and TRAINING_DISK_GB allows %(limit)s: delete jobs or model "
        "versions that nobody needs, or raise the limit."
    )
    return text % {"used": f"{used / GB:.1f}", "limit": f"{limit:g}"}
