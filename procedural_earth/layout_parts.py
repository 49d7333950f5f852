"""What a layout is gathered in: placed meshes, textures of this scene alone, wires, and ground that is taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from procedural_earth.facts import PlaceFacts
from procedural_earth.mesh import Mesh, Texture, Wires, join, join_wires
from procedural_earth.objects.solids import instances
from procedural_earth.objects.textures import SCENE_FIRST, compact
from procedural_earth.road import Road
from procedural_earth.terrain import Land

Array = npt.NDArray[Any]


class Site(Protocol):
    """What a layout needs to know of a place (`scene.Site` has it)."""

    @property
    def facts(self) -> PlaceFacts: ...
    @property
    def road(self) -> Road: ...
    @property
    def land(self) -> Land: ...
    @property
    def day_of_year(self) -> int: ...
    @property
    def snow(self) -> float: ...
    @property
    def without(self) -> frozenset[str]: ...
    @property
    def eye(self) -> tuple[float, float, float]: ...
    def height(self, x: npt.ArrayLike, y: npt.ArrayLike) -> Array: ...
    def shore_m(self, x: npt.ArrayLike, y: npt.ArrayLike) -> Array: ...
    def rng(self, purpose: str, daily: bool = False) -> np.random.Generator: ...


class Parts:
    """Collects the placed objects of one scene."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._meshes: list[Mesh] = []
        self._own: list[Texture] = []
        self._wires: list[Wires] = []
        self._discs: list[Array] = []

    def own_texture(self, rgba: npt.NDArray[np.uint8]) -> int:
        """Index of a texture that only this scene has."""
        self._own.append(Texture(np.ascontiguousarray(rgba)))
        return SCENE_FIRST + len(self._own) - 1

    def put(self, mesh: Mesh, x: float, y: float, heading_deg: float, *, scale: float = 1.0, z: float | None = None) -> None:
        """One mesh with its y axis towards a heading, on the ground or at z."""
        height = float(self.site.height(np.array([x]), np.array([y]))[0]) if z is None else z
        place = np.array([[x, y, height]])
        self._meshes.append(instances(mesh, place, np.array([heading_deg]), np.array([scale])))

    def put_many(
        self, mesh: Mesh, x: Array, y: Array, heading_deg: Array | float, *, scale: Array | float = 1.0,
        tint: Array | None = None, z: Array | None = None,
    ) -> None:  # fmt: skip
        """Copies of one mesh on the ground or at z."""
        if len(x) == 0:
            return
        height = self.site.height(x, y) if z is None else z
        self._meshes.append(instances(mesh, np.stack([x, y, height], axis=1), heading_deg, scale, tint))

    def add(self, meshes: Sequence[Mesh]) -> None:
        """Meshes that stand where they should already."""
        self._meshes.extend(meshes)

    def add_wires(self, wires: Wires) -> None:
        self._wires.append(wires)

    def take(self, x: Array, y: Array, radius: Array | float) -> None:
        """Marks discs of ground as taken."""
        x = np.atleast_1d(np.asarray(x, float))
        wide = np.broadcast_to(np.asarray(radius, float), x.shape)
        self._discs.append(np.stack([x, np.atleast_1d(np.asarray(y, float)), wide], axis=1))

    def free(self, x: Array, y: Array, margin: Array | float = 0.0) -> npt.NDArray[np.bool_]:
        """(N,) whether points lie outside of all that is taken."""
        x, y = np.asarray(x, float), np.asarray(y, float)
        if not self._discs:
            return np.ones(len(x), bool)
        discs = np.concatenate(self._discs)
        reach = discs[None, :, 2] + np.broadcast_to(np.asarray(margin, float), x.shape)[:, None]
        apart = (x[:, None] - discs[None, :, 0]) ** 2 + (y[:, None] - discs[None, :, 1]) ** 2
        return np.asarray((apart > reach**2).all(axis=1))

    def finish(self) -> tuple[Mesh, tuple[Texture, ...], Wires]:
        """One mesh, its textures, all wires."""
        mesh, textures = compact(join(self._meshes), self._own)
        return mesh, textures, join_wires(self._wires)


def dry(site: Site, x: Array, y: Array, margin_m: float) -> npt.NDArray[np.bool_]:
    """(N,) whether points lie at least that far from the sea."""
    return np.asarray(site.shore_m(x, y) > margin_m)


def driving_side(site: Site) -> int:
    """1 where traffic keeps to the right, -1 to the left; by chance where that clue is off."""
    country = site.facts.country
    if "drive_side" in site.without or country is None:
        return 1 if site.rng("side").random() < 0.5 else -1
    return 1 if country.drive == "R" else -1


def density(site: Site) -> float:
    """Settlement 0..1, a middling one where that clue is off."""
    return 0.25 if "settlement" in site.without else site.facts.settlement
