"""Commands that come at the same moment, each over a database connection of its own."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar

Result = TypeVar("Result")


def at_once(command: Callable[[], Result], times: int = 4) -> list[Result]:
    from django.db import connection

    ready = threading.Barrier(times)

    def run() -> Result:
        connection.ensure_connection()
        ready.wait(timeout=30)
        try:
            return command()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(times)]]


def one_daily_run(player: Any) -> None:
    """Four requests start today's game: one day is made, one run."""
    from geogame.games.dailies import start_daily
    from geogame.games.models import Daily, DailyAttempt, DailyRound, Game

    games = at_once(lambda: start_daily(player=player))
    assert len({game.pk for game in games}) == 1
    counted = [model.objects.count() for model in (Daily, DailyRound, DailyAttempt, Game)]
    assert counted == [1, 5, 1, 1], counted


def one_day_for_two_players(players: list[Any]) -> None:
    """Players at the same moment get the same day."""
    from geogame.games.dailies import start_daily
    from geogame.games.models import Daily, DailyAttempt, DailyRound

    waiting = list(players)
    at_once(lambda: start_daily(player=waiting.pop()), times=len(players))
    counted = [model.objects.count() for model in (Daily, DailyRound, DailyAttempt)]
    assert counted == [1, 5, len(players)], counted


def one_link_and_one_run(game: Any, sender: Any, player: Any) -> None:
    """Four requests make the link, and four accept it."""
    from geogame.games.challenges import accept, send
    from geogame.games.models import Challenge, Game

    link = at_once(lambda: send(game=game, player=sender))[0]
    at_once(lambda: accept(challenge=link, player=player))
    counted = Challenge.objects.count(), Game.objects.filter(challenge=link).count()
    assert counted == (1, 1), counted


def one_guess(game: Any, player: Any) -> None:
    """Four guesses for one round: one is stored, the others hear that it is in."""
    from geogame.games.errors import GameError
    from geogame.games.models import Guess
    from geogame.games.services import place_guess

    token = game.rounds.get().token
    places = [1.0, 2.0, 3.0, 4.0]

    def guess() -> str:
        try:
            place_guess(game=game, player=player, round_token=token, lat=places.pop(), lng=5.0)
        except GameError as error:
            return error.code
        return "stored"

    answers = at_once(guess)
    assert sorted(answers) == ["already-guessed"] * 3 + ["stored"], answers
    assert Guess.objects.filter(round__token=token).count() == 1


def one_rating_of_each_game(players: list[Any], map_: Any, version: Any) -> None:
    """Games end at the same moment, and four workers rate them at once: each counts once, in one order."""
    from django.utils import timezone

    from geogame.games.models import Game
    from geogame.games.services import start_game
    from geogame.ratings.models import RatedResult, RatedSide
    from geogame.ratings.recompute import differences, from_games
    from geogame.ratings.services import rate_games
    from tests.geogame.games.playing import play

    games = [start_game(player=player, map_=map_, version=version) for player in players]
    waiting = list(zip(games, players, strict=True))

    def end_one() -> None:
        game, player = waiting.pop()
        play(game, player, version=version)
        rate_games()

    at_once(end_one, times=len(players))
    at_once(rate_games)
    assert RatedResult.objects.count() == len(games)
    assert RatedSide.objects.count() == 2 * len(games), list(RatedResult.objects.values_list("reason"))
    assert Game.objects.filter(pk__in=[game.pk for game in games], settled=True).count() == len(games)
    course = from_games(timezone.now())
    course.until += timedelta(minutes=2)  # those of a moment ago are compared too
    assert list(differences(course)) == []


def main() -> None:
    """On an empty SQLite file of its own: the tests' database in memory has one connection only."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from geogame.accounts.models import Player
    from geogame.accounts.services import player_of_account
    from geogame.games.models import Daily, DailyAttempt, Game
    from geogame.games.services import start_game
    from geogame.panoramas.models import Map, Panorama
    from geogame.panoramas.services import publish_map
    from geogame.registry.models import ModelVersion
    from tests.geogame.games.playing import play

    call_command("migrate", verbosity=0)
    map_ = Map.objects.create(name="Test", slug="test")
    for number in range(12):
        panorama = Panorama.objects.create(
            digest=f"{number:064}",
            file=f"{number}.jpg",
            file_digest=f"{number:064}",
            width=8,
            height=8,
            projection="flat",
            lat=40.0 + number,
            lng=3.0 * number,
        )
        panorama.path.parent.mkdir(parents=True, exist_ok=True)
        panorama.path.write_bytes(b"a picture")
        map_.panoramas.add(panorama)
    publish_map(map_)
    alice, bob = (Player.objects.create(kind="person", name=name) for name in ("Alice", "Bob"))
    one_link_and_one_run(play(start_game(player=alice, map_=map_, version=None), alice), alice, bob)
    Game.objects.all().delete()
    one_daily_run(alice)
    DailyAttempt.objects.all().delete()
    Game.objects.all().delete()
    Daily.objects.all().delete()
    one_day_for_two_players([alice, bob])
    one_guess(start_game(player=bob, map_=map_, version=None), bob)
    version = ModelVersion.objects.create(
        digest="d" * 64, name="Model", recipe="none", directory="none", cells=1
    )
    names = ("grace", "ken", "edsger", "barbara")
    accounts = [player_of_account(User.objects.create_user(name)) for name in names]
    one_rating_of_each_game(accounts, map_, version)
    shutil.rmtree(settings.DATA_DIR)
    sys.stdout.write("one of each\n")


if __name__ == "__main__":
    main()
