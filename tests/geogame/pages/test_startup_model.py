from __future__ import annotations

from collections.abc import Callable

import pytest

from geogame.pages import startup
from geogame.panoramas.models import Map
from geogame.predictions.models import RULE, Prediction
from geogame.registry.models import ModelVersion

MakeMap = Callable[..., Map]


@pytest.fixture(autouse=True)
def _connection_of_the_test_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """`play` gives its connection back between two looks, and with it the transaction of the test."""
    monkeypatch.setattr(startup, "close_old_connections", lambda: None)


@pytest.fixture
def said() -> list[str]:
    return []


def test_nobody_waits_where_no_model_plays(db: None, make_map: MakeMap, said: list[str]) -> None:
    make_map()
    startup.let_the_model_look(said.append)
    assert said == []


def test_play_waits_for_a_model_that_has_not_looked_yet_and_gives_up_in_the_end(
    make_map: MakeMap, model_version: ModelVersion, said: list[str]
) -> None:
    make_map(2)
    startup.let_the_model_look(said.append, patience_s=0.3)
    assert ["looks at" in said[0], "not ready yet" in said[-1]] == [True, True]


def test_play_goes_on_once_the_model_has_looked(
    make_map: MakeMap, model_version: ModelVersion, said: list[str]
) -> None:
    for panorama in make_map(2).panoramas.all():
        Prediction.objects.create(
            model_version=model_version,
            panorama=panorama,
            view="fair",
            rule=RULE,
            lat=0.0,
            lng=0.0,
            top_cells=[],
            distribution=b"",
            digest="d" * 64,
        )
    startup.let_the_model_look(said.append)
    assert said == []
