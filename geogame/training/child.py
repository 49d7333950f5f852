"""A process that ends when the one that follows it does, however that ends; its last words are kept.

The guard of `geogame.lib.guard` holds a pipe to the follower: when the follower is gone, `kill -9` included,
it kills whatever bears the process's mark. What torchrun starts leads sessions of its own, so only the mark
finds all of it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from django.conf import settings

from geogame.lib import guard

LAST_LINES = 20
PATIENCE_S = 10.0


class Child:
    """
    Args:
        log: a file that gets what it prints; None for the terminal.
        output: where standard output goes instead, as for a command that answers there.
        holds: files that stay open, and locked, as long as the process lives.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path | None,
        output: IO[bytes] | None = None,
        holds: Sequence[int] = (),
    ) -> None:
        above = os.environ.get(guard.MARK)
        self.mark = f"{above}/{secrets.token_hex(8)}" if above else secrets.token_hex(16)
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._guard = self._start_guard()
        pipe = subprocess.PIPE if log else None
        try:
            self.process = subprocess.Popen(
                command,
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=output or pipe,
                stderr=pipe if output or not log else subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | {guard.MARK: self.mark},
                pass_fds=holds,
            )
        except OSError:
            self._end_guard()
            raise
        self._tell_guard(self.process.pid)
        printed = self.process.stderr if output else self.process.stdout
        self._reader = threading.Thread(target=self._read, args=(printed, log), daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def status(self) -> int | None:
        """As subprocess has it: None while it runs, below 0 where a signal ended it."""
        return self.process.poll()

    def wait(self, timeout_s: float) -> bool:
        """Whether it has ended by then; its last lines are there."""
        try:
            self.process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            return False
        self._reader.join(PATIENCE_S)
        return True

    def ask_to_stop(self) -> None:
        """One signal, to the first process alone: a second one would mean that there is no time."""
        if self.status is None:
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and all that it started, at once."""
        guard.kill_groups([self.process.pid] if self.status is None else [])
        guard.kill_marked(self.mark)
        self.process.wait()
        self._reader.join(PATIENCE_S)
        self._tell_guard(-self.process.pid)
        self._end_guard()

    # --- What it prints ------------------------------------------------------------------------------
    def _read(self, printed: IO[bytes] | None, log: Path | None) -> None:
        if printed is None or log is None:
            return
        with printed, contextlib.ExitStack() as stack:
            file: IO[bytes] | None = None
            with contextlib.suppress(OSError):
                file = stack.enter_context(log.open("ab", buffering=0))
            for line in printed:
                text = line.decode(errors="replace").rstrip().rsplit("\r", 1)[-1]
                if text.strip():
                    self.last_lines.append(text)
                if file:
                    with contextlib.suppress(
                        OSError
                    ):  # the disk is full: the last lines are known all the same
                        file.write(line)

    # --- Its guard -----------------------------------------------------------------------------------
    def _start_guard(self) -> subprocess.Popen[bytes]:
        # Without the mark of this group: what ends the group at once must not end the guard before its work.
        environment = {name: value for name, value in os.environ.items() if name != guard.MARK}
        return subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, self.mark],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
        )

    def _tell_guard(self, message: int) -> None:
        if self._guard.stdin and not self._guard.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._guard.stdin.fileno(), b"%d\n" % message)

    def _end_guard(self) -> None:
        if self._guard.stdin:
            self._guard.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._guard.wait(guard.PATIENCE_S + 1)
