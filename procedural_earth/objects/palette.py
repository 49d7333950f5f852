"""Colour names of the fact tables, and the paints that houses and vehicles wear."""

from __future__ import annotations

import numpy as np

from procedural_earth.objects.solids import Colour, linear

RGB = tuple[int, int, int]

NAMED: dict[str, RGB] = {
    "white": (244, 243, 238),
    "black": (24, 24, 26),
    "yellow": (246, 200, 34),
    "blue": (24, 74, 158),
    "green": (10, 106, 62),
    "red": (188, 26, 34),
    "orange": (228, 116, 30),
    "brown": (104, 66, 40),
    "grey": (128, 130, 132),
    "gray": (128, 130, 132),
    "cyan": (40, 150, 190),
    "none": (210, 210, 206),
}
"""Sign and plate colours by the names of the country facts."""

_LETTERS = {"W": "white", "K": "black", "Y": "yellow", "B": "blue", "G": "green", "R": "red", "O": "orange", "N": "none"}

WALLS: dict[str, tuple[RGB, ...]] = {
    "brick": ((158, 82, 62), (142, 70, 54), (172, 104, 78), (186, 128, 96)),
    "white": ((238, 236, 228), (232, 228, 218), (244, 242, 238)),
    "cream": ((236, 222, 188), (228, 208, 168), (240, 230, 206)),
    "ochre": ((222, 176, 112), (208, 158, 96), (230, 196, 140), (214, 150, 110)),
    "pastel": ((226, 196, 180), (200, 214, 196), (198, 210, 222), (236, 222, 170), (222, 186, 166)),
    "vivid": ((224, 142, 54), (64, 142, 160), (206, 84, 74), (102, 158, 88), (240, 198, 72), (160, 96, 142)),
    "falun": ((134, 44, 34), (126, 40, 32), (206, 168, 84), (228, 226, 218), (98, 112, 118)),
    "clapboard": ((232, 230, 222), (198, 208, 212), (208, 198, 172), (162, 178, 166), (186, 194, 204), (226, 214, 176)),
    "stone": ((160, 152, 138), (176, 166, 146), (140, 134, 126)),
    "concrete": ((176, 174, 168), (190, 186, 178), (162, 162, 160), (202, 196, 184)),
    "adobe": ((198, 152, 108), (184, 136, 94), (212, 172, 128), (226, 206, 172)),
    "timber": ((124, 88, 58), (102, 72, 48), (146, 110, 76), (88, 66, 50)),
    "sand": ((222, 202, 164), (210, 188, 148), (232, 218, 190)),
    "metal": ((158, 166, 170), (120, 146, 158), (172, 150, 130)),
    "grey": ((176, 176, 174), (200, 198, 192), (150, 152, 152)),
}
"""Wall paints by family of name; `wall_paint` finds the family."""

ROOFS: dict[str, tuple[RGB, ...]] = {
    "red": ((158, 72, 50), (142, 62, 46), (172, 88, 60), (126, 60, 48)),
    "terracotta": ((186, 110, 74), (172, 98, 66), (198, 128, 90)),
    "slate": ((78, 82, 88), (92, 94, 96), (68, 70, 74)),
    "shingle": ((98, 92, 86), (76, 72, 70), (112, 96, 82), (88, 96, 98)),
    "kawara": ((66, 72, 80), (56, 60, 66), (84, 88, 92)),
    "tin": ((152, 152, 150), (140, 118, 100), (122, 132, 138), (134, 76, 58)),
    "blue": ((66, 102, 146), (82, 120, 158)),
    "green": ((70, 104, 84), (86, 118, 92)),
    "black": ((50, 50, 52), (62, 60, 60)),
    "thatch": ((142, 118, 78), (126, 106, 74), (158, 134, 92)),
    "concrete": ((168, 166, 160), (150, 148, 144)),
}

_WALL_WORDS = {
    "wood-red": "falun", "wood-color": "clapboard", "limestone": "sand", "light": "cream", "ger": "white",
    "brick": "brick", "white": "white", "cream": "cream", "ochre": "ochre", "yellow": "ochre", "pastel": "pastel",
    "color": "vivid", "colour": "vivid", "vivid": "vivid", "bright": "vivid", "red-wood": "falun", "falun": "falun",
    "timber": "timber", "wood": "timber", "clapboard": "clapboard", "siding": "clapboard", "stone": "stone",
    "concrete": "concrete", "block": "concrete", "panel": "concrete", "adobe": "adobe", "mud": "adobe",
    "sand": "sand", "metal": "metal", "tin": "metal", "grey": "grey", "gray": "grey", "plaster": "cream",
    "pink": "pastel",
}  # fmt: skip
_ROOF_WORDS = {
    "dark": "black", "shingle": "shingle", "terracotta": "terracotta", "clay": "terracotta", "kawara": "kawara", "slate": "slate",
    "asphalt": "shingle", "metal-red": "red", "red": "red", "blue": "blue", "green": "green", "black": "black",
    "tin": "tin", "metal": "tin", "corrugated": "tin", "iron": "tin", "thatch": "thatch", "concrete": "concrete",
    "flat": "concrete", "tile": "red", "grey": "slate", "gray": "slate", "brown": "shingle", "orange": "terracotta",
}  # fmt: skip


def named(name: str) -> RGB:
    """sRGB of a colour name of the facts; an unknown one is grey."""
    key = name.strip()
    return NAMED.get(_LETTERS.get(key, key.lower()), NAMED["grey"])


def _family(name: str, words: dict[str, str], default: str) -> str:
    low = name.lower()
    return next((family for word, family in words.items() if word in low), default)


def wall_paint(rng: np.random.Generator, names: tuple[str, ...], default: str) -> Colour:
    """A wall colour (linear light) after one of the facts' wall names, a little varied."""
    name = str(rng.choice(names)) if names else default
    paints = WALLS[_family(name, _WALL_WORDS, default)]
    return varied(rng, paints[int(rng.integers(len(paints)))])


def roof_paint(rng: np.random.Generator, names: tuple[str, ...], default: str) -> Colour:
    """A roof colour (linear light) after one of the facts' roof names, a little varied."""
    name = str(rng.choice(names)) if names else default
    paints = ROOFS[_family(name, _ROOF_WORDS, default)]
    return varied(rng, paints[int(rng.integers(len(paints)))])


def varied(rng: np.random.Generator, rgb: RGB, amount: float = 0.05) -> Colour:
    """The colour with a little chance in its lightness and tint."""
    factor = 1 + rng.normal(0, amount)
    values = np.clip(np.array(rgb) * factor + rng.normal(0, 2.5, 3), 0, 252)
    return linear(*(float(v) for v in values))
