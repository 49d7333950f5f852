"""Where a command is, for whoever watches it on a terminal. Standard library only."""

from __future__ import annotations

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
