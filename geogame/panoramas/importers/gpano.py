"""Google's panorama properties in XMP: projection, compass direction, and which part of the sphere it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree

NAMESPACE = "{http://ns.google.com/photos/1.0/panorama/}"
MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of the sphere that the picture holds, as fractions of the whole."""

    left: float
    top: float
    width: float
    height: float

    @property
    def is_inside(self) -> bool:
        fractions = (self.left, self.top, self.width, self.height)
        return (
            all(map(math.isfinite, fractions))
            and min(fractions) >= 0
            and max(self.left + self.width, self.top + self.height) <= 1.005
        )


@dataclass(frozen=True, slots=True)
class GPano:
    projection: str
    heading: float | None
    crop: Crop | None


def read_gpano(xmp: object) -> GPano | None:
    """None where there is no such XMP or it cannot be read: a picture is good without."""
    if isinstance(xmp, str):
        xmp = xmp.encode("utf-8", "replace")
    if not isinstance(xmp, bytes) or len(xmp) > MAX_BYTES:
        return None
    try:
        root = ElementTree.fromstring(xmp.strip(b"\0 \r\n\t"))
    except (ParseError, ValueError, LookupError):
        return None
    values = dict(_properties(root))
    if "ProjectionType" not in values:
        return None
    heading = _number(values, "PoseHeadingDegrees")
    return GPano(
        projection=values["ProjectionType"].strip().lower(),
        heading=heading % 360 if abs(heading) <= 360 else None,
        crop=_crop(values),
    )


def _properties(root: Element) -> Iterator[tuple[str, str]]:
    """Both ways in which XMP is written: attributes of rdf:Description, or elements in it."""
    for element in root.iter():
        if element.tag.startswith(NAMESPACE):
            yield element.tag.removeprefix(NAMESPACE), element.text or ""
        for name, value in element.items():
            if name.startswith(NAMESPACE):
                yield name.removeprefix(NAMESPACE), value


def _number(values: Mapping[str, str], name: str) -> float:
    try:
        number = float(values.get(name, "nan"))
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _crop(values: Mapping[str, str]) -> Crop | None:
    """None unless all six numbers are there and fit together."""
    full_width, full_height = _number(values, "FullPanoWidthPixels"), _number(values, "FullPanoHeightPixels")
    if not (full_width > 0 and full_height > 0):
        return None
    crop = Crop(
        left=_number(values, "CroppedAreaLeftPixels") / full_width,
        top=_number(values, "CroppedAreaTopPixels") / full_height,
        width=_number(values, "CroppedAreaImageWidthPixels") / full_width,
        height=_number(values, "CroppedAreaImageHeightPixels") / full_height,
    )
    return crop if crop.is_inside else None
