from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.games.models import DailyAttempt, DailyRound, Game, PlannedRound, Round
from geogame.games.rules import Candidate
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion
from geogame.registry.queries import known_to_model


def model_of(game: Game) -> Player | None:
    """The model that plays this game, if any."""
    return (
        Player.objects.filter(seats__game=game, kind=Player.Kind.MODEL)
        .select_related("model_version")
        .first()
    )


def game_of(player: Player, token: str) -> Game | None:
    """A game of the player's, with what its snapshot needs. A live game that runs is played in its room."""
    game = any_game_of(player, token)
    return None if game and game.is_live and game.state == Game.State.PLAYING else game


def any_game_of(player: Player, token: str) -> Game | None:
    """The same with live games that run: for what is told of closed rounds alone."""
    games = Game.objects.select_related("map", "challenge__sender", "challenge__game", "daily")
    return games.filter(token=token, seats__player=player).first()


def person_of(game: Game) -> Player | None:
    return Player.objects.filter(seats__game=game, kind=Player.Kind.PERSON).first()


def candidates_for(
    *,
    map_: Map,
    player: Player,
    version: ModelVersion | None,
    game: Game | None = None,
    with_country: bool = False,
) -> list[Candidate]:
    """What can be drawn for the player. What lies open in another game of theirs, or in a daily of today that
    they have not finished, is left out: its truth would be learnt here and told there. So are others of the
    daily's groups, and what is set aside for planned games, whoever will play them.
    """
    theirs = Round.objects.filter(game__seats__player=player)
    # Rounds, not exposures: what another tab has asked for and not opened yet is as good as seen.
    rows = _not_open_elsewhere(map_, theirs, game).exclude(unfinished_daily([player.pk]))
    if with_country:
        rows = rows.exclude(country="")
    return _as_candidates(rows, theirs.filter(wanted=True), version)


def candidates_for_all(
    *,
    map_: Map,
    players: Sequence[int],
    watching: Sequence[int] = (),
    version: ModelVersion | None,
    game: Game | None = None,
) -> list[Candidate]:
    """What can be drawn for all of these people at once; `times_seen` is the sum of theirs. Of who only
    watches it matters what lies open elsewhere: they will be told the truth, too.
    """
    everybody = [*players, *watching]
    theirs = Round.objects.filter(game__seats__player__in=everybody)
    rows = _not_open_elsewhere(map_, theirs, game).exclude(unfinished_daily(everybody))
    seen = Round.objects.filter(game__seats__player__in=players, wanted=True)
    return _as_candidates(rows, seen, version)


def _not_open_elsewhere(map_: Map, theirs: QuerySet[Round], game: Game | None) -> QuerySet[Panorama]:
    elsewhere = theirs.exclude(state=Round.State.CLOSED).exclude(game=game).values("panorama")
    return map_.panoramas.exclude(pk__in=elsewhere).exclude(set_aside())


def set_aside() -> Q:
    """Pictures that nobody but the player of a planned game is shown now, and others of their groups, which
    would tell where they are.
    """
    return with_their_groups(PlannedRound.objects.filter(plan__set_aside=True))


def results_told(game: str = "") -> Q:
    """Of games (of what leads to one by `game`): its player may be told how closed rounds ended, as
    `Game.tells_results` says.
    """
    way = f"{game}__" if game else ""
    kinds = Game.ShowResults
    return (
        Q(**{f"{way}show_results": kinds.AFTER_ROUND})
        | Q(**{f"{way}show_results": kinds.AT_END, f"{way}state": Game.State.FINISHED})
        | Q(**{f"{way}show_results": kinds.NEVER, f"{way}plan__set_aside": False})
    )


def with_their_groups(rounds: QuerySet[Any]) -> Q:
    """The pictures of these rounds, of whatever kind, and others of their groups."""
    groups = rounds.exclude(panorama__group="").values("panorama__group")
    return Q(pk__in=rounds.values("panorama")) | Q(group__in=groups)


def in_todays_daily() -> Q:
    """The pictures of today's daily, and others of their groups."""
    return with_their_groups(_todays_rounds())


def _todays_rounds() -> QuerySet[DailyRound]:
    return DailyRound.objects.filter(daily__date=timezone.now().date())


def _as_candidates(
    rows: QuerySet[Panorama], shown: QuerySet[Round], version: ModelVersion | None
) -> list[Candidate]:
    seen = dict(shown.values_list("panorama").annotate(times=Count("pk")))
    groups = set(shown.values_list("panorama__group", flat=True)) - {""}
    found = list(rows.order_by("pk").values_list("pk", "digest", "group", "lat", "lng"))
    known = known_to_model(version, [row[1:] for row in found])
    return [
        Candidate(pk, group, seen.get(pk, 0), trained_on=trained, group_seen=group in groups)
        for (pk, _, group, _, _), trained in zip(found, known, strict=True)
    ]


def unfinished_daily(players: Sequence[int]) -> Q:
    """What `in_todays_daily` says, while one of the players has not finished it."""
    finished = (
        DailyAttempt.objects.filter(player__in=players, game__state=Game.State.FINISHED)
        .values("daily")
        .annotate(players=Count("player"))
        .filter(players=len(set(players)))
        .values("daily")
    )
    return with_their_groups(_todays_rounds().exclude(daily__in=finished))


def used_groups(game: Game) -> set[str | int]:
    return {group or pk for pk, group in game.rounds.values_list("panorama__pk", "panorama__group")}


def unseen_on(map_: Map, player: Player | None) -> int:
    panoramas = map_.panoramas.all()
    return panoramas.exclude(exposures__player=player).count() if player else panoramas.count()


def untouched_game(
    player: Player, map_: Map, version: ModelVersion | None, **settings: object
) -> Game | None:
    """A game with these settings that the player has not guessed in yet: a second click needs no other."""
    games = Game.objects.filter(
        seats__player=player, map=map_, state=Game.State.PLAYING, challenge=None, daily=None, **settings
    ).exclude(rounds__guesses__player=player)
    if version:
        games = games.filter(seats__player__model_version=version)
    else:
        games = games.exclude(seats__player__kind=Player.Kind.MODEL)
    return games.order_by("-created_at").first()


def unfinished_game(player: Player) -> Game | None:
    return (
        Game.objects.filter(seats__player=player, state=Game.State.PLAYING)
        .exclude(mode__in=Game.LIVE_MODES)
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
