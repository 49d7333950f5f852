"""Vehicles: cars of many kinds, vans, lorries, buses, two- and three-wheelers, tractors; nobody sits in them.

All head along +y. A body is a hull lofted through cross-sections, with a glass house on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from procedural_earth.mesh import VISIBLE, Clue, Material, Mesh
from procedural_earth.objects.palette import varied
from procedural_earth.objects.solids import Colour, Solid, linear

PAINT: Colour = (-1.0, 1.0, 0.0)
TYRE, HUB, DARK = linear(26, 26, 28), linear(172, 174, 176), linear(34, 35, 38)
GLASS, CHROME = linear(40, 50, 58), linear(190, 192, 194)
LAMP, TAIL, AMBER = linear(238, 240, 236), linear(176, 20, 20), linear(222, 130, 24)

PAINTS = (
    (236, 236, 234), (236, 236, 234), (196, 199, 202), (134, 138, 142), (58, 61, 66), (28, 29, 32),
    (28, 29, 32),
    (150, 28, 30), (36, 66, 122), (74, 98, 122), (54, 82, 62), (192, 178, 150), (212, 150, 40), (112, 46, 44),
)  # fmt: skip


@dataclass(frozen=True)
class Car:
    """Measures of a car, metres from its middle; y ahead.

    Attributes:
        length, width, height: overall. wheelbase, wheel: distance of the axles, radius of a wheel.
        clear, belt: heights of the sill and of the windows' lower edge.
        bonnet: height of the bonnet's front. cowl, roof_front, roof_rear, tail: y of the windscreen's foot
        and top,
            the rear window's top and foot. deck: height of the hull behind the rear window.
    """

    length: float
    width: float
    height: float
    wheelbase: float
    wheel: float
    clear: float
    belt: float
    bonnet: float
    cowl: float
    roof_front: float
    roof_rear: float
    tail: float
    deck: float


CARS: dict[str, Car] = {
    "hatchback": Car(3.95, 1.72, 1.48, 2.5, 0.3, 0.22, 0.92, 0.74, 0.92, 0.28, -1.45, -1.86, 0.92),
    "sedan": Car(4.65, 1.82, 1.45, 2.75, 0.32, 0.22, 0.92, 0.74, 0.86, 0.18, -1.0, -1.72, 0.95),
    "estate": Car(4.7, 1.82, 1.48, 2.75, 0.32, 0.22, 0.93, 0.74, 0.88, 0.2, -1.95, -2.25, 0.93),
    "suv": Car(4.55, 1.9, 1.74, 2.68, 0.37, 0.32, 1.08, 0.96, 0.95, 0.35, -1.8, -2.16, 1.08),
    "pickup": Car(5.3, 1.9, 1.8, 3.15, 0.39, 0.38, 1.1, 1.0, 1.05, 0.5, -0.55, -0.72, 1.06),
    "kei": Car(3.4, 1.48, 1.74, 2.46, 0.27, 0.2, 0.95, 0.84, 1.25, 0.8, -1.45, -1.66, 0.95),
    "van": Car(5.1, 1.98, 2.2, 3.2, 0.34, 0.26, 1.2, 1.02, 1.75, 1.1, -2.4, -2.52, 1.2),
    "minibus": Car(4.8, 1.75, 2.1, 2.6, 0.32, 0.26, 1.1, 1.0, 2.1, 1.6, -2.2, -2.36, 1.1),
}
KINDS = (*CARS, "truck", "bus", "school_bus", "tuk_tuk", "motorcycle", "tractor")
LENGTH_M = {**{name: car.length for name, car in CARS.items()}, "truck": 7.6, "bus": 11.0, "school_bus": 10.0,
            "tuk_tuk": 2.7, "motorcycle": 2.0, "tractor": 3.6}  # fmt: skip


def _loft(
    solid: Solid, rings: npt.NDArray[np.float64], colour: Colour, material: Material, *, ends: bool = True
) -> None:
    """Skin through (stations, points, 3) rings, with smooth normals."""
    across = np.gradient(rings, axis=1)
    along = np.gradient(rings, axis=0)
    normal = np.cross(across, along)
    normal /= np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-9)
    middle = rings.mean(axis=(0, 1))
    outward = np.sum(normal * (rings - middle), axis=2, keepdims=True)
    normal = np.where(outward < 0, -normal, normal)
    for i in range(len(rings) - 1):
        for j in range(rings.shape[1] - 1):
            pick = ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1))
            solid.polygon([rings[p] for p in pick], colour, material, normals=[normal[p] for p in pick])
    if ends:
        solid.polygon(rings[0], colour, material)
        solid.polygon(rings[-1], colour, material)


def _hull(solid: Solid, car: Car) -> None:
    half = car.length / 2
    ys = [half, half - 0.12, half - 0.5, car.cowl, 0.0, car.tail, -half + 0.35, -half + 0.08, -half]
    tops = [
        car.bonnet - 0.2,
        car.bonnet - 0.03,
        car.bonnet + 0.05,
        car.belt,
        car.belt,
        car.deck,
        car.deck - 0.02,
        car.deck - 0.1,
        car.deck - 0.26,
    ]
    sides = [0.84, 0.92, 0.98, 1.0, 1.0, 1.0, 0.98, 0.93, 0.86]
    order = np.argsort(ys)[::-1]
    rings = []
    for i in order:
        w, top, low = car.width / 2 * sides[i], tops[i], car.clear
        mid = low + (top - low) * 0.55
        shape = [
            (0.93, low),
            (1.0, low + 0.14),
            (1.0, mid),
            (0.955, top - 0.05),
            (0.86, top),
            (0.4, top + 0.02),
        ]
        right = [(w * k, ys[i], z) for k, z in shape]
        rings.append(right + [(-x, y, z) for x, y, z in right[::-1]])
    _loft(solid, np.asarray(rings, dtype=np.float64), PAINT, Material.METAL)


def _cabin(solid: Solid, car: Car) -> None:
    w, roof = car.width / 2, car.height
    low, top = w * 0.93, w * 0.74
    foot, brow, back, tail = car.cowl, car.roof_front, car.roof_rear, car.tail
    belt, rear_belt = car.belt - 0.02, min(car.belt, car.deck) - 0.02
    mid = (brow + back) / 2
    corner = {
        "a": (foot, belt), "b": (brow, roof - 0.06), "c": (back, roof - 0.06), "d": (tail, rear_belt),
    }  # fmt: skip
    for side in (1, -1):
        panel = [
            (side * low, *corner["a"]),
            (side * top, *corner["b"]),
            (side * top, *corner["c"]),
            (side * low, *corner["d"]),
        ]
        solid.polygon(panel, GLASS, Material.GLASS)
        for y in (mid, *((back + 0.35,) if abs(back - mid) > 1.1 else ())):
            lo, hi = side * (low + 0.012), side * (top + 0.012)
            solid.polygon(
                [
                    (lo, y + 0.06, belt),
                    (hi, y + 0.03, roof - 0.06),
                    (hi, y - 0.03, roof - 0.06),
                    (lo, y - 0.06, belt),
                ],
                DARK,
                Material.PLAIN,
            )
        for (y0, z0), (y1, z1), wide in ((corner["a"], corner["b"], 0.07), (corner["d"], corner["c"], 0.1)):
            shift = -wide if y0 > 0 else wide
            lo, hi = side * (low + 0.01), side * (top + 0.01)
            solid.polygon(
                [(lo, y0, z0), (hi, y1, z1), (hi, y1 + shift, z1), (lo, y0 + shift * 1.6, z0)],
                PAINT,
                Material.METAL,
            )
    for y0, z0, y1, z1 in ((*corner["a"], *corner["b"]), (*corner["d"], *corner["c"])):
        solid.polygon([(low, y0, z0), (-low, y0, z0), (-top, y1, z1), (top, y1, z1)], GLASS, Material.GLASS)
    ys = np.array([brow + 0.04, brow - 0.25, (brow + back) / 2, back + 0.2, back - 0.03])
    lift = np.array([-0.06, -0.015, 0.0, -0.012, -0.06])
    rings = [
        [(x * top * 1.02, y, roof + z - 0.05 * abs(x) ** 3) for x in (1.0, 0.85, 0.4, -0.4, -0.85, -1.0)]
        for y, z in zip(ys, lift, strict=True)
    ]
    _loft(solid, np.asarray(rings), PAINT, Material.METAL, ends=False)


def wheel(solid: Solid, x: float, y: float, radius: float, width: float = 0.2, hub: Colour = HUB) -> None:
    inner = x - np.sign(x) * width
    solid.tube((inner, y, radius), (x, y, radius), radius, TYRE, Material.PLAIN, sides=14, cap=True)
    edge = x + np.sign(x) * 0.006
    solid.tube((x, y, radius), (edge, y, radius), radius * 0.66, hub, Material.METAL, sides=10, cap=True)
    solid.tube(
        (edge, y, radius), (edge + np.sign(x) * 0.004, y, radius), radius * 0.2, DARK, sides=6, cap=True
    )


def _arch(solid: Solid, x: float, y: float, radius: float) -> None:
    angle = np.linspace(0, np.pi, 9)
    rim = [(x, y + np.cos(a) * radius * 1.17, radius + np.sin(a) * radius * 1.17) for a in angle]
    solid.polygon(
        [(x, y - radius * 1.17, radius * 0.6), *rim[::-1], (x, y + radius * 1.17, radius * 0.6)], DARK
    )


def _lamp(solid: Solid, x: float, y: float, z: float, size: tuple[float, float], colour: Colour) -> None:
    w, h = size[0] / 2, size[1] / 2
    lean = -0.03 if y > 0 else 0.03
    solid.polygon(
        [(x - w, y, z - h), (x + w, y, z - h), (x + w, y + lean, z + h), (x - w, y + lean, z + h)],
        colour,
        Material.GLASS,
    )


def plate_quad(solid: Solid, y: float, z: float, texture: int, aspect: float) -> None:
    """A number plate across the car at y; it faces away from the car's middle."""
    half, tall = (0.26, 0.115) if aspect > 3 else (0.11, 0.1)
    facing = 1 if y > 0 else -1
    left = half * facing
    corners = [
        (left, y, z - tall / 2),
        (-left, y, z - tall / 2),
        (-left, y, z + tall / 2),
        (left, y, z + tall / 2),
    ]
    uv = [(0, 1), (1, 1), (1, 0), (0, 0)]
    solid.polygon(
        corners, (1, 1, 1), Material.LETTERING, texture=texture, uv=uv, clue=Clue.PLATE, flags=VISIBLE
    )


