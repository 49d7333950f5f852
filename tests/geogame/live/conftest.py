from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from geogame.accounts.models import Player
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion
from geogame.rooms import services
from tests.geogame.live.table import LIMIT_S, Table, answer_of_model, run_commits
from tests.geogame.pages import truth
from tests.geogame.rooms.clock import Clock, install

MakeTable = Callable[..., Table]


@pytest.fixture
def make_table(
    db_commits: None,
    clock: Clock,
    make_map: Callable[..., Map],
    sign_in: Callable[[Client, Player], None],
) -> MakeTable:
    """A room of these people; `watching` come after them, as spectators."""

    def make(
        *names: str,
        kind: str = "room",
        watching: tuple[str, ...] = (),
        map_: Map | None = None,
        version: ModelVersion | None = None,
        **settings: Any,
    ) -> Table:
        names = names or ("Ada", "Ben")
        players = {name: Player.objects.create(kind="person", name=name) for name in (*names, *watching)}
        clients = {name: Client() for name in players}
        for name, client in clients.items():
            sign_in(client, players[name])
        chosen = {"time_limit_s": LIMIT_S, "model": version.digest if version else None}
        if kind != "duel":
            chosen["rounds_total"] = 2
        room = services.create_room(
            player=players[names[0]], kind=kind, map_=map_ or make_map(), settings=chosen | settings
        )
        for name in list(players)[1:]:
            services.join(room=room, player=players[name], as_spectator=name in watching)
        run_commits()
        return Table(
            room=room,
            clock=clock,
            clients=clients,
            players=players,
            watchers=frozenset(watching),
            version=version,
            answer=truth.models_answer if map_ and map_.slug == "secrets" else answer_of_model,
        )

    return make


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return install(monkeypatch)


@pytest.fixture
def db_commits(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each visit of a socket to the database, what waited for the commit happens."""
    monkeypatch.setattr("channels.db.close_old_connections", run_commits)


@pytest.fixture
def table(make_table: MakeTable) -> Table:
    return make_table("Ada", "Ben", "Cleo")


@pytest.fixture
def secret_map(make_panorama: Callable[..., Panorama]) -> Map:
    return truth.secret_map(make_panorama, projection="equirectangular")
