from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from channels import db
from django.utils import translation
from pytest_django.fixtures import Settings

counter = itertools.count(1)


@pytest.fixture(autouse=True)
def media_root(settings: Settings) -> Path:
    """Folders of the test's own, which come to be when something is put into them."""
    folder = Path(settings.DATA_DIR) / f"test-{next(counter)}"
    settings.MEDIA_ROOT = folder / "media"
    settings.MODEL_ROOT = folder / "models"
    settings.RUN_ROOT = folder / "runs"
    return folder / "media"


@pytest.fixture(autouse=True)
def _connection_of_the_test_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels closes old connections around each call, and with it the transaction of the test."""
    monkeypatch.setattr(db, "close_old_connections", lambda: None)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """A request in German leaves its language to the thread, and so to the next test."""
    with translation.override("en"):
        yield