def _trim(solid: Solid, car: Car, kind: str) -> None:
    half, w = car.length / 2, car.width / 2
    z = car.bonnet - 0.25
    for side in (1, -1):
        _lamp(solid, side * w * 0.62, half + 0.008, z, (0.36, 0.15), LAMP)
        tall = 0.5 if kind in ("van", "minibus", "suv", "kei") else 0.18
        _lamp(solid, side * w * 0.74, -half - 0.012, car.deck - 0.22, (0.2, tall), TAIL)
        solid.box(
            (side * (w + 0.09) - 0.09, car.cowl - 0.28, car.belt),
            (side * (w + 0.09) + 0.09, car.cowl - 0.12, car.belt + 0.13),
            PAINT,
            Material.METAL,
        )
        for y in (0.25, -0.75):
            solid.box(
                (side * w * 1.003 - 0.012, y - 0.1, car.belt - 0.16),
                (side * w * 1.003 + 0.012, y + 0.08, car.belt - 0.13),
                CHROME,
            )
        for y in (car.wheelbase / 2, -car.wheelbase / 2):
            _arch(solid, side * (w + 0.004), y, car.wheel)
            wheel(solid, side * (w + 0.012), y, car.wheel)
    _lamp(solid, 0, half + 0.006, z, (w * 0.72, 0.13), DARK)
    _lamp(solid, 0, half + 0.004, car.clear + 0.16, (w * 1.2, 0.12), DARK)
    solid.box((-w * 0.9, -half + 0.3, car.clear - 0.06), (w * 0.9, half - 0.3, car.clear + 0.02), DARK)


