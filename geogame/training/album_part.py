"""What an album job has that a job of single photos has not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext

from geogame.datasets.models import DataSet
from geogame.registry.models import ModelVersion
from geogame.registry.services import RegistryError, examine
from geogame.training.errors import TrainingError
from geogame.training.models import TrainingJob
from planet_core.album_options import VARIANTS

PAPER_CUT: Final = 25
MOST_CUT: Final = 5000


@dataclass(frozen=True)
class AlbumPart:
    """
    Attributes:
        variant: which album model, one of `planet_core.album_options.VARIANTS`.
        cut: photos that an album is cut to; None for whole albums.
        image_model: the version whose embeddings it learns from.
        validation_set: albums that choose the best epoch; None to hold some of the data set out.
    """

    variant: str = ""
    cut: int | None = None
    image_model: ModelVersion | None = None
    validation_set: DataSet | None = None

    @classmethod
    def of(cls, job: TrainingJob) -> AlbumPart:
        return cls(job.variant, job.cut, job.image_model, job.validation_set)

    def values(self) -> dict[str, Any]:
        """Fields of a job."""
        return {
            "variant": self.variant,
            "cut": self.cut,
            "image_model": self.image_model,
            "validation_set": self.validation_set,
        }


NO_ALBUMS: Final = AlbumPart()


def check_albums(data_set: DataSet, album: AlbumPart) -> None:
    """TrainingError says what cannot be."""
    if album.variant not in VARIANTS:
        text = gettext("There is no album model “%(name)s”: use one of %(names)s.")
        raise TrainingError(text % {"name": album.variant, "names": ", ".join(VARIANTS)}, field="variant")
    if album.cut is not None and not 1 <= album.cut <= MOST_CUT:
        text = gettext("Albums cannot be cut to %(cut)s photos: use 1 to %(most)s.")
        raise TrainingError(text % {"cut": album.cut, "most": MOST_CUT}, field="cut")
    _check_image_model(album.image_model)
    _check_set(data_set, "data_set")
    if album.validation_set is not None:
        _check_set(album.validation_set, "validation_set")
        if album.validation_set == data_set:
            text = gettext("It would be measured on what it learns from: choose other albums, or none.")
            raise TrainingError(text, field="validation_set")


def _check_image_model(image_model: ModelVersion | None) -> None:
    if image_model is None:
        text = gettext("Choose the model of single photos that the album model hangs on.")
        raise TrainingError(text, field="image_model")
    if image_model.kind != ModelVersion.Kind.IMAGE:
        text = gettext("%(version)s answers albums itself: choose a model of single photos.")
        raise TrainingError(text % {"version": image_model}, field="image_model")
    try:
        examine(image_model)
    except RegistryError as error:
        raise TrainingError(str(error), field="image_model") from error


def _check_set(data_set: DataSet, field: str) -> None:
    if data_set.kind != DataSet.Kind.ALBUMS:
        text = gettext("“%(name)s” holds single photos: choose a data set of albums.")
        raise TrainingError(text % {"name": data_set}, field=field)
    if data_set.state != DataSet.State.READY:
        text = gettext("The data set “%(name)s” has not been read yet: read it first.")
        raise TrainingError(text % {"name": data_set}, field=field)
