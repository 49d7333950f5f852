"""What a player may know of an album round now. Built key by key from an allow-list: until the round is
handed in, nothing of a photo but its picture, and of one that was not shown yet nothing at all.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, TypedDict

from django.utils.translation import gettext as _

from geogame.albums.lifecycle import is_gone
from geogame.albums.models import AlbumPhoto, AlbumPin, AlbumRound, AlbumSeal, Sight
from geogame.albums.rules import Answer, help_of, hours_since_the_one_before, total, winner
from geogame.games.picture_urls import signed_url
from geogame.panoramas.fair import fair_side
from geogame.panoramas.place_names import in_readers_language

PICTURE = "album-picture"
Side = AlbumPin.Side
Json = dict[str, Any]


class Photo(TypedDict):
    """`gap_h`: hours since the last photo before it whose time is known; people read it, as models do."""

    number: int
    shown: bool
    gone: bool
    picture: Json | None
    gap_h: float | None
    pin: Json | None
    moves: int


class Snapshot(TypedDict):
    id: str
    state: str
    map: str
    drawn: bool
    scale_km: float
    model: Json
    photos: list[Photo]
    result: Json | None


def snapshot(round_: AlbumRound) -> Snapshot:
    photos = list(round_.album.photos.select_related("panorama__fair_view").order_by("number"))
    sights = {sight.photo_id: sight for sight in round_.sights.all()}
    pins = {(pin.photo_id, pin.side): pin for pin in round_.pins.all()}
    closed = round_.state == AlbumRound.State.CLOSED
    gaps = hours_since_the_one_before([photo.taken_at for photo in photos])
    seals = sorted(round_.seals.all(), key=lambda seal: seal.side, reverse=True)
    return {
        "id": round_.token,
        "state": round_.state,
        "map": round_.album.map.name,
        "drawn": round_.album.drawn,
        "scale_km": round_.scale_km,
        "model": _model_state(round_, seals),
        "photos": [
            _photo(photo, sights.get(photo.pk), pins.get((photo.pk, Side.PERSON)), gap)
            for photo, gap in zip(photos, gaps, strict=True)
        ],
        "result": _result(photos, sights, pins, seals) if closed else None,
    }


def _model_state(round_: AlbumRound, seals: list[AlbumSeal]) -> Json:
    if round_.state == AlbumRound.State.PREPARING:
        return {"state": "thinking", "reason": None, "sides": []}
    if not seals:
        return {"state": "absent", "reason": _(round_.model_absent) or None, "sides": []}
    sides = [
        {"side": seal.side, "model": seal.model, "variant": seal.variant, "digest": seal.digest}
        for seal in seals
    ]
    return {"state": "sealed", "reason": None, "sides": sides}


def _photo(photo: AlbumPhoto, sight: Sight | None, pin: AlbumPin | None, gap_h: float | None) -> Photo:
    return {
        "number": photo.number,
        "shown": sight is not None,
        "gone": is_gone(photo),
        "picture": _picture(photo, sight) if sight else None,
        "gap_h": round(gap_h, 2) if sight and gap_h is not None else None,
        "pin": {"lat": pin.lat, "lng": pin.lng} if pin else None,
        "moves": pin.moves if pin else 0,
    }


def _picture(photo: AlbumPhoto, sight: Sight) -> Json:
    panorama = photo.panorama
    width, height = panorama.width, panorama.height
    if panorama.is_360:
        view = getattr(panorama, "fair_view", None)  # no row: it is cut anew when the picture is asked for
        width, height = (view.width, view.height) if view else (fair_side(panorama), fair_side(panorama))
    url = signed_url(PICTURE, sight.picture_token, since=sight.opened_at)
    return {"url": url, "width": width, "height": height}


# --- Handed in -------------------------------------------------------------------------------------
Pins = dict[tuple[int, str], AlbumPin]


def _result(photos: list[AlbumPhoto], sights: dict[int, Sight], pins: Pins, seals: list[AlbumSeal]) -> Json:
    there = [photo for photo in photos if not photo.panorama.withdrawn_at]
    counted = [photo for photo in there if (photo.pk, Side.PERSON) in pins]
    finals = {side: _answers(counted, pins, side) for side in Side.values}
    totals = {side: total(answers) for side, answers in finals.items()}
    return {
        "photos": [_told(photo, pins) for photo in counted],
        "totals": {side: asdict(found) if found else None for side, found in totals.items()},
        "winner": winner(totals[Side.PERSON], totals[Side.SINGLE], totals[Side.ALBUM]),
        "help": {"model": _help_of_the_album(finals), "you": _help_of_moves(counted, pins)},
        "times_seen": max((sight.times_seen for sight in sights.values()), default=0),
        "seals": [{"side": seal.side, "digest": seal.digest, "preimage": seal.preimage} for seal in seals],
    }


def _answers(photos: list[AlbumPhoto], pins: Pins, side: str) -> list[Answer]:
    found = [pins.get((photo.pk, side)) for photo in photos]
    return [Answer(pin.distance_km, pin.points) for pin in found if pin and pin.distance_km is not None]


def _help_of_the_album(finals: dict[str, list[Answer]]) -> Json | None:
    single, album = finals[Side.SINGLE], finals[Side.ALBUM]
    found = help_of(single, album) if len(single) == len(album) else None
    return asdict(found) if found else None


def _help_of_moves(photos: list[AlbumPhoto], pins: Pins) -> Json | None:
    moved = [pin for photo in photos if (pin := pins[photo.pk, Side.PERSON]).moves]
    first, last = [], []
    for pin in moved:
        if pin.first_distance_km is not None and pin.distance_km is not None:
            first.append(Answer(pin.first_distance_km, pin.first_points))
            last.append(Answer(pin.distance_km, pin.points))
    found = help_of(first, last)
    return asdict(found) if found else None


def _told(photo: AlbumPhoto, pins: Pins) -> Json:
    panorama = photo.panorama
    return {
        "number": photo.number,
        "truth": {"lat": panorama.lat, "lng": panorama.lng},
        "place": in_readers_language(panorama.place) or None,
        "taken_at": photo.taken_at or None,
        "cueless": photo.cue == "none",
        "author": panorama.author,
        "licence": panorama.licence,
        "source": panorama.source,
        "answers": {side: _answer(pins.get((photo.pk, side))) for side in Side.values},
    }


def _answer(pin: AlbumPin | None) -> Json | None:
    if pin is None:
        return None
    return {
        "lat": pin.lat,
        "lng": pin.lng,
        "distance_km": pin.distance_km,
        "points": pin.points,
        "first_distance_km": pin.first_distance_km if pin.moves else None,
    }
