"""Near-duplicates made on purpose: what happens to a photo between two uploads (Pillow and numpy, no torch).

`make` re-encodes, resizes, crops, re-tones, captions or rotates a picture. Both the network of
`near_duplicates_train` and its examination take their positive pairs from here; the examination uses the
amounts in `EXAMINED`, training draws from the wider ones in `TRAINED`.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,-'"


@dataclass(frozen=True)
class Amounts:
    """How much a picture is changed; each pair is drawn from uniformly.

    Attributes:
        quality: JPEG quality.
        scale: of both sides in `resized`; each side is stretched by up to `stretch` besides.
        stretch: share by which the shape may change in `resized`.
        crop: share of each side that `cropped` keeps.
        tone: how far brightness, contrast, saturation, gamma and each channel may be from 1 in `re-toned`.
        border: of `captioned`, as a share of the height; text fills it.
        degrees: of `rotated`, either way.
    """

    quality: tuple[int, int]
    scale: tuple[float, float]
    stretch: float
    crop: tuple[float, float]
    tone: float
    border: tuple[float, float]
    degrees: tuple[float, float]


EXAMINED = Amounts(
    quality=(8, 25),
    scale=(0.25, 0.6),
    stretch=0.05,
    crop=(0.8, 0.8),
    tone=0.35,
    border=(0.06, 0.14),
    degrees=(2.0, 6.0),
)
TRAINED = Amounts(
    quality=(5, 60),
    scale=(0.15, 0.9),
    stretch=0.12,
    crop=(0.72, 0.97),
    tone=0.5,
    border=(0.03, 0.18),
    degrees=(0.5, 9.0),
)

Alteration = Callable[[Image.Image, np.random.Generator, Amounts], Image.Image]


# ------------------------------------------------------------------------------------------------
# Single alterations: RGB in, RGB out


def reencode(picture: Image.Image, rng: np.random.Generator, amounts: Amounts) -> Image.Image:
    """Through a JPEG of low quality."""
    buffer = io.BytesIO()
    low, high = amounts.quality
    picture.save(buffer, "JPEG", quality=int(rng.integers(low, high + 1)))
    return Image.open(buffer).convert("RGB")


def resize(picture: Image.Image, rng: np.random.Generator, amounts: Amounts) -> Image.Image:
    """Smaller, and of a slightly other shape."""
    scale = rng.uniform(*amounts.scale)
    stretch = 1 + rng.uniform(-amounts.stretch, amounts.stretch, 2)
    size = [max(16, round(side * scale * factor)) for side, factor in zip(picture.size, stretch, strict=True)]
    return picture.resize((size[0], size[1]), Image.Resampling.BICUBIC)


def crop(picture: Image.Image, rng: np.random.Generator, amounts: Amounts) -> Image.Image:
    """A share of each side is kept, anywhere in the picture."""
    keep = rng.uniform(*amounts.crop)
    width, height = (max(1, round(side * keep)) for side in picture.size)
    left, top = rng.uniform(0, picture.width - width), rng.uniform(0, picture.height - height)
    return picture.crop((int(left), int(top), int(left) + width, int(top) + height))


def retone(picture: Image.Image, rng: np.random.Generator, amounts: Amounts) -> Image.Image:
    """Brightness, contrast, saturation, gamma and the balance of the channels; one in six becomes grey."""
    span = 1 + amounts.tone
    brightness, contrast, saturation, gamma = np.exp(rng.uniform(-math.log(span), math.log(span), 4))
    balance = np.exp(rng.uniform(-math.log(span), math.log(span), 3) / 3)
    grey = rng.random() < 1 / 6
    levels = np.arange(256) / 255
    tables = [np.clip(255 * brightness * gain * levels**gamma, 0, 255) for gain in balance]
    toned = picture.point(np.rint(np.concatenate(tables)).astype(int).tolist())
    toned = ImageEnhance.Contrast(toned).enhance(float(contrast))
    return ImageEnhance.Color(toned).enhance(0.0 if grey else float(saturation))


def caption(picture: Image.Image, rng: np.random.Generator, amounts: Amounts) -> Image.Image:
    """Text over a border above, below or all around; the border covers the picture or is added to it."""
    bar = max(4, round(picture.height * rng.uniform(*amounts.border)))
    paper, ink = ("white", "black") if rng.random() < 0.5 else ("black", "white")
    if rng.random() < 0.3:
        paper = "#" + rng.bytes(3).hex()
    side = min(bar // 3, picture.width // 8) if rng.random() < 0.4 else 0  # all around, or the bar alone
    below, added = rng.random() < 0.7, rng.random() < 0.7
    top, bottom = (side, bar) if below else (bar, side)
    width, height = picture.size
    if added:
        framed = Image.new("RGB", (width + 2 * side, height + top + bottom), paper)
        framed.paste(picture, (side, top))
    else:
        framed = Image.new("RGB", picture.size, paper)
        framed.paste(picture.crop((side, top, width - side, height - bottom)), (side, top))
    text = "".join(rng.choice(list(_LETTERS), int(rng.integers(8, 40))))
    line = framed.height - bar if below else 0
    font = ImageFont.load_default(size=max(4, round(0.7 * bar)))
    ImageDraw.Draw(framed).text((side + bar // 4, line + bar // 10), text, fill=ink, font=font)
    return framed


def rotate(picture: Image.Image, rng: np.random.Generator, amounts: Amounts) -> Image.Image:
    """Turned a little: half of them keep the empty corners, half are cropped to the inside."""
    degrees = rng.uniform(*amounts.degrees) * (1 if rng.random() < 0.5 else -1)
    width, height = picture.size
    turned = picture.rotate(degrees, Image.Resampling.BICUBIC)
    if rng.random() < 0.5:
        return turned
    sine, cosine = math.sin(math.radians(abs(degrees))), math.cos(math.radians(degrees))
    # the largest upright rectangle of the picture's own shape that lies inside the turned one
    keep = min(width / (width * cosine + height * sine), height / (width * sine + height * cosine))
    dx, dy = width * (1 - keep) / 2, height * (1 - keep) / 2
    return turned.crop((math.ceil(dx), math.ceil(dy), math.floor(width - dx), math.floor(height - dy)))


ALTERATIONS: dict[str, Alteration] = {
    "re-encoded": reencode,
    "resized": resize,
    "cropped": crop,
    "re-toned": retone,
    "captioned": caption,
    "rotated": rotate,
}
KINDS = tuple(ALTERATIONS)
TWO_AT_ONCE = "two at once"


def make(
    picture: Image.Image, kind: str, rng: np.random.Generator, amounts: Amounts = EXAMINED
) -> Image.Image:
    """A near-duplicate of an RGB picture.

    Args:
        kind: one of `KINDS`, or `TWO_AT_ONCE` for two different ones in random order.

    Raises:
        ValueError: another kind.
    """
    if kind == TWO_AT_ONCE:
        for chosen in rng.choice(KINDS, 2, replace=False):
            picture = ALTERATIONS[str(chosen)](picture, rng, amounts)
        return picture
    if kind not in ALTERATIONS:
        raise ValueError(
            f"unknown kind of near-duplicate {kind!r} (one of {', '.join(KINDS)}, {TWO_AT_ONCE})"
        )
    return ALTERATIONS[kind](picture, rng, amounts)