@lru_cache(maxsize=64)
def shell(kind: str) -> Mesh:
    """A vehicle without plates, its paint still a slot.

    Raises:
        KeyError: no such kind.
    """
    solid = Solid(Clue.VEHICLE, Material.METAL)
    if kind in CARS:
        car = CARS[kind]
        _hull(solid, car)
        _cabin(solid, car)
        _trim(solid, car, kind)
        if kind == "pickup":
            _bed(solid, car)
        return solid.mesh()
    {
        "truck": _truck,
        "bus": _bus,
        "school_bus": _bus,
        "tuk_tuk": _tuk_tuk,
        "motorcycle": _motorcycle,
        "tractor": _tractor,
    }[kind](solid)
    return solid.mesh()


def _bed(solid: Solid, car: Car) -> None:
    w, y0, y1 = car.width / 2 * 0.8, -car.length / 2 + 0.12, car.tail - 0.12
    solid.polygon(
        [
            (w, y1, car.deck + 0.03),
            (-w, y1, car.deck + 0.03),
            (-w, y0, car.deck + 0.03),
            (w, y0, car.deck + 0.03),
        ],
        DARK,
    )
    for side in (1, -1):
        solid.box(
            (side * w - 0.06, y0, car.deck), (side * w + 0.06, y1, car.deck + 0.12), PAINT, Material.METAL
        )


