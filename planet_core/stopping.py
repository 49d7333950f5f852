"""How a training run ends before its time: a user's error, or a signal. Standard library only."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
TOGETHER_SECONDS = 1.0
"""Signals that come as close as this are one wish: torchrun passes on what the terminal sends as well."""


class UserError(Exception):
    """Something that the person at the command line can put right."""


class Stopped(BaseException):
    """The run was told to stop."""


class Stop:
    """A wish to stop, and when it is heeded: at once, or where the run next looks at `asked`.

    Attributes:
        asked: whether somebody has asked for it.
        step, saved: for a training run: steps done, and after how many of them its last checkpoint is.
    """

    def __init__(self) -> None:
        self.asked = False
        self.step = self.saved = 0
        self._patient = False
        self._asked_at = 0.0

    def after_the_step(self) -> None:
        """From here on the first signal is noted in `asked`; a second one raises `Stopped` all the same."""
        self._patient = True

    def at_once(self) -> None:
        """From here on a signal raises `Stopped`, as it is in the beginning.

        Raises:
            Stopped: where somebody has asked meanwhile.
        """
        self._patient = False
        if self.asked:
            raise Stopped

    def signalled(self, _number: int, _frame: FrameType | None) -> None:
        """The handler of the signals. Raises `Stopped`, or notes that it was asked."""
        now = time.monotonic()
        first, self.asked = not self.asked, True
        if first:
            self._asked_at = now
        if self._patient and (first or now - self._asked_at < TOGETHER_SECONDS):
            return
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped


@contextlib.contextmanager
def stopping_on_signals() -> Iterator[Stop]:
    """Turns the first SIGTERM or SIGINT into `Stopped`, at the next line of Python that runs.

    What it gives lets a run finish something first: see `Stop.after_the_step`.
    """
    stop = Stop()
    before = [signal.signal(number, stop.signalled) for number in _SIGNALS]
    try:
        yield stop
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)
