from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """A request in German leaves its language to the thread, and so to the next test."""
    with translation.override("en"):
        yield
