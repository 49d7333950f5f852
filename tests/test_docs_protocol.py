from __future__ import annotations

import re

from geogame.live.messages import MESSAGES
from tests.conftest import ROOT

PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()


def sources() -> str:
    paths = [*(ROOT / "geogame").rglob("services.py"), *(ROOT / "geogame" / "games").glob("*.py")]
    paths += [*(ROOT / "geogame" / "live").glob("*.py"), ROOT / "geogame" / "pages" / "api.py"]
    return "\n".join(path.read_text() for path in paths)


def test_every_event_is_in_the_protocol() -> None:
    events = set(re.findall(r'publish\(\s*[\w.]+,\s*"([\w.]+)"', sources()))
    assert {"model.sealed", "round.ready", "round.opened", "round.closed", "game.finished"} <= events
    assert [event for event in sorted(events) if f"| `{event}` |" not in PROTOCOL] == []


def test_every_message_of_a_page_is_in_the_protocol() -> None:
    assert [name for name in MESSAGES if f"| `{name}` |" not in PROTOCOL] == []


def test_every_error_code_is_in_the_protocol() -> None:
    codes = set(re.findall(r'(?:GameError|BadRequest|BadMessage)\(\s*"([\w-]+)"', sources()))
    assert {"already-guessed", "not-json", "out-of-range"} <= codes
    assert [code for code in sorted(codes) if f"`{code}`" not in PROTOCOL] == []
