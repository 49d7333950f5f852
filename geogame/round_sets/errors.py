from __future__ import annotations

from planet_core.stopping import UserError


class RoundSetError(UserError):
    """Why a round set cannot be made, closed, written or read, as a sentence for the operator."""


class AnswerError(Exception):
    """Why an answer of an outside player is not taken: a code for programs, a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
