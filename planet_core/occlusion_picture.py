"""An occlusion map as heat over its photo, with a legend that says what is drawn. Needs matplotlib."""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from planet_core.files import atomic_file
from planet_core.images import Picture, as_rgb
from planet_core.occlusion import OcclusionMap

RAMP = "viridis"
OPACITY = 0.75  # where the probability drops the most
SIDE_PX = 1024  # of the longer side of the photo in the picture
_PAPER, _INK, _GREY = "#faf8f3", "#1b1d22", "#6b6760"


def drop_on_pixels(occlusion: OcclusionMap, height: int, width: int) -> npt.NDArray[np.float32]:
    """How far the probability drops, 0 (not at all, or it rises) to 1 (the most), of each pixel of a photo.

    float32 (height, width); 0 as well outside the square that the model sees. All 0 where no box lowers it.
    """
    drop = np.nan_to_num(occlusion.baseline - occlusion.on_pixels(height, width))
    most = _deepest(occlusion)
    return np.clip(drop / most, 0, 1).astype(np.float32) if most > 0 else np.zeros_like(drop)


def _deepest(occlusion: OcclusionMap) -> float:
    """The largest drop of any pixel, 0 where there is none."""
    return max(0.0, float(occlusion.baseline - occlusion.on_square().min()))


def heat_layer(occlusion: OcclusionMap, height: int, width: int) -> Image.Image:
    """The heat alone, RGBA of a photo's size: transparent where hiding a part costs no probability."""
    return Image.fromarray(_colours(drop_on_pixels(occlusion, height, width)), "RGBA")


def _colours(share: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    table = np.empty((256, 4))
    steps = np.linspace(0, 1, 256)
    table[:, :3] = mpl.colormaps[RAMP](steps)[:, :3]
    table[:, 3] = OPACITY * np.sqrt(steps)  # half of the largest drop is well seen
    table[0, 3] = 0.0
    return np.asarray(np.rint(table * 255).astype(np.uint8)[np.rint(share * 255).astype(np.uint8)])


def overlay(occlusion: OcclusionMap, picture: Picture) -> Image.Image:
    """The photo, at most `SIDE_PX` a side, with the heat on it and what the model does not see darkened."""
    photo = as_rgb(picture).copy()
    photo.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
    shaded = photo.convert("L").convert("RGBA")  # grey, so that colour is heat alone
    shaded = Image.blend(shaded, photo.convert("RGBA"), 0.35)
    unseen = np.isnan(occlusion.on_pixels(photo.height, photo.width))
    shade = np.zeros((*unseen.shape, 4), dtype=np.uint8)
    shade[unseen, 3] = 150
    shaded.alpha_composite(Image.fromarray(shade, "RGBA"))
    shaded.alpha_composite(heat_layer(occlusion, photo.height, photo.width))
    return shaded.convert("RGB")


def draw(occlusion: OcclusionMap, picture: Picture, path: str | os.PathLike[str]) -> None:
    """Writes the overlay with its legend as .png or .jpg, at once or not at all.

    Raises:
        ValueError: another ending.
        OSError: the file cannot be written.
    """
    kinds = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
    kind = kinds.get(Path(path).suffix.lower())
    if kind is None:
        raise ValueError(f"{path}: occlusion maps are drawn as .png or .jpg")
    finished = with_legend(occlusion, overlay(occlusion, picture))
    with atomic_file(path) as file:
        finished.save(file, kind, quality=92)


def with_legend(occlusion: OcclusionMap, photo: Image.Image) -> Image.Image:
    """The photo above a scale and two sentences; at least 520 pixels wide."""
    width = max(photo.width, 520)
    sheet = Image.new("RGB", (width, photo.height + 96), _PAPER)
    sheet.paste(photo, ((width - photo.width) // 2, 0))
    pen = ImageDraw.Draw(sheet)
    font, small = ImageFont.load_default(15), ImageFont.load_default(13)
    top = photo.height + 12
    name = {"true-cell": "the true cell", "top-cell": "the model's top cell"}[occlusion.target]
    pen.text((12, top), f"Mean probability of {name}, {occlusion.token}, with grey boxes there", _INK, font)

    deepest = _deepest(occlusion)
    if deepest > 0:
        scale = _scale(180, 14)
        left = 12 + round(pen.textlength(_percent(occlusion.baseline), small)) + 8
        pen.text((12, top + 26), _percent(occlusion.baseline), _INK, small)
        sheet.paste(scale, (left, top + 27))
        text = f"{_percent(occlusion.baseline - deepest)}   (no colour: no lower than without a box)"
        pen.text((left + 188, top + 26), text, _INK, small)
    else:
        pen.text((12, top + 26), f"{_percent(occlusion.baseline)}: no box lowers it", _INK, small)
    pen.text((12, top + 52), f"This cell, because {occlusion.reason}.", _GREY, small)
    return sheet


def _scale(width: int, height: int) -> Image.Image:
    share = np.broadcast_to(np.linspace(0, 1, width, dtype=np.float32), (height, width))
    base = Image.new("RGBA", (width, height), "#b0b0b0")
    base.alpha_composite(Image.fromarray(_colours(share), "RGBA"))
    return base.convert("RGB")


def _percent(probability: float) -> str:
    percent = 100 * probability
    digits = 0 if percent >= 10 else 1 if percent >= 1 else 3
    return f"{percent:.{digits}f} %"
