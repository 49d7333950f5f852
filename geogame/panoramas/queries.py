from __future__ import annotations

from geogame.panoramas.models import Map
from geogame.panoramas.services import MapError


def map_named(name: str) -> Map:
    """The map of that name or slug; MapError lists the maps that there are."""
    found = Map.objects.filter(name=name).first() or Map.objects.filter(slug=name).first()
    if found is None:
        known = ", ".join(f"“{known}”" for known in Map.objects.values_list("name", flat=True)) or "none yet"
        raise MapError(f"There is no map “{name}”. Maps: {known}.")
    return found
