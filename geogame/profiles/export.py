"""All that is stored of a player, for the player: how much, and the whole of it as JSON."""

from __future__ import annotations

from typing import TypedDict

from django.contrib.auth.models import User
from django.db.models import F, Prefetch, QuerySet
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.albums.models import AlbumPin, AlbumRound
from geogame.games.models import Exposure, Game, Guess, Round
from geogame.panoramas.models import Panorama
from geogame.ratings.queries import Outcome, Place, outcomes, places_of
from geogame.rooms.models import Member
from geogame.studies.models import Subject

FORMAT, VERSION = "planet-arena-player", 1
Json = dict[str, object]


class Amounts(TypedDict):
    games: int
    guesses: int
    exposures: int


def amounts(player: Player) -> Amounts:
    return {
        "games": player.seats.count(),
        "guesses": player.guesses.count(),
        "exposures": player.exposures.count(),
    }


def everything_of(player: Player, user: User | None) -> Json:
    """Of rounds that are not closed the picture and its place are left out, here as everywhere."""
    games = _games(player)
    rated = outcomes([game.token for game in games], player)
    return {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": timezone.now().isoformat(),
        "account": _account(user) if user else None,
        "player": _player(player),
        "ratings": [_place(place) for place in places_of(player, timezone.now())],
        "games": [_game(game, rated.get(game.token)) for game in games],
        "albums": [_album(round_) for round_ in _albums(player)],
        "studies": [_part(subject) for subject in player.subjects.select_related("study")],
        "rooms": [_membership(member) for member in player.memberships.select_related("room")],
    }


def _albums(player: Player) -> QuerySet[AlbumRound]:
    own = AlbumPin.objects.filter(side=AlbumPin.Side.PERSON).select_related("photo__panorama")
    rounds = player.album_rounds.select_related("album__map").order_by("created_at", "pk")
    return rounds.prefetch_related(Prefetch("pins", own, to_attr="own_pins"), "sights")


def _album(round_: AlbumRound) -> Json:
    pins: list[AlbumPin] = round_.own_pins  # type: ignore[attr-defined]
    over = round_.state == AlbumRound.State.CLOSED
    return {
        "id": round_.token,
        "map": round_.album.map.name,
        "state": round_.state,
        "device": round_.device or None,
        "with_an_account": round_.registered,
        "created_at": round_.created_at.isoformat(),
        "handed_in_at": round_.closed_at.isoformat() if round_.closed_at else None,
        "photos_shown": len(round_.sights.all()),
        "pins": [_album_pin(pin, told=over) for pin in sorted(pins, key=lambda pin: pin.photo.number)],
    }


def _album_pin(pin: AlbumPin, *, told: bool) -> Json:
    return {
        "photo": pin.photo.number,
        "lat": pin.lat,
        "lng": pin.lng,
        "first_lat": pin.first_lat,
        "first_lng": pin.first_lng,
        "moved_later": pin.moves,
        "placed_at": pin.placed_at.isoformat(),
        "truth": _truth(pin.photo.panorama) if told else None,
        "distance_km": pin.distance_km if told else None,
        "points": pin.points if told else None,
    }


def _part(subject: Subject) -> Json:
    return {
        "study": subject.study.name,
        "pseudonym": subject.pseudonym,
        "link_opened_at": subject.opened_at.isoformat() if subject.opened_at else None,
        "agreed_at": subject.consented_at.isoformat() if subject.consented_at else None,
    }


def _membership(member: Member) -> Json:
    return {
        "kind": member.room.kind,
        "role": member.role,
        "joined_at": member.joined_at.isoformat(),
        "left_at": member.left_at.isoformat() if member.left_at else None,
        "removed_by_the_host": member.kicked_at is not None,
    }


def _account(user: User) -> Json:
    return {
        "login_name": user.get_username(),
        "email": user.email or None,
        "created_at": user.date_joined.isoformat(),
        "last_login_at": user.last_login.isoformat() if user.last_login else None,
    }


