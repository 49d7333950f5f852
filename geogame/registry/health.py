"""Whether a version answers, found out by a process of its own: this one neither loads it nor dies of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import IO, Any

from django.conf import settings

from geogame.lib.queue import INFERENCE, WARM_UP, enqueue
from geogame.registry import activation as activations
from geogame.registry.models import Activation, ModelVersion
from geogame.registry.services import RegistryError, activate, examine

MOST_S = 300.0
POLL_S = 0.25
BEAT_S = 5.0


class NobodyAsks(Exception):
    """The wish was dropped while the version was checked."""


def check(version: ModelVersion, beat: Callable[[], bool] = lambda: True) -> dict[str, Any]:
    """What `planet_core.health` measured. RegistryError with the reason where the version cannot answer.

    Args:
        beat: called every few seconds; False ends it with NobodyAsks.
    """
    examine(version)
    command = [
        *(sys.executable, "-m", "planet_core.health", str(version.path), "--json"),
        *("--most-seconds", str(max(0.001, settings.MODEL_ANSWER_TIMEOUT_S))),
    ]
    if version.kind == ModelVersion.Kind.ALBUM and version.needs is not None:
        command += ["--image-model", str(version.needs.path)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=out, stderr=err)
        try:
            _wait(child, beat)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        if child.returncode:
            raise RegistryError(_reason(child.returncode, _read(err)))
        found: dict[str, Any] = json.loads(_read(out))
    return found


def _wait(child: subprocess.Popen[bytes], beat: Callable[[], bool]) -> None:
    started = beaten = time.monotonic()
    while child.poll() is None:
        time.sleep(POLL_S)
        now = time.monotonic()
        if now - started > MOST_S:
            raise RegistryError(f"It did not answer within {MOST_S:.0f} s.")
        if now - beaten > BEAT_S:
            beaten = now
            if not beat():
                raise NobodyAsks


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace").strip()


def _reason(status: int, words: str) -> str:
    if status < 0:
        name = signal.Signals(-status).name
        more = " There may be too little memory for it." if -status == signal.SIGKILL else ""
        return f"The process that loaded it was ended by {name}.{more}"
    last = words.splitlines()[-1] if words else f"exit code {status}"
    return last.removeprefix("health: ")


def check_asked(activation: Activation) -> None:
    """Check a version that was asked for, and hand it to the worker or end the wish with the reason."""
    if not activations.begin_check(activation):
        return
    try:
        health = check(activation.version, lambda: activations.beat(activation))
    except NobodyAsks:
        return
    except RegistryError as error:
        activations.fail(activation, str(error))
    except BaseException as error:
        activations.fail(activation, f"The check was cut off ({type(error).__name__}).")
        raise
    else:
        activations.pass_check(activation, health)


def play_now(version: ModelVersion) -> dict[str, Any]:
    """Check a version and put it into play, here and now: for commands, whose workers may not run.

    RegistryError with the reason where it cannot answer; the one that plays goes on.
    """
    health = check(version)
    activations.drop_wishes()
    activate(version)
    enqueue(WARM_UP, queue=INFERENCE)
    return health
