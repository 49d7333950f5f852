"""Nothing is lost, with real processes: the connection, the web process or the message server is cut off
without a word, in every phase, and the players go on in the same match.
"""

from __future__ import annotations

import asyncio
import json
import re
from functools import partial
from typing import Any

import pytest

from geogame.registry.models import ModelVersion
from tests.geogame.live.conftest import MakeTable
from tests.geogame.live.served import Person, Served, people, served
from tests.geogame.live.table import INTRO_S, PHASES, RESULT_S, Table

pytestmark = pytest.mark.slow
ANSWER_S = 3.5


@pytest.fixture
def table(make_table: MakeTable, model_version: ModelVersion) -> Table:
    return make_table("Ada", "Ben", version=model_version)


def lasting(frame: dict[str, Any]) -> Any:
    """Who comes and goes raises the version; addresses of pictures are signed anew."""
    state = {name: part for name, part in frame["state"].items() if name != "version"}
    return json.loads(re.sub(r"\?[^\"]*", "", json.dumps([state, frame["private"]])))


def phase_of(state: dict[str, Any]) -> str:
    return str(state["match"]["phase"]) if state["match"] else "lobby"


async def play_to_the_end(server: Served, everybody: dict[str, Person]) -> None:
    host = everybody[server.table.host]
    for _ in range(60):
        state = (await host.ask())["state"]
        phase = phase_of(state)
        if phase == "finished":
            assert len(state["match"]["results"]) == 2
            assert all(len(result["points"]) >= 2 for result in state["match"]["results"])
            return
        if phase == "lobby":
            await host.send("start")
        elif phase == "guessing":
            for person in everybody.values():
                await person.sees(lambda now: phase_of(now) == "guessing")
                if not (await person.ask())["private"]["your_guess"]:
                    await person.send("guess", round=state["match"]["round"]["id"], lat=1.0, lng=2.0)
        else:
            server.pass_s(8)
    raise AssertionError("the match never ends")


@pytest.mark.parametrize("phase", PHASES)
def test_who_is_cut_off_and_whose_server_is_killed_is_back_in_the_same_match(
    table: Table, phase: str
) -> None:
    table.bring_to(phase)

    async def talk(server: Served) -> None:
        async with people(server) as everybody:
            before = {name: lasting(await person.ask()) for name, person in everybody.items()}
            for name, person in everybody.items():
                seen = person.snapshots
                await person.link.drop()
                await person.comes_again(seen)
                assert lasting(await person.ask()) == before[name], "after a cut connection"
            known = {name: person.snapshots for name, person in everybody.items()}
            server.kill("web")
            waiting = asyncio.ensure_future(everybody["Ben"].send("react", reaction="wave"))
            await asyncio.to_thread(server.start, "web")
            for name, person in everybody.items():
                await person.comes_again(known[name])
                assert lasting(await person.ask()) == before[name], "after the end of the process"
            assert (await waiting)["type"] == "ack"
            await play_to_the_end(server, everybody)

    with served(table) as server:
        asyncio.run(talk(server))


def test_a_guess_that_a_dead_process_was_sent_is_in_once(table: Table) -> None:
    table.bring_to("locked")
    token = table.current().token

    async def talk(server: Served) -> None:
        async with people(server) as everybody:
            ben = everybody["Ben"]
            server.kill("web")
            waiting = asyncio.ensure_future(ben.send("guess", round=token, lat=3.0, lng=4.0))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            await asyncio.to_thread(server.start, "web")
            assert (await waiting)["type"] == "ack"
            frame = await ben.ask()
            assert frame["private"]["your_guess"] == {"lat": 3.0, "lng": 4.0}
            assert phase_of(frame["state"]) == "result"
            assert len(frame["state"]["match"]["result"]["guesses"]) == 3

    with served(table) as server:
        asyncio.run(talk(server))


def test_the_message_server_goes_and_comes_in_every_phase(table: Table) -> None:
    """Who stays connected hears of the change, who comes meanwhile is let in afterwards, and then every
    message travels as before.
    """

    async def talk(server: Served) -> None:
        async with people(server) as everybody:
            ada, ben = everybody["Ada"], everybody["Ben"]
            for number, phase in enumerate(PHASES[1:]):
                server.kill("broker")
                await go_on(server, everybody, phase)
                for person in (ada, ben):
                    await person.sees(partial(shows, phase=phase))
                seen = ben.snapshots
                if number % 2:
                    await ben.link.drop()
                await asyncio.to_thread(server.start, "broker")
                if number % 2:
                    await ben.comes_again(seen)
                await both_hear(everybody)
            assert ada.link.connections == 1, "nobody was thrown out"

    with served(table) as server:
        asyncio.run(talk(server))


async def go_on(server: Served, everybody: dict[str, Person], phase: str) -> None:
    """The step that leads to the phase, done by the host."""
    ada, ben = everybody["Ada"], everybody["Ben"]
    if phase == "intro":
        await ada.send("start")
    elif phase in ("locked", "result"):
        person = ada if phase == "locked" else ben
        assert ada.link.state
        await person.send("guess", round=ada.link.state["match"]["round"]["id"], lat=1.0, lng=2.0)
    elif phase == "finished":
        server.pass_s(RESULT_S)
        await play_to_the_end(server, {"Ada": ada, "Ben": ben})
    else:
        server.pass_s(INTRO_S if phase == "preparing" else ANSWER_S)
        for person in (ada, ben):  # whose countdown is over
            await person.ask()


def shows(state: dict[str, Any], *, phase: str) -> bool:
    if phase == "locked":
        return any(player["locked"] for player in state["players"] if player["name"] == "Ada")
    return phase_of(state) == phase


async def both_hear(everybody: dict[str, Person]) -> None:
    """Reactions travel by the message server alone."""
    for person in everybody.values():
        person.heard.clear()
    async with asyncio.timeout(30):
        while not all(any(f["type"] == "reaction" for f in p.heard) for p in everybody.values()):
            await everybody["Ada"].send("react", reaction="wave")
            await asyncio.sleep(0.3)