def _windows(solid: Solid, x: float, y0: float, y1: float, z0: float, z1: float, count: int) -> None:
    step = (y1 - y0) / count
    for i in range(count):
        a, b = y0 + i * step + 0.06, y0 + (i + 1) * step - 0.06
        solid.polygon([(x, a, z0), (x, b, z0), (x, b, z1), (x, a, z1)], GLASS, Material.GLASS)


def _truck(solid: Solid) -> None:
    solid.box((-1.15, 1.9, 0.55), (1.15, 3.75, 2.6), PAINT, Material.METAL, bottom=True)
    solid.polygon(
        [(1.02, 3.765, 1.6), (-1.02, 3.765, 1.6), (-1.0, 3.72, 2.45), (1.0, 3.72, 2.45)],
        GLASS,
        Material.GLASS,
    )
    for side in (1, -1):
        _windows(solid, side * 1.16, 2.6, 3.6, 1.65, 2.4, 1)
        _lamp(solid, side * 0.85, 3.77, 0.85, (0.34, 0.2), LAMP)
        _lamp(solid, side * 0.95, -3.82, 0.8, (0.24, 0.14), TAIL)
        solid.box((side * 1.3 - 0.07, 3.5, 1.5), (side * 1.3 + 0.07, 3.62, 2.1), DARK)
        for y in (2.8, -1.8, -2.75):
            wheel(solid, side * 1.17, y, 0.5, 0.3)
    solid.box((-0.5, -3.6, 0.6), (0.5, 2.0, 0.9), DARK)
    solid.box((-1.22, -3.8, 0.95), (1.22, 1.75, 3.35), linear(222, 220, 212), Material.METAL, bottom=True)
    for y in np.arange(-3.3, 1.6, 0.6):
        solid.box((-1.235, y - 0.03, 1.0), (1.235, y + 0.03, 3.3), linear(196, 194, 188), Material.METAL)
    solid.box((-1.1, 3.74, 0.4), (1.1, 3.86, 0.75), DARK)


def _bus(solid: Solid) -> None:
    solid.box((-1.25, -5.5, 0.4), (1.25, 5.5, 3.0), PAINT, Material.METAL, bottom=True)
    solid.box((-1.15, -5.3, 3.0), (1.15, 5.3, 3.12), linear(226, 226, 222), Material.METAL)
    for side in (1, -1):
        _windows(solid, side * 1.262, -5.1, 4.6, 1.45, 2.55, 7)
        solid.polygon(
            [
                (side * 1.26, -5.5, 0.9),
                (side * 1.26, 5.5, 0.9),
                (side * 1.26, 5.5, 1.05),
                (side * 1.26, -5.5, 1.05),
            ],
            DARK,
        )
        for y in (3.6, -2.9):
            _arch(solid, side * 1.264, y, 0.5)
            wheel(solid, side * 1.27, y, 0.5, 0.3)
        _lamp(solid, side * 0.9, 5.53, 0.8, (0.4, 0.2), LAMP)
        _lamp(solid, side * 1.0, -5.52, 1.0, (0.25, 0.4), TAIL)
    solid.polygon(
        [(1.15, 5.52, 1.2), (-1.15, 5.52, 1.2), (-1.15, 5.5, 2.6), (1.15, 5.5, 2.6)], GLASS, Material.GLASS
    )
    solid.polygon(
        [(1.0, -5.52, 1.5), (-1.0, -5.52, 1.5), (-1.0, -5.52, 2.5), (1.0, -5.52, 2.5)], GLASS, Material.GLASS
    )
    solid.polygon([(0.8, 5.53, 2.68), (-0.8, 5.53, 2.68), (-0.8, 5.53, 2.92), (0.8, 5.53, 2.92)], AMBER)


