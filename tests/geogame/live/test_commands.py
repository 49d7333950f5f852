"""What a page may say on the socket of a room: parsed once, exact, and nothing else gets through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogame.live.commands import CHECKS, COMMANDS, Command, Guess, Kick, Ready, Settings, Start, parse
from geogame.live.frames import MAX_BYTES, BadMessage

ROUND = "r" * 22
EXAMPLES: dict[str, dict[str, Any]] = {
    "ready": {"ready": True},
    "settings": {"rounds_total": 5},
    "start": {},
    "guess": {"round": ROUND, "lat": 48, "lng": 11.5},
    "rematch": {},
    "leave": {},
    "kick": {"player": "abcDEF-_1"},
    "react": {"reaction": "wow"},
    "snapshot.request": {},
    "ping": {},
}


def frame(type_: str, /, **changes: Any) -> str:
    return json.dumps({"type": type_, "id": "c1", **EXAMPLES.get(type_, {}), **changes})


def code_of(text: str | None) -> tuple[str, str | None]:
    with pytest.raises(BadMessage) as caught:
        parse(text)
    assert str(caught.value)
    return caught.value.code, caught.value.id


def test_there_is_an_example_of_each_command() -> None:
    assert set(EXAMPLES) == set(COMMANDS)


@pytest.mark.parametrize("type_", sorted(EXAMPLES))
def test_each_command_is_parsed(type_: str) -> None:
    command = parse(frame(type_))
    assert isinstance(command, COMMANDS[type_])
    assert command.id == "c1"


@pytest.mark.parametrize("type_", sorted(EXAMPLES))
def test_a_field_too_many_is_refused_under_the_id_of_the_command(type_: str) -> None:
    assert code_of(frame(type_, points=5000)) == ("wrong-fields", "c1")


@pytest.mark.parametrize("type_", sorted(name for name, example in EXAMPLES.items() if example))
def test_a_field_too_few_is_refused(type_: str) -> None:
    for name in EXAMPLES[type_]:
        fields = {key: value for key, value in EXAMPLES[type_].items() if key != name}
        text = json.dumps({"type": type_, "id": "c1", **fields})
        assert code_of(text) == ("wrong-fields", "c1")


def test_what_the_commands_mean() -> None:
    assert parse(frame("guess")) == Guess(id="c1", round=ROUND, lat=48.0, lng=11.5)
    assert parse(frame("ready", ready=False)) == Ready(id="c1", ready=False)
    assert parse(frame("kick")) == Kick(id="c1", player="abcDEF-_1")
    assert parse(frame("start", id="a" * 40)) == Start(id="a" * 40)


def test_settings_change_what_they_name_and_null_is_a_value() -> None:
    command = parse(frame("settings", time_limit_s=None, model=None))
    assert isinstance(command, Settings)
    assert command.changes() == {"rounds_total": 5, "time_limit_s": None, "model": None}


@pytest.mark.parametrize("id_", ["", "x" * 41, "ü", "a b", "a\n", 7, None, ["c1"], {}])
def test_a_command_without_a_good_id_gets_an_error_without_one(id_: Any) -> None:
    assert code_of(frame("start", id=id_)) == ("wrong-fields", None)


@pytest.mark.parametrize("type_", ["", "GUESS", "chat", "room.changed", None, 7, [], {}, "ready "])
def test_an_unknown_type_is_refused(type_: Any) -> None:
    assert code_of(json.dumps({"type": type_, "id": "c1"})) == ("unknown-type", "c1")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "not-json"),
        ("", "not-json"),
        ("guess!", "not-json"),
        ("7", "not-json"),
        ("[]", "not-json"),
        ("null", "not-json"),
        ("[" * (MAX_BYTES - 1), "not-json"),
        ('{"type": "guess", "lat": NaN}', "not-json"),
        ('{"type": "guess", "lat": -Infinity}', "not-json"),
        ('{"type": "guess", "lat": ' + "9" * 5000 + "}", "not-json"),
        ("x" * (MAX_BYTES + 1), "too-long"),
        ('"' + "ü" * (MAX_BYTES // 2) + '"', "too-long"),
    ],
)
def test_a_frame_that_is_no_message_is_refused(text: str | None, code: str) -> None:
    assert code_of(text) == (code, None)


@pytest.mark.parametrize(
    ("type_", "changes", "code"),
    [
        ("guess", {"lat": 90.01}, "out-of-range"),
        ("guess", {"lng": -180.5}, "out-of-range"),
        ("guess", {"lat": 10**400}, "out-of-range"),
        ("guess", {"lat": "48"}, "wrong-type"),
        ("guess", {"lng": True}, "wrong-type"),
        ("guess", {"lat": None}, "wrong-type"),
        ("guess", {"lat": [48]}, "wrong-type"),
        ("guess", {"round": "short"}, "wrong-type"),
        ("guess", {"round": 7}, "wrong-type"),
        ("ready", {"ready": 1}, "wrong-type"),
        ("ready", {"ready": "true"}, "wrong-type"),
        ("settings", {"rounds_total": 5.0}, "wrong-type"),
        ("settings", {"rounds_total": True}, "wrong-type"),
        ("settings", {"rounds_total": -1}, "out-of-range"),
        ("settings", {"time_limit_s": 10**9}, "out-of-range"),
        ("settings", {"map": None}, "wrong-type"),
        ("settings", {"map": "a b"}, "wrong-type"),
        ("settings", {"condition": ""}, "wrong-type"),
        ("settings", {"model": 7}, "wrong-type"),
        ("kick", {"player": "x" * 101}, "wrong-type"),
        ("react", {"reaction": "<b>"}, "wrong-type"),
        ("react", {"reaction": "👍"}, "wrong-type"),
    ],
)
def test_a_wrong_value_is_refused(type_: str, changes: dict[str, Any], code: str) -> None:
    assert code_of(frame(type_, **changes)) == (code, "c1")


def test_a_number_that_json_writes_as_infinite_is_out_of_range() -> None:
    assert code_of(frame("guess").replace("11.5", "1e999")) == ("out-of-range", "c1")


def test_each_field_has_its_check() -> None:
    from dataclasses import fields

    names = {field.name for command in COMMANDS.values() for field in fields(command)} - {"id"}
    assert set(CHECKS) == names


REASONS = {"not-json", "too-long", "unknown-type", "wrong-fields", "wrong-type", "out-of-range"}


def command_or_code(text: str) -> Command | str:
    try:
        return parse(text)
    except BadMessage as error:
        return error.code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    type_=st.sampled_from(sorted(COMMANDS)) | json_values,
    id_=st.just("c1") | json_values,
    content=st.dictionaries(st.sampled_from(sorted(CHECKS)) | st.text(max_size=8), json_values, max_size=4),
)
def test_nothing_but_a_command_or_a_reason_comes_out(type_: Any, id_: Any, content: dict[str, Any]) -> None:
    found = command_or_code(json.dumps({**content, "type": type_, "id": id_}))
    assert isinstance(found, Command) or found in REASONS


@given(st.text(max_size=200))
def test_no_text_breaks_the_parser(text: str) -> None:
    found = command_or_code(text)
    assert isinstance(found, Command) or found in REASONS
