"""What people saw of a panorama, small, for the page of a report."""

from __future__ import annotations

from benchmark.pictures import SmallPicture, small_picture
from geogame.panoramas.fair import PictureGone, fair_picture
from geogame.panoramas.models import Panorama

NOT_PHOTOGRAPHED = "drawn from facts, not photographed"


def picture_of(panorama_id: str) -> SmallPicture | None:
    """The fair picture with its credit; None of a panorama that was withdrawn, or whose file is gone."""
    panorama = Panorama.objects.filter(pk=panorama_id).first() if panorama_id.isdecimal() else None
    if panorama is None:
        return None
    try:
        return small_picture(fair_picture(panorama).path, credit_of(panorama))
    except (PictureGone, OSError):
        return None


def credit_of(panorama: Panorama) -> str:
    """Author, licence and source as far as they are known; of a drawn picture, that it was drawn."""
    source = NOT_PHOTOGRAPHED if panorama.drawn else panorama.source
    return " · ".join(filter(None, (panorama.author, panorama.licence, source)))