def _tuk_tuk(solid: Solid) -> None:
    solid.box((-0.62, -1.25, 0.3), (0.62, 0.55, 0.72), PAINT, Material.METAL, bottom=True)
    solid.box((-0.62, -1.3, 0.72), (0.62, -0.9, 1.15), PAINT, Material.METAL)
    solid.polygon(
        [(0.55, 0.55, 0.4), (-0.55, 0.55, 0.4), (-0.28, 1.0, 1.0), (0.28, 1.0, 1.0)], PAINT, Material.METAL
    )
    solid.polygon(
        [(0.5, 0.62, 1.0), (-0.5, 0.62, 1.0), (-0.5, 0.45, 1.65), (0.5, 0.45, 1.65)], GLASS, Material.GLASS
    )
    roof = [(0.68, 0.6, 1.66), (-0.68, 0.6, 1.66), (-0.68, -1.3, 1.7), (0.68, -1.3, 1.7)]
    solid.polygon(roof, linear(216, 168, 32), Material.FABRIC)
    for a, b in zip(roof, roof[1:] + roof[:1], strict=True):
        solid.polygon(
            [a, b, (b[0], b[1], b[2] - 0.14), (a[0], a[1], a[2] - 0.14)],
            linear(196, 150, 28),
            Material.FABRIC,
        )
    for x in (0.58, -0.58):
        for y in (0.48, -1.2):
            solid.tube((x, y, 0.7), (x, y, 1.66), 0.022, DARK, sides=4)
        wheel(solid, x * 1.1, -0.8, 0.24, 0.12)
        _lamp(solid, x * 0.85, -1.31, 0.6, (0.14, 0.12), TAIL)
    solid.box((-0.5, -0.35, 0.72), (0.5, -0.25, 1.2), DARK, Material.FABRIC)
    wheel(solid, 0.06, 1.0, 0.24, 0.12)
    solid.tube((0, 1.02, 0.78), (0, 1.1, 0.78), 0.1, LAMP, Material.GLASS, sides=8, cap=True)


def _motorcycle(solid: Solid) -> None:
    for y in (0.65, -0.65):
        solid.tube((-0.05, y, 0.3), (0.05, y, 0.3), 0.3, TYRE, sides=14, cap=True)
        solid.tube((-0.055, y, 0.3), (0.056, y, 0.3), 0.18, HUB, Material.METAL, sides=10, cap=True)
    solid.box((-0.13, -0.3, 0.35), (0.13, 0.3, 0.62), DARK, bottom=True)
    rings = [
        [(x * w, y, z + h * (1 - abs(x))) for x in (1, 0.5, -0.5, -1)]
        for y, w, z, h in (
            (0.42, 0.08, 0.7, 0.15),
            (0.2, 0.16, 0.72, 0.22),
            (-0.1, 0.14, 0.72, 0.12),
            (-0.8, 0.1, 0.74, 0.1),
        )
    ]
    _loft(solid, np.asarray(rings), PAINT, Material.METAL)
    solid.box((-0.13, -0.8, 0.8), (0.13, -0.05, 0.88), DARK, Material.FABRIC)
    for x in (0.08, -0.08):
        solid.tube((x, 0.68, 0.3), (x, 0.45, 0.98), 0.025, CHROME, Material.METAL, sides=4)
        solid.tube((x, 0.45, 0.98), (x * 4.2, 0.36, 1.04), 0.016, DARK, sides=4)
    solid.tube((0, 0.5, 0.86), (0, 0.62, 0.86), 0.09, LAMP, Material.GLASS, sides=8, cap=True)
    _lamp(solid, 0, -0.86, 0.74, (0.14, 0.08), TAIL)


