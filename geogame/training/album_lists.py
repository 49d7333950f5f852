"""The albums of a job as `planet_core.train_album` takes them: a folder to learn from, one held out."""

from __future__ import annotations

from pathlib import Path

from geogame.datasets.errors import DataSetError
from geogame.datasets.queries import albums_of
from geogame.training.models import TrainingJob
from planet_core.album_split import split_albums
from planet_core.albums import FILE, Album, AlbumError, write_albums

TRAIN, VALIDATION = "train", "validation"
FOLDER = "albums"


def album_folders(job: TrainingJob, folder: Path, *, keep: bool = False) -> tuple[Path, Path | None]:
    """(albums to learn from, albums held out or None), as lists in `folder` that name the pictures where they
    lie.

    Args:
        keep: whether lists that are there stay, as for a job that goes on.

    Raises:
        DataSetError: a list cannot be read, or names what lies elsewhere.
        OSError: they cannot be written.
    """
    train, validation = folder / FOLDER / TRAIN, folder / FOLDER / VALIDATION
    if not (keep and (train / FILE).exists()):
        learnt, held = _sides(job)
        try:
            _write(train, learnt)
            _write(validation, held)
        except AlbumError as error:
            raise DataSetError(f"{error}.") from error
    return train, validation if (validation / FILE).exists() else None


def _sides(job: TrainingJob) -> tuple[list[Album], list[Album]]:
    albums = albums_of(job.data_set)
    if job.validation_set is not None:
        return albums, albums_of(job.validation_set)
    return split_albums(albums, seed=job.seed)


def _write(folder: Path, albums: list[Album]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if albums:
        write_albums(folder, albums)
    else:
        (folder / FILE).unlink(missing_ok=True)
