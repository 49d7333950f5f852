from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geogame.datasets.models import DataSet
from geogame.datasets.services import data_set_of_map
from geogame.evaluations import services
from geogame.evaluations.models import Evaluation
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.registry.services import register

MakeEvaluation = Callable[..., Evaluation]


@pytest.fixture
def version(db: None, settings: Any, model_directory: Path) -> ModelVersion:
    """A version that does not play."""
    return made(settings, model_directory, "one")


@pytest.fixture
def other(db: None, settings: Any, model_directory: Path) -> ModelVersion:
    return made(settings, model_directory, "other")


def made(settings: Any, model_directory: Path, name: str) -> ModelVersion:
    folder = Path(settings.MODEL_ROOT) / name
    shutil.copytree(model_directory, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "made_by_test": name}))
    return register(directory=folder, name=name)


@pytest.fixture
def data_set(make_map: Callable[..., Map]) -> DataSet:
    return data_set_of_map(make_map(6))


@pytest.fixture
def make_evaluation(version: ModelVersion, data_set: DataSet) -> MakeEvaluation:
    def make(**values: Any) -> Evaluation:
        return services.create_evaluation(**{"version": version, "data_set": data_set, **values})

    return make
