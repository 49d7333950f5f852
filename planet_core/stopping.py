"""How a training run ends before its time: a user's error, or a signal. Standard library only."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


class UserError(Exception):
    """Something that the person at the command line can put right."""


class Stopped(BaseException):
    """The run was told to stop."""


@contextlib.contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Turns the first SIGTERM or SIGINT into `Stopped`, at the next line of Python that runs."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
