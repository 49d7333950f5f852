from __future__ import annotations


class RoomError(Exception):
    """A command that cannot be carried out: a stable code and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
