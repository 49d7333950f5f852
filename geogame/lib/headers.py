"""Headers of every answer: what its page may load, who may frame it, what it may use of the device.

Scripts come from this server or bear the nonce of the answer: `nonce="{{ request.csp_nonce }}"` in a
template. Nothing else inline: no style="…", no on…="…". docs/security.md says what each line is for.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

ADMIN: Final = "/admin/"
OFF: Final = (
    "accelerometer autoplay camera display-capture encrypted-media geolocation gyroscope hid magnetometer "
    "microphone midi payment publickey-credentials-get screen-wake-lock serial usb xr-spatial-tracking"
)
PERMISSIONS: Final = ", ".join(f"{feature}=()" for feature in OFF.split())
COMMON: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
# A picture is loaded and drawn from a blob: address, too; connect-src 'self' has our websocket.
GAME: Final = COMMON | {
    "img-src": "'self' data: blob:",
    "connect-src": "'self' blob:",
    "manifest-src": "'self'",
}

# unfold's pages are written for Alpine, which makes functions of the attributes of the page (unsafe-eval),
# and set widths as attributes. Inline scripts, handlers and style sheets stay forbidden.
ADMIN_ONLY: Final = COMMON | {"script-src": "'self' 'unsafe-eval'", "style-src-attr": "'unsafe-inline'"}


class Nonce:
    """Made when a template first writes it: a page without inline scripts allows none."""

    def __init__(self) -> None:
        self.value = ""

    def __str__(self) -> str:
        self.value = self.value or secrets.token_urlsafe(16)
        return self.value


@sync_and_async_middleware
def security_headers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            nonce = _give_nonce(request)
            return _with_headers(request, await get_response(request), nonce)

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        nonce = _give_nonce(request)
        return _with_headers(request, get_response(request), nonce)

    return answer


def policy(path: str, nonce: str = "") -> str:
    """The Content-Security-Policy of the page at `path`."""
    sources = dict(ADMIN_ONLY if path.startswith(ADMIN) else GAME)
    if nonce:
        sources["script-src"] += f" 'nonce-{nonce}'"
    if settings.MAP_TILE_URL and not path.startswith(ADMIN):
        sources["img-src"] += f" {tile_source(settings.MAP_TILE_URL)}"
    return "; ".join(f"{directive} {allowed}" for directive, allowed in sources.items())


@lru_cache(maxsize=4)
def tile_source(url: str) -> str:
    """The host of the map pictures: https://{s}.tiles.example.org/{z}/… is https://*.tiles.example.org."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if host.startswith("{"):
        host = f"*{host[host.index('}') + 1 :]}"
    return f"{parts.scheme}://{host}" if host else "'self'"


def _give_nonce(request: HttpRequest) -> Nonce:
    nonce = Nonce()
    request.csp_nonce = nonce  # type: ignore[attr-defined]
    return nonce


def _with_headers(request: HttpRequest, response: HttpResponseBase, nonce: Nonce) -> HttpResponseBase:
    # Django's own pages about errors, for developers alone, are styled inline.
    if not (settings.DEBUG and response.status_code in {404, 500}):
        response.headers.setdefault("Content-Security-Policy", policy(request.path, nonce.value))
    response.headers.setdefault("Permissions-Policy", PERMISSIONS)
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    return response
