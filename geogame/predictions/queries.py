from __future__ import annotations

from collections.abc import Collection

from django.db.models import Case, CharField, Exists, F, OuterRef, QuerySet, Value, When
from django.db.models.functions import Concat, Substr

from geogame.panoramas.fair import fair_digest
from geogame.panoramas.models import Map, Panorama
from geogame.predictions.models import RULE, Prediction
from geogame.registry.models import ModelVersion

PREFIX, DIGITS = "fair ", 48


def view_name(picture_digest: str) -> str:
    """The view of a prediction, named by the file that was looked at: other bytes are another view."""
    return f"{PREFIX}{picture_digest[:DIGITS]}"


def stored(version: ModelVersion, panorama: Panorama) -> Prediction | None:
    """What the version answers for the fair view by the rule in play, if it was computed already."""
    digest = fair_digest(panorama)
    if digest is None:
        return None
    return Prediction.objects.filter(
        model_version=version, panorama=panorama, view=view_name(digest), rule=RULE
    ).first()


def playable(map_: Map | None = None, only: Collection[int] | None = None) -> QuerySet[Panorama]:
    """The panoramas of a map, or of all maps that are open for play; with `only`, those among them."""
    maps = Map.objects.filter(pk=map_.pk) if map_ else Map.objects.filter(is_published=True)
    on_them = Map.panoramas.through.objects.filter(panorama=OuterRef("pk"), map__in=maps)
    found = Panorama.objects.filter(Exists(on_them), withdrawn_at=None).order_by("pk")
    return found if only is None else found.filter(pk__in=only)


def _view() -> Concat:
    """The name of a panorama's fair view."""
    digest = Case(
        When(projection=Panorama.Projection.EQUIRECTANGULAR, then=F("fair_view__digest")),
        default=F("file_digest"),
        output_field=CharField(),
    )
    return Concat(Value(PREFIX), Substr(digest, 1, DIGITS))


def missing(
    version: ModelVersion, map_: Map | None = None, only: Collection[int] | None = None
) -> QuerySet[Panorama]:
    """The playable panoramas for which `stored` has nothing."""
    named = playable(map_, only).annotate(view=_view())
    there = Prediction.objects.filter(
        model_version=version, panorama=OuterRef("pk"), view=OuterRef("view"), rule=RULE
    )
    return named.exclude(Exists(there))


def top_answers(version: ModelVersion, map_: Map) -> dict[int, tuple[float, float, float]]:
    """The most probable cell of what `stored` has for the playable panoramas of a map: latitude and longitude
    of its centre, and its probability, by panorama.
    """
    views = dict(playable(map_).annotate(view=_view()).values_list("pk", "view"))
    rows = Prediction.objects.filter(
        model_version=version, rule=RULE, panorama__in=playable(map_)
    ).values_list("panorama", "view", "top_cells")
    return {
        pk: (cells[0]["lat"], cells[0]["lng"], cells[0]["probability"])
        for pk, view, cells in rows
        if views.get(pk) == view and cells
    }


def places_answered(version: ModelVersion, map_: Map) -> dict[int, tuple[float, float]]:
    """What `stored` has for the playable panoramas of a map: latitude and longitude by panorama."""
    views = dict(playable(map_).annotate(view=_view()).values_list("pk", "view"))
    rows = Prediction.objects.filter(
        model_version=version, rule=RULE, panorama__in=playable(map_)
    ).values_list("panorama", "view", "lat", "lng")
    return {pk: (lat, lng) for pk, view, lat, lng in rows if views.get(pk) == view}
