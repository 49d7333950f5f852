"""A folder of photos whose Exif says where they were taken, subfolders included: `folder:pictures`.

JPEG, PNG and WebP. Only headers are read here, nothing is decoded. Files of other kinds are passed over; a
picture without a place in its Exif is a bad row.
"""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import Image

from planet_core import exif
from planet_core.images import FORMATS
from planet_core.sources.folder import FolderSource
from planet_core.sources.photo import Photo, RowProblem


class ExifFolder(FolderSource):
    """The photos of a folder with a place in their Exif."""

    kind = "folder"
    summary = "a folder of JPEG, PNG or WebP photos with GPS in their Exif"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return path.is_dir()

    def _photo(self, path: Path) -> Photo:
        tags = exif.read(exif_block(path))
        try:
            lat, lng = tags.place()
        except exif.ExifError as error:
            raise RowProblem(error.code, str(error)) from error
        return Photo(path, lat, lng, digest=self._digest(path), heading=tags.heading, taken_at=tags.taken_at)


def exif_block(path: Path) -> object:
    """The Exif block of a picture, None where it has none. Raises RowProblem where it is no picture."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=FORMATS) as image:
                return image.info.get("exif")
        except Image.DecompressionBombError as error:
            raise RowProblem("not-a-photo", "too many pixels") from error
        except (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            raise RowProblem("not-a-photo", "not a JPEG, PNG or WebP picture, or damaged") from error
