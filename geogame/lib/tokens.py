from __future__ import annotations

import secrets


def random_token() -> str:
    """An opaque public name: 128 random bits, so it tells nothing and cannot be guessed."""
    return secrets.token_urlsafe(16)
