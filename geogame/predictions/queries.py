from __future__ import annotations

from geogame.panoramas.fair import fair_digest
from geogame.panoramas.models import Panorama
from geogame.predictions.models import RULE, Prediction
from geogame.registry.models import ModelVersion

DIGITS = 48


def view_name(picture_digest: str) -> str:
    """The view of a prediction, named by the file that was looked at: other bytes are another view."""
    return f"fair {picture_digest[:DIGITS]}"


def stored(version: ModelVersion, panorama: Panorama) -> Prediction | None:
    """What the version answers for the fair view by the rule in play, if it was computed already."""
    digest = fair_digest(panorama)
    if digest is None:
        return None
    return Prediction.objects.filter(
        model_version=version, panorama=panorama, view=view_name(digest), rule=RULE
    ).first()
