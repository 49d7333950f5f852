"""The commands of a player. Each service owns its transaction."""

from __future__ import annotations

import random
from typing import Literal

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from geogame.accounts.models import Player
from geogame.accounts.services import lock
from geogame.albums import rules
from geogame.albums.lifecycle import answer_deadline, ask_models, close, is_gone, show_next
from geogame.albums.models import Album, AlbumPhoto, AlbumPin, AlbumRound
from geogame.albums.queries import candidates_for, photos_of, unfinished_round
from geogame.games.errors import GameError
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.registry.queries import active_album_version, active_version
from planet_core.geo import normalise_lng
from planet_core.scoring import SCORING_VERSION

State = AlbumRound.State


@transaction.atomic
def start_album(
    *,
    player: Player,
    map_: Map,
    version: ModelVersion | Literal["active"] | None = "active",
    device: str = "",
    rng: random.Random | None = None,
) -> AlbumRound:
    """An album of the map that the player has met least. One that is not handed in yet goes on."""
    lock(player)
    if begun := unfinished_round(player, map_):
        return begun
    if version == "active":
        version = active_version()
    candidates = candidates_for(map_=map_, player=player, version=version)
    drawn = rules.draw(candidates, rng=rng or random.SystemRandom())
    if drawn is None or map_.scale_km is None:
        raise GameError("no-albums", _("There is no trip to play here."))
    album = Album.objects.get(pk=drawn.album)
    round_ = AlbumRound.objects.create(
        album=album,
        player=player,
        registered=player.user_id is not None,
        device=device,
        image_version=version,
        album_version=active_album_version(version) if version else None,
        answer_deadline=answer_deadline(len(photos_of(album))),
        scale_km=map_.scale_km,
        scoring_version=SCORING_VERSION,
    )
    ask_models(round_)
    return round_


@transaction.atomic
def place_pin(*, round_: AlbumRound, player: Player, number: int, lat: float, lng: float) -> None:
    """Set or move the pin of a photo that was shown. Sending the same place again changes nothing."""
    lock(player)
    lng = float(normalise_lng(lng))
    _check_open(round_)
    photo = _shown_photo(round_, number)
    before = AlbumPin.objects.filter(round=round_, photo=photo, side=AlbumPin.Side.PERSON).first()
    pin = rules.pinned(_pinned(before), (lat, lng), is_latest=number == _last_shown(round_))
    AlbumPin.objects.update_or_create(
        round=round_,
        photo=photo,
        side=AlbumPin.Side.PERSON,
        defaults={
            **{"lat": pin.place[0], "lng": pin.place[1], "moves": pin.moves},
            **{"first_lat": pin.first[0], "first_lng": pin.first[1]},
        },
    )


def _pinned(pin: AlbumPin | None) -> rules.Pinned | None:
    if pin is None or pin.first_lat is None or pin.first_lng is None:
        return None
    return rules.Pinned((pin.lat, pin.lng), (pin.first_lat, pin.first_lng), pin.moves)


@transaction.atomic
def next_photo(*, round_: AlbumRound, player: Player, after: int) -> None:
    """Show the photo behind that one. Asking twice changes nothing."""
    lock(player)
    _check_open(round_)
    photo = _shown_photo(round_, after)
    if after < _last_shown(round_):
        return
    if not _is_answered(round_, photo):
        raise GameError("no-pin", _("Set a pin for this photo first."))
    show_next(round_)


@transaction.atomic
def hand_in(*, round_: AlbumRound, player: Player) -> None:
    """The player is done: pins can no longer be moved. Asking twice changes nothing."""
    lock(player)
    if AlbumRound.objects.filter(pk=round_.pk, state=State.CLOSED).exists():
        return
    _check_open(round_)
    pinned = set(round_.pins.filter(side=AlbumPin.Side.PERSON).values_list("photo", flat=True))
    left = [photo for photo in photos_of(round_.album) if photo.pk not in pinned and not is_gone(photo)]
    if left:
        raise GameError("not-complete", _("There are photos without a pin: set one for each first."))
    close(round_)


def _check_open(round_: AlbumRound) -> None:
    state = AlbumRound.objects.values_list("state", flat=True).get(pk=round_.pk)
    if state == State.PREPARING:
        raise GameError("round-not-open", _("This trip is not open yet."))
    if state == State.CLOSED:
        raise GameError("round-closed", _("This trip is handed in."))


def _shown_photo(round_: AlbumRound, number: int) -> AlbumPhoto:
    photo = AlbumPhoto.objects.select_related("panorama").filter(
        album=round_.album_id, number=number, sights__round=round_
    )
    found = photo.first()
    if found is None:
        raise GameError("no-such-photo", _("This photo has not been shown to you yet."))
    return found


def _last_shown(round_: AlbumRound) -> int:
    return round_.sights.aggregate(last=Max("photo__number"))["last"] or 0


def _is_answered(round_: AlbumRound, photo: AlbumPhoto) -> bool:
    pins = round_.pins.filter(photo=photo, side=AlbumPin.Side.PERSON)
    return pins.exists() or is_gone(photo)
