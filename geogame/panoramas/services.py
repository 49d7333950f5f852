from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from geogame.lib.queue import INFERENCE, PREDICT_AHEAD, enqueue
from geogame.lib.tokens import random_token
from geogame.panoramas.models import FairView, Map, Panorama
from geogame.panoramas.places import describe
from geogame.panoramas.signals import panorama_withdrawn
from planet_core.files import atomic_file
from planet_core.geo import bounding_box, diagonal_km
from planet_core.geography import country_at
from planet_core.scoring import MIN_SCALE_KM, WORLD_SCALE_KM


class MapError(Exception):
    """Why a map cannot be made or played, as a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class NewPanorama:
    """A checked and re-encoded picture, ready to be stored."""

    digest: str
    jpeg: bytes
    file_digest: str
    width: int
    height: int
    projection: str
    lat: float
    lng: float
    heading: float | None = None
    taken_at: str = ""
    licence: str = ""
    author: str = ""
    source: str = ""
    kind: str = ""
    group: str = ""
    drawn: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


def find_map(name: str) -> Map | None:
    """The map of that name, if there is one. MapError for what can be no name."""
    return Map.objects.filter(slug=_name_and_slug(name)[1]).first()


def get_or_create_map(name: str) -> Map:
    name, slug = _name_and_slug(name)
    return find_map(name) or Map.objects.create(name=name, slug=slug)


def _name_and_slug(name: str) -> tuple[str, str]:
    name = " ".join(name.split())
    slug = slugify(name, allow_unicode=True)
    if not slug or len(name) > 80:
        raise MapError(
            f"{name!r} is no name for a map: use 1 to 80 characters with at least one letter or digit."
        )
    return name, slug


def put_on_map(*, map_: Map, panorama: Panorama) -> bool:
    """True when the map did not have it. What was withdrawn comes on no map again."""
    with transaction.atomic():
        now = Panorama.objects.select_for_update().get(pk=panorama.pk)
        if now.withdrawn_at or map_.panoramas.filter(pk=panorama.pk).exists():
            return False
        map_.panoramas.add(panorama)
        return True


def add_panorama(*, map_: Map, new: NewPanorama) -> bool:
    """Store the picture once and put it on the map. True when the map did not have it."""
    if existing := Panorama.objects.filter(digest=new.digest).first():
        return put_on_map(map_=map_, panorama=existing)
    # A random name: a path that follows from the picture would let players recognise it.
    token = random_token()
    name = f"panoramas/{token[:2].lower()}/{token}.jpg"
    path = Path(settings.MEDIA_ROOT) / name
    # Before the transaction: SQLite has one writer, and it should not wait for a disk to sync.
    with atomic_file(path) as file:
        file.write(new.jpeg)
    try:
        with transaction.atomic():
            return put_on_map(map_=map_, panorama=_create(new, name))
    except IntegrityError:
        # Another import was faster.
        path.unlink(missing_ok=True)
        return put_on_map(map_=map_, panorama=Panorama.objects.get(digest=new.digest))
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _create(new: NewPanorama, name: str) -> Panorama:
    country = country_at(new.lat, new.lng)
    return Panorama.objects.create(
        digest=new.digest,
        file=name,
        file_digest=new.file_digest,
        width=new.width,
        height=new.height,
        projection=new.projection,
        lat=new.lat,
        lng=new.lng,
        place=describe(new.lat, new.lng, country)[:200],
        country=country,
        heading=new.heading,
        taken_at=new.taken_at[:40],
        licence=new.licence[:100],
        author=new.author[:200],
        source=new.source[:500],
        kind=new.kind[:50],
        group=new.group[:200],
        drawn=new.drawn,
        facts=new.facts,
    )


def scale_km_of(lat: np.ndarray, lng: np.ndarray) -> float:
    """The score's scale of a map: the diagonal of the box around its places.

    A box over more than half the globe counts as the world: its corners come close again round the back.
    """
    box = bounding_box(lat, lng)
    _, west, _, east = box
    if (east - west) % 360 > 180:
        return WORLD_SCALE_KM
    return max(MIN_SCALE_KM, float(diagonal_km(box)))


@transaction.atomic
def publish_map(map_: Map) -> None:
    """Open the map for play; its scale is fixed from the panoramas that it holds now, and the models in play
    begin to look at them.
    """
    places = np.array(list(map_.panoramas.values_list("lat", "lng")))
    if not len(places):
        raise MapError(f"The map “{map_.name}” has no panoramas: import some first.")
    map_.scale_km = round(scale_km_of(places[:, 0], places[:, 1]), 3)
    if not map_.is_published:
        map_.is_published = True
        map_.published_at = timezone.now()
    map_.save(update_fields=["scale_km", "is_published", "published_at"])
    enqueue(PREDICT_AHEAD, queue=INFERENCE)


def withdraw(panorama: Panorama) -> bool:
    """Take the panorama down for good: off all maps, its files and those made from it deleted,
    its rows kept for what was played.

    False when it was withdrawn already; its files are deleted again all the same.
    """
    with transaction.atomic():
        Panorama.objects.select_for_update().get(pk=panorama.pk)  # a view is being cut: not after this
        withdrawn = Panorama.objects.filter(pk=panorama.pk, withdrawn_at=None).update(
            withdrawn_at=timezone.now()
        )
        panorama.maps.clear()
        panorama.refresh_from_db()
        views = FairView.objects.filter(panorama=panorama)
        paths = [panorama.path, *(view.path for view in views)]
    for path in paths:
        path.unlink(missing_ok=True)
    panorama_withdrawn.send(sender=Panorama, panorama=panorama)
    return withdrawn == 1


def unpublish_map(map_: Map) -> None:
    map_.is_published = False
    map_.save(update_fields=["is_published"])
