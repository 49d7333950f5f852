"""The life of a round: drawn, ready, open, closed. Each step is a conditional update that one caller wins."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from geogame.accounts.models import Player
from geogame.accounts.services import lock, lock_all
from geogame.games import rules
from geogame.games.answers import answer_at_hand, explain_soon, locked_answer
from geogame.games.broadcast import publish
from geogame.games.countries import country_of_pin
from geogame.games.draws import next_panorama
from geogame.games.models import Exposure, Game, Guess, Round, Seal, Seat
from geogame.games.queries import model_of, person_of
from geogame.games.seals import ModelAnswer, digest_of, make_preimage
from geogame.lib.queue import ANSWER_ROUND, DEFAULT, INFERENCE, RATE_GAMES, enqueue
from geogame.panoramas.fair import PictureGone, fair_picture
from geogame.panoramas.models import Panorama
from planet_core import geography

GRACE = timedelta(seconds=rules.GRACE_S)


def no_model() -> str:
    return _("No model plays this game: you play alone.")


def model_late() -> str:
    return _("PlaNet did not answer in time: you play this round alone.")


def picture_gone() -> str:
    return _("This picture has been withdrawn, so the round counts for nothing.")


# --- drawn ---------------------------------------------------------------------------------------
def draw_round(game: Game, player: Player, *, number: int, wanted: bool, rng: random.Random) -> Round | None:
    """The next round; the model answers at once where it can. None where nothing is left to show."""
    panorama = next_panorama(game, player, number=number, rng=rng)
    return prepare_round(game, panorama, number=number, wanted=wanted) if panorama else None


def prepare_round(game: Game, panorama: Panorama, *, number: int, wanted: bool) -> Round:
    free = panorama.is_360 and game.condition == Game.Condition.FREE
    round_ = Round.objects.create(
        game=game,
        number=number,
        panorama=panorama,
        condition=Round.Condition.FREE if free else Round.Condition.FAIR,
        wanted=wanted,
        answer_deadline=_answer_deadline() if wanted else None,
    )
    _ask_model(round_)
    return round_


def _answer_deadline(wait_s: float | None = None) -> datetime:
    return timezone.now() + timedelta(seconds=settings.MODEL_ANSWER_TIMEOUT_S if wait_s is None else wait_s)


def _ask_model(round_: Round) -> None:
    model = model_of(round_.game)
    if model is None or model.model_version is None:
        go_without_model(round_, reason=no_model())
    elif round_.game.challenge:
        answer = locked_answer(round_, model)
        if answer is None:
            go_without_model(round_, reason=_("PlaNet did not play this round of the challenge."))
        else:
            seal_answer(round_id=round_.pk, model=model, answer=answer)
    elif answer := answer_at_hand(round_, model.model_version):
        seal_answer(round_id=round_.pk, model=model, answer=answer)
    else:
        enqueue(ANSWER_ROUND, queue=INFERENCE, round_id=round_.pk)


# --- ready ---------------------------------------------------------------------------------------
def _claim(round_: Round, *, model_absent: str = "") -> bool:
    """The one change from preparing to ready: whoever makes it decides what the round opens with."""
    claimed = Round.objects.filter(pk=round_.pk, state=Round.State.PREPARING).update(
        state=Round.State.READY, model_absent=model_absent
    )
    return claimed == 1


@transaction.atomic
def seal_answer(*, round_id: int, model: Player, answer: ModelAnswer) -> bool:
    """Store the model's answer; a round that is asked for opens. False when it did not wait any longer."""
    round_ = Round.objects.select_related("game", "panorama").get(pk=round_id)
    if model.model_version is None or not _claim(round_):
        return False
    try:
        picture = fair_picture(round_.panorama)
    except PictureGone:
        void_round(round_, reason=picture_gone())
        return False
    preimage = make_preimage(
        round_token=round_.token,
        picture_digest=picture.digest,
        model_digest=model.model_version.digest,
        answer=answer,
    )
    seal = Seal.objects.create(
        guess=_store_answer_of_model(round_, model, answer),
        digest=digest_of(preimage),
        preimage=preimage,
        rule=answer.rule,
        top_cells=[asdict(cell) for cell in answer.top_cells],
        prediction_digest=answer.prediction_digest,
        seen_in_training=answer.seen_in_training,
    )
    _tell_ready(round_, {"state": "sealed", "name": model.name, "digest": seal.digest})
    open_if_wanted(round_)
    return True


def _tell_ready(round_: Round, model: dict[str, str]) -> None:
    """Nobody hears of the digest of a round before they have asked for the round: they could not place it."""
    if Round.objects.filter(pk=round_.pk, wanted=True).exists():
        publish(round_.game, "model.sealed", round=round_.token, model=model)
    else:
        publish(round_.game, "round.ready", round=round_.token)


