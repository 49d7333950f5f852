"""Signs on their posts, and boards on walls; faces look along +y unless they hang along the road.

Textures that carry names belong to one scene: they are handed in as indices from `textures.SCENE_FIRST` on.
"""

from __future__ import annotations

from functools import lru_cache

from procedural_earth.mesh import VISIBLE, Clue, Material, Mesh
from procedural_earth.objects import sign_faces
from procedural_earth.objects.solids import Solid, linear
from procedural_earth.objects.textures import BOOK

STEEL, BACK = linear(150, 154, 156), linear(134, 138, 140)
UV = ((0, 1), (1, 1), (1, 0), (0, 0))


def board(
    solid: Solid, texture: int, width: float, height: float, low: float, *, x: float = 0.0, y: float = 0.06
) -> None:
    """A face of width by height whose lower edge is at `low`, seen from +y, and its grey back where it is cut square."""
    left, right = x + width / 2, x - width / 2
    corners = [(left, y, low), (right, y, low), (right, y, low + height), (left, y, low + height)]
    solid.polygon(corners, texture=texture, uv=UV, material=Material.LETTERING)
    behind = [(right, y - 0.02, low), (left, y - 0.02, low), (left, y - 0.02, low + height), (right, y - 0.02, low + height)]
    solid.polygon(behind, (0.22, 0.23, 0.24), Material.METAL, texture=texture, uv=UV, flags=VISIBLE)


def on_post(texture: int, width: float, height: float, low: float, *, posts: int = 1) -> Mesh:
    """A board on one or two posts; its face looks along +y."""
    solid = Solid(Clue.SIGN, Material.METAL)
    xs = (0.0,) if posts == 1 else (-width * 0.34, width * 0.34)
    for x in xs:
        solid.tube((x, 0, -0.3), (x, 0, low + height * 0.96), 0.035, STEEL, sides=7)
    board(solid, texture, width, height, low)
    return solid.mesh()


@lru_cache(maxsize=64)
def warning(style: str, pictogram: str) -> Mesh:
    """A warning sign on its post."""
    texture = BOOK.index(("warning", style, pictogram), lambda: sign_faces.warning(style, pictogram))
    size = 1.05 if "diamond" in style else 0.95
    return on_post(texture, size, size, 1.75)


@lru_cache(maxsize=64)
def speed_limit(value: int, style: str) -> Mesh:
    """A speed limit on its post."""
    texture = BOOK.index(("limit", style, value), lambda: sign_faces.speed_limit(value, style))
    return on_post(texture, 0.65 if "diamond" in style else 0.72, 0.84 if "diamond" in style else 0.72, 1.8)


@lru_cache(maxsize=32)
def stop(word: str, script: str) -> Mesh:
    """A stop sign with its word."""
    texture = BOOK.index(("stop", word, script), lambda: sign_faces.stop(word, script))
    return on_post(texture, 0.8, 0.8, 1.8)


@lru_cache(maxsize=2)
def give_way() -> Mesh:
    texture = BOOK.index(("give way",), sign_faces.give_way)
    return on_post(texture, 0.9, 0.9, 1.7)


@lru_cache(maxsize=4)
def blank(width: float = 0.8, height: float = 0.8) -> Mesh:
    """A grey board: every sign of a world without the clue of signs."""
    solid = Solid(Clue.SIGN, Material.METAL)
    solid.tube((0, 0, -0.3), (0, 0, 1.8 + height), 0.035, STEEL, sides=7)
    solid.box((-width / 2, 0.03, 1.8), (width / 2, 0.06, 1.8 + height), BACK, bottom=True)
    return solid.mesh()


def billboard_frame(width: float = 6.0, height: float = 3.0) -> Mesh:
    """A large board by the road with a plain pattern and no brand."""
    solid = Solid(Clue.OTHER, Material.METAL)
    for x in (-width * 0.35, width * 0.35):
        solid.box((x - 0.12, -0.1, -0.5), (x + 0.12, 0.1, 3 + height), STEEL)
    solid.box((-width / 2, 0.1, 3), (width / 2, 0.22, 3 + height), linear(214, 216, 214), bottom=True)
    paints = ((196, 82, 60), (60, 110, 150), (226, 186, 84), (70, 126, 96))
    for k, paint in enumerate(paints):
        a = -width / 2 + 0.15 + k * (width - 0.3) / 4
        b = a + (width - 0.3) / 4
        corners = [(b, 0.23, 3.15), (a, 0.23, 3.15), (a, 0.23, 3 + height * (0.45 + 0.14 * k)), (b, 0.23, 3 + height * (0.45 + 0.14 * k))]
        solid.polygon(corners, linear(*paint), Material.PAINT)
    return solid.mesh()


STOP_WORDS = {
    "Arabic": "قف", "Japanese": "止まれ", "Chinese": "停", "Korean": "정지", "Cyrillic": "STOP", "Thai": "หยุด",
    "Hebrew": "", "Khmer": "ឈប់", "Amharic": "ቁም", "Armenian": "ԿԱՆԳ",
}  # fmt: skip
"""What stop signs say where they do not say STOP."""

STOP_BY_LANGUAGE = {"es": "PARE", "pt": "PARE", "tr": "DUR", "ms": "BERHENTI", "vi": "STOP"}


def stop_word(script: str, language: str, iso2: str) -> tuple[str, str]:
    """The word on a country's stop signs, and its script."""
    if iso2 == "ES":
        return "STOP", "Latin"
    if iso2 == "MX" or iso2 in ("GT", "SV", "HN", "NI", "CR", "PA"):
        return "ALTO", "Latin"
    if script in STOP_WORDS and script != "Cyrillic":
        return STOP_WORDS[script], script
    return STOP_BY_LANGUAGE.get(language[:2], "STOP"), "Latin"
