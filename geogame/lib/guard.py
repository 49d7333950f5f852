"""Cleans up after a supervisor that was killed and could not do so itself. Run as a plain script.

The supervisor holds the other end of standard input and never closes it while it lives. When it is gone,
for whatever reason (kill -9 included), the read here ends: this process then kills every process of
the group and removes the group's files. PR_SET_PDEATHSIG would do that for direct children only, and
not on macOS; processes of the group are found by a mark in their environment (Linux), which
grandchildren inherit, and by the process groups that the supervisor reported.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

MARK = "PLANET_ARENA_GROUP"
PATIENCE_S = 5.0


def marked_processes(mark: str) -> list[int]:
    """Processes whose environment says `mark`, or `mark` with a name after a slash."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for variable in (directory / "environ").read_bytes().split(b"\0"):
                if variable == f"{MARK}={mark}".encode() or variable.startswith(f"{MARK}={mark}/".encode()):
                    found.append(int(directory.name))
    return [pid for pid in found if pid != os.getpid()]


def kill_marked(mark: str) -> None:
    """Kill until none is left: one of them may be starting another while we look."""
    deadline = time.monotonic() + PATIENCE_S
    while (pids := marked_processes(mark)) and time.monotonic() < deadline:
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def kill_groups(leaders: Iterable[int]) -> None:
    for leader in leaders:
        with contextlib.suppress(OSError):
            os.killpg(leader, signal.SIGKILL)


def remove(paths: Iterable[str]) -> None:
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)
        with contextlib.suppress(OSError):
            Path(path).unlink()


def main(mark: str, *paths: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    leaders: set[int] = set()
    for line in sys.stdin:
        leader = int(line)
        if leader > 0:
            leaders.add(leader)
        else:
            leaders.discard(-leader)
    kill_groups(leaders)
    kill_marked(mark)
    remove(paths)


if __name__ == "__main__":
    main(*sys.argv[1:])
