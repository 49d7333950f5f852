from __future__ import annotations

from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import MapError, find_map


def map_named(name: str) -> Map:
    """The map of that name or slug; MapError lists the maps that there are."""
    found = find_map(name)
    if found is None:
        known = ", ".join(f"“{known}”" for known in Map.objects.values_list("name", flat=True)) or "none yet"
        raise MapError(f"There is no map “{name}”. Maps: {known}.")
    return found


def is_gone(panorama: Panorama) -> bool:
    """Whether there is no picture to show any more: withdrawn, or its file is missing."""
    return panorama.withdrawn_at is not None or not panorama.path.is_file()
