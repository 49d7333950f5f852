"""Which of the played rounds a comparison may read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from geogame.accounts.models import Player
from geogame.albums.models import AlbumPin, AlbumRound
from geogame.games.models import Game, Guess, Round, Seat
from geogame.panoramas.models import Map, Panorama
from geogame.round_sets.queries import in_open_sets
from geogame.studies.models import Study
from geogame.studies.queries import reported_subjects

CHUNK = 2000
"""Rows that are in memory at a time."""


class Picture(NamedTuple):
    """Who took a photograph, and its perceptual hash; "" is not known. A drawn one has neither."""

    author: str
    drawn: bool
    hash: str


def _counted_rounds(map_: Map | None = None) -> QuerySet[Round]:
    """Rounds that a comparison may read: pins on places, nothing void. Not those of live games: people in a
    room know of each other, and in a duel the first answer takes time from the others. Nor those of studies,
    which are reported apart.
    """
    rounds = Round.objects.filter(void_reason="", wanted=True).exclude(
        game__mode__in=(Game.Mode.COUNTRY, Game.Mode.STREAK, Game.Mode.STUDY, *Game.LIVE_MODES)
    )
    return rounds.filter(game__map=map_) if map_ else rounds


def answers(map_: Map | None = None) -> Iterator[Guess]:
    """Every answer in closed rounds with what the benchmark asks about it, round by round, but those of
    people who do not want to be in reports.
    """
    rounds = _counted_rounds(map_).filter(state=Round.State.CLOSED)
    return _in_order(Guess.objects.filter(round__in=rounds, player__in_reports=True))


def failures(map_: Map | None = None) -> Iterator[tuple[Round, Player]]:
    """Closed rounds that a model should have answered and did not, with the model."""
    return _failed(_counted_rounds(map_))


def failures_of_study(study: Study) -> Iterator[tuple[Round, Player]]:
    """The same of one study, in the rounds of those who let them be reported."""
    return _failed(_rounds_of_study(study))


def _failures(rounds: QuerySet[Round]) -> QuerySet[Round]:
    """Not those of a challenge: there the model did not play what it had not played before."""
    asked = Seat.objects.filter(game=OuterRef("game"), player__kind=Player.Kind.MODEL)
    answered = Guess.objects.filter(round=OuterRef("pk"), player__kind=Player.Kind.MODEL)
    closed = rounds.filter(state=Round.State.CLOSED, game__challenge=None).exclude(model_absent="")
    return closed.filter(Exists(asked)).exclude(Exists(answered))


def _failed(rounds: QuerySet[Round]) -> Iterator[tuple[Round, Player]]:
    models = Seat.objects.filter(player__kind=Player.Kind.MODEL).select_related("player__model_version")
    seats = Prefetch("game__seats", models)
    found = _failures(rounds).select_related("panorama", "game__map").prefetch_related(seats).order_by("pk")
    for round_ in found.iterator(chunk_size=CHUNK):
        for seat in round_.game.seats.all():
            yield round_, seat.player


def _in_order(guesses: QuerySet[Guess]) -> Iterator[Guess]:
    return (
        guesses.select_related("player__model_version", "round__panorama", "round__game__map", "seal")
        .defer("seal__preimage", "player__model_version__card", "player__model_version__metrics")
        .prefetch_related("round__exposures")
        .order_by("round_id", "pk")
        .iterator(chunk_size=CHUNK)
    )


def people_in_games() -> Iterator[tuple[int, int, bool, str]]:
    """(game, person, with an account then, device) of all who played, in the order in which games began."""
    seats = Seat.objects.filter(player__kind=Player.Kind.PERSON, player__in_reports=True, watches=False)
    return (
        seats.order_by("game__created_at", "game_id")
        .values_list("game_id", "player_id", "registered", "device")
        .iterator(chunk_size=CHUNK)
    )


def pictures() -> dict[str, Picture]:
    """What is known of our panoramas, by the digest of the picture."""
    rows = Panorama.objects.values_list("digest", "author", "drawn", "picture_hash__value")
    return {
        digest: Picture("" if drawn else author, drawn, hash_ or "")
        for digest, author, drawn, hash_ in rows.iterator(CHUNK)
    }


def unanswered_rounds(map_: Map | None = None) -> int:
    """Rounds that people looked at and never answered."""
    return _counted_rounds(map_).filter(state=Round.State.OPEN).count()


def rounds_alone(map_: Map | None = None) -> int:
    """Closed rounds that no model was to answer."""
    closed = _counted_rounds(map_).filter(state=Round.State.CLOSED)
    alone = closed.exclude(guesses__player__kind=Player.Kind.MODEL)
    return alone.exclude(pk__in=_failures(closed).values("pk")).count()


def closed_rounds() -> int:
    return _counted_rounds().filter(state=Round.State.CLOSED).count()


def answers_of_study(study: Study) -> Iterator[Guess]:
    """The same of one study: of the subjects who let their rounds be reported, and of the model in these."""
    rounds = _rounds_of_study(study).filter(state=Round.State.CLOSED)
    return _in_order(Guess.objects.filter(round__in=rounds))


def _rounds_of_study(study: Study) -> QuerySet[Round]:
    return Round.objects.filter(game__plan__subject__in=reported_subjects(study), void_reason="", wanted=True)


def maps_played() -> list[Map]:
    games = Game.objects.filter(map=OuterRef("pk"))
    albums = AlbumRound.objects.filter(album__map=OuterRef("pk"))
    return list(Map.objects.filter(Exists(games) | Exists(albums)))


def closed_albums(map_: Map | None = None) -> QuerySet[AlbumRound]:
    """Album rounds that were handed in by people who are in reports."""
    closed = AlbumRound.objects.filter(state=AlbumRound.State.CLOSED, player__in_reports=True)
    return closed.filter(album__map=map_) if map_ else closed


def album_pins(map_: Map | None = None) -> Iterator[AlbumPin]:
    """Every pin in handed-in albums on photos that are still there, album round by album round."""
    pins = AlbumPin.objects.filter(round__in=closed_albums(map_), photo__panorama__withdrawn_at=None)
    return (
        pins.select_related("round__player", "round__album__map", "photo__panorama")
        .select_related("round__image_version", "round__album_version")
        .defer("round__image_version__card", "round__album_version__card")
        .prefetch_related("round__seals", "round__sights")
        .order_by("round_id", "photo__number", "pk")
        .iterator(chunk_size=CHUNK)
    )


def unanswered_albums(map_: Map | None = None) -> QuerySet[AlbumRound]:
    """Handed-in albums that the models should have answered and did not."""
    return closed_albums(map_).exclude(model_absent="").exclude(image_version=None)


def told_to_everybody() -> set[int]:
    """The panoramas whose truth may be public: withdrawn ones, but none that lies open in a game or waits in
    one or is of an open set, and none of whose group another can still be played. Those of closed sets are
    not among them: games may draw them.
    """
    withdrawn = Panorama.objects.exclude(withdrawn_at=None).exclude(pk__in=in_open_sets())
    named = set(withdrawn.values_list("pk", flat=True))
    ahead = Round.objects.filter(panorama=OuterRef("pk"), void_reason="").exclude(state=Round.State.CLOSED)
    albums = AlbumRound.objects.filter(album__photos__panorama=OuterRef("pk"))
    in_albums = albums.exclude(state=AlbumRound.State.CLOSED)
    told = Panorama.objects.filter(pk__in=named).exclude(Exists(ahead)).exclude(Exists(in_albums))
    groups = {group for group in told.values_list("group", flat=True) if group}
    in_play = Panorama.objects.filter(group__in=groups, withdrawn_at=None).exclude(pk__in=named)
    return set(
        told.exclude(group__in=set(in_play.values_list("group", flat=True))).values_list("pk", flat=True)
    )
