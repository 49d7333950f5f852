"""A program that plays in a room as people do: ready in the lobby, one place for each round. It looks at no
picture and guesses by chance; everybody sees that it is a bot.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from geogame.live.bots.link import Closed, Link, Refused
from geogame.live.bots.site import Site, SiteError

LATE_S = 3.0
"""So long after a phase should be over a bot asks how the room stands."""
SILENCE_S = 15.0
NORTH, SOUTH = 70.0, -50.0
TOO_MANY = {429: "too many in a short time. Wait a minute."}
NOT_LET_IN = {
    403: "The host of room {code} has removed {name}.",
    404: "There is no open room {code} at {url}: copy the code from its lobby, or open one at {url}/rooms/.",
    409: "Room {code} lets nobody in: it is full, or was made for two by quick match. Open another one at "
    "{url}/rooms/.",
    429: "Too many have come to rooms of {url} in a short time. Wait a minute.",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a bot plays. `think_s`: the least and the most seconds before a guess; `matches` it plays, then it
    leaves. `starts_with`: as the host, it starts once so many players are ready.
    """

    think_s: tuple[float, float] = (1.0, 6.0)
    matches: int = 1
    starts_with: int | None = None
    drops_per_round: float = 0.0


@dataclass
class Tally:
    guesses: int = 0
    finished: int = 0
    ack_s: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def check_in(site: Site, code: str, name: str) -> None:
    """A new player of this session, labelled as a bot, in the room. Blocking.

    Raises:
        SiteError: with what the person who started the bot can do about it.
    """
    try:
        site.post("/bots/", name=name)
    except SiteError as error:
        reason = error.text or TOO_MANY.get(error.status)
        raise SiteError(f"{site.origin} takes no bot called {name!r}: {reason or error}") from None
    try:
        site.post(f"/rooms/{code}/join/")
    except SiteError as error:
        reason = NOT_LET_IN.get(error.status, str(error))
        raise SiteError(reason.format(code=code, url=site.origin, name=name)) from None


class Bot:
    def __init__(
        self,
        site: Site,
        code: str,
        plan: Plan,
        *,
        rng: random.Random,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.link = Link(site, code)
        self.tally = Tally()
        self._plan = plan
        self._rng = rng
        self._say = say
        self._guessed: set[str] = set()
        self._over: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def play(self) -> Tally:
        """Until the matches of the plan are over; Closed where the server sends the bot away before."""
        running = asyncio.ensure_future(self.link.run())
        try:
            while self.tally.finished < self._plan.matches:
                if running.done():
                    running.result()
                if await self.link.news(self._patience_s()):
                    await self._look()
                else:
                    await self._try("snapshot.request")
            await self._try("leave")
        finally:
            for task in (running, *self._tasks):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task
        return self.tally

    def _patience_s(self) -> float:
        match = (self.link.state or {}).get("match") or {}
        left = match.get("phase_ends_in_s")
        return SILENCE_S if left is None else min(SILENCE_S, left + LATE_S)

    async def _look(self) -> None:
        state, private = self.link.state, self.link.private
        if state is None or private is None:
            return
        me = next((p for p in state["players"] if p["id"] == private["you"]["id"]), None)
        match = state["match"]
        if me is None or me["role"] != "player":
            return
        if match and match["phase"] == "finished" and match["game"] not in self._over:
            self._finish(match)
        elif state["room"]["state"] != "playing":
            await self._in_lobby(state, me)
        elif match and match["phase"] == "guessing" and me["playing"]:
            self._in_round(match["round"], private)

    def _finish(self, match: dict[str, Any]) -> None:
        self._over.add(match["game"])
        self.tally.finished += 1
        self._say(f"The match is over after {len(match['results'])} rounds.")

    async def _in_lobby(self, state: dict[str, Any], me: dict[str, Any]) -> None:
        if state["room"]["state"] == "finished":
            await self._try("rematch")
        elif not me["ready"]:
            await self._try("ready", ready=True)
        elif state["room"]["host"] == me["id"] and self._plan.starts_with:
            ready = [p for p in state["players"] if p["ready"] and p["role"] == "player" and not p["left"]]
            if len(ready) >= self._plan.starts_with:
                await self._try("start")

    def _in_round(self, round_: dict[str, Any], private: dict[str, Any]) -> None:
        if round_["id"] in self._guessed:
            return
        self._guessed.add(round_["id"])
        for work in (self._guess(round_), self._lose_connection()):
            task = asyncio.ensure_future(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _guess(self, round_: dict[str, Any]) -> None:
        least, most = self._plan.think_s
        if round_["time_left_s"] is not None:
            most = max(least, min(most, round_["time_left_s"] - 1))
        await asyncio.sleep(self._rng.uniform(least, most))
        lat, lng = self._rng.uniform(SOUTH, NORTH), self._rng.uniform(-180, 180)
        begun = time.perf_counter()
        if await self._try("guess", round=round_["id"], lat=lat, lng=lng):
            self.tally.ack_s.append(time.perf_counter() - begun)
            self.tally.guesses += 1

    async def _lose_connection(self) -> None:
        if self._rng.random() < self._plan.drops_per_round:
            await asyncio.sleep(self._rng.uniform(0, self._plan.think_s[1]))
            await self.link.drop()

    async def _try(self, type_: str, **fields: object) -> bool:
        try:
            await self.link.send(type_, **fields)
        except Closed:  # the link, which is waited for, says so
            return False
        except Refused as refusal:
            self.tally.refused.append(refusal.code)
            self._say(f"{type_} was refused: {refusal}")
            return False
        return True
