"""Album rounds as rows of the benchmark: one for each photo and side, under a condition of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmark.rounds import Row
from geogame.albums.models import AVERAGE, CONDITION, AlbumPhoto, AlbumPin, AlbumRound
from geogame.albums.words import COULD_NOT_LOOK
from geogame.panoramas.models import Map
from geogame.panoramas.sources import source_of
from geogame.registry.models import ModelVersion
from geogame.reports.queries import album_pins, unanswered_albums

Side = AlbumPin.Side


def album_rows(map_: Map | None = None) -> Iterator[Row]:
    """Three answers a photo, the person\'s as it was handed in; and what models owed and did not answer."""
    for pin in album_pins(map_):
        yield Row(**_of_photo(pin.round, pin.photo), **_of_pin(pin))
    for round_ in unanswered_albums(map_).select_related("album__map", "image_version"):
        pinned = AlbumPhoto.objects.filter(pins__round=round_, panorama__withdrawn_at=None).distinct()
        for photo in pinned.select_related("panorama"):
            yield from _owed(round_, photo)


def model_name(side: str, image: ModelVersion, album: ModelVersion | None) -> str:
    """What rows call a side of the model; as a seal keeps it."""
    if side == Side.SINGLE:
        return str(image)
    return str(album) if album else f"{image}, {AVERAGE}"


def _of_photo(round_: AlbumRound, photo: AlbumPhoto) -> dict[str, Any]:
    panorama = photo.panorama
    return {
        "round_id": f"{round_.token}-{photo.number}",
        "panorama_id": str(panorama.pk),
        "album": str(round_.album_id),
        "condition": CONDITION,
        "map": round_.album.map.name,
        "true_lat": panorama.lat,
        "true_lng": panorama.lng,
        "scale_km": round_.scale_km,
        "scoring_version": round_.scoring_version,
        "source": source_of(panorama),
    }


def _of_pin(pin: AlbumPin) -> dict[str, Any]:
    is_model = pin.side != Side.PERSON
    found: dict[str, Any] = {
        "player_id": _name(pin) if is_model else pin.round.player.token,
        "player_kind": "model" if is_model else "person",
        "lat": pin.lat,
        "lng": pin.lng,
        "outcome": "answered",
        "answered_at": pin.moved_at.isoformat(),
    }
    return found | ({"seen_in_training": pin.seen_in_training} if is_model else _of_person(pin))


def _name(pin: AlbumPin) -> str:
    seals = [seal.model for seal in pin.round.seals.all() if seal.side == pin.side]
    return seals[0] if seals else pin.side


def _of_person(pin: AlbumPin) -> dict[str, Any]:
    round_ = pin.round
    seen = [sight.times_seen for sight in round_.sights.all() if sight.photo_id == pin.photo_id]
    return {
        "exposure": max([pin.times_revealed, *seen]) + 1,
        "group_exposure": pin.group_revealed + 1,
        "consent": round_.player.in_reports_chosen_at is not None or None,
        "guest": not round_.registered,
        "device": round_.device,
    }


def _owed(round_: AlbumRound, photo: AlbumPhoto) -> Iterator[Row]:
    """Rows of models that did not answer: who leaves hard albums out must not win by it."""
    image, opened = round_.image_version, round_.opened_at
    if image is None or opened is None:
        return
    for side in (Side.SINGLE, Side.ALBUM):
        yield Row(
            **_of_photo(round_, photo),
            player_id=model_name(side, image, round_.album_version),
            player_kind="model",
            lat=None,
            lng=None,
            outcome="error" if round_.model_absent == COULD_NOT_LOOK else "timeout",
            answered_at=opened.isoformat(),
        )
