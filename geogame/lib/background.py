"""Commands of this project as processes of their own, for work that would block a worker."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.conf import settings

# How much processor time the kernel gives to this session of processes.
AUTOGROUP = Path("/proc/self/autogroup")


def start_command(*arguments: str, log: str, **options: Any) -> None:
    """Start `manage.py` in a session of its own and return; what it prints goes to a file in DATA_DIR/run."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
    with _in_run(log).open("wb") as file:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True, **options
        )
    threading.Thread(target=child.wait, daemon=True).start()  # or it would stay as a zombie


def start_one(*arguments: str, log: str) -> bool:
    """Start `manage.py` in the background, unless one that was started so runs or begins."""
    with _in_run(f"{arguments[0]}-started.lock").open("a") as file:
        if not _lock(file):
            return False
        # The lock is of the open file, which the process inherits: it lasts as long as the process.
        start_command(*arguments, log=log, pass_fds=(file.fileno(),))
    return True


def let_others_first(niceness: int) -> None:
    """Lower this process. Where Linux shares time between sessions first ("autogroup", as on desktops), a
    nice value counts only within one, so a process that leads its session lowers the session, too.
    """
    if not settings.BACKGROUND_LOW_PRIORITY:
        return
    os.nice(niceness)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            AUTOGROUP.write_text(str(niceness))


@contextlib.contextmanager
def only_one(name: str) -> Iterator[bool]:
    """Whether this process is the only one of that name; it stays so to the end of the block."""
    with _in_run(f"{name}.lock").open("a") as file:
        yield _lock(file)


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _in_run(name: str) -> Path:
    path: Path = settings.DATA_DIR / "run" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