@transaction.atomic
def go_without_model(round_: Round, *, reason: str = "") -> bool:
    if not _claim(round_, model_absent=reason or model_late()):
        return False
    open_if_wanted(round_)
    return True


# --- open ----------------------------------------------------------------------------------------
def ask_for(round_: Round, *, wait_s: float | None = None) -> None:
    """The player wants to see the round: it opens now, or as soon as the model has answered, for which it
    waits as long as the settings say, or `wait_s`.
    """
    asked = Round.objects.filter(pk=round_.pk, wanted=False).update(
        wanted=True, answer_deadline=_answer_deadline(wait_s)
    )
    if asked and round_.state == Round.State.PREPARING:
        _ask_model(round_)  # again: a worker that was restarted has lost the question
    open_if_wanted(round_)


def open_if_wanted(round_: Round) -> None:
    if _is_gone(round_):
        void_round(round_, reason=picture_gone())
        return
    now = timezone.now()
    limit_s = round_.game.time_limit_s
    opened = Round.objects.filter(pk=round_.pk, state=Round.State.READY, wanted=True).update(
        state=Round.State.OPEN,
        opened_at=now,
        deadline_at=now + timedelta(seconds=limit_s) if limit_s else None,
    )
    if opened == 1:
        _show_to_people(round_)
        explain_soon(round_)


def _is_gone(round_: Round) -> bool:
    panorama = round_.panorama
    return panorama.withdrawn_at is not None or not panorama.path.is_file()


def _show_to_people(round_: Round) -> None:
    seats = round_.game.seats.filter(player__kind=Player.Kind.PERSON, left_at=None)
    expose(round_, list(seats.values_list("player", flat=True)))
    publish(round_.game, "round.opened", round=round_.token)


def expose(round_: Round, players: Sequence[int]) -> None:
    """These people see the picture, which is written down once for each of them."""
    lock_all(players)
    exposures = Exposure.objects.filter(player__in=players, panorama=round_.panorama_id)
    seen = Counter(exposures.exclude(round=round_).values_list("player", flat=True))
    Exposure.objects.bulk_create(
        (
            Exposure(round=round_, player_id=pk, panorama_id=round_.panorama_id, times_seen=seen[pk])
            for pk in players
        ),
        ignore_conflicts=True,
    )


# --- answered ------------------------------------------------------------------------------------
def _store_answer_of_model(round_: Round, model: Player, answer: ModelAnswer) -> Guess:
    country = geography.country_at(answer.lat, answer.lng) if round_.game.is_about_countries else ""
    return _store(round_, model, lat=answer.lat, lng=answer.lng, country=country)


def store_guess(round_: Round, player: Player, *, lat: float, lng: float) -> Guess:
    """The person's guess; GameError where the pin is no answer."""
    country = country_of_pin(lat, lng) if round_.game.is_about_countries else ""
    return _store(round_, player, lat=lat, lng=lng, country=country, **_of_person(round_, player))


def _store(
    round_: Round, player: Player, *, lat: float, lng: float, country: str, **of_person: object
) -> Guess:
    panorama, game = round_.panorama, round_.game
    if game.is_about_countries:
        result: dict[str, object] = {"country": country, "correct": country == panorama.country}
    else:
        score = rules.score(
            lat=lat, lng=lng, true_lat=panorama.lat, true_lng=panorama.lng, scale_km=game.scale_km
        )
        result = {"distance_km": score.distance_km, "points": score.points}
    return Guess.objects.create(
        round=round_, player=player, lat=lat, lng=lng, condition=round_.condition, **result, **of_person
    )


def _of_person(round_: Round, player: Player) -> dict[str, object]:
    """What the player knew when the guess came, the truth of this panorama or of its group; the time used."""
    known = Round.objects.filter(game__seats__player=player, state=Round.State.CLOSED)
    panorama = round_.panorama
    same_group = (
        known.filter(panorama__group=panorama.group).exclude(panorama=panorama) if panorama.group else None
    )
    used_s = (timezone.now() - round_.opened_at).total_seconds() if round_.opened_at else None
    if used_s is not None and round_.game.time_limit_s:
        used_s = min(used_s, float(round_.game.time_limit_s))
    return {
        "times_revealed": known.filter(panorama=panorama).count(),
        "group_revealed": same_group.count() if same_group is not None else 0,
        "time_used_s": used_s,
    }


@transaction.atomic
def time_out(round_: Round) -> None:
    """Nobody can guess any longer: who has not, has no place and no points."""
    for seat in _unanswered(round_).select_related("player").order_by("player"):
        lock(seat.player)
        Guess.objects.get_or_create(
            round=round_,
            player=seat.player,
            defaults={
                "outcome": Guess.Outcome.TIMEOUT,
                "condition": round_.condition,
                "correct": False if round_.game.is_about_countries else None,
                **_of_person(round_, seat.player),
            },
        )
    close_if_all_guessed(round_)


