"""Live matches: what the rules must know of one is read here, and what they say is carried out."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from geogame.accounts.models import Player
from geogame.accounts.services import lock, player_of_model
from geogame.games import crowds, match_rules, rules
from geogame.games.errors import GameError
from geogame.games.lifecycle import (
    ask_for,
    expose,
    finish,
    go_without_model,
    picture_gone,
    prepare_round,
    store_guess,
    time_out,
    void_round,
)
from geogame.games.match_rules import Match, Played, Stage, Step, Winner
from geogame.games.models import Game, Guess, Round, Seat
from geogame.games.queries import candidates_for_all, used_groups
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion
from planet_core.geo import normalise_lng
from planet_core.scoring import SCORING_VERSION

STAGES = {
    Round.State.PREPARING: Stage.AWAITED,
    Round.State.READY: Stage.AWAITED,
    Round.State.OPEN: Stage.OPEN,
    Round.State.CLOSED: Stage.CLOSED,
}


# --- What is ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Crowd:
    """Where the people of a round pointed together, and what it was worth."""

    lat: float
    lng: float
    distance_km: float
    points: int


@dataclass(frozen=True)
class Sheet:
    """All rows of one match, in three queries however many play."""

    game: Game
    seats: Sequence[Seat]
    rounds: Sequence[Round]
    guesses: Mapping[int, Sequence[Guess]]

    @cached_property
    def playing(self) -> list[Seat]:
        return [seat for seat in self.seats if not seat.watches]

    @cached_property
    def people(self) -> frozenset[int]:
        return frozenset(seat.player_id for seat in self.playing if seat.player.kind == Player.Kind.PERSON)

    @property
    def model(self) -> Player | None:
        found = [seat.player for seat in self.playing if seat.player.kind == Player.Kind.MODEL]
        return found[0] if found else None

    def of(self, round_: Round) -> Sequence[Guess]:
        return self.guesses.get(round_.pk, ())

    def crowd(self, round_: Round) -> Crowd | None:
        """Only of a closed round: it comes from everybody's pins."""
        if self.game.mode != Game.Mode.CROWD or round_.state != Round.State.CLOSED or round_.void_reason:
            return None
        pins = [
            (guess.lat, guess.lng)
            for guess in self.of(round_)
            if guess.player_id in self.people and guess.lat is not None and guess.lng is not None
        ]
        place = crowds.place_of(pins)
        if place is None:
            return None
        panorama = round_.panorama
        score = rules.score(
            lat=place[0],
            lng=place[1],
            true_lat=panorama.lat,
            true_lng=panorama.lng,
            scale_km=self.game.scale_km,
        )
        return Crowd(*place, score.distance_km, score.points)

    def match(self, *, anybody_connected: bool = True) -> Match:
        return Match(
            is_duel=self.game.mode == Game.Mode.DUEL,
            players=tuple(seat.player_id for seat in self.playing),
            people=self.people,
            left=frozenset(seat.player_id for seat in self.playing if seat.left_at),
            rounds_total=self.game.rounds_total,
            began_at=self.game.created_at,
            rounds=tuple(self._played(round_) for round_ in self.rounds),
            is_finished=self.game.state == Game.State.FINISHED,
            anybody_connected=anybody_connected,
        )

    def _played(self, round_: Round) -> Played:
        guesses = [guess for guess in self.of(round_) if guess.outcome == Guess.Outcome.ANSWERED]
        closed = round_.state == Round.State.CLOSED
        crowd = self.crowd(round_)
        return Played(
            number=round_.number,
            stage=STAGES[Round.State(round_.state)] if round_.wanted or closed else Stage.DRAWN,
            points={guess.player_id: guess.points for guess in guesses} if closed else {},
            answered=frozenset(guess.player_id for guess in guesses),
            crowd_points=crowd.points if crowd else None,
            is_void=bool(round_.void_reason),
            is_gone=round_.panorama.withdrawn_at is not None,
            answer_deadline=round_.answer_deadline,
            deadline_at=round_.deadline_at,
            closed_at=round_.closed_at,
        )


def read(game: Game) -> Sheet:
    """The match as it is stored now; `game` is read anew, too."""
    return read_rounds(Game.objects.select_related("map").get(pk=game.pk))


