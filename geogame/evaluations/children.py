"""A child process that is followed: its news come through a pipe, and with the pipe it ends when we do."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import IO

from django.conf import settings

from geogame.evaluations.services import EvaluationError

POLL_S = 0.5
BEAT_S = 2.0
GRACE_S = 20.0
LAST_LINES = 20

Beat = Callable[[str | None], bool]


class Cancelled(Exception):
    """Somebody asked it to stop, or another process took over."""


def run_child(command: Sequence[str], beat: Beat, *, may_end: Collection[int] = ()) -> None:
    """Run a program to its end.

    Its standard error may hold JSON lines {"message": …}; other lines are kept as its last words.

    Args:
        beat: called every few seconds with the newest message, if there is a new one; False ends the child.
        may_end: exit codes that are no error, beside 0.

    Raises:
        EvaluationError: it ended with an error; has its last words.
        Cancelled: `beat` said so.
    """
    child = subprocess.Popen(
        list(command),
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert child.stderr is not None
    words: deque[str] = deque(maxlen=LAST_LINES)
    try:
        _follow(child.stderr, beat, words)
        child.wait()
    finally:
        _end(child)
        child.stderr.close()
    if child.returncode and child.returncode not in may_end:
        raise EvaluationError(_reason(child.returncode, words))


def _follow(pipe: IO[bytes], beat: Beat, words: deque[str]) -> None:
    os.set_blocking(pipe.fileno(), False)
    pending, message, beaten = b"", None, 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if selector.select(POLL_S):
                data = os.read(pipe.fileno(), 65536)
                if not data:
                    return
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    message = _message(line, words) or message
            if time.monotonic() - beaten > BEAT_S:
                beaten = time.monotonic()
                if not beat(message):
                    raise Cancelled
                message = None


def _message(line: bytes, words: deque[str]) -> str | None:
    text = line.decode(errors="replace").strip()
    try:
        return str(json.loads(text)["message"])
    except (ValueError, TypeError, KeyError):
        if text:
            words.append(text)
        return None


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _reason(status: int, words: deque[str]) -> str:
    if status < 0:
        return f"The process was ended by signal {-status}. There may be too little memory."
    last = words[-1] if words else f"The process ended with exit code {status}."
    for name in ("evaluate: ", "calibrate: ", "CommandError: "):
        last = last.removeprefix(name)
    return last[:1].upper() + last[1:]
