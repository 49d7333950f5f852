from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count

from geogame.accounts.models import Player
from geogame.games.models import Game, Guess, Round
from geogame.games.rules import Candidate
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.registry.queries import training_index


def model_of(game: Game) -> Player | None:
    """The model that plays this game, if any."""
    return (
        Player.objects.filter(seats__game=game, kind=Player.Kind.MODEL)
        .select_related("model_version")
        .first()
    )


def candidates_for(*, map_: Map, player: Player, version: ModelVersion | None) -> list[Candidate]:
    # Rounds, not exposures: what another tab has drawn and not opened yet is as good as seen.
    drawn = Round.objects.filter(game__seats__player=player, panorama__maps=map_)
    seen = dict(drawn.values_list("panorama").annotate(times=Count("pk")))
    index = training_index(version) if version else None
    return [
        Candidate(
            panorama=pk,
            group=group,
            times_seen=seen.get(pk, 0),
            trained_on=index.trained_on(digest, group) if index else False,
        )
        for pk, digest, group in map_.panoramas.order_by("pk").values_list("pk", "digest", "group")
    ]


def used_groups(game: Game) -> set[str | int]:
    return {group or pk for pk, group in game.rounds.values_list("panorama__pk", "panorama__group")}


def unseen_on(map_: Map, player: Player | None) -> int:
    panoramas = map_.panoramas.all()
    return panoramas.exclude(exposures__player=player).count() if player else panoramas.count()


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
    """Every answer in closed rounds with what the benchmark asks about it, round by round."""
    guesses = Guess.objects.filter(round__state=Round.State.CLOSED)
    if map_:
        guesses = guesses.filter(round__game__map=map_)
    return (
        guesses.select_related("player", "round__panorama", "round__game__map", "seal")
        .prefetch_related("round__exposures")
        .order_by("round_id", "pk")
        .iterator(chunk_size=2000)
    )
