"""`manage.py bot`: what it says, and that it plays on a real server as people do."""

from __future__ import annotations

import asyncio
import re

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from geogame.registry.models import ModelVersion
from tests.geogame.live.conftest import MakeTable
from tests.geogame.live.served import PATIENCE_S, Served, free_port, manage, people, served
from tests.geogame.live.table import Table


@pytest.mark.parametrize("code", ["ABC", "ABC2345", "O0O0O0", "AB C2/", ""])
def test_a_code_that_is_none_is_refused_at_once(code: str) -> None:
    with pytest.raises(CommandError, match="is no code of a room: write its six letters and digits"):
        call_command("bot", f"--room={code}")


@pytest.mark.parametrize("count", ["0", "21", "many", "-1"])
def test_a_number_of_bots_that_cannot_be_is_refused(count: str) -> None:
    with pytest.raises(CommandError, match="is not a number from 1 to 20"):
        call_command("bot", "--room=ABC234", f"--count={count}")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:{port}", "does not answer .* `make play` starts it; --url names another address"),
        ("127.0.0.1:{port}", "is not the address of a game: write http://127.0.0.1:8000"),
    ],
)
def test_a_server_that_is_not_there_is_told(
    url: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        call_command("bot", "--room=abc-234", f"--url={url.format(port=free_port())}")
    assert end.value.code == 2
    assert_one_line(capsys.readouterr().err, message)


def assert_one_line(text: str, message: str) -> None:
    assert text.startswith("bot: ")
    assert text.count("\n") == 1
    assert re.search(message, text)


@pytest.fixture
def table(make_table: MakeTable, model_version: ModelVersion) -> Table:
    return make_table("Ada", version=model_version, rounds_total=1)


@pytest.mark.slow
def test_bots_play_a_match_though_the_web_process_is_killed(table: Table) -> None:
    async def talk(server: Served) -> None:
        async with people(server) as everybody:
            ada = everybody["Ada"]
            bots = manage(server, "bot", f"--room={table.room.code}", f"--url={server.url}", "--count=2")
            await ada.sees(lambda state: sum(player["ready"] for player in state["players"]) == 3)
            assert ada.link.state
            names = {p["name"]: p["kind"] for p in ada.link.state["players"] if p["kind"] == "bot"}
            assert names == {"Rover 1 (bot)": "bot", "Rover 2 (bot)": "bot"}
            await ada.send("start")
            server.pass_s(3.5)
            await ada.ask()
            server.pass_s(3.5)
            await ada.ask()
            server.kill("web")
            await asyncio.to_thread(server.start, "web")
            frame = await ada.ask()
            await ada.send("guess", round=frame["state"]["match"]["round"]["id"], lat=1.0, lng=2.0)
            await ada.sees(lambda state: state["match"]["phase"] == "result")
            server.pass_s(8)
            state = (await ada.ask())["state"]
            assert state["match"]["phase"] == "finished"
            answered = [guess for guess in state["match"]["result"]["guesses"] if guess["lat"] is not None]
            assert len(answered) == 3
            out, err = await asyncio.to_thread(bots.communicate, timeout=PATIENCE_S)
            assert (bots.returncode, err) == (0, "")
            assert "Rover 1: 1 matches, 1 guesses." in out
            await ada.sees(lambda state: all(p["left"] for p in state["players"] if p["kind"] == "bot"))

    with served(table) as server:
        asyncio.run(talk(server))


@pytest.mark.slow
def test_bots_are_told_why_they_cannot_come_or_stay(table: Table) -> None:
    async def talk(server: Served) -> None:
        async with people(server) as everybody:
            ada = everybody["Ada"]
            strange = manage(server, "bot", "--room=ZZZ999", f"--url={server.url}")
            named = manage(server, "bot", f"--room={table.room.code}", f"--url={server.url}", "--name=PlaNet")
            bot = manage(server, "bot", f"--room={table.room.code}", f"--url={server.url}")
            await ada.sees(lambda state: any(player["kind"] == "bot" for player in state["players"]))
            assert ada.link.state
            rover = next(player["id"] for player in ada.link.state["players"] if player["kind"] == "bot")
            await ada.send("kick", player=rover)
            for program, message in (
                (strange, r"There is no open room ZZZ999 at http.*: copy the code from its lobby"),
                (named, r"takes no bot called 'PlaNet': .*name"),
                (bot, "The host has removed this player"),
            ):
                _, err = await asyncio.to_thread(program.communicate, timeout=PATIENCE_S)
                assert program.returncode == 2
                assert_one_line(err, message)

    with served(table) as server:
        asyncio.run(talk(server))
