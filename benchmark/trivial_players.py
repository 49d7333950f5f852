"""Players that hardly look, on the same rounds: what people and model must beat (`planet_core.trivial`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmark.clusters import Clusters
from benchmark.pairs import Pairs
from benchmark.statistics import clustered_rate, side_of
from planet_core import images, trivial
from planet_core.geo import haversine_km
from planet_core.partition import Partition
from planet_core.scoring import points
from planet_core.sources.open_source import open_source
from planet_core.sources.photo import Photo
from planet_core.sources.places import read_places
from planet_core.stopping import UserError

MOST_IN_A_CELL = 0.05
"""Share of the photos: fuller cells are split, so that the fullest one is a place and no continent."""
SIDE_PX = 256
"""Training pictures are decoded at about this size before their colours are counted."""
FOV = 90.0
"""Of the view ahead that stands for a 360-degree training picture, degrees: that of the fair picture."""

ThumbnailOf = Callable[[str], trivial.Thumbnails | None]
Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Colours:
    """What players by colour know.

    Attributes:
        photos: training photos with their thumbnails.
        thumbnail_of: the picture of a panorama; None where there is none: they do not play its rounds.
    """

    photos: trivial.TrainingPhotos
    thumbnail_of: ThumbnailOf


def training_photos(source: str) -> trivial.TrainingPhotos:
    """The places of a SOURCE as in `planet_core.evaluate`; pictures are not read.

    Raises:
        SourceError: it cannot be read.
        UserError: it has no usable place.
    """
    blocks = list(read_places(source))
    lat = np.concatenate([block.lat for block in blocks]) if blocks else np.zeros(0)
    lng = np.concatenate([block.lng for block in blocks]) if blocks else np.zeros(0)
    if not lat.size:
        raise UserError(f"{source} has no usable place: the trivial players need training photos")
    return trivial.TrainingPhotos(lat, lng)


def training_pictures(source: str, say: Say) -> trivial.TrainingPhotos | None:
    """The photos of a SOURCE whose pictures can be read, with their thumbnails; None without any.

    Raises:
        SourceError: it cannot be read.
    """
    lat, lng, thumbnails = [], [], []
    for number, photo in enumerate(open_source(source, digests=False), 1):
        say(f"reading training pictures: {number}")
        try:
            thumbnails.append(_thumbnail(photo))
        except (images.ImageError, OSError):
            continue
        lat.append(photo.lat)
        lng.append(photo.lng)
    return trivial.TrainingPhotos(np.array(lat), np.array(lng), np.stack(thumbnails)) if lat else None


def _thumbnail(photo: Photo) -> trivial.Thumbnails:
    if photo.projection == "flat":
        return trivial.thumbnail(images.load(photo.read(), max_side=SIDE_PX, name=photo.name))
    panorama = images.load(photo.read(), max_side=8 * SIDE_PX, name=photo.name)
    return trivial.thumbnail(images.cut_view(panorama, 0.0, 0.0, FOV, (SIDE_PX, SIDE_PX)))


def trivial_players(
    pairs: Pairs, photos: trivial.TrainingPhotos, colours: Colours | None = None
) -> list[dict[str, Any]]:
    """Each trivial player in the place of the model, against the people of the pairs.

    Args:
        photos: where training photos were taken.
        colours: without it there is no player by colour.
    """
    partition = Partition.build(photos.lat, photos.lng, max(1, int(MOST_IN_A_CELL * photos.lat.size)), 1)
    number, which = np.unique(pairs.panoramas, return_inverse=True)
    unseen = np.zeros((len(number), trivial.THUMBNAIL_PX, trivial.THUMBNAIL_PX, 3), dtype=np.uint8)
    scale_km = float(np.median(pairs.rounds.scale_km[pairs.person]))
    places = trivial.TrainingPhotos(photos.lat, photos.lng)
    found = []
    for name, player in trivial.fit_all(places, partition, scale_km).items():
        lat, lng = player.answer(unseen)
        found.append(_against(name, pairs, (lat[which], lng[which])))
    return found if colours is None else [*found, *_by_colour(pairs, number, which, colours)]


def _by_colour(
    pairs: Pairs, number: npt.NDArray[np.int64], which: npt.NDArray[np.int64], colours: Colours
) -> list[dict[str, Any]]:
    """Of the rounds whose panorama has a picture; `number` are the panoramas, `which` that of each pair."""
    names = pairs.rounds.panorama_id.names
    thumbnails = [colours.thumbnail_of(names[one]) for one in number.tolist()]
    seen = np.array([one is not None for one in thumbnails])
    kept = np.flatnonzero(seen[which])
    if not kept.size:
        return []
    place = (np.cumsum(seen) - 1)[which[kept]]
    shown = np.stack([one for one in thumbnails if one is not None])
    found = []
    for k, name in ((1, "nearest colours"), (10, "nearest colours, 10 photos")):
        lat, lng = trivial.NearestColours.fit(colours.photos, k).answer(shown)
        found.append(_against(name, pairs[kept], (lat[place], lng[place])))
    return found


def _against(name: str, pairs: Pairs, places: trivial.Places) -> dict[str, Any]:
    rounds, rows = pairs.rounds, pairs.person
    km = np.asarray(haversine_km(*places, rounds.true_lat[rows], rounds.true_lng[rows]))
    scales = rounds.scale_km[rows].tolist()
    score = np.array([points(far, scale) for far, scale in zip(km.tolist(), scales, strict=True)], float)
    outcomes = np.sign(pairs.person_km - km).astype(np.int64)
    wins, losses = int((outcomes > 0).sum()), int((outcomes < 0).sum())
    return {
        "player": name,
        "rounds": len(pairs),
        "wins": wins,
        "ties": len(pairs) - wins - losses,
        "losses": losses,
        "win_rate": clustered_rate(pairs, outcomes),
        "side": side_of(km, score, Clusters.of(pairs.players, pairs.scenes)),
    }