# --- closed --------------------------------------------------------------------------------------
def _unanswered(round_: Round) -> models.QuerySet[Seat]:
    """Seats of people that the round waits for."""
    seats = round_.game.seats.filter(player__kind=Player.Kind.PERSON, watches=False, left_at=None)
    return seats.exclude(player__guesses__round=round_)


def close_if_all_guessed(round_: Round, *, rng: random.Random | None = None) -> None:
    if _unanswered(round_).exists():
        return
    closed = Round.objects.filter(pk=round_.pk, state=Round.State.OPEN).update(
        state=Round.State.CLOSED, closed_at=timezone.now()
    )
    if closed == 1:
        publish(round_.game, "round.closed", round=round_.token)
        _go_on(round_, rng=rng)


@transaction.atomic
def void_round(round_: Round, *, reason: str, is_replaced: bool = True) -> bool:
    """Close the round without counting it; a drawn game that goes on shows another picture in its place."""
    void = (
        Round.objects.filter(pk=round_.pk)
        .exclude(state=Round.State.CLOSED)
        .update(state=Round.State.CLOSED, closed_at=timezone.now(), void_reason=reason)
    )
    if void != 1:
        return False
    game = round_.game
    if is_replaced and not game.is_laid_out:
        game.rounds_total += 1
        game.save(update_fields=["rounds_total"])
    publish(game, "round.closed", round=round_.token)
    _go_on(round_)
    return True


def _go_on(round_: Round, *, rng: random.Random | None = None) -> None:
    """Draw the next round while the result is read, or end the game. A live game goes on by its own rules."""
    game = round_.game
    if game.is_live:
        return
    if (
        game.mode == Game.Mode.STREAK
        and round_.guesses.filter(player__kind=Player.Kind.PERSON, correct=False).exists()
    ):
        finish(game, rounds_total=round_.number)
        return
    if round_.number >= game.rounds_total:
        finish(game, **_unbroken(game))
        return
    player = person_of(game)
    drawn = (
        draw_round(game, player, number=round_.number + 1, wanted=False, rng=rng or random.SystemRandom())
        if player
        else None
    )
    if drawn is None:
        note = _("The map has nothing more to show you now, so this game ended early.")
        finish(game, **{"rounds_total": round_.number, "note": note, **_unbroken(game)})


def _unbroken(game: Game) -> dict[str, object]:
    """What a streak that no wrong country ended says at its end."""
    if game.mode != Game.Mode.STREAK:
        return {}
    return {"note": _("There are no more rounds for you here, so your streak ends, unbroken.")}


def finish(game: Game, **changes: object) -> None:
    finished = Game.objects.filter(pk=game.pk, state=Game.State.PLAYING).update(
        state=Game.State.FINISHED, finished_at=timezone.now(), settled=False, **changes
    )
    if finished == 1:
        publish(game, "game.finished")
        enqueue(RATE_GAMES, queue=DEFAULT)


def break_off(game: Game, *, reason: str) -> None:
    """End a game before its last round. What was shown and not answered counts for nothing; what was not
    shown yet has never been.
    """
    game.rounds.filter(wanted=False).delete()
    unanswered = game.rounds.exclude(state=Round.State.CLOSED)
    unanswered.update(state=Round.State.CLOSED, closed_at=timezone.now(), void_reason=reason)
    finish(game, rounds_total=game.rounds.count(), note=reason)


# --- by the clock --------------------------------------------------------------------------------
def open_overdue_rounds() -> int:
    """Open the rounds whose model did not answer in time; the clock calls this again and again. Live games
    have a clock of their own.
    """
    return sum(go_without_model(round_) for round_ in _waiting_too_long())


def close_overdue_rounds() -> int:
    overdue = list(_running_too_long())
    for round_ in overdue:
        time_out(round_)
    return len(overdue)


def settle(game: Game) -> None:
    """For a game whose page asks: rounds open, run out and are void in time even while the clock is down."""
    for round_ in _waiting_too_long().filter(game=game):
        go_without_model(round_)
    for round_ in _running_too_long().filter(game=game):
        time_out(round_)
    if game.is_live:
        return
    withdrawn = game.rounds.filter(state=Round.State.OPEN).exclude(panorama__withdrawn_at=None)
    for round_ in withdrawn.select_related("game", "panorama"):
        void_round(round_, reason=picture_gone())


def _waiting_too_long() -> models.QuerySet[Round]:
    waiting = Round.objects.filter(
        state=Round.State.PREPARING, wanted=True, answer_deadline__lte=timezone.now()
    )
    return waiting.exclude(game__mode__in=Game.LIVE_MODES).select_related("game", "panorama")


def _running_too_long() -> models.QuerySet[Round]:
    running = Round.objects.filter(state=Round.State.OPEN, deadline_at__lte=timezone.now() - GRACE)
    return running.exclude(game__mode__in=Game.LIVE_MODES).select_related("game", "panorama")
