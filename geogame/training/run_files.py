"""What a run has written so far, read while it goes on: each time only what is new. No torch."""

from __future__ import annotations

import json
import os
import threading
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

METRICS = "metrics.jsonl"
STEPS = "steps.jsonl"
READ_BYTES = 8_000_000
TAIL_BYTES = 65_536
LEAST_ROOM = 1024
Rows = slice | npt.NDArray[np.int64]


class Tail:
    """The lines appended to a file since the last look. A file that was made anew is read anew."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = 0
        self._inode = -1

    def skip(self) -> None:
        """Leave out what is there already."""
        if self.path.exists():
            state = self.path.stat()
            self.position, self._inode = state.st_size, state.st_ino

    def read(self) -> tuple[bytes, bool]:
        """The next whole lines, at most READ_BYTES, and whether the file was made anew before them."""
        try:
            with self.path.open("rb") as file:
                state = os.fstat(file.fileno())
                anew = state.st_ino != self._inode or state.st_size < self.position
                if anew:
                    self.position, self._inode = 0, state.st_ino
                file.seek(self.position)
                data = file.read(READ_BYTES)
        except OSError:
            return b"", False
        data = data[: data.rfind(b"\n") + 1]
        self.position += len(data)
        return data, anew


def events_in(data: bytes) -> list[dict[str, Any]]:
    """The events of whole lines; a line that a crash left half written is passed over."""
    events = []
    for line in data.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "event" in event:
            events.append(event)
    return events


# --- The curve -----------------------------------------------------------------------------------------
class Curve:
    """The loss of each step, and the epochs, as far as they were read; a process keeps it."""

    def __init__(self, folder: Path) -> None:
        self._steps = Tail(folder / STEPS)
        self._metrics = Tail(folder / METRICS)
        self._rows: npt.NDArray[np.float64] = np.empty((LEAST_ROOM, 4))
        self._count = 0
        self._epochs: dict[int, dict[str, Any]] = {}
        self._run = ""
        self._lock = threading.Lock()

    def look(self) -> Points:
        """What is there now."""
        with self._lock:
            self._look_for_epochs()  # first: the steps of an epoch are written before it
            self._look_for_steps()
            rows = self._rows[: self._count]
            epochs = [*self._epochs.values()]
            last = np.searchsorted(rows[:, 1], [*self._epochs], side="right") - 1
            ends = np.where(last >= 0, rows[last, 0] if len(rows) else 0, 0).astype(np.int64)
            return Points(self._run, rows[:, 0].astype(np.int64), rows[:, 2], rows[:, 3], epochs, ends)

    def _look_for_steps(self) -> None:
        while True:
            data, anew = self._steps.read()
            if anew:  # a run that went on from an earlier step, or began again
                self._rows, self._count = np.empty((LEAST_ROOM, 4)), 0
            if not data:
                return
            self._append(_numbers(data))

    def _append(self, rows: npt.NDArray[np.float64]) -> None:
        needed = self._count + len(rows)
        if needed > len(self._rows):
            larger = np.empty((max(needed, 2 * len(self._rows)), 4))
            larger[: self._count] = self._rows[: self._count]
            self._rows = larger
        self._rows[self._count : needed] = rows
        self._count = needed

    def _look_for_epochs(self) -> None:
        while True:
            data, anew = self._metrics.read()
            if anew:
                self._epochs, self._run = {}, ""
            if not data:
                return
            for event in events_in(_without_progress(data)):
                self._take(event)

    def _take(self, event: dict[str, Any]) -> None:
        if event["event"] in ("start", "resume"):
            self._run = str(event.get("time", ""))
        if event["event"] == "start":
            self._epochs = {}
        elif event["event"] == "resume":  # what ended after the checkpoint is told again
            self._epochs = {
                number: epoch for number, epoch in self._epochs.items() if number < event["epoch"]
            }
        elif event["event"] == "epoch":
            self._epochs[event["epoch"]] = _epoch(event)


@dataclass(frozen=True)
class Points:
    """A curve: `step`, `loss` and `rate` each (steps,); `epochs`, what each ended with, and the step of that.

    `run` names the last start: after another one, steps and epochs may come again with other values.
    """

    run: str
    step: npt.NDArray[np.int64]
    loss: npt.NDArray[np.float64]
    rate: npt.NDArray[np.float64]
    epochs: list[dict[str, Any]]
    epoch_step: npt.NDArray[np.int64]

    @property
    def last_step(self) -> int:
        return int(self.step[-1]) if len(self.step) else 0

    def after(self, step: int, epoch: int) -> Points:
        """The steps and the epochs after those."""
        steps = slice(int(np.searchsorted(self.step, step, side="right")), None)
        epochs = slice(bisect_right(self.epochs, epoch, key=lambda one: one["epoch"]), None)
        return self._only(steps, epochs)

    def thinned(self, most: int, most_epochs: int) -> Points:
        """At most so many points that hide no peak, the least and the highest loss of each stretch, and at
        most so many epochs, with the best and the last.
        """
        steps, epochs = slice(None), slice(None)
        return self._only(
            self._thinned_steps(most) if len(self.step) > most else steps,
            self._thinned_epochs(most_epochs) if len(self.epochs) > most_epochs else epochs,
        )

    def _thinned_steps(self, most: int) -> npt.NDArray[np.int64]:
        width = -(-len(self.step) // max(1, (most - 2) // 2))
        starts = np.arange(0, len(self.step), width)
        padded = np.full(len(starts) * width, np.nan)
        padded[: len(self.loss)] = self.loss
        stretches = padded.reshape(-1, width)
        rows = np.concatenate(
            [
                [0, len(self.step) - 1],
                starts + np.nanargmin(stretches, 1),
                starts + np.nanargmax(stretches, 1),
            ]
        )
        return np.unique(rows).astype(np.int64)

    def _thinned_epochs(self, most: int) -> npt.NDArray[np.int64]:
        best = [row for row, epoch in enumerate(self.epochs) if epoch["best"]][-1:]
        rows = np.linspace(0, len(self.epochs) - 1, max(2, most - len(best))).astype(np.int64)
        return np.unique([*rows, *best]).astype(np.int64)

    def _only(self, steps: Rows, epochs: Rows) -> Points:
        chosen = np.arange(len(self.epochs))[epochs].tolist()
        return Points(
            *(self.run, self.step[steps], self.loss[steps], self.rate[steps]),
            *([self.epochs[row] for row in chosen], self.epoch_step[epochs]),
        )


def _numbers(data: bytes) -> npt.NDArray[np.float64]:
    """(steps, 4): step, epoch, loss, rate of each line."""
    lines = data.count(b"\n")
    plain = data
    for name in (b'{"step": ', b' "epoch": ', b' "loss": ', b' "rate": '):
        plain = plain.replace(name, b"")
    # A million lines as JSON would take seconds. What else a line may hold is found by the count.
    if plain.count(b"}\n") == lines and not plain.translate(None, b"0123456789.-+e,}\n"):
        numbers = np.fromstring(plain.replace(b"}\n", b",").decode(), sep=",")
        if len(numbers) == 4 * lines:
            return numbers.reshape(-1, 4)
    steps = [json.loads(line) for line in data.splitlines()]
    return np.array([[step[name] for name in ("step", "epoch", "loss", "rate")] for step in steps])


def _without_progress(data: bytes) -> bytes:
    """Most lines say how far it is, twice a second for hours: nothing that stays."""
    return b"\n".join(line for line in data.split(b"\n") if not line.startswith(b'{"event": "progress"'))


def _epoch(event: dict[str, Any]) -> dict[str, Any]:
    validation = event.get("validation") or {}
    return {
        "epoch": event["epoch"],
        "train_loss": event.get("train_loss"),
        "validation_loss": validation.get("loss"),
        "accuracy": validation.get("accuracy"),
        "accuracy_at_km": validation.get("accuracy_at_km", {}),
        "median_km": validation.get("median_km"),
        "best": event.get("best", False),
    }


# --- The log -------------------------------------------------------------------------------------------
def last_lines(path: Path, lines: int) -> list[str]:
    """The last lines of a text file, of its last 64 KB; none where there is no file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            data = file.read()
    except OSError:
        return []
    text = data.decode(errors="replace")
    if size > TAIL_BYTES:
        text = text.partition("\n")[2]
    shown = [line.rsplit("\r", 1)[-1] for line in text.replace("\r\n", "\n").split("\n")]
    return [line for line in shown if line.strip()][-lines:]