def read_rounds(game: Game) -> Sheet:
    """The same for who has just read the game."""
    seats = game.seats.select_related("player__model_version").order_by("pk")
    rounds = list(game.rounds.select_related("panorama__fair_view").order_by("number"))
    guesses: dict[int, list[Guess]] = {}
    for guess in Guess.objects.filter(round__game=game).select_related("seal").order_by("pk"):
        guesses.setdefault(guess.round_id, []).append(guess)
    for round_ in rounds:
        round_.game = game
    return Sheet(game, list(seats), rounds, guesses)


def winner_of(game: Game) -> Winner:
    """The number of the player who won the match, "crowd", "draw", or None where nothing was decided."""
    return match_rules.winner(read(game).match())


# --- What happens ----------------------------------------------------------------------------------
@transaction.atomic
def begin_match(
    *,
    map_: Map,
    mode: Game.Mode,
    condition: str,
    time_limit_s: int | None,
    rounds_total: int,
    players: Sequence[Player],
    watching: Sequence[Player] = (),
    version: ModelVersion | None = None,
    is_rated: bool = False,
    rng: random.Random | None = None,
) -> Game:
    """A match of these people on the map, with the model if there is one; its first round is drawn."""
    if not map_.is_published or map_.scale_km is None:
        raise GameError("wrong-settings", _("This map is not open for play."))
    is_duel = mode == Game.Mode.DUEL
    game = Game.objects.create(
        map=map_,
        mode=mode,
        condition=condition,
        time_limit_s=match_rules.time_limit_s(is_duel=is_duel, chosen=time_limit_s),
        rounds_total=rounds_total,
        scale_km=map_.scale_km,
        scoring_version=SCORING_VERSION,
        is_rated=is_rated,
    )
    seated = [*players, *([player_of_model(version)] if version else [])]
    Seat.objects.bulk_create(
        Seat(game=game, player=player, registered=player.user_id is not None, watches=watches)
        for some, watches in ((seated, False), (watching, True))
        for player in some
    )
    possible = _draw(read(game), rng or random.SystemRandom())
    if not possible:
        raise _nothing_to_draw(map_)
    if possible < rounds_total and not is_duel:
        Game.objects.filter(pk=game.pk).update(rounds_total=possible, note=_note(possible))
        game.refresh_from_db()
    return game


def _nothing_to_draw(map_: Map) -> GameError:
    if map_.panoramas.exists():
        return GameError(
            "finish-first",
            _("All that this map has lies open in other games of yours or in the daily: finish those first."),
        )
    return GameError("map-empty", _("This map has no panoramas to play."))


def _note(rounds: int) -> str:
    return ngettext(
        "This map has only {n} place for you, so this match has {n} round.",
        "This map has only {n} places for you, so this match has {n} rounds.",
        rounds,
    ).format(n=rounds)


def _draw(sheet: Sheet, rng: random.Random) -> int:
    """Draw the next round. How many more there could be, with this one: 0 where nothing is left."""
    game = sheet.game
    here = [seat for seat in sheet.seats if seat.left_at is None and seat.player.kind == Player.Kind.PERSON]
    candidates = candidates_for_all(
        map_=game.map,
        players=[seat.player_id for seat in here if not seat.watches],
        watching=[seat.player_id for seat in here if seat.watches],
        version=sheet.model.model_version if sheet.model else None,
        game=game,
    )
    used = used_groups(game)
    drawn = rules.draw_for_all(candidates, used_groups=used, rng=rng)
    if drawn is None:
        return 0
    panorama = Panorama.objects.get(pk=drawn.panorama)
    prepare_round(game, panorama, number=len(sheet.rounds) + 1, wanted=False)
    return len({candidate.group_key for candidate in candidates} - used)


def carry_out(sheet: Sheet, step: Step, *, rng: random.Random | None = None) -> None:
    """Do what `match_rules.due` asked for. Each change is a conditional update that one caller wins."""
    if step == Step.DRAW:
        if not _draw(sheet, rng or random.SystemRandom()):
            note = _("The map has nothing more to show you now, so this match ended early.")
            Game.objects.filter(pk=sheet.game.pk).update(rounds_total=len(sheet.rounds), note=note)
    elif step == Step.FINISH:
        _end(sheet)
    else:
        round_ = next(round_ for round_ in sheet.rounds if round_.state != Round.State.CLOSED)
        _go_on(round_, step)