def _tractor(solid: Solid) -> None:
    solid.box((-0.4, 0.1, 0.7), (0.4, 1.75, 1.45), PAINT, Material.METAL, bottom=True)
    solid.box((-0.75, -1.2, 0.7), (0.75, 0.1, 1.2), PAINT, Material.METAL, bottom=True)
    solid.box((-0.72, -1.1, 2.55), (0.72, 0.1, 2.68), PAINT, Material.METAL, bottom=True)
    for x in (0.7, -0.7):
        for y in (0.05, -1.05):
            solid.tube((x, y, 1.2), (x, y, 2.55), 0.04, DARK, sides=4)
        solid.polygon([(x, -1.0, 1.25), (x, 0.0, 1.25), (x, 0.0, 2.5), (x, -1.0, 2.5)], GLASS, Material.GLASS)
        wheel(solid, x * 1.45, -0.75, 0.82, 0.42, linear(206, 170, 40))
        wheel(solid, x * 1.3, 1.3, 0.46, 0.28, linear(206, 170, 40))
        _lamp(solid, x * 0.35, 1.76, 1.2, (0.14, 0.14), LAMP)
    solid.polygon(
        [(0.68, 0.1, 1.25), (-0.68, 0.1, 1.25), (-0.68, 0.08, 2.5), (0.68, 0.08, 2.5)], GLASS, Material.GLASS
    )
    solid.tube((0.3, 1.2, 1.45), (0.3, 1.2, 2.2), 0.05, DARK, sides=6)


def paint_for(rng: np.random.Generator, kind: str) -> Colour:
    """A colour for a vehicle of that kind."""
    fixed = {"school_bus": (232, 168, 30), "tuk_tuk": (38, 96, 62), "truck": None}.get(kind)
    paint = PAINTS[int(rng.integers(len(PAINTS)))]  # drawn for all, so that what follows is the same
    return varied(rng, paint, 0.04) if fixed is None else varied(rng, fixed, 0.03)


_FRONT, _REAR = -2, -3


@lru_cache(maxsize=128)
def _plated(kind: str, front_aspect: float, rear_aspect: float) -> Mesh:
    """A shell with its plates; their textures are _FRONT and _REAR for now, an aspect of 0 leaves one out."""
    solid = Solid(Clue.VEHICLE, Material.METAL)
    half = LENGTH_M[kind] / 2
    if kind in CARS:
        low, high = CARS[kind].clear + 0.17, CARS[kind].deck - 0.36
        ahead, back = half + 0.014, -half - 0.02
    else:
        low, high = {"tuk_tuk": (0.5, 0.45), "motorcycle": (0.0, 0.6)}.get(kind, (0.6, 0.6))
        ahead, back = {"truck": (3.87, -3.83), "bus": (5.54, -5.53), "school_bus": (5.54, -5.53),
                       "tuk_tuk": (0.9, -1.33), "motorcycle": (0.9, -0.9),
                       "tractor": (1.77, -1.22)}[kind]  # fmt: skip
    if front_aspect and kind not in ("motorcycle", "tractor", "tuk_tuk"):
        plate_quad(solid, ahead, low, _FRONT, front_aspect)
    if rear_aspect:
        plate_quad(solid, back, high, _REAR, rear_aspect)
    solid.add(shell(kind))
    return solid.mesh()


def vehicle(kind: str, paint: Colour, front: tuple[int, float], rear: tuple[int, float]) -> Mesh:
    """A vehicle in its paint with its plates.

    Args:
        kind: one of KINDS.
        front, rear: texture of the plate (-1 for none) and its width over its height.
    """
    body = _plated(kind, front[1] if front[0] >= 0 else 0.0, rear[1] if rear[0] >= 0 else 0.0)
    slot = body.colours[:, :1] < 0
    colours = np.where(slot, np.asarray(paint, np.float32), body.colours)
    table = np.array([rear[0], front[0]], np.int16)
    texture = np.where(body.texture < -1, table[np.maximum(body.texture + 3, 0) % 2], body.texture)
    return Mesh(**{**vars(body), "colours": colours, "texture": texture})
