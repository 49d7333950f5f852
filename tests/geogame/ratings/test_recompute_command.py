from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from geogame.accounts.models import Player
from geogame.accounts.services import player_of_model
from geogame.games.models import Game, Guess
from geogame.panoramas.models import Map
from geogame.ratings import recompute
from geogame.ratings.models import Book, RatedResult, RatedSide, Rating
from geogame.ratings.rules import RULES_VERSION
from geogame.ratings.services import rate_games
from geogame.registry.models import ModelVersion
from tests.geogame.profiles.games import EPOCH
from tests.geogame.ratings.playing import FAIR, LOST, add, stored

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def games(
    make_player: Callable[..., Player], make_map: Callable[..., Map], model_version: ModelVersion
) -> list[Game]:
    ada, bob = make_player("Ada", account=True), make_player("Bob", account=True)
    map_, model = make_map(6), player_of_model(model_version)
    made = [
        add(player, map_, model, at=EPOCH + number * HOUR, answers=answers)
        for number, (player, answers) in enumerate(
            [(ada, [FAIR] * 5), (bob, [LOST] * 5), (ada, [LOST] * 5), (ada, [FAIR] * 3)]
        )
    ]
    rate_games()
    return made


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("recompute_ratings", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_what_play_stored_is_what_the_games_say(games: list[Game]) -> None:
    before = stored()
    assert command("--check") == (
        "4 games, 3 of them rated, 1 ladders. What is stored is what the games say.\n"
    )
    assert "3 of them rated" in command()
    assert stored() == before


def test_an_empty_database_is_fine(db: None) -> None:
    assert command("--check").startswith("0 games")
    assert command().startswith("0 games")


def double_the_rating() -> None:
    rating = Rating.objects.order_by("pk")[0]
    Rating.objects.filter(pk=rating.pk).update(rating=2 * rating.rating)


def change_a_side() -> None:
    side = RatedSide.objects.order_by("pk")[0]
    RatedSide.objects.filter(pk=side.pk).update(rating_after=side.rating_after + 1)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (double_the_rating, "does not stand where the last game left them"),
        (change_a_side, "its ratings are not those that the games give"),
        (lambda: Guess.objects.filter(points=2000).update(points=5000), "its ratings are not"),
        (lambda: RatedResult.objects.filter(weight=1).update(weight=0.5), "weight 0.5, the games say 1"),
        (lambda: RatedResult.objects.filter(reason="short").update(reason=""), "the games say 'short'"),
        (lambda: RatedResult.objects.filter(reason="short").delete(), "it has no stored result"),
        (lambda: Book.objects.update(rules_version=0), "rules of version 0"),
        (lambda: Game.objects.filter(rated__reason="short").update(settled=False), "waits to be rated"),
        (lambda: Rating.objects.all().delete(), "does not stand where"),
    ],
)
def test_what_differs_is_told_and_made_right(games: list[Game], spoil: Callable[[], Any], told: str) -> None:
    spoil()
    out = StringIO()
    with pytest.raises(CommandError, match=r"\d+ differences") as error:
        call_command("recompute_ratings", "--check", stdout=out, stderr=StringIO())
    assert error.value.returncode == 1
    assert told in out.getvalue()
    command()
    assert "What is stored is what the games say" in command("--check")
    assert Book.objects.get().rules_version == RULES_VERSION


def test_a_check_changes_nothing(games: list[Game]) -> None:
    double_the_rating()
    before = stored()
    with pytest.raises(CommandError):
        command("--check")
    assert stored() == before


@pytest.mark.parametrize("where", ["from_games", "_store_ratings"])
def test_who_stops_it_has_changed_nothing(
    games: list[Game], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    double_the_rating()
    before = stored()

    def stop(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    module = (
        "geogame.ratings.management.commands.recompute_ratings"
        if where == "from_games"
        else recompute.__name__
    )
    monkeypatch.setattr(f"{module}.{where}", stop)
    with pytest.raises(CommandError, match="Nothing was changed") as error:
        command()
    assert error.value.returncode == 130
    assert stored() == before
    assert Game.objects.filter(settled=True).count() == 4


def test_progress_counts_the_games(games: list[Game]) -> None:
    done: list[int] = []
    recompute.from_games(EPOCH + timedelta(days=100), done=done.append)
    assert sum(done) == 4
