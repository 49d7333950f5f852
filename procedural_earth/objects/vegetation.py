"""Trees, shrubs, grass and crops as meshes: sprites that face the camera far off, leaf cards close to it.

A scene has one camera that never moves, so a sprite can face it; a second, hidden quad across it throws the shadow.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from procedural_earth.mesh import CASTS_SHADOW, VISIBLE, Clue, Material, Mesh
from procedural_earth.objects.growth import Plant
from procedural_earth.objects.solids import Solid, empty, instances, linear
from procedural_earth.objects.species import LOW, SPECIES, Species
from procedural_earth.objects.sprites import draw
from procedural_earth.objects.textures import BOOK

Array = npt.NDArray[np.float64]

VARIANTS = 3
SEASONS = ("green", "autumn", "bare", "snow")
TREES = tuple(SPECIES)
NEUTRAL = "broadleaf"
"""The one tree of a world without the climate's clue."""

_TOP = 1.04
_DRY = np.array([[0.62, 0.53, 0.34], [0.80, 0.70, 0.46]])


def species_of(kind: str) -> Species:
    """The species of a name; a name that is not known grows as `broadleaf`."""
    return SPECIES.get(kind) or LOW.get(kind) or SPECIES[NEUTRAL]


def season_of(kind: str, wears: str, snow: float) -> str:
    """Which of SEASONS a plant shows.

    Args:
        wears: what leaf-shedding trees wear: "green", "spring", "autumn" or "bare" (`facts.leaves`).
        snow: lying snow, 0..1.
    """
    species = species_of(kind)
    if not species.sheds and species.autumn is None:
        return "snow" if snow > 0.45 else "green"
    if species.sheds and wears == "bare":
        return "bare"
    return "autumn" if wears == "autumn" or (wears == "bare" and species.autumn) else "green"


@lru_cache(maxsize=256)
def plant(kind: str, variant: int) -> Plant:
    """The plant of that kind and variant, grown once."""
    seed = np.random.SeedSequence([sum(ord(c) << (8 * (i % 4)) for i, c in enumerate(kind)) & 0x7FFFFFFF, variant])
    return species_of(kind).grow(np.random.Generator(np.random.PCG64(seed)))


def _palette(species: Species, season: str) -> Array:
    rows = [species.leaf, species.second, species.bark]
    if season == "autumn" and species.autumn is not None:
        low, high = species.autumn
        rows[0] = species.autumn
        rows[1] = ((low[0], int(low[1] * 0.75), low[2]), (high[0], int(high[1] * 0.78), high[2]))
    return np.array(rows, dtype=np.float64) / 255


def sprite(kind: str, variant: int, season: str) -> int:
    """Index of the sprite's texture in the book, drawn at first use."""
    species = species_of(kind)

    def make():  # type: ignore[no-untyped-def]
        width = int(round(species.texels * species.aspect / 16) * 16)
        return draw(
            plant(kind, variant),
            _palette(species, season),
            height=species.texels,
            width=width,
            turn=0.7 + 2.1 * variant,
            half_width=species.aspect / 2,
            thickness=species.thickness,
            snow=0.75 if season == "snow" else 0.0,
            top=_TOP,
            leaves=season != "bare",
            rng=np.random.Generator(np.random.PCG64(variant + 11)),
        )

    return BOOK.index(("plant", kind, variant, season), make)


@lru_cache(maxsize=1024)
def _quad(texture: int, aspect: float, flags: int, double: bool) -> Mesh:
    """An upright sprite quad one unit high, facing south (towards -y); `double` adds one across it."""
    solid = Solid(Clue.VEGETATION, Material.FOLIAGE)
    half = aspect / 2 / _TOP
    uv = [(0, 1), (1, 1), (1, 0), (0, 0)]
    corners = [(-half, 0, -0.015), (half, 0, -0.015), (half, 0, 1), (-half, 0, 1)]
    solid.polygon(corners, texture=texture, uv=uv, flags=flags)
    if double:
        across = [(0, x, z) for x, _, z in corners]
        solid.polygon(across, texture=texture, uv=uv, flags=CASTS_SHADOW if not flags & CASTS_SHADOW else flags)
    return solid.mesh()


