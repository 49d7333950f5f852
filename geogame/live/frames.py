"""What every socket does with a frame first: it is text of at most 8 KB, and a JSON object."""

from __future__ import annotations

import json
from typing import Any

MAX_BYTES = 8192


class BadMessage(Exception):
    """A frame that is no message: a stable code, a sentence, and the id of the command where it had one."""

    def __init__(self, code: str, message: str, *, id_: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.id = id_


def read_object(text: str | None) -> dict[str, Any]:
    if text is None:
        raise BadMessage("not-json", "Send text frames.")
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise BadMessage("too-long", "Send frames of at most 8 KB.")
    try:
        content = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadMessage("not-json", "This frame is not JSON.") from None
    if not isinstance(content, dict):
        raise BadMessage("not-json", "Send a JSON object.")
    return content


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
