"""The daily game: the same five rounds for everybody, one run a player, from midnight to midnight UTC."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from geogame.accounts.models import Player
from geogame.accounts.services import lock
from geogame.games import rules
from geogame.games.boards import runs_by_game, runs_of, void_rounds
from geogame.games.daily_rules import date_at, draw_rounds
from geogame.games.errors import GameError
from geogame.games.models import Daily, DailyAttempt, DailyRound, Game
from geogame.games.queries import set_aside
from geogame.games.rules import Candidate
from geogame.games.services import begin
from geogame.games.standings import (
    Bar,
    Page,
    Ranked,
    Run,
    Standing,
    histogram,
    page_of,
    place_beside,
    place_of,
    rank,
    standing,
)
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.registry.queries import active_version, known_to_model
from planet_core.scoring import MAX_POINTS, SCORING_VERSION

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DailyResult:
    """A finished run beside all others of its day. Guests have a place and no line on the board."""

    daily: Daily
    game: Game
    own: Run
    place: int
    bars: list[Bar]
    standing: Standing
    board: Page[Ranked]
    players: int
    most: int
    void: list[int]


# --- the day -------------------------------------------------------------------------------------
def daily_of(day: date, *, rng: random.Random | None = None) -> Daily | None:
    """The daily game of that date, made by whoever asks first. None where no map can give it rounds."""
    found = _find(day)
    if found:
        return found
    try:
        with transaction.atomic():
            return _create(day, rng or random.SystemRandom())
    except IntegrityError:
        return _find(day)  # another process made it at the same moment


def todays() -> Daily | None:
    return daily_of(date_at(timezone.now()))


def make_todays() -> int:
    """For the clock: the rounds of a day are chosen before anybody draws them for another game."""
    if _find(date_at(timezone.now())):
        return 0
    return 1 if todays() else 0


def _find(day: date) -> Daily | None:
    return Daily.objects.select_related("map", "model_version").filter(date=day).first()


def _create(day: date, rng: random.Random) -> Daily | None:
    map_ = _map_of_the_day()
    if map_ is None:
        return None
    version = active_version()
    drawn = draw_rounds(_candidates(map_, version), rng=rng)
    if not drawn:
        return None
    daily = Daily.objects.create(date=day, map=map_, model_version=version)
    DailyRound.objects.bulk_create(
        DailyRound(daily=daily, number=number, panorama_id=candidate.panorama)
        for number, candidate in enumerate(drawn, start=1)
    )
    return daily


def _map_of_the_day() -> Map | None:
    """DAILY_MAP, or the map with the most panoramas."""
    maps = Map.objects.filter(is_published=True).exclude(scale_km=None)
    if settings.DAILY_MAP:
        chosen = maps.filter(slug=settings.DAILY_MAP).first()
        if chosen:
            return chosen
        log.error("DAILY_MAP=%r is no published map: the largest one is taken.", settings.DAILY_MAP)
    usable = Count("panoramas", filter=Q(panoramas__withdrawn_at=None))
    return maps.annotate(usable=usable).filter(usable__gt=0).order_by("-usable", "pk").first()


def _candidates(map_: Map, version: ModelVersion | None) -> list[Candidate]:
    rows = list(
        map_.panoramas.filter(withdrawn_at=None)
        .exclude(set_aside())
        .annotate(days=Count("daily_rounds"))
        .order_by("pk")
        .values_list("pk", "days", "digest", "group", "lat", "lng")
    )
    known = known_to_model(version, [row[2:] for row in rows])
    return [
        Candidate(pk, group, days, trained_on=trained)
        for (pk, days, _digest, group, *_), trained in zip(rows, known, strict=True)
    ]


# --- a run ---------------------------------------------------------------------------------------
@transaction.atomic
def start_daily(*, player: Player, device: str = "", now: datetime | None = None) -> Game:
    """The player's one run at today's game, begun now or before. It stays with its date past midnight."""
    lock(player)
    daily = daily_of(date_at(now or timezone.now()))
    if daily is None:
        raise GameError("no-daily", _("There is no daily game today: no map is open for play."))
    attempt = attempt_of(daily, player)
    if attempt:
        return attempt.game
    game = Game.objects.create(
        map=daily.map,
        mode=Game.Mode.DAILY,
        condition=Game.Condition.FREE,
        time_limit_s=rules.DAILY_TIME_LIMIT_S,
        daily=daily,
        rounds_total=daily.rounds.count(),
        scale_km=daily.map.scale_km or 0.0,
        scoring_version=SCORING_VERSION,
    )
    DailyAttempt.objects.create(daily=daily, player=player, game=game)
    begin(game, player, daily.model_version, device=device)
    return game


def attempt_of(daily: Daily, player: Player) -> DailyAttempt | None:
    return DailyAttempt.objects.select_related("game").filter(daily=daily, player=player).first()


# --- results -------------------------------------------------------------------------------------
def result_of(daily: Daily, player: Player, *, page: int = 1) -> DailyResult | None:
    """None until the player's own run is finished."""
    attempt = attempt_of(daily, player)
    if attempt is None or attempt.game.state != Game.State.FINISHED:
        return None
    games = _games(daily)
    void = void_rounds(games)
    runs = runs_of(games, void=void)
    own = next((run for run in runs if run.player == player.pk), None)
    if own is None:  # every round of theirs was void
        own = Run(player=player.pk, name=player.shown_name, points=0, registered=player.user_id is not None)
    board = rank(run for run in runs if run.registered)
    mine = place_of(board, player.pk)
    most = MAX_POINTS * max(1, attempt.game.rounds_total - len(void))
    return DailyResult(
        daily=daily,
        game=attempt.game,
        own=own,
        place=mine.rank if mine else place_beside(board, own),
        bars=histogram([run.points for run in runs], own=own.points, most=most),
        standing=standing([run.points for run in runs if run.player != player.pk], own.points),
        board=page_of(board, page),
        players=len(runs),
        most=most,
        void=void,
    )


def _games(daily: Daily) -> QuerySet[Game]:
    return Game.objects.filter(daily_attempt__daily=daily)


def dates_played(player: Player) -> set[date]:
    """The days whose run the player finished, whenever that was."""
    finished = DailyAttempt.objects.filter(player=player, game__state=Game.State.FINISHED)
    return set(finished.values_list("daily__date", flat=True))


def finished_attempts(player: Player) -> list[DailyAttempt]:
    """The player's finished runs, the latest day first."""
    finished = DailyAttempt.objects.filter(player=player, game__state=Game.State.FINISHED)
    return list(finished.select_related("daily__map").order_by("-daily__date"))


def own_runs(attempts: Sequence[DailyAttempt], player: Player) -> dict[int, Run]:
    """The player's runs of these days, by game."""
    return runs_by_game(Game.objects.filter(daily_attempt__in=attempts), player)
