"""Where a command is, for whoever watches it. Standard library only."""

from __future__ import annotations

import json
import time
from typing import TextIO


class Progress:
    """A line on a terminal that is rewritten, at most five times a second; nothing elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.shown, self.width = stream, 0.0, 0

    def say(self, text: str) -> None:
        """Shows where the work is."""
        if self.stream.isatty() and time.monotonic() - self.shown > 0.2:
            print("\r" + text.ljust(self.width), end="", file=self.stream, flush=True)
            self.shown, self.width = time.monotonic(), len(text)

    def end(self) -> None:
        """Clears the line."""
        if self.width:
            print("\r" + " " * self.width, end="\r", file=self.stream, flush=True)
            self.width = 0


class EventProgress(Progress):
    """The same as JSON lines, for a program that follows: {"message": …}, at most five a second."""

    def say(self, text: str) -> None:
        """Tells where the work is."""
        if time.monotonic() - self.shown > 0.2:
            print(json.dumps({"message": text}), file=self.stream, flush=True)
            self.shown = time.monotonic()


def progress_on(stream: TextIO, *, events: bool) -> Progress:
    """What a command tells its progress by: a line for people, or events for a program."""
    return EventProgress(stream) if events else Progress(stream)
