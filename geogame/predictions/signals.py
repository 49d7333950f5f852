from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from geogame.panoramas.models import Panorama
from geogame.panoramas.signals import panorama_withdrawn
from geogame.predictions.explanations import remove_those_of


@receiver(panorama_withdrawn)
def remove_explanations(sender: object, panorama: Panorama, **kwargs: Any) -> None:
    remove_those_of(panorama)
