"""Which of the played rounds a comparison may read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db.models import Exists, OuterRef, QuerySet

from geogame.accounts.models import Player
from geogame.games.models import Game, Guess, Round
from geogame.panoramas.models import Map, Panorama

Told = Callable[[], set[int]]
TOLD: list[Told] = []
"""Who else knows of panoramas that everybody may be told of, such as those of closed sets: an app above this
one adds a function that gives their keys.
"""


def _counted_rounds(map_: Map | None = None) -> QuerySet[Round]:
    """Rounds that a comparison may read: pins on places, nothing void. Not those of live games: people in a
    room know of each other, and in a duel the first answer takes time from the others.
    """
    rounds = Round.objects.filter(void_reason="", wanted=True).exclude(
        game__mode__in=(Game.Mode.COUNTRY, Game.Mode.STREAK, *Game.LIVE_MODES)
    )
    return rounds.filter(game__map=map_) if map_ else rounds


def answers(map_: Map | None = None) -> Iterator[Guess]:
    """Every answer in closed rounds with what the benchmark asks about it, round by round, but those of
    people who do not want to be in reports.
    """
    rounds = _counted_rounds(map_).filter(state=Round.State.CLOSED)
    return (
        Guess.objects.filter(round__in=rounds, player__in_reports=True)
        .select_related("player", "round__panorama", "round__game__map", "seal")
        .prefetch_related("round__exposures")
        .order_by("round_id", "pk")
        .iterator(chunk_size=2000)
    )


def unanswered_rounds(map_: Map | None = None) -> int:
    """Rounds that people looked at and never answered."""
    return _counted_rounds(map_).filter(state=Round.State.OPEN).count()


def rounds_alone(map_: Map | None = None) -> int:
    """Closed rounds that no model answered."""
    closed = _counted_rounds(map_).filter(state=Round.State.CLOSED)
    return closed.exclude(guesses__player__kind=Player.Kind.MODEL).count()


def closed_rounds() -> int:
    return _counted_rounds().filter(state=Round.State.CLOSED).count()


def maps_played() -> list[Map]:
    return list(Map.objects.filter(Exists(Game.objects.filter(map=OuterRef("pk")))))


def told_to_everybody() -> set[int]:
    """The panoramas whose truth may be public: withdrawn, or named by one of `TOLD`; but none that lies open
    in a game or waits in one, and none of whose group another can still be played.
    """
    named = set(Panorama.objects.exclude(withdrawn_at=None).values_list("pk", flat=True))
    named.update(*(keys() for keys in TOLD))
    ahead = Round.objects.filter(panorama=OuterRef("pk"), void_reason="").exclude(state=Round.State.CLOSED)
    told = Panorama.objects.filter(pk__in=named).exclude(Exists(ahead))
    groups = {group for group in told.values_list("group", flat=True) if group}
    in_play = Panorama.objects.filter(group__in=groups, withdrawn_at=None).exclude(pk__in=named)
    return set(
        told.exclude(group__in=set(in_play.values_list("group", flat=True))).values_list("pk", flat=True)
    )
