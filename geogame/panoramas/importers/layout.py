"""Whether a picture is a whole sphere or flat, and which way its centre looks.

The CSV's `kind` decides, else GPano XMP, else the proportions: 2:1 is taken for a sphere.

A GPano crop that goes all the way round, as phones make them without zenith and nadir, becomes a sphere
whose missing top and bottom take the colour of the nearest row: its horizon, where the clues are, is whole.
One that does not go all the way round stays flat: as a sphere it would be an empty wall behind the player,
and the model would look at that wall too.
"""

from __future__ import annotations

from dataclasses import dataclass

from geogame.panoramas.importers.gpano import Crop, GPano
from geogame.panoramas.importers.values import RowError
from planet_core.images import is_panorama_shape

SPHERE_KINDS = {"pano360", "360", "equirectangular", "photosphere", "spherical"}
FLAT_KINDS = {"photo", "flat", "face", "view", "perspective"}
# A photo may have any proportions; a sphere has exactly two to one, so a guess is strict.
GUESS_TOLERANCE = 0.005
FULL_TURN = 0.995
# Of the 180 degrees from zenith to nadir: with fewer than 60 a viewer would show more filling than picture.
LEAST_HEIGHT = 1 / 3

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """`above` and `below` are the parts of the sphere's height to fill in."""

    is_sphere: bool
    heading: float | None = None
    above: float = 0.0
    below: float = 0.0


def layout_of(*, kind: str, gpano: GPano | None, size: Size, is_turned: bool) -> Layout:
    """`size` is that of the upright picture. Where Exif has turned it, a crop no longer fits its pixels."""
    kind = kind.lower()
    heading = gpano.heading if gpano else None
    crop = gpano.crop if gpano and gpano.projection == "equirectangular" and not is_turned else None
    crop = crop if crop and _fits(crop, size) else None
    if kind not in FLAT_KINDS:
        if crop and crop.width >= FULL_TURN and crop.height >= LEAST_HEIGHT:
            return _padded(crop, heading)
        if _is_sphere(kind, gpano, size, is_part=crop is not None):
            return Layout(is_sphere=True, heading=heading)
    if crop and heading is not None:
        heading = (heading + (crop.left + crop.width / 2 - 0.5) * 360) % 360
    return Layout(is_sphere=False, heading=heading)


def _is_sphere(kind: str, gpano: GPano | None, size: Size, *, is_part: bool) -> bool:
    if kind in SPHERE_KINDS:
        if not is_panorama_shape(size):
            raise RowError(
                "not-2-to-1",
                f"kind {kind} says 360 degrees, but {size[0]} x {size[1]} pixels are not two to one",
            )
        return True
    if is_part or (gpano and gpano.projection != "equirectangular"):
        return False
    return abs(size[0] / size[1] / 2 - 1) <= GUESS_TOLERANCE


def _fits(crop: Crop, size: Size) -> bool:
    """Whether the picture still has the crop's proportions: an editor may have cut it and kept the XMP."""
    return abs(size[1] * 2 * crop.width / (size[0] * crop.height) - 1) <= 0.01


def _padded(crop: Crop, heading: float | None) -> Layout:
    below = max(0.0, 1 - crop.top - crop.height)
    return Layout(is_sphere=True, heading=heading, above=crop.top, below=below)
