"""The diary of a training run: RUN/metrics.jsonl for programs, a progress line for people. No torch.

Every line of metrics.jsonl is one JSON object with `event` and `time` (seconds since 1970):

    start      recipe, seed, epochs; share 0
    progress   phase (read, train, save), share 0..1, and in `train`: epoch, epochs, loss,
               images_per_second, seconds_left
    data       photos, photos_skipped, skipped_by_reason, photos_training, photos_validation,
               photos_outside_cells, cells, share
    epoch      epoch, epochs, train_loss, train_accuracy, validation (or null), best, share,
               images_per_second, seconds_left
    done       share 1, model, digest, best_epoch, validation, baseline, seconds
    stopped    share; the run was told to stop (SIGTERM, Ctrl-C)
    failed     share, reason

The last line of a finished run is `done`, `stopped` or `failed`. A run that was killed has none of them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

FILE = "metrics.jsonl"
_EVERY_SECONDS = 0.5  # progress events are not written more often


class RunLog:
    """Appends events to RUN/metrics.jsonl, which it starts anew, and keeps a progress line on a terminal."""

    def __init__(self, run: str | os.PathLike[str], stream: TextIO | None = None) -> None:
        folder = Path(run)
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE
        self._file = self.path.open("w", encoding="utf-8")
        self._stream = stream or sys.stderr
        self._last_progress = 0.0
        self._line = ""
        self.share = 0.0

    def event(self, event: str, **values: Any) -> None:
        """Writes one event; `share` is remembered and repeated where an event does not give it."""
        self.share = values.setdefault("share", self.share)
        line = json.dumps({"event": event, "time": round(time.time(), 3), **values}, allow_nan=False)
        self._file.write(line + "\n")
        self._file.flush()

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


def read_events(run: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """All whole events of a run so far; a line that is still being written is left out.

    Raises:
        FileNotFoundError: the run has not started.
    """
    text = (Path(run) / FILE).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def duration(seconds: float) -> str:
    """Minutes and seconds for people, as 2:05."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"
