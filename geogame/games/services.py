"""What changes a game. Each service owns its transaction; every change of state is a conditional update."""

from __future__ import annotations

import random
from dataclasses import asdict
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.accounts.services import lock, player_of_model
from geogame.games import rules
from geogame.games.broadcast import publish
from geogame.games.models import Exposure, Game, Guess, Round, Seal, Seat
from geogame.games.queries import candidates_for, model_of, untouched_game, used_groups
from geogame.games.seals import ModelAnswer, digest_of, make_preimage
from geogame.lib.queue import ANSWER_ROUND, INFERENCE, enqueue
from geogame.panoramas.models import Map, Panorama
from geogame.registry.queries import active_version
from planet_core.geo import normalise_lng
from planet_core.scoring import SCORING_VERSION

NO_MODEL = "No model is trained yet: you play this round alone."
ENDED_EARLY = "The map has nothing more to show you now, so this game ended early."
MODEL_LATE = "PlaNet did not answer in time: you play this round alone."


class GameError(Exception):
    """A command that cannot be carried out: a stable code and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@transaction.atomic
def start_game(*, player: Player, map_: Map, rng: random.Random | None = None) -> Game:
    if not map_.is_published or map_.scale_km is None:
        raise GameError("map-closed", "This map is not open for play.")
    lock(player)
    if begun := untouched_game(player, map_):
        return begun
    version = active_version()
    rounds = rules.rounds_possible(candidates_for(map_=map_, player=player, version=version))
    if not rounds:
        raise _nothing_to_draw(map_)
    game = Game.objects.create(
        map=map_,
        rounds_total=rounds,
        scale_km=map_.scale_km,
        scoring_version=SCORING_VERSION,
        note=_note(rounds),
    )
    Seat.objects.create(game=game, player=player)
    if version:
        Seat.objects.create(game=game, player=player_of_model(version))
    _begin_round(game, player, number=1, rng=rng or random.SystemRandom())
    return game


def _nothing_to_draw(map_: Map) -> GameError:
    if map_.panoramas.exists():
        return GameError(
            "finish-first", "All that this map has left lies open in another game: finish that first."
        )
    return GameError("map-empty", "This map has no panoramas to play.")


def _note(rounds: int) -> str:
    if rounds == rules.ROUNDS:
        return ""
    places = "1 place is" if rounds == 1 else f"{rounds} places are"
    this_game = "1 round" if rounds == 1 else f"{rounds} rounds"
    return f"Only {places} left to show you on this map, so this game has {this_game}."


@transaction.atomic
def next_round(*, game: Game, player: Player, after: str, rng: random.Random | None = None) -> None:
    """Go on after the closed round named `after`. Asking twice changes nothing."""
    lock(player)
    current = _round_of(game, after)
    if current.state != Round.State.CLOSED:
        raise GameError("round-open", "Place your guess first.")
    if game.state == Game.State.FINISHED or game.rounds.filter(number__gt=current.number).exists():
        return
    if current.number >= game.rounds_total:
        _finish(game)
        return
    try:
        with transaction.atomic():
            _begin_round(game, player, number=current.number + 1, rng=rng or random.SystemRandom())
    except IntegrityError:
        return  # the same command came twice at once, and the other one made the round


def _begin_round(game: Game, player: Player, *, number: int, rng: random.Random) -> None:
    model = model_of(game)
    drawn = rules.draw(
        candidates_for(
            map_=game.map, player=player, version=model.model_version if model else None, game=game
        ),
        used_groups=used_groups(game),
        rng=rng,
    )
    if drawn is None:
        _finish(game, rounds_total=number - 1, note=ENDED_EARLY)
        return
    panorama = Panorama.objects.get(pk=drawn.panorama)
    round_ = Round.objects.create(
        game=game,
        number=number,
        panorama=panorama,
        condition=Round.Condition.FREE if panorama.is_360 else Round.Condition.FAIR,
        answer_deadline=timezone.now() + timedelta(seconds=settings.MODEL_ANSWER_TIMEOUT_S),
    )
    if model:
        enqueue(ANSWER_ROUND, queue=INFERENCE, round_id=round_.pk)
    else:
        open_without_model(round_, reason=NO_MODEL)


def _claim_opening(round_: Round, *, model_absent: str = "") -> bool:
    """The one change from preparing to open: whoever makes it decides what the round opens with."""
    opened = Round.objects.filter(pk=round_.pk, state=Round.State.PREPARING).update(
        state=Round.State.OPEN, opened_at=timezone.now(), model_absent=model_absent
    )
    return opened == 1


def _show_to_people(round_: Round) -> None:
    for seat in round_.game.seats.filter(player__kind=Player.Kind.PERSON).select_related("player"):
        lock(seat.player)
        seen = Exposure.objects.filter(player_id=seat.player_id, panorama_id=round_.panorama_id).count()
        Exposure.objects.create(
            round=round_, player_id=seat.player_id, panorama_id=round_.panorama_id, times_seen=seen
        )
    publish(round_.game, "round.opened", round=round_.token)


@transaction.atomic
def seal_answer(*, round_id: int, model: Player, answer: ModelAnswer) -> bool:
    """Store the model's answer and open the round. False when the round did not wait any longer."""
    round_ = Round.objects.select_related("game", "panorama").get(pk=round_id)
    if model.model_version is None or not _claim_opening(round_):
        return False
    preimage = make_preimage(
        round_token=round_.token,
        picture_digest=round_.panorama.file_digest,
        model_digest=model.model_version.digest,
        answer=answer,
    )
    seal = Seal.objects.create(
        guess=_store_guess(round_, model, lat=answer.lat, lng=answer.lng),
        digest=digest_of(preimage),
        preimage=preimage,
        rule=answer.rule,
        top_cells=[asdict(cell) for cell in answer.top_cells],
        prediction_digest=answer.prediction_digest,
        seen_in_training=answer.seen_in_training,
    )
    sealed = {"state": "sealed", "name": model.name, "digest": seal.digest}
    publish(round_.game, "model.sealed", round=round_.token, model=sealed)
    _show_to_people(round_)
    return True


