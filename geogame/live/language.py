"""The language of the page that opened a socket: no middleware chooses one there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language_from_request


def language_of(scope: Mapping[str, Any]) -> str:
    request = HttpRequest()
    request.COOKIES = dict(scope.get("cookies", {}))
    wishes = dict(scope.get("headers", [])).get(b"accept-language", b"")
    request.META["HTTP_ACCEPT_LANGUAGE"] = wishes.decode("latin-1")
    return get_language_from_request(request)
