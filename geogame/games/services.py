"""The commands of a player. Each service owns its transaction."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from geogame.accounts.models import Player
from geogame.accounts.services import lock, player_of_model
from geogame.games import rules
from geogame.games.errors import GameError
from geogame.games.lifecycle import (
    GRACE,
    ask_for,
    close_if_all_guessed,
    draw_round,
    picture_gone,
    store_guess,
    void_round,
)
from geogame.games.models import Game, Guess, Round, Seat
from geogame.games.queries import candidates_for, set_aside, unfinished_daily, untouched_game
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion
from geogame.registry.queries import active_version
from planet_core.geo import normalise_lng
from planet_core.scoring import SCORING_VERSION


@transaction.atomic
def start_game(
    *,
    player: Player,
    map_: Map,
    mode: Game.Mode = Game.Mode.CLASSIC,
    condition: Game.Condition = Game.Condition.FREE,
    time_limit_s: int | None = None,
    version: ModelVersion | Literal["active"] | None = "active",
    note: str = "",
    device: str = "",
    rng: random.Random | None = None,
) -> Game:
    """A game of the player against that model version, or alone. A second click gets the same game.

    `note` is a sentence that the player reads during the game, before those on what the map has left.
    """
    if version == "active":
        version = active_version()
    if not map_.is_published or map_.scale_km is None:
        raise GameError("map-closed", _("This map is not open for play."))
    if mode in (Game.Mode.DAILY, Game.Mode.STUDY) or (
        time_limit_s is not None and time_limit_s not in rules.TIME_LIMITS_S
    ):
        raise GameError("wrong-settings", _("A game cannot be started with these settings."))
    lock(player)
    settings = {"mode": mode, "condition": condition, "time_limit_s": time_limit_s}
    if begun := untouched_game(player, map_, version, **settings):
        return begun
    about_countries = mode in (Game.Mode.COUNTRY, Game.Mode.STREAK)
    candidates = candidates_for(map_=map_, player=player, version=version, with_country=about_countries)
    rounds = rules.rounds_possible(candidates)
    if not rounds:
        raise _nothing_to_draw(map_)
    streak = mode == Game.Mode.STREAK
    game = Game.objects.create(
        map=map_,
        rounds_total=rules.STREAK_ROUNDS if streak else rounds,
        scale_km=map_.scale_km,
        scoring_version=SCORING_VERSION,
        note=f"{note} {_note_of_streak(candidates) if streak else _note(rounds)}".strip(),
        **settings,
    )
    begin(game, player, version, device=device, rng=rng)
    return game


def begin(
    game: Game,
    player: Player,
    version: ModelVersion | None,
    *,
    device: str = "",
    rng: random.Random | None = None,
) -> None:
    """Seat the player and the model, and open the first round. For every mode, inside a transaction."""
    Seat.objects.create(game=game, player=player, registered=player.user_id is not None, device=device)
    if version:
        Seat.objects.create(game=game, player=player_of_model(version))
    if draw_round(game, player, number=1, wanted=True, rng=rng or random.SystemRandom()) is None:
        raise _nothing_to_draw(game.map)


def _nothing_to_draw(map_: Map) -> GameError:
    if map_.panoramas.filter(set_aside()).exists():
        return GameError(
            "set-aside", _("What this map has left is kept for a study that runs: choose another map.")
        )
    if map_.panoramas.exists():
        return GameError(
            "finish-first",
            _("All that this map has left lies open in another game or in the daily: finish that first."),
        )
    return GameError("map-empty", _("This map has no panoramas to play."))


def _note(rounds: int) -> str:
    if rounds == rules.ROUNDS:
        return ""
    return ngettext(
        "Only {n} place is left to show you on this map, so this game has {n} round.",
        "Only {n} places are left to show you on this map, so this game has {n} rounds.",
        rounds,
    ).format(n=rounds)


def _note_of_streak(candidates: Sequence[rules.Candidate]) -> str:
    if any(candidate.times_seen == 0 for candidate in candidates):
        return ""
    return _("You have seen all that this map has: this streak repeats it and does not count as your best.")


@transaction.atomic
def next_round(*, game: Game, player: Player, after: str) -> None:
    """Go on after the closed round named `after`. Asking twice changes nothing."""
    lock(player)
    current = _round_of(game, after)
    if current.state != Round.State.CLOSED:
        raise GameError("round-open", _("Place your guess first."))
    following = game.rounds.select_related("game", "panorama").filter(number=current.number + 1).first()
    if following:
        _check_daily(following, player)
        ask_for(following)


def _check_daily(round_: Round, player: Player) -> None:
    """A challenge may have begun before the day whose daily has its next picture."""
    if round_.wanted or not round_.game.challenge_id:
        return
    if Panorama.objects.filter(unfinished_daily([player.pk]), pk=round_.panorama_id).exists():
        raise GameError(
            "finish-first",
            _("The next picture of this challenge is in today’s daily game, too: finish that first."),
        )


@transaction.atomic
def place_guess(
    *,
    game: Game,
    player: Player,
    round_token: str,
    lat: float,
    lng: float,
    rng: random.Random | None = None,
) -> None:
    """The player's one guess for the round. Sending the same guess again changes nothing."""
    lock(player)
    lng = float(normalise_lng(lng))
    round_ = _round_of(game, round_token)
    if round_.state in (Round.State.PREPARING, Round.State.READY):
        raise GameError("round-not-open", _("This round is not open yet."))
    earlier = Guess.objects.filter(round=round_, player=player).first()
    if earlier is None and round_.state == Round.State.OPEN:
        if _is_void(round_):
            return
        if _is_late(round_):
            raise GameError("too-late", _("Time is up: this guess came too late."))
        try:
            with transaction.atomic():
                earlier = store_guess(round_, player, lat=lat, lng=lng)
        except IntegrityError:
            earlier = Guess.objects.get(round=round_, player=player)
        else:
            close_if_all_guessed(round_, rng=rng)
    if earlier is None:
        raise GameError("round-closed", _("This round is over."))
    if earlier.outcome == Guess.Outcome.TIMEOUT:
        raise GameError("too-late", _("Time is up: this guess came too late."))
    if (earlier.lat, earlier.lng) != (lat, lng):
        raise GameError("already-guessed", _("Your guess for this round is already in."))


def _is_late(round_: Round) -> bool:
    return round_.deadline_at is not None and timezone.now() > round_.deadline_at + GRACE


def _is_void(round_: Round) -> bool:
    return round_.panorama.withdrawn_at is not None and void_round(round_, reason=picture_gone())


@transaction.atomic
def skip_round(*, game: Game, player: Player, round_token: str) -> None:
    """The player cannot see the picture. A round whose picture is gone is void; any other stays."""
    lock(player)
    round_ = _round_of(game, round_token)
    if round_.state == Round.State.CLOSED:
        return
    if round_.panorama.withdrawn_at is None and round_.panorama.path.is_file():
        raise GameError(
            "picture-is-there",
            _("The picture is on the server: check your connection, then load it again."),
        )
    void_round(round_, reason=picture_gone())


def _round_of(game: Game, token: str) -> Round:
    round_ = game.rounds.select_related("game", "panorama").filter(token=token).first()
    if round_ is None or not round_.wanted:
        raise GameError("no-such-round", _("This round is not part of the game."))
    return round_
