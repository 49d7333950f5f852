"""What a picture's Exif says beside its place: which way up it is, whose it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from PIL import ExifTags, Image

from geogame.panoramas.importers.values import Place, RowError, checked_place, clean_text
from planet_core import exif as camera
from planet_core.exif import DAMAGED, ExifError, Tags

ORIENTATION, ARTIST, COPYRIGHT = ExifTags.Base.Orientation, ExifTags.Base.Artist, ExifTags.Base.Copyright


@dataclass(frozen=True, slots=True)
class Exif:
    main: Tags = field(default_factory=dict)
    camera: camera.Exif = field(default_factory=camera.Exif)

    @property
    def orientation(self) -> int:
        value = self.main.get(ORIENTATION)
        return value if isinstance(value, int) and 1 <= value <= 8 else 1

    @property
    def author(self) -> str:
        return clean_text(camera.text(self.main.get(ARTIST)))

    @property
    def licence(self) -> str:
        return clean_text(camera.text(self.main.get(COPYRIGHT)))

    @property
    def taken_at(self) -> str:
        return self.camera.taken_at

    @property
    def heading(self) -> float | None:
        return self.camera.heading

    def place(self) -> Place:
        if not self.camera.gps:
            raise RowError("no-coordinates", "no coordinates: no CSV gives them, and its Exif has no GPS")
        try:
            lat, lng = self.camera.coordinates()
        except ExifError as error:
            reason = str(error) if error.code == "no-coordinates" else f"no coordinates: {error}"
            raise RowError("no-coordinates", reason) from error
        return checked_place(lat, lng)


def read_exif(block: object) -> Exif:
    if not isinstance(block, bytes):
        return Exif()
    exif = Image.Exif()
    try:
        exif.load(block)
    except DAMAGED:
        return Exif()
    return Exif(_main_tags(exif), camera.read(block))


def _main_tags(exif: Image.Exif) -> Tags:
    tags: dict[int, object] = {}
    for tag in (ORIENTATION, ARTIST, COPYRIGHT):
        try:
            tags[tag] = exif.get(tag)
        except DAMAGED:
            continue
    return tags
