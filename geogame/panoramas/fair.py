"""The fair picture of a panorama: the one file that people see and models look at in the fair condition.

A flat picture is its own file. Of a 360-degree one it is the opening view, straight ahead and a quarter of
the horizon wide, cut once and kept: the bytes are the same for everybody, for as long as the file is there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction

from geogame.lib.tokens import random_token
from geogame.panoramas.models import FairView, Panorama
from planet_core import images
from planet_core.files import atomic_file

HEADING, PITCH, FOV = 0.0, 0.0, 90.0
SIDE_PX = 1024
LEAST_SIDE_PX = 256
QUALITY = 92


class PictureGone(Exception):
    """Why a panorama has no picture to show, as a sentence for people."""


@dataclass(frozen=True)
class FairPicture:
    """A JPEG file. `digest` is its SHA-256."""

    path: Path
    digest: str
    width: int
    height: int


def fair_picture(panorama: Panorama) -> FairPicture:
    """The file of the fair condition, cut now if it is the first time or the file is gone.

    PictureGone for a panorama that was withdrawn, or whose own file is gone or damaged.
    """
    if panorama.withdrawn_at:
        raise PictureGone("This panorama was withdrawn.")
    if not panorama.is_360:
        if not panorama.path.is_file():
            raise PictureGone("The picture's file is gone.")
        return FairPicture(panorama.path, panorama.file_digest, panorama.width, panorama.height)
    view = FairView.objects.filter(panorama=panorama).first()
    if view is None or not view.path.is_file():
        view = _store(panorama, _cut(panorama), lost=view)
    return FairPicture(view.path, view.digest, view.width, view.height)


def fair_digest(panorama: Panorama) -> str | None:
    """The digest of the fair picture; None where a view is still to be cut. Reads no file."""
    if not panorama.is_360:
        return panorama.file_digest
    return FairView.objects.filter(panorama=panorama).values_list("digest", flat=True).first()


def fair_side(panorama: Panorama) -> int:
    """Pixels of a side of the view that is cut out of a 360-degree panorama."""
    return max(LEAST_SIDE_PX, min(SIDE_PX, panorama.width // 4))


@dataclass(frozen=True)
class _Cut:
    jpeg: bytes
    side: int


def _cut(panorama: Panorama) -> _Cut:
    side = fair_side(panorama)
    try:
        # Twice as fine as the view is enough: larger panoramas are decoded at a fraction of their size.
        picture = images.load(panorama.path, max_side=8 * side)
        view = images.cut_view(picture, HEADING, PITCH, FOV, (side, side))
    except (images.ImageError, ValueError) as error:
        raise PictureGone(f"The picture's file is gone or damaged ({error}).") from error
    return _Cut(images.encode_jpeg(view, QUALITY), side)


def _store(panorama: Panorama, cut: _Cut, *, lost: FairView | None) -> FairView:
    """Keep the view, unless another process kept one meanwhile, or the panorama was withdrawn."""
    token = random_token()
    name = f"views/{token[:2].lower()}/{token}.jpg"
    path = Path(settings.MEDIA_ROOT) / name
    fields = {
        "file": name,
        "digest": hashlib.sha256(cut.jpeg).hexdigest(),
        "width": cut.side,
        "height": cut.side,
    }
    # Before the transaction: SQLite has one writer, and it should not wait for a disk to sync.
    with atomic_file(path) as file:
        file.write(cut.jpeg)
    try:
        view = _enter(panorama, fields, lost)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if view.file != name:
        path.unlink(missing_ok=True)
    return view


def _enter(panorama: Panorama, fields: dict[str, object], lost: FairView | None) -> FairView:
    try:
        with transaction.atomic():
            now = Panorama.objects.select_for_update().get(pk=panorama.pk)
            if now.withdrawn_at:
                raise PictureGone("This panorama was withdrawn.")
            if lost is None:
                return FairView.objects.create(panorama=panorama, **fields)
            FairView.objects.filter(pk=lost.pk, file=lost.file).update(**fields)
    except IntegrityError:
        pass  # another process was faster
    return FairView.objects.get(panorama=panorama)
