"""What may be said on the socket of a room: a closed set of commands with exact fields, parsed once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar

from geogame.lib.tokens import TOKEN
from geogame.live.frames import BadMessage, read_object

ID = r"[A-Za-z0-9_-]{1,40}"


class Unset:
    """The value of a setting that a command leaves as it is: null says that there shall be none."""


UNSET = Unset()


@dataclass(frozen=True, kw_only=True)
class Command:
    type: ClassVar[str]
    id: str


@dataclass(frozen=True, kw_only=True)
class Ready(Command):
    """The player is ready for the match, or is not any more."""

    type = "ready"
    ready: bool


@dataclass(frozen=True, kw_only=True)
class Settings(Command):
    """The host changes what is named, in the lobby."""

    type = "settings"
    map: str | Unset = UNSET
    condition: str | Unset = UNSET
    time_limit_s: int | Unset | None = UNSET
    rounds_total: int | Unset = UNSET
    model: str | Unset | None = UNSET

    def changes(self) -> dict[str, str | int | None]:
        settings = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "id"}
        return {name: value for name, value in settings.items() if value is not UNSET}


@dataclass(frozen=True, kw_only=True)
class Start(Command):
    """The host begins the match."""

    type = "start"


@dataclass(frozen=True, kw_only=True)
class Guess(Command):
    """The player's one place for the round."""

    type = "guess"
    round: str
    lat: float
    lng: float


@dataclass(frozen=True, kw_only=True)
class Rematch(Command):
    """The player wants another match in this room."""

    type = "rematch"


@dataclass(frozen=True, kw_only=True)
class Leave(Command):
    """The player gives up the place in the room."""

    type = "leave"


@dataclass(frozen=True, kw_only=True)
class Kick(Command):
    """The host removes somebody."""

    type = "kick"
    player: str


@dataclass(frozen=True, kw_only=True)
class React(Command):
    """One of a fixed set of reactions."""

    type = "react"
    reaction: str


@dataclass(frozen=True, kw_only=True)
class SnapshotRequest(Command):
    """Asks for the whole state: after a gap in the versions, or where a phase should have ended."""

    type = "snapshot.request"


@dataclass(frozen=True, kw_only=True)
class Ping(Command):
    """Asks whether anybody is there."""

    type = "ping"


COMMANDS: dict[str, type[Command]] = {
    command.type: command
    for command in (
        *(Ready, Settings, Start, Guess, Rematch, Leave, Kick, React),
        *(SnapshotRequest, Ping),
    )
}


def parse(text: str | None) -> Command:
    content = read_object(text)
    id_ = _id_of(content)
    try:
        return _command(content, id_)
    except BadMessage as error:
        error.id = id_
        raise


def _id_of(content: dict[str, Any]) -> str:
    id_ = content.pop("id", None)
    if not isinstance(id_, str) or not re.fullmatch(ID, id_):
        raise BadMessage("wrong-fields", "Give each command an id of 1 to 40 letters, digits, - and _.")
    return id_


def _command(content: dict[str, Any], id_: str) -> Command:
    type_ = content.pop("type", None)
    if not isinstance(type_, str) or type_ not in COMMANDS:
        raise BadMessage("unknown-type", f"Known types: {', '.join(sorted(COMMANDS))}.")
    command = COMMANDS[type_]
    known = {field.name: field.default is MISSING for field in fields(command) if field.name != "id"}
    needed = {name for name, is_needed in known.items() if is_needed}
    if not needed <= set(content) <= set(known) or (known and not content):
        raise BadMessage("wrong-fields", _expected(type_, known))
    return command(id=id_, **{name: CHECKS[name](name, value) for name, value in content.items()})


def _expected(type_: str, known: dict[str, bool]) -> str:
    if not known:
        return f"{type_} has no fields but type and id."
    several = "exactly" if all(known.values()) else "one or more of"
    return f"{type_} has, beside type and id, {several}: {', '.join(sorted(known))}."


# --- Fields ----------------------------------------------------------------------------------------
def _wrong(name: str, expected: str) -> BadMessage:
    return BadMessage("wrong-type", f"{name} must be {expected}.")


def _yes_or_no(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, "true or false")
    return value


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(name, "a whole number")
    if not 0 <= value <= 100_000:
        raise BadMessage("out-of-range", f"{name} must be between 0 and 100000.")
    return value


def _whole_or_none(name: str, value: object) -> int | None:
    return None if value is None else _whole(name, value)


def _word(name: str, value: object) -> str:
    """A name that the server gave: never more than letters, digits, - and _."""
    if not isinstance(value, str) or not re.fullmatch(r"[\w-]{1,100}", value, re.ASCII):
        raise _wrong(name, "a name of letters, digits, - and _")
    return value


def _word_or_none(name: str, value: object) -> str | None:
    return None if value is None else _word(name, value)


def _token(name: str, value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(TOKEN, value):
        raise _wrong(name, "an id that the server gave")
    return value


def _degrees(limit: int) -> Callable[[str, object], float]:
    def check(name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong(name, "a number")
        if not -limit <= value <= limit:  # infinite numbers, too
            raise BadMessage("out-of-range", f"{name} must be between -{limit} and {limit}.")
        return float(value)

    return check


CHECKS: dict[str, Callable[[str, object], Any]] = {
    "ready": _yes_or_no,
    "map": _word,
    "condition": _word,
    "time_limit_s": _whole_or_none,
    "rounds_total": _whole,
    "model": _word_or_none,
    "round": _token,
    "lat": _degrees(90),
    "lng": _degrees(180),
    "player": _word,
    "reaction": _word,
}
