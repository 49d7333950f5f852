"""Small pictures of panoramas: for the page, and for players that go by colours."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from planet_core import images, trivial
from planet_core.stopping import UserError

SIDE_PX = 240
QUALITY = 80
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class SmallPicture:
    """A JPEG of at most `SIDE_PX` pixels a side, and what has to stand beside it: author, licence."""

    jpeg: bytes
    credit: str = ""


PictureOf = Callable[[str], SmallPicture | None]
"""The picture of a panorama by its id; None where there is none to show."""


def small_picture(source: str | os.PathLike[str] | bytes, credit: str = "") -> SmallPicture | None:
    """The picture of a file, whole and without metadata; None where it cannot be read."""
    try:
        return SmallPicture(images.encode_jpeg(images.load(source, max_side=SIDE_PX), QUALITY), credit)
    except images.ImageError:
        return None


def pictures_in(folder: Path) -> PictureOf:
    """Pictures of a folder that are called PANORAMA_ID.jpg (.jpeg, .png, .webp).

    Raises:
        UserError: there is no such folder.
    """
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}: it should hold pictures named PANORAMA_ID.jpg")
    files = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in ENDINGS}

    def picture_of(panorama: str) -> SmallPicture | None:
        path = files.get(panorama)
        return small_picture(path) if path else None

    return picture_of


def thumbnails_of(pictures: PictureOf) -> Callable[[str], trivial.Thumbnails | None]:
    """The pictures as `planet_core.trivial` looks at them, each made once."""

    @cache
    def thumbnail_of(panorama: str) -> trivial.Thumbnails | None:
        picture = pictures(panorama)
        return trivial.thumbnail(images.load(picture.jpeg)) if picture else None

    return thumbnail_of
