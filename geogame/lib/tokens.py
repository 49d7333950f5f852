from __future__ import annotations

import secrets

from django.urls.converters import StringConverter


def random_token() -> str:
    """An opaque public name: 128 random bits, so it tells nothing and cannot be guessed."""
    return secrets.token_urlsafe(16)


TOKEN = "[A-Za-z0-9_-]{22}"


class TokenConverter(StringConverter):
    """A token in an address: anything else is no such page, before a database sees it."""

    regex = TOKEN
