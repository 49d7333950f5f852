"""The closed set of messages that a page may send, parsed once at the door."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from geogame.games.snapshots import Snapshot

MAX_CHARACTERS = 8192


class BadMessage(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class SnapshotRequest:
    """Asks for the whole state, after a gap in the versions."""


MESSAGES = {"snapshot.request": SnapshotRequest}


def parse(text: str | None) -> SnapshotRequest:
    if text is None or len(text) > MAX_CHARACTERS:
        raise BadMessage("not-json", "Send text frames of at most 8 KB.")
    try:
        content = json.loads(text)
    except ValueError:
        raise BadMessage("not-json", "This frame is not JSON.") from None
    if not isinstance(content, dict) or content.get("type") not in MESSAGES:
        raise BadMessage("unknown-type", f"Known types: {', '.join(sorted(MESSAGES))}.")
    if set(content) != {"type"}:
        raise BadMessage("unknown-field", "This message has no other fields.")
    return MESSAGES[content["type"]]()


def snapshot_frame(snapshot: Snapshot) -> dict[str, Any]:
    return {"type": "snapshot", "version": snapshot["version"], "snapshot": snapshot}
