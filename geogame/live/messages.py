"""The closed set of messages that the page of a game may send, parsed once at the door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from geogame.games.snapshots import Snapshot
from geogame.live.frames import BadMessage, read_object


@dataclass(frozen=True)
class SnapshotRequest:
    """Asks for the whole state, after a gap in the versions."""


MESSAGES = {"snapshot.request": SnapshotRequest}


def parse(text: str | None) -> SnapshotRequest:
    content = read_object(text)
    type_ = content.get("type")
    if not isinstance(type_, str) or type_ not in MESSAGES:
        raise BadMessage("unknown-type", f"Known types: {', '.join(sorted(MESSAGES))}.")
    if set(content) != {"type"}:
        raise BadMessage("unknown-field", "This message has no other fields.")
    return MESSAGES[type_]()


def snapshot_frame(snapshot: Snapshot) -> dict[str, Any]:
    return {"type": "snapshot", "version": snapshot["version"], "snapshot": snapshot}
