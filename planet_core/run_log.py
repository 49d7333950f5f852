"""The diary of a training run: RUN/metrics.jsonl for programs, a progress line for people. No torch.

Every line of metrics.jsonl is one JSON object with `event` and `time` (seconds since 1970):

    start      recipe, seed, epochs; share 0
    progress   phase (read, train, save), share 0..1, and in `train`: epoch, epochs, loss,
               images_per_second, seconds_left
    data       photos, photos_skipped, skipped_by_reason, photos_training, photos_validation,
               photos_outside_cells, cells, share
    init       digest (of the model version whose weights it starts with), taken, new (numbers of tensors),
               head (whether the heads are taken over, too)
    epoch      epoch, epochs, train_loss, train_accuracy, validation (or null), best, share,
               photos_skipped (so far),
               images_per_second, seconds_left
    resume     epoch, step, share; a killed run goes on from a checkpoint after so many steps
    done       share 1, model, digest, best_epoch, validation, baseline, seconds, cpu_seconds,
               images_per_second (the three of this machine and this run: the model version has none of them)
    stopped    share, step, checkpoint (whether one of this very step was saved); the run was told to stop
               (SIGTERM, Ctrl-C)
    failed     share, reason

The last line of a finished run is `done`, `stopped` or `failed`. A run that was killed has none of them.

A run that goes on appends; an epoch that ended after its last checkpoint is then told twice.

RUN/steps.jsonl is the loss curve, one line a step: step (from 1), epoch, loss, rate (the learning rate).
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from planet_core.files import atomic_file
from planet_core.stopping import UserError

FILE = "metrics.jsonl"
STEPS = "steps.jsonl"
_EVERY_SECONDS = 0.5  # progress events are not written more often


class RunLog:
    """Appends events to RUN/metrics.jsonl, which it starts anew, and keeps a progress line on a terminal.

    With `resume` it goes on with the file that is there, without the line that a crash cut short.
    `command` is what messages begin with.
    """

    def __init__(
        self,
        run: str | os.PathLike[str],
        stream: TextIO | None = None,
        *,
        resume: bool = False,
        command: str = "train_cnn",
    ) -> None:
        self.folder, self.command = Path(run), command
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / FILE
        if resume:
            _cut_torn_line(self.path)
        self._file = self.path.open("a" if resume else "w", encoding="utf-8")
        self._stream = stream or sys.stderr
        self._last_progress = 0.0
        self._line = ""
        self.share = 0.0

    def event(self, event: str, **values: Any) -> None:
        """Writes one event; `share` is remembered and repeated where an event does not give it.

        Raises:
            UserError: the disk is full or not writable.
        """
        self.share = values.setdefault("share", self.share)
        line = json.dumps({"event": event, "time": round(time.time(), 3), **values}, allow_nan=False)
        with _named_if_full(self.path):
            self._file.write(line + "\n")
            self._file.flush()

    def failed(self, reason: str) -> None:
        """The `failed` event, if there is room for it; for people who watch, too."""
        with contextlib.suppress(UserError):
            self.event("failed", reason=reason)
        self.say(f"{self.command}: {reason}")

    def progress(self, text: str, **values: Any) -> None:
        """A `progress` event and the progress line, at most twice a second."""
        now = time.monotonic()
        if now - self._last_progress < _EVERY_SECONDS:
            return
        self._last_progress = now
        self.event("progress", **values)
        if self._stream.isatty():
            self._rewrite(f"{self.share:4.0%}  {text}")

    def say(self, text: str) -> None:
        """A line for people that stays."""
        self._rewrite("")
        print(text, file=self._stream, flush=True)

    def close(self) -> None:
        """Ends the progress line and closes the file."""
        self._rewrite("")
        with contextlib.suppress(OSError):  # what had no room was told before
            self._file.close()

    def _rewrite(self, text: str) -> None:
        if text or self._line:
            print(
                "\r" + text.ljust(len(self._line)) + ("" if text else "\r"),
                end="",
                file=self._stream,
                flush=True,
            )
        self._line = text


class Silence(RunLog):
    """The log of the processes that do not write: it says nothing."""

    def __init__(self, run: str | os.PathLike[str], command: str = "train_cnn") -> None:
        self.folder, self.command = Path(run), command
        self.share = 0.0

    def event(self, event: str, **values: Any) -> None:
        """Nothing."""

    def progress(self, text: str, **values: Any) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def failed(self, reason: str) -> None:
        """Says it all the same: it may be this process's own trouble."""
        print(
            f"{self.command}: {reason} (process {os.environ.get('RANK', '?')})", file=sys.stderr, flush=True
        )

    def close(self) -> None:
        """Nothing."""