def billboards(
    kind: str,
    season: str,
    places: npt.NDArray[np.floating],
    heights_m: npt.NDArray[np.floating],
    variants: npt.NDArray[np.integer],
    tint: npt.NDArray[np.floating],
    *,
    eye: tuple[float, float] = (0.0, 0.0),
    shadow_m: float = 140.0,
) -> list[Mesh]:
    """Sprites of one kind at N places that face the camera at `eye`.

    Args:
        places: (N, 3) feet, metres. heights_m: (N,). variants: (N,) 0 … VARIANTS - 1. tint: (N, 3) factors.
        shadow_m: within this distance a tree has a second quad that throws its shadow.
    """
    species, meshes = species_of(kind), []
    east, north = places[:, 0] - eye[0], places[:, 1] - eye[1]
    distance, facing = np.hypot(east, north), np.rad2deg(np.arctan2(east, north))
    for variant in range(VARIANTS):
        index = sprite(kind, variant, season)
        for near in (True, False):
            here = np.flatnonzero((variants == variant) & ((distance < shadow_m) == near))
            if len(here) == 0:
                continue
            flags = VISIBLE | CASTS_SHADOW if near else VISIBLE
            flat = _quad(index, species.aspect, flags, False)
            meshes.append(instances(flat, places[here], facing[here], heights_m[here], tint[here]))
            if near:
                cross = _shadow_quad(index, species.aspect)
                meshes.append(instances(cross, places[here], facing[here], heights_m[here], tint[here]))
    return meshes


@lru_cache(maxsize=512)
def _shadow_quad(texture: int, aspect: float) -> Mesh:
    quad = _quad(texture, aspect, CASTS_SHADOW, False)
    turn = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]], np.float32)
    return Mesh(**{**vars(quad), "positions": quad.positions @ turn, "normals": quad.normals @ turn})


def tufts(
    kind: str,
    places: npt.NDArray[np.floating],
    heights_m: npt.NDArray[np.floating],
    rng: np.random.Generator,
    tint: npt.NDArray[np.floating],
    *,
    season: str = "green",
    eye: tuple[float, float] = (0.0, 0.0),
) -> list[Mesh]:
    """Low plants (grass, reeds, crops) as quads that face the camera, roughly; they throw no shadow."""
    species, meshes = species_of(kind), []
    which = rng.integers(0, 2, len(places))
    facing = np.rad2deg(np.arctan2(places[:, 0] - eye[0], places[:, 1] - eye[1])) + rng.uniform(-25, 25, len(places))
    for variant in range(2):
        here = np.flatnonzero(which == variant)
        if len(here):
            quad = _quad(sprite(kind, variant, season), species.aspect, VISIBLE, False)
            meshes.append(instances(quad, places[here], facing[here], heights_m[here], tint[here]))
    return meshes


def near_tree(kind: str, variant: int, season: str) -> Mesh:
    """A tree for a few metres' distance, one unit high: wood as tubes, leaves as cards of their clumps."""
    return _near_tree(kind, variant, season)


@lru_cache(maxsize=96)
def _near_tree(kind: str, variant: int, season: str) -> Mesh:
    species = species_of(kind)
    if not species.near:
        return crossed(kind, variant, season)
    grown = plant(kind, variant)
    solid = Solid(Clue.VEGETATION, Material.BARK)
    bark = linear(*(np.array(species.bark).mean(axis=0)))
    stout = grown.wood[:, 6] > (0.0016 if season == "bare" else 0.0026)
    for piece in grown.wood[stout]:
        sides = 7 if piece[6] > 0.012 else 4
        solid.tube(piece[:3], piece[3:6], piece[6], bark, end_radius=piece[7], sides=sides)
    if season != "bare":
        _cards(solid, grown, kind, season, variant)
    return solid.mesh()


