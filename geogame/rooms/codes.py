"""The code of a room: short enough to be read out, without signs that look alike, and random."""

from __future__ import annotations

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 6


def random_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def typed_code(text: str) -> str:
    """The code as people type it: small letters, blanks and dashes do not matter."""
    return "".join(text.split()).replace("-", "").upper()
