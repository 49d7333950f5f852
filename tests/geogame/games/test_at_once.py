"""Requests at the same moment make one thing: on PostgreSQL in the tests’ database, on SQLite in a file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from geogame.accounts.models import Player
from geogame.games.services import start_game
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from tests.geogame.games import at_once
from tests.geogame.games.playing import play

MakeMap = Callable[..., Map]
needs_connections = pytest.mark.skipif(
    connection.vendor == "sqlite",
    reason="on SQLite, the test with a database of its own covers it",
)


@pytest.mark.slow
def test_on_a_sqlite_file(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.geogame.games.at_once"],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
            "MEDIA_ROOT": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, "one of each\n"), run.stderr


@needs_connections
@pytest.mark.django_db(transaction=True)
def test_one_player_starts_one_run_of_one_day(make_map: MakeMap, make_player: Callable[..., Player]) -> None:
    make_map(12)
    at_once.one_daily_run(make_player("Alice"))


@needs_connections
@pytest.mark.django_db(transaction=True)
def test_two_players_get_one_day(make_map: MakeMap, make_player: Callable[..., Player]) -> None:
    make_map(12)
    at_once.one_day_for_two_players([make_player("Alice"), make_player("Bob")])


@needs_connections
@pytest.mark.django_db(transaction=True)
def test_one_player_accepts_once(make_map: MakeMap, make_player: Callable[..., Player]) -> None:
    alice, bob = make_player("Alice"), make_player("Bob")
    sent = play(start_game(player=alice, map_=make_map(12), version=None), alice)
    at_once.one_link_and_one_run(sent, alice, bob)
    assert connection.vendor == "postgresql"


@needs_connections
@pytest.mark.django_db(transaction=True)
def test_one_player_guesses_once(make_map: MakeMap, make_player: Callable[..., Player]) -> None:
    alice = make_player("Alice")
    at_once.one_guess(start_game(player=alice, map_=make_map(12), version=None), alice)


@needs_connections
@pytest.mark.django_db(transaction=True)
def test_games_that_end_at_once_are_rated_once(
    make_map: MakeMap, make_player: Callable[..., Player], model_version: ModelVersion
) -> None:
    players = [make_player(name, account=True) for name in ("Grace", "Ken", "Edsger", "Barbara")]
    at_once.one_rating_of_each_game(players, make_map(12), model_version)