def _cards(solid: Solid, grown: Plant, kind: str, season: str, variant: int) -> None:
    from procedural_earth.objects.sprites import sky_access

    texture = clump_sprite(kind, season)
    rng = np.random.Generator(np.random.PCG64(variant + 5))
    centres = grown.clumps[:, :3]
    middle = (grown.at.min(axis=0) + grown.at.max(axis=0)) / 2
    extent = np.maximum((grown.at.max(axis=0) - grown.at.min(axis=0)) / 2, 1e-3)
    access = np.clip(sky_access(grown.at, 1.2), 0, 1)
    leaves = len(grown.at) // max(len(centres), 1)
    for i, centre in enumerate(centres):
        if kind in ("spruce", "larch"):
            near = np.argsort(np.abs(grown.at - centre).sum(axis=1))[:40]
            shade = 0.55 + 0.6 * float(access[near].mean())
        else:
            shade = 0.55 + 0.6 * float(access[i * leaves : (i + 1) * leaves].mean())
        outward = (centre - middle) / extent
        least = 0.018 if kind in ("spruce", "larch") else 0.05
        size = float(np.clip(grown.clumps[i, 3], least, 0.12)) * 1.35
        for k in range(2):
            turn = rng.uniform(0, np.pi) + k * 1.57
            side = np.array([np.cos(turn), np.sin(turn), rng.normal(0, 0.15)])
            lift = np.array([rng.normal(0, 0.25), rng.normal(0, 0.25), 1.0])
            corners = [centre + size * (a * side + b * lift) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
            normals = [outward * 0.8 + (c - centre) / size * 0.5 + [0, 0, 0.3] for c in corners]
            normals = [n / np.linalg.norm(n) for n in normals]
            mirrored = bool(rng.random() < 0.5)
            uv = [(1, 1), (0, 1), (0, 0), (1, 0)] if mirrored else [(0, 1), (1, 1), (1, 0), (0, 0)]
            tone = (shade, shade, shade)
            solid.polygon(corners, tone, Material.FOLIAGE, texture=texture, uv=uv, normals=normals)


def clump_sprite(kind: str, season: str) -> int:
    """Index of the texture of one leaf clump of that kind."""
    species = species_of(kind)

    def make():  # type: ignore[no-untyped-def]
        rng = np.random.Generator(np.random.PCG64(29))
        grown = plant(kind, 0)
        needle = kind in ("pine", "spruce", "larch")
        count = 420 if needle else 210
        length, width = (0.2, 0.013) if needle else (0.15, 0.15 * float(np.clip(
            grown.size[:, 1].mean() / grown.size[:, 0].mean(), 0.25, 0.6)))
        out = rng.normal(size=(count, 3))
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        at = out * (rng.random(count) ** 0.5)[:, None] * np.array([0.78, 0.78, 0.62]) + np.array([0, 0, 1.0])
        along = out * (1.1 if needle else 0.6) + rng.normal(0, 0.5, (count, 3)) + np.array([0, 0, -0.25])
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        facing = rng.normal(0, 0.5, (count, 3)) + out * 0.4 + np.array([0, 0, 0.5])
        facing /= np.linalg.norm(facing, axis=1, keepdims=True)
        size = np.array([[length, width]]) * rng.uniform(0.65, 1.15, (count, 1))
        ends = at[:: 9]
        wood = np.concatenate(
            [np.tile([[0.0, 0.0, 0.85]], (len(ends), 1)), ends, np.tile([[0.02, 0.008]], (len(ends), 1))], axis=1
        )
        tone = np.clip(rng.normal(0.5, 0.24, count), 0, 1)
        hue = np.where(rng.random(count) < 0.12, 1, 0)
        tuft = Plant(at, along, facing, size, tone, hue, wood, np.full(len(wood), 2), np.zeros((0, 4)))
        texture = draw(
            tuft, _palette(species, season), height=160, width=160, turn=0.0, half_width=1.0, thickness=0.7,
            snow=0.75 if season == "snow" else 0.0, top=2.0, rng=rng,
        )
        return texture.rgba

    return BOOK.index(("clump", kind, season), make)


def crossed(kind: str, variant: int, season: str) -> Mesh:
    """Two sprites across each other, one unit high."""
    species = species_of(kind)
    return _quad(sprite(kind, variant, season), species.aspect, VISIBLE | CASTS_SHADOW, True)


def neutral_tint(count: int) -> npt.NDArray[np.float32]:
    """(count, 3) ones."""
    return np.ones((count, 3), np.float32)


def nothing() -> Mesh:
    return empty()
