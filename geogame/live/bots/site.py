"""The pages of a game's server as a bot needs them: cookies, forms, JSON. Blocking."""

from __future__ import annotations

import http.client
import json
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_S = 20.0
BEGIN = "/play/"


class SiteError(Exception):
    """The server does not do what was asked: a sentence that says what. `text` is what it said to that."""

    def __init__(self, message: str, *, status: int = 0, text: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.text = text


class Site:
    """A visitor of one server, with the cookies of one session."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SiteError(f"{url} is not the address of a game: write http://127.0.0.1:8000.")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._parts = parts
        self.cookies: dict[str, str] = {}

    def socket_url(self, code: str) -> str:
        scheme = {"http": "ws", "https": "wss"}[self._parts.scheme]
        return f"{scheme}://{self._parts.netloc}/ws/rooms/{code}/"

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def get(self, path: str) -> bytes:
        return self._ask("GET", path)[1]

    def json(self, path: str) -> Any:
        return json.loads(self.get(path))

    def post(self, path: str, **fields: str) -> str:
        """Send a form; the address that the answer leads to, or nothing."""
        if "csrftoken" not in self.cookies:
            self.get(BEGIN)
        return self._ask("POST", path, urlencode(fields).encode())[0]

    def _ask(self, method: str, path: str, body: bytes | None = None) -> tuple[str, bytes]:
        headers = {"Cookie": self.cookie_header, "Origin": self.origin, "Referer": f"{self.origin}{path}"}
        if body is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-CSRFToken": self.cookies.get("csrftoken", ""),
            }
        connection = self._connection()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise SiteError(
                f"{self.origin} does not answer ({error}): is the game running there? `make play` starts it; "
                "--url names another address."
            ) from None
        finally:
            connection.close()
        self._remember(response)
        if response.status >= 400:
            is_text = response.headers.get_content_type() == "text/plain"
            text = content.decode("utf-8", "replace").strip() if is_text else ""
            message = f"{method} {path} was answered with {response.status}."
            raise SiteError(message, status=response.status, text=text)
        return response.headers.get("Location", ""), content

    def _connection(self) -> http.client.HTTPConnection:
        secure = self._parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        return kind(str(self._parts.hostname), self._parts.port, timeout=TIMEOUT_S)

    def _remember(self, response: http.client.HTTPResponse) -> None:
        for header in response.headers.get_all("Set-Cookie") or []:
            try:
                self.cookies |= {name: part.value for name, part in SimpleCookie(header).items()}
            except CookieError:
                continue