@transaction.atomic
def open_without_model(round_: Round, *, reason: str = MODEL_LATE) -> bool:
    if not _claim_opening(round_, model_absent=reason):
        return False
    _show_to_people(round_)
    return True


def open_overdue_rounds() -> int:
    """Open the rounds whose model did not answer in time; the clock calls this again and again."""
    overdue = Round.objects.filter(state=Round.State.PREPARING, answer_deadline__lte=timezone.now())
    return sum(open_without_model(round_) for round_ in overdue.select_related("game"))


def open_if_overdue(game: Game) -> None:
    """For a game whose page asks: the round opens in time even while the clock is down."""
    overdue = game.rounds.filter(state=Round.State.PREPARING, answer_deadline__lte=timezone.now())
    for round_ in overdue.select_related("game"):
        open_without_model(round_)


@transaction.atomic
def place_guess(*, game: Game, player: Player, round_token: str, lat: float, lng: float) -> None:
    """The player's one guess for the round. Sending the same guess again changes nothing."""
    lng = float(normalise_lng(lng))
    round_ = _round_of(game, round_token)
    if round_.state == Round.State.PREPARING:
        raise GameError("round-not-open", "This round is not open yet.")
    earlier = Guess.objects.filter(round=round_, player=player).first()
    if earlier is None and round_.state == Round.State.OPEN:
        try:
            with transaction.atomic():
                earlier = _store_guess(round_, player, lat=lat, lng=lng)
        except IntegrityError:
            earlier = Guess.objects.get(round=round_, player=player)
        else:
            _close_if_all_guessed(round_)
    if earlier is None:
        raise GameError("round-closed", "This round is over.")
    if (earlier.lat, earlier.lng) != (lat, lng):
        raise GameError("already-guessed", "Your guess for this round is already in.")


def _store_guess(round_: Round, player: Player, *, lat: float, lng: float) -> Guess:
    panorama = round_.panorama
    score = rules.score(
        lat=lat, lng=lng, true_lat=panorama.lat, true_lng=panorama.lng, scale_km=round_.game.scale_km
    )
    return Guess.objects.create(
        round=round_,
        player=player,
        lat=lat,
        lng=lng,
        distance_km=score.distance_km,
        points=score.points,
        condition=round_.condition,
        **_revealed_before(round_, player),
    )


def _revealed_before(round_: Round, player: Player) -> dict[str, int]:
    """What the player knew when the guess came: the truth of this panorama or of its group."""
    if player.kind != Player.Kind.PERSON:
        return {}
    known = Round.objects.filter(game__seats__player=player, state=Round.State.CLOSED)
    panorama = round_.panorama
    same_group = (
        known.filter(panorama__group=panorama.group).exclude(panorama=panorama) if panorama.group else None
    )
    return {
        "times_revealed": known.filter(panorama=panorama).count(),
        "group_revealed": same_group.count() if same_group is not None else 0,
    }


def _close_if_all_guessed(round_: Round) -> None:
    people = round_.game.seats.filter(player__kind=Player.Kind.PERSON).count()
    if round_.guesses.filter(player__kind=Player.Kind.PERSON).count() < people:
        return
    closed = Round.objects.filter(pk=round_.pk, state=Round.State.OPEN).update(
        state=Round.State.CLOSED, closed_at=timezone.now()
    )
    if closed == 1:
        publish(round_.game, "round.closed", round=round_.token)


def _finish(game: Game, **changes: object) -> None:
    finished = Game.objects.filter(pk=game.pk, state=Game.State.PLAYING).update(
        state=Game.State.FINISHED, finished_at=timezone.now(), **changes
    )
    if finished == 1:
        publish(game, "game.finished")


def _round_of(game: Game, token: str) -> Round:
    round_ = game.rounds.select_related("game", "panorama").filter(token=token).first()
    if round_ is None:
        raise GameError("no-such-round", "This round is not part of the game.")
    return round_
