from __future__ import annotations

import gc
import hashlib
import io
import itertools
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from geogame.lib.translations import compile_changed
from tests.kinds import mark

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from geogame.accounts.models import Player
    from geogame.panoramas.models import Map, Panorama
    from geogame.registry.models import ModelVersion

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
counter = itertools.count(1)


def pytest_configure() -> None:
    compile_changed()  # before Django reads them
    # No test may depend on how fast the machine is.
    hypothesis.settings.register_profile("unit", hypothesis.settings(), max_examples=50, deadline=None)
    hypothesis.settings.load_profile("unit")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What may take long begins first, or it would be waited for when all else is done."""
    for item in items:
        mark(item)  # before -m looks at the marks
    items.sort(key=_most_s, reverse=True)


def _most_s(item: pytest.Item) -> int:
    mark = item.get_closest_marker("timeout")
    return int(mark.args[0]) if mark else 0


def pytest_collection_finish() -> None:
    # What was imported stays: the garbage collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    # pytest gives a handler to each logger that does not propagate, six times a test, and torch has fifty.
    for name, logger in logging.Logger.manager.loggerDict.items():
        if name.startswith("torch.") and isinstance(logger, logging.Logger):
            logger.propagate = True


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real photos for tests beside the project's checkout; most machines do not have them."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no real photos at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture
def static_files(settings: object) -> None:
    """Static files are served as in the program; tests/settings.py says why they are not by default."""
    from geogame.settings import MIDDLEWARE

    settings.MIDDLEWARE = MIDDLEWARE  # type: ignore[attr-defined]


@pytest.fixture
def no_counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What counts against RATE_LIMITS begins at nought; the test sets the limits."""
    from geogame.lib import limits

    read = limits._cache
    monkeypatch.setattr(limits, "_asleep_until", 0.0)
    read.cache_clear()
    read().clear()
    yield
    read.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def _files_need_not_outlive_a_power_cut() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda file: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_scratch_left() -> Iterator[None]:
    yield
    from django.conf import settings

    shutil.rmtree(settings.DATA_DIR, ignore_errors=True)


def jpeg(width: int = 320, height: int = 240, colour: tuple[int, int, int] | None = None) -> bytes:
    from PIL import Image

    number = next(counter)
    colour = colour or (number * 37 % 256, number * 91 % 256, number * 151 % 256)
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def make_panorama(db: None) -> Callable[..., Panorama]:
    from geogame.panoramas.models import Panorama

    def make(
        lat: float = 48.0, lng: float = 11.0, *, group: str = "", projection: str = "flat", **fields: object
    ) -> Panorama:
        size = (640, 320) if projection == "equirectangular" else (320, 240)
        content = jpeg(*size)
        number = next(counter)
        panorama = Panorama.objects.create(
            digest=hashlib.sha256(f"{number}".encode()).hexdigest(),
            file=f"panoramas/{number}.jpg",
            file_digest=hashlib.sha256(content).hexdigest(),
            width=size[0],
            height=size[1],
            projection=projection,
            lat=lat,
            lng=lng,
            group=group,
            **fields,
        )
        panorama.path.parent.mkdir(parents=True, exist_ok=True)
        panorama.path.write_bytes(content)
        return panorama

    return make


@pytest.fixture
def make_map(make_panorama: Callable[..., Panorama]) -> Callable[..., Map]:
    """A published map with that many flat panoramas, a thousand and more kilometres across."""
    from geogame.panoramas.models import Map
    from geogame.panoramas.services import publish_map

    def make(
        panoramas: int = 6, *, name: str = "Test", groups: list[str] | None = None, **fields: object
    ) -> Map:
        map_ = Map.objects.create(name=name, slug=name.lower().replace(" ", "-"))
        map_.panoramas.add(
            *(
                make_panorama(
                    40.0 + number, -10.0 + 3.0 * number, group=groups[number] if groups else "", **fields
                )
                for number in range(panoramas)
            )
        )
        publish_map(map_)
        return map_

    return make


@pytest.fixture
def alice(db: None) -> Player:
    from geogame.accounts.models import Player

    return Player.objects.create(kind="person", name="Alice")


@pytest.fixture
def make_player(db: None, django_user_model: type[User]) -> Callable[..., Player]:
    """A guest, or the player of an account of that name."""
    from geogame.accounts.models import Player

    def make(name: str, *, account: bool = False) -> Player:
        user = django_user_model.objects.create_user(name) if account else None
        return Player.objects.create(kind="person", name=name, user=user)

    return make


@pytest.fixture
def sign_in() -> Callable[[Client, Player], None]:
    """Makes the client's session the guest's."""
    from geogame.accounts.services import SESSION_KEY

    def sign(client: Client, player: Player) -> None:
        session = client.session
        session[SESSION_KEY] = player.token
        session.save()

    return sign


@pytest.fixture(scope="session")
def model_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real model version with random weights and a few cells in Europe."""
    import numpy as np
    import torch

    from planet_core import checkpoint, inception
    from planet_core.model_directory import TrainingIndex
    from planet_core.partition import Partition

    torch.manual_seed(1)
    lat, lng = np.arange(36.0, 60.0, 1.5), np.arange(-10.0, 30.0, 2.5)
    partition = Partition.build(lat, lng, 4, 1)
    directory = tmp_path_factory.mktemp("models") / "random-weights"
    checkpoint.save(
        directory,
        inception.build("tiny", len(partition)),
        "tiny",
        partition,
        recipe={"name": "tiny", "class_point": "cell-center"},
        metrics={},
        training_index=TrainingIndex(
            training_digests=("trained-on",),
            training_groups=("trained-on-walk",),
            validation_digests=(),
            validation_groups=(),
            fine_level=13,
            training_cells=np.array([], dtype=np.uint64),
        ),
    )
    return directory


@pytest.fixture
def model_version(db: None, settings: object, model_directory: Path) -> ModelVersion:
    """A model version in play."""
    from geogame.registry.services import activate, register

    settings.MODEL_ROOT = model_directory.parent  # type: ignore[attr-defined]
    version = register(directory=model_directory, name="PlaNet tiny")
    activate(version)
    return version
