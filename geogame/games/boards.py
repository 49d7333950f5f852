"""Finished runs of the same rounds, side by side: for the board of a challenge and that of a day."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet, Sum

from geogame.accounts.models import Player, shown_name
from geogame.games.models import Game, Guess, Round
from geogame.games.standings import Run


class Score(NamedTuple):
    """What one player has in one game: points, or countries where those are guessed. `name` is as shown."""

    game: int
    player: int
    name: str
    kind: str
    user: int | None
    points: int
    time_s: float | None


def void_rounds(games: QuerySet[Game]) -> list[int]:
    """Numbers of the rounds that counted for nothing in one of the games: they are compared for nobody."""
    void = Round.objects.filter(game__in=games).exclude(void_reason="")
    return sorted(set(void.values_list("number", flat=True)))


def runs_of(games: QuerySet[Game], *, void: Collection[int]) -> list[Run]:
    """The first finished run of each player."""
    people: dict[int, Score] = {}
    models: dict[int, int] = {}
    for score in scores(games, void=void):
        if score.kind == Player.Kind.MODEL:
            models[score.game] = score.points
        else:
            people.setdefault(score.player, score)
    return [_run(score, models) for score in people.values()]


def runs_by_game(games: QuerySet[Game], player: Player) -> dict[int, Run]:
    """One player's finished runs, by game."""
    found = list(scores(games))
    models = {score.game: score.points for score in found if score.kind == Player.Kind.MODEL}
    return {score.game: _run(score, models) for score in found if score.player == player.pk}


def scores(games: QuerySet[Game], *, void: Collection[int] = ()) -> Iterator[Score]:
    about_player = tuple(
        f"player{part}" for part in ("", "__name", "__kind", "__user", "__deleted_at", "__is_bot")
    )
    keys = ("round__game", "round__game__mode", *about_player)
    rows = (
        Guess.objects.filter(round__game__in=games, round__game__state=Game.State.FINISHED)
        .exclude(round__number__in=void)
        .values(*keys)
        .annotate(total=Sum("points"), right=Count("pk", filter=Q(correct=True)), time_s=Sum("time_used_s"))
        .order_by("round__game", "player")
        .values_list(*keys, "total", "right", "time_s")
    )
    for game, mode, player, stored, kind, user, deleted_at, is_bot, total, right, time_s in rows:
        about_countries = mode in (Game.Mode.COUNTRY, Game.Mode.STREAK)
        is_deleted = deleted_at is not None
        is_guest = kind == Player.Kind.PERSON and user is None and not is_deleted
        name = shown_name(stored, is_guest=is_guest, is_deleted=is_deleted, is_bot=is_bot)
        yield Score(game, player, name, kind, user, right if about_countries else total, time_s)


def _run(score: Score, models: dict[int, int]) -> Run:
    return Run(
        player=score.player,
        name=score.name,
        points=score.points,
        time_s=score.time_s,
        model_points=models.get(score.game),
        registered=score.user is not None,
    )
