"""What differs between jobs that train a model of single photos and those that train one of albums."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from django.conf import settings

from geogame.datasets.lists import LIST, photo_list
from geogame.datasets.models import DataSet
from geogame.training.album_lists import album_folders
from geogame.training.models import TrainingJob
from planet_core import album_recipe
from planet_core import recipe as photo_recipe

EMBEDDINGS = "embeddings"


class AnyRecipe(Protocol):
    """What recipes of both kinds have."""

    def changed(self, settings: Sequence[str]) -> AnyRecipe: ...

    def as_dict(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class JobKind:
    """
    Attributes:
        program, plan: the modules that train, and that foresee it.
        recipes: names of its recipes.
        load: the recipe of a name; RecipeError where there is none.
        sources: where the data lie, as `arguments` takes them, for a job, a folder for what must be written,
            and whether what is there stays.
        arguments: of both modules, but for recipe and values: for a job, its sources, its model's folder.
        work: values of a recipe that decide how many photos a second are learnt from.
    """

    program: str
    plan: str
    recipes: Callable[[], Sequence[str]]
    load: Callable[[str], AnyRecipe]
    sources: Callable[[TrainingJob, Path, bool], list[str]]
    arguments: Callable[[TrainingJob, Sequence[str], Path], list[str]]
    work: tuple[str, ...]


def kind_of(job: TrainingJob) -> JobKind:
    return KINDS[job.kind]


# --- Single photos -----------------------------------------------------------------------------------------
def _photos(job: TrainingJob, folder: Path, keep: bool) -> list[str]:
    kept = folder / LIST
    if keep and job.data_set.kind == DataSet.Kind.MAP and kept.exists():
        return [f"csv:{kept}"]
    return photo_list(job.data_set, folder)


def _photo_arguments(job: TrainingJob, sources: Sequence[str], out: Path) -> list[str]:
    return [
        *("--data", *sources, "--seed", str(job.seed)),
        *(["--init", str(job.init_from.path)] if job.init_from else []),
        *("--run", str(job.run_directory), "--out", str(out)),
    ]


# --- Albums ------------------------------------------------------------------------------------------------
def embeddings_root() -> Path:
    """Where embeddings are kept: those of one image model serve all its album jobs."""
    return Path(settings.RUN_ROOT) / EMBEDDINGS


def _albums(job: TrainingJob, folder: Path, keep: bool) -> list[str]:
    train, validation = album_folders(job, folder, keep=keep)
    return [str(train), *([str(validation)] if validation else [])]


def _album_arguments(job: TrainingJob, sources: Sequence[str], out: Path) -> list[str]:
    train, *validation = sources
    image_model = job.image_model.path if job.image_model else Path()
    return [
        *("--variant", job.variant, "--image-model", str(image_model), "--train", train),
        *(["--validation", *validation] if validation else []),
        *(["--cut", str(job.cut)] if job.cut else []),
        *("--seed", str(job.seed)),
        *("--out", str(job.run_directory), "--model", str(out), "--cache", str(embeddings_root())),
    ]


KINDS: Final[Mapping[str, JobKind]] = {
    TrainingJob.Kind.PHOTO: JobKind(
        "planet_core.train_cnn",
        "planet_core.plan",
        photo_recipe.names,
        photo_recipe.load,
        _photos,
        _photo_arguments,
        (
            *("network", "batch_size", "accumulate", "precision", "compile", "frozen", "average"),
            *("first_px", "first_share", "shared_statistics"),
        ),
    ),
    TrainingJob.Kind.ALBUM: JobKind(
        "planet_core.train_album",
        "planet_core.album_plan",
        lambda: list(album_recipe.RECIPES),
        album_recipe.load,
        _albums,
        _album_arguments,
        ("batch_albums", "hidden", "layers", "output", "image_layer", "steps_back", "time_gaps", "optimiser"),
    ),
}