class LossCurve:
    """RUN/steps.jsonl, cut back to the first `keep` steps and appended to.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, run: str | os.PathLike[str], keep: int = 0) -> None:
        self.path = Path(run) / STEPS
        kept: list[str] = []
        if keep and self.path.exists():
            kept = self.path.read_text(encoding="utf-8").splitlines(keepends=True)[:keep]
        with atomic_file(self.path) as file:
            file.write("".join(kept).encode())
        self._lines: list[str] = []

    def add(self, step: int, epoch: int, loss: float, rate: float) -> None:
        """One step; they come in order."""
        line = json.dumps({"step": step, "epoch": epoch, "loss": loss, "rate": rate}, allow_nan=False)
        self._lines.append(line + "\n")

    def flush(self) -> None:
        """Writes the steps so far. Raises UserError where the disk is full or not writable."""
        with _named_if_full(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write("".join(self._lines))
        self._lines.clear()


@contextlib.contextmanager
def _named_if_full(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = f"cannot write {path}: {error.strerror or error}; put that right and go on with --resume"
        raise UserError(reason) from error


def read_steps(run: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """All whole lines of a run's loss curve. Raises FileNotFoundError where there is none."""
    return _read_lines(Path(run) / STEPS)


def read_events(run: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """All whole events of a run so far; a line that is still being written is left out.

    Raises:
        FileNotFoundError: the run has not started.
    """
    return _read_lines(Path(run) / FILE)


def _read_lines(path: Path) -> list[dict[str, Any]]:
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def _cut_torn_line(path: Path) -> None:
    if path.exists():
        content = path.read_bytes()
        if not content.endswith(b"\n"):
            os.truncate(path, content.rfind(b"\n") + 1)


def duration(seconds: float) -> str:
    """Hours, minutes and seconds for people, as 2:05 or 1:02:05."""
    minutes, whole = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{whole:02d}" if hours else f"{minutes}:{whole:02d}"


def pace_line(where: dict[str, int], pace: dict[str, float | None], loss: float) -> str:
    """The progress line while it trains."""
    return (
        f"epoch {where['epoch']} of {where['epochs']}, loss {loss:.3f},"
        f" {pace['images_per_second'] or 0:.0f} images/s, {duration(pace['seconds_left'] or 0)} left"
    )


def epoch_line(result: dict[str, Any], is_best: bool) -> str:
    """What an `epoch` event says, for people."""
    line = (
        f"epoch {result['epoch']:3d}  loss {result['train_loss']:.3f}  right {result['train_accuracy']:.1%}"
    )
    if result["validation"]:
        line += "  " + describe("validation", result["validation"])
    return line + ("  *" if is_best else "")


def describe(name: str, result: dict[str, Any]) -> str:
    """Accuracy and distances of an examination, for people."""
    within = " / ".join(f"{share:.1%}" for share in result["accuracy_at_km"].values())
    return (
        f"{name}: right cell {result['accuracy']:.1%}, within {' / '.join(result['accuracy_at_km'])} km"
        f" {within}, median {result['median_km']:.0f} km"
    )
