"""A contact sheet of cells and their most confident photos, a row each."""

from __future__ import annotations

import os
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from planet_core.exemplars import CellExemplars, Exemplar
from planet_core.files import atomic_file
from planet_core.images import ImageError, fit_square, load

THUMB_PX, GAP_PX, CAPTION_PX, LABEL_PX = 176, 12, 22, 150
_PAPER, _INK, _GREY, _INSIDE = "#faf8f3", "#1b1d22", "#6b6760", "#f2b705"


def draw(cells: Sequence[CellExemplars], count: int, path: str | os.PathLike[str]) -> None:
    """Writes the sheet as .png, at once or not at all; one thumbnail is decoded at a time.

    Args:
        count: photos in a row.

    Raises:
        OSError: the file cannot be written.
    """
    sheet = make_sheet(cells, count)
    with atomic_file(path) as file:
        sheet.save(file, "PNG")


def make_sheet(cells: Sequence[CellExemplars], count: int) -> Image.Image:
    """The sheet: yellow frames are photos taken in the cell, and captions say how far the others are."""
    row_px = THUMB_PX + CAPTION_PX + GAP_PX
    width = GAP_PX + LABEL_PX + count * (THUMB_PX + GAP_PX)
    sheet = Image.new("RGB", (width, GAP_PX + len(cells) * row_px + 24), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for row, cell in enumerate(cells):
        top = GAP_PX + row * row_px
        _label(pen, cell, top)
        for column, exemplar in enumerate(cell.exemplars):
            left = GAP_PX + LABEL_PX + column * (THUMB_PX + GAP_PX)
            sheet.paste(_thumbnail(exemplar), (left, top))
            if exemplar.in_cell:
                pen.rectangle((left - 4, top - 4, left + THUMB_PX + 3, top + THUMB_PX + 3), None, _INSIDE, 4)
            pen.text((left, top + THUMB_PX + 5), _caption(exemplar), _INK, ImageFont.load_default(13))
    note = "Confidence in the cell and, yellow, photos taken in it; else their distance from its centre."
    pen.text((GAP_PX, sheet.height - 24), note, _GREY, ImageFont.load_default(12))
    return sheet


def _label(pen: ImageDraw.ImageDraw, cell: CellExemplars, top: int) -> None:
    pen.text((GAP_PX, top + 4), cell.token, _INK, ImageFont.load_default(18))
    ns, ew = "N" if cell.lat >= 0 else "S", "E" if cell.lng >= 0 else "W"
    place = f"{abs(cell.lat):.2f}° {ns}, {abs(cell.lng):.2f}° {ew}"
    pen.text((GAP_PX, top + 32), place, _GREY, ImageFont.load_default(13))
    if not cell.exemplars:
        pen.text((GAP_PX, top + 54), "no photo", _GREY, ImageFont.load_default(13))


def _caption(exemplar: Exemplar) -> str:
    confidence = f"{exemplar.confidence:.1%}".replace("%", " %")
    if exemplar.in_cell is None or exemplar.distance_km is None:
        return confidence
    return (
        f"{confidence}, in the cell" if exemplar.in_cell else f"{confidence}, {exemplar.distance_km:,.0f} km"
    )


def _thumbnail(exemplar: Exemplar) -> Image.Image:
    """The middle square; of a panorama the middle of the whole. A grey square where it cannot be read now."""
    try:
        photo = exemplar.photo
        return fit_square(load(photo.read(), shorter_side=2 * THUMB_PX, name=photo.name), THUMB_PX)
    except (ImageError, OSError):
        return Image.new("RGB", (THUMB_PX, THUMB_PX), "#c9c4ba")
