"""Where, which way and when a camera says it took a picture. Strangers write Exif: nothing is believed."""

from __future__ import annotations

import contextlib
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from PIL import ExifTags, Image

from geogame.panoramas.importers.values import Place, RowError, checked_place, clean_text

Tags = Mapping[int, object]

DAMAGED = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, AttributeError, struct.error)
ORIENTATION, ARTIST, COPYRIGHT = ExifTags.Base.Orientation, ExifTags.Base.Artist, ExifTags.Base.Copyright


@dataclass(frozen=True, slots=True)
class Exif:
    main: Tags = field(default_factory=dict)
    photo: Tags = field(default_factory=dict)
    gps: Tags = field(default_factory=dict)

    @property
    def orientation(self) -> int:
        value = self.main.get(ORIENTATION)
        return value if isinstance(value, int) and 1 <= value <= 8 else 1

    @property
    def author(self) -> str:
        return _text(self.main.get(ARTIST))

    @property
    def licence(self) -> str:
        return _text(self.main.get(COPYRIGHT))

    @property
    def taken_at(self) -> str:
        """ISO 8601, with a zone only where the camera knew it."""
        try:
            taken = datetime.strptime(
                _text(self.photo.get(ExifTags.Base.DateTimeOriginal)), "%Y:%m:%d %H:%M:%S"
            )
            zone = _text(self.photo.get(ExifTags.Base.OffsetTimeOriginal))
            return datetime.fromisoformat(f"{taken.isoformat()}{zone}").isoformat()
        except ValueError:
            return ""

    @property
    def heading(self) -> float | None:
        """Degrees from true north. Magnetic ones are left out: they can be 20 degrees and more away."""
        if _text(self.gps.get(ExifTags.GPS.GPSImgDirectionRef)).upper() == "M":
            return None
        degrees = _number(self.gps.get(ExifTags.GPS.GPSImgDirection))
        return degrees % 360 if 0 <= degrees <= 360 else None

    def place(self) -> Place:
        if not self.gps:
            raise RowError("no-coordinates", "no coordinates: no CSV gives them, and its Exif has no GPS")
        lat = self._degrees(ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "N", "S")
        lng = self._degrees(ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "E", "W")
        return checked_place(lat, lng)

    def _degrees(self, tag: int, ref_tag: int, plus: str, minus: str) -> float:
        ref = _text(self.gps.get(ref_tag)).upper()[:1]
        if tag not in self.gps:
            raise RowError("no-coordinates", "no coordinates: its Exif GPS holds none")
        # Without its hemisphere a place may be on the other side of the world.
        if ref not in (plus, minus):
            raise RowError("no-coordinates", f"no coordinates: its Exif GPS does not say {plus} or {minus}")
        degrees = _dms(self.gps[tag])
        if math.isnan(degrees):
            raise RowError(
                "no-coordinates", "no coordinates: its Exif GPS is damaged (not degrees, minutes, seconds)"
            )
        return -degrees if ref == minus else degrees


def read_exif(block: object) -> Exif:
    if not isinstance(block, bytes):
        return Exif()
    exif = Image.Exif()
    try:
        exif.load(block)
    except DAMAGED:
        return Exif()
    return Exif(_main_tags(exif), _sub_tags(exif, ExifTags.IFD.Exif), _sub_tags(exif, ExifTags.IFD.GPSInfo))


def _main_tags(exif: Image.Exif) -> Tags:
    tags: dict[int, object] = {}
    for tag in (ORIENTATION, ARTIST, COPYRIGHT):
        try:
            tags[tag] = exif.get(tag)
        except DAMAGED:
            continue
    return tags


def _sub_tags(exif: Image.Exif, ifd: int) -> Tags:
    try:
        return dict(exif.get_ifd(ifd))
    except DAMAGED:
        return {}


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str):
        return ""
    # Exif says ASCII, cameras write UTF-8, Pillow reads Latin-1.
    with contextlib.suppress(UnicodeError):
        value = value.encode("latin-1").decode("utf-8")
    return clean_text(value)


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]  # whatever the file holds: that is the question
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return math.nan


def _dms(value: object) -> float:
    parts = [_number(part) for part in value] if isinstance(value, tuple) else [_number(value)]
    if not 1 <= len(parts) <= 3 or not all(0 <= part < math.inf for part in parts):
        return math.nan
    if any(part > 60 for part in parts[1:]):
        return math.nan
    return sum(part / scale for part, scale in zip(parts, (1, 60, 3600), strict=False))
