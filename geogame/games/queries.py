from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count

from geogame.accounts.models import Player
from geogame.games.models import Game, Guess, Round
from geogame.games.rules import Candidate
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.registry.queries import known_to_model


def model_of(game: Game) -> Player | None:
    """The model that plays this game, if any."""
    return (
        Player.objects.filter(seats__game=game, kind=Player.Kind.MODEL)
        .select_related("model_version")
        .first()
    )


def candidates_for(
    *, map_: Map, player: Player, version: ModelVersion | None, game: Game | None = None
) -> list[Candidate]:
    """What can be drawn for the player. What lies open in another game of theirs is left out: its truth
    would be learnt here and told there.
    """
    theirs = Round.objects.filter(game__seats__player=player)
    # Rounds, not exposures: what another tab has drawn and not opened yet is as good as seen.
    seen = dict(theirs.values_list("panorama").annotate(times=Count("pk")))
    groups = set(theirs.values_list("panorama__group", flat=True)) - {""}
    elsewhere = theirs.exclude(state=Round.State.CLOSED).exclude(game=game).values("panorama")
    rows = list(
        map_.panoramas.exclude(pk__in=elsewhere)
        .order_by("pk")
        .values_list("pk", "digest", "group", "lat", "lng")
    )
    known = known_to_model(version, [row[1:] for row in rows])
    return [
        Candidate(pk, group, seen.get(pk, 0), trained_on=trained, group_seen=group in groups)
        for (pk, _, group, _, _), trained in zip(rows, known, strict=True)
    ]


def used_groups(game: Game) -> set[str | int]:
    return {group or pk for pk, group in game.rounds.values_list("panorama__pk", "panorama__group")}


def unseen_on(map_: Map, player: Player | None) -> int:
    panoramas = map_.panoramas.all()
    return panoramas.exclude(exposures__player=player).count() if player else panoramas.count()


def untouched_game(player: Player, map_: Map) -> Game | None:
    """A game on the map that the player has not guessed in yet: a second click does not need another."""
    return (
        Game.objects.filter(seats__player=player, map=map_, state=Game.State.PLAYING)
        .exclude(rounds__guesses__player=player)
        .order_by("-created_at")
        .first()
    )


def unfinished_game(player: Player) -> Game | None:
    return (
        Game.objects.filter(seats__player=player, state=Game.State.PLAYING)
        .select_related("map")
        .order_by("-created_at")
        .first()
    )


def last_seen_round(map_: Map, player: Player) -> Round | None:
    return (
        Round.objects.filter(game__map=map_, game__seats__player=player, state=Round.State.CLOSED)
        .order_by("-closed_at")
        .first()
    )


def answers(map_: Map | None = None) -> Iterator[Guess]:
    """Every answer in closed rounds with what the benchmark asks about it, round by round, but those of
    people who do not want to be in reports.
    """
    guesses = Guess.objects.filter(round__state=Round.State.CLOSED, player__in_reports=True)
    if map_:
        guesses = guesses.filter(round__game__map=map_)
    return (
        guesses.select_related("player", "round__panorama", "round__game__map", "seal")
        .prefetch_related("round__exposures")
        .order_by("round_id", "pk")
        .iterator(chunk_size=2000)
    )


def unanswered_rounds(map_: Map | None = None) -> int:
    """Rounds that people looked at and never answered."""
    rounds = Round.objects.filter(state=Round.State.OPEN)
    return (rounds.filter(game__map=map_) if map_ else rounds).count()


def rounds_alone(map_: Map | None = None) -> int:
    """Closed rounds that no model answered."""
    rounds = Round.objects.filter(state=Round.State.CLOSED).exclude(guesses__player__kind=Player.Kind.MODEL)
    return (rounds.filter(game__map=map_) if map_ else rounds).count()


def closed_rounds() -> int:
    return Round.objects.filter(state=Round.State.CLOSED).count()
