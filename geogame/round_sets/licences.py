"""Which licences let a picture travel in a file to another server, with its author named."""

from __future__ import annotations

import re

FREE = re.compile(r"\b(cc[ -]?0|cc[ -]?zero|public[ -]domain|pdm|mit|wtfpl)\b", re.IGNORECASE)
NAMED = re.compile(r"\b(cc[ -]?by|attribution|odbl|ogl|open government licen[cs]e)\b", re.IGNORECASE)
NOT_ALL = re.compile(r"\b(nc|nd)\b|non-?commercial|no-?deriv", re.IGNORECASE)


def may_travel(licence: str, author: str) -> bool:
    """Free for all, or free for who names the author, who is known. Anything else, or nothing: no."""
    if NOT_ALL.search(licence):
        return False
    return bool(FREE.search(licence) or (author and NAMED.search(licence)))
