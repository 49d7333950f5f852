"""docs/protocol.md and the code say the same: what one has, the other has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import get_args, get_type_hints, is_typeddict

from geogame.games import match_rules, snapshots
from geogame.games.countries import Country
from geogame.live import closing
from geogame.live.bucket import CAPACITY, PER_SECOND
from geogame.live.commands import COMMANDS
from geogame.live.frames import MAX_BYTES
from geogame.live.messages import MESSAGES
from geogame.live.pace import RATE_LIMITED
from geogame.rooms import shapes
from geogame.rooms.models import Member, Room
from geogame.rooms.playing import REACTIONS
from tests.conftest import ROOT

PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()
GAMES, ROOMS = PROTOCOL.split("\n# Rooms\n")
LIVE = ROOT / "geogame" / "live"
STANDARD_CODES = {"1009"}  # of websockets, sent by the server below us


def read(*patterns: str) -> str:
    paths = [path for pattern in patterns for path in sorted((ROOT / "geogame").glob(pattern))]
    assert paths
    return "\n".join(path.read_text() for path in paths)


def table(heading: str) -> dict[str, str]:
    """Rows of the table of the rooms' part that begins with that heading: first cell, and the rest."""
    lines = ROOMS[ROOMS.index(f"| {heading} |") :].split("\n\n")[0].splitlines()[2:]
    return dict(re.fullmatch(r"\| (.*?) \| (.*) \|", line).groups() for line in lines)  # type: ignore[union-attr]


def names(text: str) -> set[str]:
    return set(re.findall(r"`([\w.-]+)`", text))


# --- Games -------------------------------------------------------------------------------------------
def test_every_event_is_in_the_protocol() -> None:
    text = read("**/services.py", "games/*.py", "live/*.py", "pages/api.py")
    events = set(re.findall(r'publish\(\s*[\w.]+,\s*"([\w.]+)"', text))
    assert {"model.sealed", "round.ready", "round.opened", "round.closed", "game.finished"} <= events
    assert [event for event in sorted(events) if f"| `{event}` |" not in GAMES] == []


def test_every_message_of_a_page_is_in_the_protocol() -> None:
    assert [name for name in MESSAGES if f"| `{name}` |" not in GAMES] == []


def test_every_error_code_is_in_the_protocol() -> None:
    text = read("**/services.py", "games/*.py", "live/*.py", "pages/api.py")
    codes = set(re.findall(r'(?:GameError|BadRequest|BadMessage)\(\s*"([\w-]+)"', text))
    assert {"already-guessed", "not-json", "out-of-range"} <= codes
    assert [code for code in sorted(codes) if f"`{code}`" not in PROTOCOL] == []


# --- Rooms -------------------------------------------------------------------------------------------
def test_the_commands_are_those_of_the_protocol_with_their_fields() -> None:
    documented = {
        next(iter(names(name))): names(rest.split(" | ")[0]) for name, rest in table("command").items()
    }
    assert documented == {
        name: {field.name for field in fields(command)} - {"id"} for name, command in COMMANDS.items()
    }


def test_each_command_has_one_kind_of_reply() -> None:
    replies = {next(iter(names(name))): rest.split(" | ")[-1] for name, rest in table("command").items()}
    assert replies.pop("snapshot.request") == "`snapshot`"
    assert replies.pop("ping") == "`pong`"
    assert set(replies.values()) == {"`ack`"}


def test_the_frames_of_the_server_are_those_of_the_protocol() -> None:
    sources = read("live/rooms.py", "live/desk.py", "rooms/broadcast.py")
    sent = set(re.findall(r'\{"type": "([\w.]+)"', sources)) - {"room.kicked"}  # never leaves the server
    documented = {next(iter(names(name))) for name in table("frame from the server")}
    assert sent == documented


def test_each_frame_has_the_fields_of_the_protocol() -> None:
    documented = {
        next(iter(names(frame))): names(content.split(" | ")[0])
        for frame, content in table("frame from the server").items()
    }
    sent: dict[str, set[str]] = {}
    for frame in frames_built_in(read("live/rooms.py", "live/desk.py", "rooms/broadcast.py")):
        sent.setdefault(frame.pop("type"), set()).update(frame)
    assert {name: fields - sent[name] for name, fields in documented.items()} == {
        name: set() for name in documented
    }
    assert {name: sent[name] - fields for name, fields in documented.items()} == {
        name: set() for name in documented
    }


