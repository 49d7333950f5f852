from __future__ import annotations

import base64
import secrets

from django.urls.converters import StringConverter


def random_token() -> str:
    """An opaque public name: 128 random bits, so it tells nothing and cannot be guessed."""
    return secrets.token_urlsafe(16)


def random_key() -> str:
    """256 random bits in base64: the key of a picture that travels ahead."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


TOKEN = "[A-Za-z0-9_-]{22}"


class TokenConverter(StringConverter):
    """A token in an address: anything else is no such page, before a database sees it."""

    regex = TOKEN
