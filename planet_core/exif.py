"""Where, which way and when a camera says it took a picture (Pillow only).

Strangers write Exif: nothing is believed.

block = Image.open(path).info.get("exif")
exif.read(block).place()  # (lat, lng), or ExifError with a code and a reason
"""

from __future__ import annotations

import contextlib
import math
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from PIL import ExifTags, Image

Tags = Mapping[int, object]

DAMAGED = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, AttributeError, struct.error)


class ExifError(ValueError):
    """No usable place; `code` is `no-coordinates` or `bad-coordinates`."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Exif:
    """The tags of a block; unreadable parts are empty."""

    photo: Tags = field(default_factory=dict)
    gps: Tags = field(default_factory=dict)

    @property
    def taken_at(self) -> str:
        """ISO 8601, with a zone only where the camera knew it; "" where it does not say."""
        time = text(self.photo.get(ExifTags.Base.DateTimeOriginal))
        zone = text(self.photo.get(ExifTags.Base.OffsetTimeOriginal))
        try:
            taken = datetime.strptime(time, "%Y:%m:%d %H:%M:%S").isoformat()
            return datetime.fromisoformat(taken + zone).isoformat()
        except ValueError:
            return ""

    @property
    def heading(self) -> float | None:
        """Degrees from true north, 0 <= heading < 360; magnetic ones, up to 20 degrees off, are left out."""
        if text(self.gps.get(ExifTags.GPS.GPSImgDirectionRef)).upper() == "M":
            return None
        degrees = _number(self.gps.get(ExifTags.GPS.GPSImgDirection))
        return degrees % 360 if 0 <= degrees <= 360 else None

    def place(self) -> tuple[float, float]:
        """(lat, lng) in degrees.

        Raises:
            ExifError: there is none, it lacks its hemisphere, it is damaged or not on the globe.
        """
        lat, lng = self.coordinates()
        if abs(lat) > 90 or abs(lng) > 180:
            raise ExifError("bad-coordinates", f"its Exif GPS is not on the globe: {lat}, {lng}")
        return lat, lng

    def coordinates(self) -> tuple[float, float]:
        """(lat, lng) as written, in degrees, on the globe or not.

        Raises:
            ExifError: there is none, it lacks its hemisphere, or it is damaged.
        """
        if not self.gps:
            raise ExifError("no-coordinates", "no coordinates: its Exif has no GPS")
        lat = self._degrees(ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "N", "S")
        return lat, self._degrees(ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "E", "W")

    def _degrees(self, tag: int, ref_tag: int, plus: str, minus: str) -> float:
        if tag not in self.gps:
            raise ExifError("no-coordinates", "no coordinates: its Exif GPS holds none")
        ref = text(self.gps.get(ref_tag)).upper()[:1]
        # without its hemisphere a place may be on the other side of the world
        if ref not in (plus, minus):
            raise ExifError("bad-coordinates", f"its Exif GPS does not say {plus} or {minus}")
        degrees = _degrees(self.gps[tag])
        if math.isnan(degrees):
            raise ExifError("bad-coordinates", "its Exif GPS is damaged (not degrees, minutes, seconds)")
        return -degrees if ref == minus else degrees


def read(block: object) -> Exif:
    """The tags of `image.info.get("exif")`; empty where that is none or unreadable. Never raises."""
    if not isinstance(block, bytes):
        return Exif()
    exif = Image.Exif()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exif.load(block)
        except DAMAGED:
            return Exif()
        return Exif(_tags(exif, ExifTags.IFD.Exif), _tags(exif, ExifTags.IFD.GPSInfo))


def _tags(exif: Image.Exif, directory: int) -> Tags:
    try:
        return dict(exif.get_ifd(directory))
    except DAMAGED:
        return {}


def text(value: object) -> str:
    """A tag's text, whatever the file holds; "" for what is none."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str):
        return ""
    # Exif says ASCII, cameras write UTF-8, Pillow reads Latin-1
    with contextlib.suppress(UnicodeError):
        value = value.encode("latin-1").decode("utf-8")
    return value.replace("\0", " ").strip()


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]  # whatever the file holds: that is the question
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return math.nan


def _degrees(value: object) -> float:
    """Degrees out of (degrees[, minutes[, seconds]]); NaN out of anything else."""
    parts = [_number(part) for part in value] if isinstance(value, tuple) else [_number(value)]
    if not 1 <= len(parts) <= 3 or not all(0 <= part < math.inf for part in parts):
        return math.nan
    if any(part > 60 for part in parts[1:]):
        return math.nan
    return sum(part / scale for part, scale in zip(parts, (1, 60, 3600), strict=False))
