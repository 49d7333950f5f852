"""One picture, from its row to what is stored. No database: this runs in threads."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

from geogame.panoramas.importers.layout import Layout, layout_of
from geogame.panoramas.importers.pixels import QUALITY, Header, read_header, render
from geogame.panoramas.importers.rows import Row
from geogame.panoramas.importers.values import Place, Refusal, RowError
from geogame.panoramas.models import Panorama
from geogame.panoramas.services import NewPanorama
from planet_core.images import ImageError, encode_jpeg

MAX_FILE_BYTES = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """A picture whose place and layout are known and whose pixels have not been looked at."""

    row: Row
    data: bytes
    digest: str
    place: Place
    header: Header
    layout: Layout

    @property
    def label(self) -> str:
        return self.row.label


@dataclass(frozen=True, slots=True)
class Ready:
    label: str
    new: NewPanorama

    @property
    def place(self) -> Place:
        return Place(self.new.lat, self.new.lng)

    @property
    def digest(self) -> str:
        return self.new.digest


def inspect(row: Row) -> Inspected | Refusal:
    """Everything about a picture but its pixels."""
    try:
        data = _read(row.file)
        header = read_header(data)
        place = row.place or header.exif.place()
        layout = layout_of(
            kind=row.kind, gpano=header.gpano, size=header.size, is_turned=header.exif.orientation != 1
        )
    except (RowError, ImageError) as error:
        return _refusal(row.label, error)
    digest = hashlib.sha256(data).hexdigest()
    return Inspected(row=row, data=data, digest=digest, place=place, header=header, layout=layout)


def _read(file: Path) -> bytes:
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise RowError("not-an-image", "is not a file")
        if status.st_size > MAX_FILE_BYTES:
            raise RowError("too-large", f"the file has more than {MAX_FILE_BYTES:,} bytes")
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise RowError("missing", "there is no such file") from None
    except OSError as error:
        raise RowError("unreadable", f"cannot be read: {error.strerror}") from None


def encode(item: Inspected) -> Ready | Refusal:
    try:
        image = render(item.data, item.header, item.layout)
    except (RowError, ImageError) as error:
        return _refusal(item.label, error)
    jpeg = encode_jpeg(image, quality=QUALITY)
    row, exif, projection = item.row, item.header.exif, Panorama.Projection
    heading = next((h for h in (row.heading, item.layout.heading, exif.heading) if h is not None), None)
    new = NewPanorama(
        digest=item.digest,
        jpeg=jpeg,
        file_digest=hashlib.sha256(jpeg).hexdigest(),
        width=image.width,
        height=image.height,
        projection=projection.EQUIRECTANGULAR if item.layout.is_sphere else projection.FLAT,
        lat=item.place.lat,
        lng=item.place.lng,
        heading=heading,
        taken_at=row.taken_at or exif.taken_at,
        licence=row.licence or exif.licence,
        author=row.author or exif.author,
        source=row.source,
        kind=row.kind,
        group=row.group,
    )
    return Ready(item.label, new)


def _refusal(label: str, error: RowError | ImageError) -> Refusal:
    # The label names the picture already.
    return Refusal(label, error.code, error.message.removeprefix("the picture "))