def _go_on(round_: Round, step: Step) -> None:
    if step == Step.ASK:
        ask_for(round_, wait_s=match_rules.ANSWER_WAIT_S)
    elif step == Step.GO_WITHOUT_MODEL:
        go_without_model(round_)
    elif step == Step.CLOSE:
        time_out(round_)
    elif step == Step.VOID:
        void_round(round_, reason=picture_gone())


def _end(sheet: Sheet) -> None:
    """A round that people see now counts for nothing; one that nobody has seen has never been."""
    for round_ in sheet.rounds:
        if round_.state == Round.State.OPEN:
            reason = _("The match ended during this round, so it counts for nothing.")
            void_round(round_, reason=reason, is_replaced=False)
        elif round_.state != Round.State.CLOSED:
            round_.delete()
    finish(sheet.game)


def lock_in(sheet: Sheet, player: Player, *, round_token: str, lat: float, lng: float) -> Sheet | None:
    """The player's one guess for the round: the match with it, or None where the same guess was in already.
    To be called inside a transaction that lets nobody else change the match.
    """
    lock(player)
    lng = float(normalise_lng(lng))
    if not any(seat.player_id == player.pk and seat.left_at is None for seat in sheet.playing):
        raise GameError("only-watching", _("You do not play in this match."))
    round_ = next((round_ for round_ in sheet.rounds if round_.token == round_token), None)
    earlier = next((g for g in sheet.of(round_) if g.player_id == player.pk), None) if round_ else None
    if earlier is None:
        return _with_first_guess(sheet, round_, player, lat, lng)
    if earlier.outcome == Guess.Outcome.TIMEOUT:
        raise _refused("too-late")
    if (earlier.lat, earlier.lng) != (lat, lng):
        raise GameError("already-guessed", _("Your guess for this round is already in."))
    return None


def _with_first_guess(sheet: Sheet, round_: Round | None, player: Player, lat: float, lng: float) -> Sheet:
    now = timezone.now()
    match = sheet.match()
    played = match.rounds[sheet.rounds.index(round_)] if round_ else None
    reason = match_rules.refusal(played, now)
    if reason or round_ is None or played is None:
        raise _refused(reason or "no-such-round")
    guess = store_guess(round_, player, lat=lat, lng=lng)
    round_.deadline_at = match_rules.deadline_after_lock_in(match, played, player.pk, now)
    if round_.deadline_at != played.deadline_at:
        Round.objects.filter(pk=round_.pk, state=Round.State.OPEN).update(deadline_at=round_.deadline_at)
    return replace(sheet, guesses={**sheet.guesses, round_.pk: [*sheet.of(round_), guess]})


def _refused(code: match_rules.Refusal) -> GameError:
    messages = {
        "no-such-round": _("This round is not part of the match."),
        "round-not-open": _("This round is not open yet."),
        "round-closed": _("This round is over."),
        "too-late": _("Time is up: this guess came too late."),
    }
    return GameError(code, messages[code])


@transaction.atomic
def give_up(*, game: Game, player: Player) -> None:
    """The player leaves a match that runs. Nobody waits for them any more."""
    running = Seat.objects.filter(game=game, player=player, left_at=None, game__state=Game.State.PLAYING)
    running.update(left_at=timezone.now())


@transaction.atomic
def take_seat(*, game: Game, player: Player) -> None:
    """Somebody comes while a match runs: back to their own seat, or as one who watches."""
    shown = game.rounds.filter(wanted=True).order_by("-number").select_related("game", "panorama").first()
    seat = Seat.objects.filter(game=game, player=player).first()
    if seat is None:
        if shown and _lies_open_elsewhere(shown, player):
            raise GameError(
                "finish-first",
                _("The picture of this round lies open in another game of yours: finish that round first."),
            )
        Seat.objects.create(game=game, player=player, registered=player.user_id is not None, watches=True)
    else:
        Seat.objects.filter(pk=seat.pk).update(left_at=None)
    if shown and shown.state in (Round.State.OPEN, Round.State.CLOSED):
        expose(shown, [player.pk])


def _lies_open_elsewhere(round_: Round, player: Player) -> bool:
    theirs = Round.objects.filter(game__seats__player=player, panorama=round_.panorama_id)
    return theirs.exclude(state=Round.State.CLOSED).exclude(game=round_.game_id).exists()
