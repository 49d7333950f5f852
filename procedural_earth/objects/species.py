"""The kinds of plants: how each grows, its colours through the year and its height.

Colours are sRGB, a dark and a light one: leaves, their second tone, wood. Heights are metres.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from procedural_earth.objects.growth import Crown, Plant, bamboo, blades, cactus, conifer, crown_tree, palm

Tone = tuple[tuple[int, int, int], tuple[int, int, int]]
Grower = Callable[[np.random.Generator], Plant]


@dataclass(frozen=True)
class Species:
    """One kind of plant.

    Attributes:
        grow: makes one in units of its height.
        height_m: least and greatest height. aspect: width of the sprite over its height.
        leaf, second, bark: dark and light sRGB colours. autumn: of the leaves, or None for an evergreen.
        sheds: whether it is bare in winter. thickness: optical depth of its crown. near: whether it is
        drawn of
            leaf cards close to the camera. texels: height of the sprite.
    """

    grow: Grower
    height_m: tuple[float, float]
    aspect: float
    leaf: Tone
    second: Tone
    bark: Tone = ((62, 50, 40), (112, 96, 80))
    autumn: Tone | None = None
    sheds: bool = False
    thickness: float = 1.6
    near: bool = True
    texels: int = 320
    clump_leaf: float = 1.0
    tags: frozenset[str] = field(default_factory=frozenset)


def crown(**shape: object) -> Grower:
    return partial(crown_tree, shape=Crown(**shape))  # type: ignore[arg-type]


ROUND = (0.55, 0.9, 1.0, 0.97, 0.82, 0.5, 0.12)
_OAK = crown(
    base=0.2, width=0.46, profile=ROUND, clumps=150, lobes=14, leaves=70, leaf=(0.0115, 0.0062), shell=0.55
)

SPECIES: dict[str, Species] = {
    "broadleaf": Species(
        _OAK,
        (9, 17),
        1.0,
        ((38, 62, 22), (110, 142, 52)),
        ((64, 84, 30), (136, 158, 66)),
        autumn=((112, 56, 16), (214, 146, 44)),
        sheds=True,
    ),
    "birch": Species(
        crown(
            base=0.18,
            width=0.24,
            profile=(0.45, 0.85, 1.0, 0.9, 0.7, 0.42, 0.1),
            clumps=110,
            lobes=18,
            leaves=52,
            leaf=(0.009, 0.0052),
            droop=0.9,
            trunk=0.013,
            lean=0.03,
            shell=0.3,
        ),
        (9, 16),
        0.56,
        ((58, 84, 30), (138, 164, 70)),
        ((78, 100, 40), (160, 176, 84)),
        bark=((96, 92, 88), (226, 222, 214)),
        autumn=((150, 104, 16), (232, 190, 60)),
        sheds=True,
        thickness=1.1,
    ),
    "birch_shrub": Species(
        crown(
            base=0.02,
            width=0.5,
            profile=(0.6, 0.95, 1.0, 0.9, 0.7, 0.35),
            clumps=80,
            lobes=12,
            leaves=52,
            leaf=(0.018, 0.011),
            trunk=0.018,
            lean=0.07,
            stems=4,
            shell=0.45,
        ),
        (1.0, 3.4),
        1.05,
        ((50, 76, 30), (124, 150, 66)),
        ((70, 92, 40), (148, 166, 82)),
        bark=((84, 76, 68), (150, 138, 124)),
        autumn=((150, 92, 18), (222, 168, 56)),
        sheds=True,
        near=False,
        texels=224,
    ),
    "poplar": Species(
        crown(
            base=0.08,
            width=0.115,
            profile=(0.5, 0.85, 1.0, 1.0, 0.85, 0.6, 0.15),
            clumps=120,
            lobes=26,
            leaves=46,
            leaf=(0.008, 0.0055),
            trunk=0.014,
            lean=0.01,
            shell=0.4,
        ),
        (14, 24),
        0.3,
        ((50, 76, 28), (120, 146, 58)),
        ((66, 90, 34), (140, 160, 76)),
        autumn=((156, 112, 18), (226, 186, 56)),
        sheds=True,
        texels=384,
    ),
    "spruce": Species(
        partial(conifer, width=0.2, base=0.03, whorls=30, droop=0.42),
        (11, 24),
        0.46,
        ((18, 38, 24), (80, 112, 66)),
        ((30, 52, 30), (84, 108, 58)),
        thickness=1.0,
        texels=384,
    ),
    "larch": Species(
        partial(conifer, width=0.19, base=0.08, whorls=24, droop=0.25, density=0.75, ragged=0.26),
        (10, 20),
        0.46,
        ((56, 84, 36), (128, 152, 70)),
        ((72, 96, 40), (146, 164, 84)),
        bark=((72, 54, 42), (126, 100, 82)),
        autumn=((160, 104, 20), (222, 170, 56)),
        sheds=True,
        thickness=0.8,
        texels=384,
    ),
    "pine": Species(
        crown(
            base=0.48,
            width=0.25,
            profile=(0.4, 0.8, 1.0, 0.95, 0.7, 0.3),
            clumps=64,
            lobes=11,
            leaves=110,
            leaf=(0.015, 0.0028),
            flat=0.42,
            trunk=0.018,
            lean=0.035,
            shell=0.5,
        ),
        (11, 21),
        0.56,
        ((38, 62, 40), (98, 126, 70)),
        ((44, 64, 34), (102, 122, 66)),
        bark=((78, 58, 46), (142, 108, 84)),
        thickness=1.2,
        texels=352,
    ),
    "olive": Species(
        crown(
            base=0.24,
            width=0.52,
            profile=(0.6, 0.95, 1.0, 0.9, 0.7, 0.3),
            clumps=120,
            lobes=15,
            leaves=64,
            leaf=(0.017, 0.0048),
            trunk=0.05,
            lean=0.09,
            stems=2,
            shell=0.4,
        ),
        (4, 7),
        1.1,
        ((74, 88, 62), (156, 168, 128)),
        ((94, 104, 80), (178, 186, 154)),
        bark=((74, 66, 56), (136, 126, 112)),
        texels=256,
    ),
    "cypress": Species(
        crown(
            base=0.03,
            width=0.1,
            profile=(0.6, 0.92, 1.0, 0.95, 0.8, 0.5, 0.08),
            clumps=150,
            lobes=40,
            leaves=56,
            leaf=(0.009, 0.0034),
            trunk=0.014,
            lean=0.006,
            shell=0.75,
        ),
        (8, 17),
        0.26,
        ((24, 46, 26), (72, 94, 48)),
        ((36, 56, 30), (88, 106, 54)),
        thickness=2.2,
        texels=384,
    ),
    "palm_coconut": Species(
        partial(palm, fronds=24, length=0.34, lean=0.2, trunk=0.017),
        (8, 16),
        0.86,
        ((44, 72, 24), (138, 164, 66)),
        ((112, 84, 44), (176, 142, 82)),
        bark=((98, 86, 72), (160, 146, 126)),
        thickness=0.8,
        near=False,
        texels=352,
    ),
    "palm_date": Species(
        partial(palm, fronds=44, length=0.33, lean=0.03, trunk=0.03, stiff=0.75, dead=9),
        (8, 14),
        0.8,
        ((62, 84, 52), (146, 162, 108)),
        ((118, 92, 52), (172, 142, 88)),
        bark=((82, 64, 46), (142, 118, 88)),
        thickness=0.9,
        near=False,
        texels=352,
    ),
    "acacia": Species(
        crown(
            base=0.66,
            width=0.66,
            profile=(0.55, 1.0, 0.95, 0.75, 0.45),
            clumps=130,
            lobes=20,
            leaves=58,
            leaf=(0.011, 0.005),
            flat=0.45,
            trunk=0.028,
            lean=0.08,
            shell=0.2,
            stems=2,
        ),
        (6, 11),
        1.42,
        ((60, 82, 32), (140, 158, 72)),
        ((84, 98, 42), (158, 168, 88)),
        bark=((70, 56, 44), (126, 106, 86)),
        thickness=1.2,
        texels=256,
    ),
    "eucalyptus": Species(
        crown(
            base=0.38,
            width=0.32,
            profile=(0.4, 0.75, 1.0, 0.95, 0.8, 0.4),
            clumps=84,
            lobes=12,
            leaves=64,
            leaf=(0.016, 0.0036),
            droop=1.3,
            trunk=0.02,
            lean=0.07,
            stems=2,
            shell=0.45,
        ),
        (12, 24),
        0.76,
        ((66, 84, 56), (142, 158, 114)),
        ((92, 96, 66), (166, 168, 126)),
        bark=((140, 124, 106), (218, 208, 194)),
        thickness=1.0,
        texels=384,
    ),
    "rainforest": Species(
        crown(
            base=0.42,
            width=0.42,
            profile=(0.35, 0.75, 1.0, 0.95, 0.6),
            clumps=170,
            lobes=22,
            leaves=64,
            leaf=(0.012, 0.0066),
            trunk=0.024,
            lean=0.03,
            shell=0.6,
            flat=0.6,
        ),
        (16, 30),
        0.92,
        ((20, 50, 20), (88, 130, 46)),
        ((40, 72, 26), (116, 152, 58)),
        bark=((84, 76, 66), (148, 140, 126)),
        thickness=2.2,
        texels=384,
    ),
    "bamboo": Species(
        bamboo,
        (7, 13),
        0.8,
        ((64, 94, 34), (158, 180, 82)),
        ((96, 116, 44), (182, 192, 100)),
        bark=((92, 112, 48), (166, 176, 90)),
        thickness=1.2,
        near=False,
        texels=320,
    ),
    "cactus": Species(
        cactus,
        (2.5, 6),
        0.6,
        ((52, 82, 44), (124, 150, 92)),
        ((66, 92, 50), (136, 158, 100)),
        thickness=1.0,
        near=False,
        texels=256,
    ),
    "baobab": Species(
        crown(
            base=0.58,
            width=0.5,
            profile=(0.7, 1.0, 0.8, 0.35),
            clumps=70,
            lobes=14,
            leaves=40,
            leaf=(0.011, 0.0058),
            trunk=0.105,
            lean=0.02,
            shell=0.2,
            flat=0.55,
        ),
        (10, 16),
        1.1,
        ((58, 84, 34), (132, 154, 70)),
        ((82, 98, 42), (150, 164, 84)),
        bark=((104, 88, 76), (176, 158, 140)),
        thickness=0.8,
        texels=256,
    ),
    "maple": Species(
        crown(
            base=0.2,
            width=0.42,
            profile=ROUND,
            clumps=140,
            lobes=16,
            leaves=62,
            leaf=(0.0115, 0.0085),
            shell=0.5,
        ),
        (9, 16),
        0.92,
        ((42, 70, 24), (118, 146, 56)),
        ((70, 92, 34), (146, 164, 74)),
        autumn=((140, 32, 14), (226, 106, 34)),
        sheds=True,
    ),
    "cedar": Species(
        partial(conifer, width=0.26, base=0.05, whorls=20, droop=0.12, density=0.8, ragged=0.2, power=0.7),
        (12, 24),
        0.6,
        ((26, 48, 32), (76, 102, 66)),
        ((40, 60, 36), (96, 116, 74)),
        bark=((84, 58, 44), (142, 106, 82)),
        thickness=1.0,
        texels=384,
    ),
    "araucaria": Species(
        crown(
            base=0.72,
            width=0.3,
            profile=(0.5, 1.0, 0.95, 0.6),
            clumps=54,
            lobes=16,
            leaves=90,
            leaf=(0.018, 0.0036),
            flat=0.5,
            trunk=0.02,
            lean=0.012,
            shell=0.35,
        ),
        (14, 24),
        0.66,
        ((22, 48, 28), (74, 104, 56)),
        ((36, 60, 34), (94, 116, 64)),
        thickness=1.2,
        texels=352,
    ),
    "banana": Species(
        partial(palm, fronds=11, length=0.62, lean=0.04, trunk=0.035, stiff=0.35, dead=2),
        (3, 5),
        1.1,
        ((58, 96, 30), (148, 182, 74)),
        ((126, 104, 52), (178, 158, 92)),
        bark=((86, 98, 52), (142, 150, 92)),
        thickness=0.7,
        near=False,
        texels=256,
    ),
    "fern_tree": Species(
        partial(palm, fronds=26, length=0.5, lean=0.05, trunk=0.028, stiff=0.3, dead=5),
        (3, 7),
        1.1,
        ((40, 72, 28), (118, 152, 62)),
        ((96, 74, 42), (150, 122, 76)),
        bark=((54, 42, 32), (96, 78, 60)),
        thickness=0.9,
        near=False,
        texels=256,
    ),
    "shrub": Species(
        crown(
            base=-0.02,
            width=0.72,
            profile=(0.8, 1.0, 0.95, 0.75, 0.3),
            clumps=64,
            lobes=10,
            leaves=64,
            leaf=(0.028, 0.014),
            trunk=0.03,
            lean=0.08,
            stems=3,
            shell=0.5,
        ),
        (0.8, 2.2),
        1.5,
        ((46, 68, 28), (120, 144, 62)),
        ((70, 86, 36), (142, 158, 78)),
        autumn=((112, 60, 24), (188, 128, 56)),
        texels=160,
        near=False,
    ),
    "dry_shrub": Species(
        crown(
            base=-0.02,
            width=0.8,
            profile=(0.8, 1.0, 0.9, 0.5),
            clumps=40,
            lobes=12,
            leaves=40,
            leaf=(0.03, 0.008),
            trunk=0.02,
            lean=0.1,
            stems=5,
            shell=0.3,
        ),
        (0.4, 1.2),
        1.7,
        ((92, 88, 58), (160, 152, 108)),
        ((110, 100, 70), (178, 166, 124)),
        bark=((92, 80, 64), (148, 134, 110)),
        texels=128,
        near=False,
        thickness=0.8,
    ),
}

SPECIES["tea_shrub"] = SPECIES["shrub"]

_GREEN: Tone = ((58, 82, 30), (132, 158, 70))
_SECOND: Tone = ((84, 100, 40), (158, 170, 90))


def _low(
    height: tuple[float, float], aspect: float, leaf: Tone, second: Tone, ear: Tone, **shape: float
) -> Species:
    settings = {"count": 90, "spread": 0.2, "lean": 0.35, "width": 0.011, **shape}
    count = int(settings.pop("count"))
    grower = partial(blades, count=count, **settings)  # type: ignore[arg-type]
    return Species(grower, height, aspect, leaf, second, ear, near=False, texels=128, thickness=0.6)


LOW: dict[str, Species] = {
    "grass": _low((0.25, 0.5), 1.4, _GREEN, _SECOND, _SECOND),
    "dry_grass": _low(
        (0.3, 0.7),
        1.4,
        ((126, 112, 66), (206, 188, 126)),
        ((142, 124, 74), (220, 202, 142)),
        ((160, 136, 84), (222, 204, 148)),
        heads=0.25,
    ),
    "reeds": _low(
        (1.2, 2.2),
        0.6,
        ((86, 98, 48), (160, 164, 92)),
        ((128, 116, 66), (190, 176, 116)),
        ((92, 66, 44), (150, 116, 82)),
        count=70,
        spread=0.12,
        lean=0.16,
        width=0.008,
        heads=0.3,
    ),
    "flowers": _low(
        (0.25, 0.45), 1.2, _GREEN, _SECOND, ((226, 208, 90), (248, 240, 200)), count=46, lean=0.22, heads=0.4
    ),
    "poppies": _low(
        (0.3, 0.5), 1.2, _GREEN, _SECOND, ((176, 36, 24), (226, 72, 48)), count=46, lean=0.22, heads=0.35
    ),
    "heather": _low(
        (0.2, 0.4),
        1.6,
        ((60, 62, 44), (110, 104, 72)),
        ((86, 64, 70), (140, 106, 120)),
        ((122, 74, 112), (176, 124, 162)),
        heads=0.7,
        lean=0.5,
    ),
    "wheat": _low(
        (0.8, 1.0),
        1.0,
        ((156, 128, 66), (214, 188, 112)),
        ((166, 138, 74), (226, 200, 124)),
        ((186, 150, 78), (236, 208, 132)),
        lean=0.14,
        heads=0.95,
        spread=0.24,
    ),
    "wheat_green": _low(
        (0.5, 0.8),
        1.0,
        ((70, 100, 36), (136, 168, 72)),
        ((88, 116, 44), (156, 182, 90)),
        ((120, 150, 70), (176, 196, 112)),
        lean=0.14,
        heads=0.6,
        spread=0.24,
    ),
    "rice_paddy": _low(
        (0.5, 0.8),
        1.0,
        ((74, 118, 34), (154, 192, 74)),
        ((92, 132, 42), (172, 202, 92)),
        ((160, 160, 70), (206, 198, 112)),
        lean=0.3,
        heads=0.3,
        spread=0.16,
    ),
}


def _stalks(
    rng: np.random.Generator, *, stems: int, leaves: int, long: float, wide: float, head: float, spread: float
) -> Plant:
    """Upright stems with broad arching leaves: maize, sunflowers."""
    from procedural_earth.objects.growth import unit

    wood, at, along, size, hue = [], [], [], [], []
    for _ in range(stems):
        foot = np.append(rng.normal(0, spread, 2), 0.0)
        top = foot + np.array([rng.normal(0, 0.03), rng.normal(0, 0.03), rng.uniform(0.82, 0.97)])
        wood.append((*foot, *top, 0.012, 0.008))
        for i in range(leaves):
            t = 0.12 + 0.78 * i / leaves
            angle = i * 2.6 + rng.normal(0, 0.3)
            out = np.array([np.cos(angle), np.sin(angle), 0])
            axis = unit(out + np.array([0, 0, rng.uniform(0.2, 0.9)]))
            base = foot + (top - foot) * t
            at += [base + axis * long * 0.5, base + axis * long + (out - np.array([0, 0, 0.6])) * long * 0.35]
            along += [axis, unit(out * 0.8 - np.array([0, 0, 0.6]))]
            size += [(long * 0.5, wide), (long * 0.42, wide * 0.9)]
            hue += [0, 0]
        if head:
            nudge = np.array([0.001, 0.04, 0])
            for k in range(14):
                spoke = np.array([np.cos(k * 0.449), -0.2, np.sin(k * 0.449)])
                at.append(top + spoke * head * 0.55 + np.array([0, -0.02, 0]))
                along.append(unit(spoke))
                size.append((head * 0.6, head * 0.3))
                hue.append(1)
            wood.append((*(top - nudge), *(top + nudge * [1, -1, 1]), head * 0.5, head * 0.5))
        else:
            at.append(top + np.array([0, 0, 0.04]))
            along.append(np.array([0, 0, 1.0]))
            size.append((0.07, 0.012))
            hue.append(1)
    n = len(at)
    facing = unit(rng.normal(0, 0.5, (n, 3)) + np.array([0, -0.6, 0.8]))
    timber = np.asarray(wood)
    bark = np.where(timber[:, 6] > 0.02, 2, 0)
    tone = rng.uniform(0.2, 0.9, n)
    arrays = (np.asarray(at), np.asarray(along), facing, np.asarray(size), tone, np.asarray(hue))
    return Plant(*arrays, timber, bark, np.zeros((0, 4)))


def _row_bush(rng: np.random.Generator, *, post: float) -> Plant:
    """A short length of hedge-like row: vines on their wire, tea."""
    count = 900
    at = np.stack(
        [
            rng.uniform(-0.62, 0.62, count),
            rng.normal(0, 0.14, count),
            post + (1 - post) * rng.beta(1.6, 1.4, count),
        ],
        axis=1,
    )
    facing = rng.normal(0, 0.6, (count, 3)) + np.array([0, -0.4, 0.8])
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    along = np.cross(facing, rng.normal(size=(count, 3)))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    size = np.tile([[0.042, 0.027]], (count, 1)) * rng.uniform(0.7, 1.3, (count, 1))
    xs = np.linspace(-0.5, 0.5, 4)
    wood = np.array([(x, 0, 0, x + rng.normal(0, 0.03), 0, post + 0.2, 0.018, 0.012) for x in xs])
    tone = np.clip(rng.normal(0.5, 0.2, count), 0, 1)
    hue = np.where(rng.random(count) < 0.2, 1, 0)
    return Plant(at, along, facing, size, tone, hue, wood, np.full(4, 2), np.zeros((0, 4)))


LOW |= {
    "maize": Species(
        partial(_stalks, stems=5, leaves=9, long=0.3, wide=0.03, head=0.0, spread=0.13),
        (1.8, 2.5),
        0.8,
        ((52, 86, 28), (124, 158, 62)),
        ((156, 130, 70), (206, 182, 110)),
        near=False,
        texels=160,
        thickness=0.8,
    ),
    "sunflower": Species(
        partial(_stalks, stems=4, leaves=7, long=0.22, wide=0.06, head=0.11, spread=0.17),
        (1.3, 1.9),
        0.8,
        ((52, 84, 28), (118, 146, 58)),
        ((206, 148, 18), (250, 204, 48)),
        ((58, 36, 20), (86, 56, 32)),
        near=False,
        texels=160,
        thickness=0.6,
    ),
    "vineyard": Species(
        partial(_row_bush, post=0.3),
        (1.4, 1.9),
        1.3,
        ((54, 80, 30), (132, 156, 64)),
        ((78, 98, 38), (154, 168, 82)),
        autumn=((138, 74, 24), (212, 150, 56)),
        near=False,
        texels=128,
    ),
    "tea": Species(
        partial(_row_bush, post=0.04),
        (0.8, 1.1),
        1.3,
        ((34, 68, 26), (106, 148, 52)),
        ((58, 92, 34), (142, 176, 74)),
        near=False,
        texels=128,
    ),
}

LOW |= {
    "rapeseed": _low(
        (0.9, 1.2),
        1.0,
        ((84, 108, 44), (146, 166, 82)),
        ((98, 120, 50), (160, 176, 92)),
        ((214, 186, 24), (248, 228, 70)),
        heads=1.0,
        count=110,
        lean=0.14,
        spread=0.24,
    ),
    "sugar_cane": _low(
        (1.8, 2.8),
        0.7,
        ((92, 120, 44), (168, 188, 96)),
        ((120, 132, 60), (190, 194, 116)),
        ((170, 150, 120), (214, 198, 170)),
        heads=0.1,
        lean=0.28,
        spread=0.12,
        width=0.012,
    ),
    "soy": SPECIES["shrub"],
    "potato": SPECIES["shrub"],
    "cotton": _low(
        (0.8, 1.1),
        1.1,
        ((70, 78, 42), (120, 122, 74)),
        ((92, 84, 56), (140, 126, 88)),
        ((214, 212, 204), (246, 244, 240)),
        heads=1.0,
        lean=0.3,
    ),
}
