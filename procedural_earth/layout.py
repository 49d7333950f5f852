"""Which objects stand where at a place: `furnish(site, look)`.

Everything follows from the place's facts and from random numbers seeded by its identity; nothing stands on the
road, in the water, in another house or on the camera. Order matters: houses take their ground first, then poles,
lamps and signs, then whatever grows.
"""

from __future__ import annotations

from collections.abc import Sequence

from procedural_earth.ground import Look
from procedural_earth.layout_green import build_green
from procedural_earth.layout_parts import Parts, Site
from procedural_earth.layout_road import (
    build_bollards,
    build_extras,
    build_lamps,
    build_poles,
    build_rails,
    build_signs,
    build_traffic,
)
from procedural_earth.layout_town import build_town
from procedural_earth.mesh import Mesh, Texture, Wires


def furnish(site: Site, look: Look) -> tuple[Mesh, Sequence[Texture], Wires]:
    """All objects of a place: one mesh, its textures and its wires.

    Args:
        site: the place, its road and ground, the switched-off clues (`scene.CLUES`).
        look: the ground's colours and fields.
    """
    parts = Parts(site)
    if not site.facts.on_land:
        return parts.finish()
    build_town(parts)
    build_rails(parts)
    build_signs(parts)
    build_poles(parts)
    build_lamps(parts)
    build_bollards(parts)
    build_extras(parts)
    build_traffic(parts)
    build_green(parts, look)
    return parts.finish()