def frames_built_in(source: str) -> Iterator[dict[str, str]]:
    """Each literal object with a type, its fields by name."""
    for node in ast.walk(ast.parse(source.replace("from __future__ import annotations", ""))):
        if not isinstance(node, ast.Dict):
            continue
        frame = {
            key.value: value.value if isinstance(value, ast.Constant) else ""
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant)
        }
        if "type" in frame:
            yield frame


OBJECTS: dict[str, type] = {
    "state": shapes.PublicState,
    "room": shapes.RoomState,
    "settings": shapes.SettingsState,
    "settings.map": shapes.MapState,
    "settings.model": shapes.ModelName,
    "players[]": shapes.PlayerState,
    "match": shapes.MatchState,
    "round": shapes.LiveRound,
    "picture": snapshots.Picture,
    "round.model": snapshots.ModelState,
    "next": snapshots.NextRound,
    "result": shapes.LiveResult,
    "truth": snapshots.Place,
    "country": Country,
    "guesses[]": shapes.GuessState,
    "crowd": shapes.CrowdState,
    "seal": snapshots.SealShown,
    "layers": snapshots.LayersPromise,
    "results[]": shapes.ShortResult,
    "private": shapes.PrivateState,
    "you": shapes.You,
    "your_guess": snapshots.Place,
}


def test_the_objects_of_the_state_are_those_of_the_protocol_with_their_fields() -> None:
    documented = {name.strip("`"): names(rest.split(" | ")[0]) for name, rest in table("object").items()}
    assert documented == {name: set(shape.__annotations__) for name, shape in OBJECTS.items()}


def test_no_object_of_the_state_is_forgotten() -> None:
    assert {shape for shape in vars(shapes).values() if is_typeddict(shape)} == set(OBJECTS.values())


def test_the_words_of_the_state_are_in_the_protocol() -> None:
    words = [*get_args(match_rules.PhaseName), *Room.Kind.values, *Room.State.values, *Member.Role.values]
    words += get_args(get_type_hints(shapes.PlayerState)["kind"])
    assert [word for word in words if f"`{word}`" not in ROOMS] == []


def test_the_reactions_are_in_the_protocol() -> None:
    assert (
        table("command")["`react`"].split(" | ")[1]
        == f"one of {', '.join(REACTIONS)}: shown to all for a moment"
    )


def test_the_limits_are_those_of_the_protocol() -> None:
    assert f"over {MAX_BYTES // 1024} KB" in ROOMS
    assert f"closed with code {closing.TOO_OFTEN}" in GAMES
    row = table("error code")[f"`{RATE_LIMITED}`"]
    assert row.startswith(f"more than {spelt(CAPACITY)} at once and then {spelt(int(PER_SECOND))} a second")


def spelt(number: int) -> str:
    return {6: "six", 30: "thirty"}[number]


def test_the_error_codes_are_those_of_the_protocol() -> None:
    documented = {code for cell in table("error code") for code in names(cell)}
    assert documented == room_codes()


def room_codes() -> set[str]:
    """Of what is no message, of the rules of rooms and matches, of the consumer itself."""
    parser = read("live/frames.py", "live/commands.py")
    codes = set(re.findall(r'BadMessage\(\s*"([\w-]+)"', parser))
    rules = read("rooms/*.py", "games/matches.py")
    codes |= set(re.findall(r'(?:RoomError|GameError)\(\s*"([\w-]+)"', rules))
    codes |= set(re.findall(r'^        "([\w-]+)": _\(', rules, re.MULTILINE))  # refusals of a guess
    codes |= set(re.findall(r'error_frame\(\s*[\w.]+,\s*"([\w-]+)"', read("live/rooms.py", "live/desk.py")))
    codes.add(RATE_LIMITED)
    return codes


def test_the_closing_codes_are_those_of_the_protocol() -> None:
    documented = set(table("closing code"))
    in_code = {str(code) for name, code in vars(closing).items() if name.isupper() and isinstance(code, int)}
    assert documented == in_code
    final = {code for code, rest in table("closing code").items() if rest.endswith("| no")}
    assert final == {str(code) for code in closing.FINAL}
    assert all(code in ROOMS for code in STANDARD_CODES)
