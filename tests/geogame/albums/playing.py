"""Album rounds for tests, played by the services."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from geogame.accounts.models import Player
from geogame.albums.lifecycle import seal_answers
from geogame.albums.models import Album, AlbumPhoto, AlbumRound
from geogame.albums.seals import PhotoAnswer, SideAnswer
from geogame.albums.services import hand_in, next_photo, place_pin
from geogame.games.seals import CellProbability
from geogame.panoramas.models import Map, Panorama

Place = tuple[float, float]
PLACES: list[Place] = [(40.0, -3.0), (40.5, -3.5), (48.0, 11.0)]


def album_of(
    make_panorama: Callable[..., Panorama],
    places: Sequence[Place] = PLACES,
    *,
    map_: Map | None = None,
    name: str = "trip",
    **fields: object,
) -> Album:
    """A photo an hour, on a map that is not open for single rounds."""
    if map_ is None:
        map_ = Map.objects.create(name="Trips", slug="trips", scale_km=2000.0)
    album = Album.objects.create(map=map_, name=name)
    for number, (lat, lng) in enumerate(places, start=1):
        panorama = make_panorama(lat, lng, group=f"album/{name}", **fields)
        map_.panoramas.add(panorama)
        taken_at = f"2024-05-01T{7 + number:02}:00:00"
        AlbumPhoto.objects.create(album=album, number=number, panorama=panorama, taken_at=taken_at)
    return album


def model_answers(
    album: Album, single: Place = (50.0, 8.0), with_album: Place = (47.0, 10.0)
) -> list[SideAnswer]:
    """Both sides answer the same place for every photo."""
    return [
        SideAnswer(
            side=side,
            model=f"PlaNet tiny {side}",
            digests=["d" * 64],
            variant="avg" if side == "album" else "",
            rule="top-cell",
            photos=[
                PhotoAnswer(
                    photo=photo.pk,
                    picture_digest=photo.panorama.file_digest,
                    lat=lat,
                    lng=lng,
                    top_cells=[CellProbability(lat, lng, 0.4)],
                    seen_in_training=False,
                )
                for photo in album.photos.select_related("panorama")
            ],
        )
        for side, (lat, lng) in (("single", single), ("album", with_album))
    ]


def seal(round_: AlbumRound, **places: Place) -> bool:
    return seal_answers(round_id=round_.pk, answers=model_answers(round_.album, **places))


def play(round_: AlbumRound, player: Player, pins: Sequence[Place]) -> AlbumRound:
    """One pin for each photo in their order, then the album is handed in."""
    for number, (lat, lng) in enumerate(pins, start=1):
        place_pin(round_=round_, player=player, number=number, lat=lat, lng=lng)
        if number < len(pins):
            next_photo(round_=round_, player=player, after=number)
    hand_in(round_=round_, player=player)
    round_.refresh_from_db()
    return round_
