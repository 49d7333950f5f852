"""Colours of the ground, as linear albedo: by climate, season and land cover, with a jitter of each place's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def linear(srgb: tuple[int, int, int] | str) -> Array:
    """Linear light 0..1 of an sRGB colour, as three numbers of 0..255 or as "#rrggbb"."""
    if isinstance(srgb, str):
        srgb = (int(srgb[1:3], 16), int(srgb[3:5], 16), int(srgb[5:7], 16))
    value = np.array(srgb, float) / 255.0
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


# cover: fresh colour, dry colour, bare earth, share of bare earth, share of that which is sand
COVERS: Mapping[str, tuple[str, str, str, float, float]] = {
    "meadow": ("#5e723f", "#83875a", "#6f5b43", 0.10, 0.0),
    "dry_grass": ("#86835a", "#ab9a70", "#8f7550", 0.34, 0.1),
    "savanna_grass": ("#87864f", "#b0966a", "#9a6a42", 0.38, 0.2),
    "tundra": ("#6a6c4a", "#85734f", "#6f665a", 0.34, 0.0),
    "desert_sand": ("#a08b5c", "#b59b68", "#cfa873", 0.97, 1.0),
    "desert_gravel": ("#8f8458", "#a18d63", "#a08a6c", 0.92, 0.1),
    "red_soil": ("#7f8440", "#a08a48", "#a2592f", 0.62, 0.2),
}
# crop: standing, between the rows, metres between rows, how much the rows show
CROPS: Mapping[str, tuple[str, str, float, float]] = {
    "wheat": ("#b39c66", "#9c8656", 0.9, 0.25),
    "maize": ("#5c7238", "#6b5a3a", 0.85, 0.65),
    "rice_paddy": ("#76924a", "#5f744a", 0.6, 0.45),
    "vineyard": ("#5b7333", "#9a8058", 2.4, 0.95),
    "sunflower": ("#a8923c", "#5f6838", 0.9, 0.5),
    "tea": ("#3f6a2a", "#5a4a33", 1.4, 0.75),
    "sugar_cane": ("#76923d", "#5a5a30", 1.5, 0.5),
    "soy": ("#5c7c34", "#6a553c", 0.8, 0.6),
    "potato": ("#4f6f34", "#6b523a", 0.9, 0.7),
    "rapeseed": ("#b3a640", "#6f7d40", 0.6, 0.2),
    "cotton": ("#b9b69c", "#6f5f45", 1.1, 0.6),
    "olive": ("#75805a", "#a08a60", 6.0, 0.9),
    "ploughed": ("#6a5038", "#50402e", 0.7, 0.6),
    "pasture": ("#62783f", "#7f8650", 3.0, 0.06),
    "stubble": ("#b79d66", "#9c8250", 0.8, 0.4),
}
FOREST = {
    "conifer": "#34432f",
    "leaf": "#475a36",
    "rainforest": "#39502e",
    "dry": "#62684a",
    "autumn": "#8a6a2c",
    "bare": "#6a5f50",
}
ROCKS = ("#8a8580", "#94897a", "#7f7f80", "#9a8468", "#8f7764")


def mixed(names: tuple[tuple[str, float], ...], column: int) -> Array:
    """The colour in a column of COVERS, averaged over a mix of covers."""
    total = sum(weight for _, weight in names) or 1.0
    colours = [linear(str(COVERS.get(name, COVERS["meadow"])[column])) * weight for name, weight in names]
    return np.sum(colours, axis=0) / total if colours else linear("#77746e")


def share(names: tuple[tuple[str, float], ...], column: int) -> float:
    """The number in a column of COVERS, averaged over a mix of covers."""
    total = sum(weight for _, weight in names)
    if not total:
        return 1.0
    return float(sum(float(COVERS.get(name, COVERS["meadow"])[column]) * weight for name, weight in names) / total)


def jitter(rng: np.random.Generator, colour: Array, amount: float) -> Array:
    """The colour with its brightness and hue moved at random, so that it does not name a place."""
    return np.asarray(colour * np.exp(rng.normal(0, amount, 3) * 0.5 + rng.normal(0, amount)))


def paint(name: str) -> Array:
    """Road paint by its colour's name."""
    return linear({"yellow": "#e0a21c", "white": "#e4e2da"}.get(name, "#e4e2da"))
