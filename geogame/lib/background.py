"""Commands of this project as processes of their own, for work that would block a worker."""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings


def start_command(*arguments: str, log: str) -> None:
    """Start `manage.py` in a session of its own and return; what it prints goes to a file in DATA_DIR/run."""
    path = settings.DATA_DIR / "run" / log
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
    with path.open("wb") as file:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )
    threading.Thread(target=child.wait, daemon=True).start()  # or it would stay as a zombie


@contextlib.contextmanager
def only_one(name: str) -> Iterator[bool]:
    """Whether this process is the only one of that name; it stays so to the end of the block."""
    path: Path = settings.DATA_DIR / "run" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