def _player(player: Player) -> Json:
    chosen_at = player.in_reports_chosen_at
    return {
        "name": player.name,
        "pseudonym_in_reports": player.token,
        "name_of_profile_page": player.profile_token,
        "created_at": player.created_at.isoformat(),
        "in_reports": player.in_reports,
        "in_reports_chosen_at": chosen_at.isoformat() if chosen_at else None,
    }


def _games(player: Player) -> list[Game]:
    rounds = (
        Round.objects.filter(wanted=True)
        .select_related("panorama")
        .prefetch_related(
            Prefetch("guesses", Guess.objects.filter(player=player), to_attr="own_guesses"),
            Prefetch("exposures", Exposure.objects.filter(player=player), to_attr="own_exposures"),
        )
    )
    games = Game.objects.filter(seats__player=player).select_related("map", "daily", "challenge", "plan")
    games = games.annotate(device=F("seats__device"), with_account=F("seats__registered"))
    return list(games.prefetch_related(Prefetch("rounds", rounds)).order_by("created_at", "pk"))


def _place(place: Place) -> Json:
    return {
        "map": place.map,
        "condition": place.condition,
        "rating": place.rating,
        "deviation": place.deviation,
        "provisional": place.provisional,
        "won": place.won,
        "drawn": place.drawn,
        "lost": place.lost,
    }


def _rating(outcome: Outcome) -> Json:
    rated = outcome.is_rated
    return {
        "not_rated_because": outcome.reason.value or None,
        "left": outcome.left,
        "weight": outcome.weight if rated else None,
        "before": outcome.before if rated else None,
        "after": outcome.after if rated else None,
    }


def _game(game: Game, outcome: Outcome | None) -> Json:
    return {
        "id": game.token,
        "map": game.map.name,
        "mode": game.mode,
        "condition_asked_for": game.condition,
        "time_limit_s": game.time_limit_s,
        "device": game.device or None,  # type: ignore[attr-defined]
        "with_an_account": game.with_account,  # type: ignore[attr-defined]
        "day": game.daily.date.isoformat() if game.daily else None,
        "challenge": game.challenge.token if game.challenge else None,
        "state": game.state,
        "created_at": game.created_at.isoformat(),
        "finished_at": game.finished_at.isoformat() if game.finished_at else None,
        "rating": _rating(outcome) if outcome else None,
        "rounds": [_round(round_, told=game.tells_results) for round_ in game.rounds.all()],
    }


def _round(round_: Round, *, told: bool) -> Json:
    guesses: list[Guess] = round_.own_guesses  # type: ignore[attr-defined]
    exposures: list[Exposure] = round_.own_exposures  # type: ignore[attr-defined]
    over = round_.state == Round.State.CLOSED
    return {
        "number": round_.number,
        "state": round_.state,
        "condition": round_.condition,
        "opened_at": round_.opened_at.isoformat() if round_.opened_at else None,
        "closed_at": round_.closed_at.isoformat() if round_.closed_at else None,
        "void": round_.void_reason or None,
        "truth": _truth(round_.panorama) if over and told else None,
        "times_seen_before": exposures[0].times_seen if exposures else None,
        "guess": _guess(guesses[0], told=told) if guesses else None,
    }


def _truth(panorama: Panorama) -> Json:
    return {
        "lat": panorama.lat,
        "lng": panorama.lng,
        "place": panorama.place or None,
        "country": panorama.country or None,
    }


def _guess(guess: Guess, *, told: bool) -> Json:
    """Without what it was worth while that is not told."""
    return {
        "created_at": guess.created_at.isoformat(),
        "outcome": guess.outcome,
        "lat": guess.lat,
        "lng": guess.lng,
        "distance_km": guess.distance_km if told else None,
        "points": guess.points if told else None,
        "country": guess.country or None,
        "correct": guess.correct,
        "time_used_s": guess.time_used_s,
        "times_revealed_before": guess.times_revealed,
        "others_of_its_group_revealed_before": guess.group_revealed,
    }
