from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from geogame.opponent.management.commands import predict_ahead
from geogame.panoramas.models import Map
from geogame.panoramas.services import withdraw
from geogame.predictions.models import RULE, Prediction
from geogame.predictions.queries import missing, places_answered, view_name
from geogame.registry.models import ModelVersion

MakeMap = Callable[..., Map]


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("benchmark", *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


@pytest.fixture
def other_version(model_version: ModelVersion, model_directory: Path, settings: Any) -> ModelVersion:
    """The same weights under another name: what it answers is written into the tables."""
    return ModelVersion.objects.create(
        digest="ab" * 32, name="Other", recipe="tiny", directory=model_version.directory, cells=4
    )


def answer(version: ModelVersion, map_: Map, degrees_off: float) -> None:
    Prediction.objects.bulk_create(
        Prediction(
            model_version=version,
            panorama=panorama,
            view=view_name(panorama.file_digest),
            rule=RULE,
            lat=panorama.lat + degrees_off,
            lng=panorama.lng,
            top_cells=[],
            distribution=b"",
            digest="0" * 64,
        )
        for panorama in map_.panoramas.all()
    )


@pytest.fixture
def answered(make_map: MakeMap, model_version: ModelVersion, other_version: ModelVersion) -> Map:
    """Both have answered eight panoramas; the model in play is nearer everywhere."""
    map_ = make_map(8)
    answer(model_version, map_, 1.0)
    answer(other_version, map_, 2.0)
    return map_


def test_stored_answers_are_compared(answered: Map, model_version: ModelVersion) -> None:
    report = json.loads(run("--models", "PlaNet tiny", "Other", "--map", "Test", "--format", "json"))
    (found,) = report["comparisons"]
    assert found["first"] == str(model_version)
    assert (found["wins"], found["ties"], found["losses"]) == (8, 0, 0)
    assert found["sign_test_p"] == pytest.approx(2 / 2**8)
    assert found["sides"]["first"]["median_km"]["value"] == pytest.approx(111.19, abs=0.01)
    assert found["differences"]["log10_km"]["value"] == pytest.approx(-np.log10(2))


def test_models_are_named_by_digest_too(answered: Map, model_version: ModelVersion) -> None:
    text = run("--models", model_version.digest[:8], "abab", "--map", "Test")
    assert "against Other (abababab): 8 panoramas in 8 groups." in text
    assert "The first won 8, the second 0, 0 ties." in text


def test_what_is_not_predicted_yet_is_predicted_now(
    make_map: MakeMap, model_version: ModelVersion, other_version: ModelVersion
) -> None:
    map_ = make_map(3)
    answer(other_version, map_, 2.0)
    assert missing(model_version, map_).count() == 3
    text = run("--models", "PlaNet tiny", "Other", "--map", "Test", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["panoramas"] == "3", "and nothing else was printed"
    assert len(places_answered(model_version, map_)) == 3


def test_what_cannot_be_read_is_left_out_for_all(
    make_map: MakeMap, model_version: ModelVersion, other_version: ModelVersion
) -> None:
    map_ = make_map(4)
    answer(other_version, map_, 2.0)
    lost = map_.panoramas.first()
    assert lost
    lost.path.unlink()
    report = json.loads(run("--models", "PlaNet tiny", "Other", "--map", "Test", "--format", "json"))
    assert report["comparisons"][0]["panoramas"] == 3
    assert "1 panorama that not every model could look at: left out for all." in report["notes"]


def test_stopped_while_it_predicts_it_says_what_stays(
    make_map: MakeMap,
    model_version: ModelVersion,
    other_version: ModelVersion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_map(3)

    def stopped(*arguments: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(predict_ahead.Command, "_predict", stopped)
    with pytest.raises(CommandError, match="What was predicted stays") as error:
        run("--models", "PlaNet tiny", "Other", "--map", "Test")
    assert error.value.returncode == 130


def test_what_one_trained_on_is_apart_and_a_walk_is_one_cluster(
    make_map: MakeMap, model_version: ModelVersion, other_version: ModelVersion, settings: Any, tmp_path: Path
) -> None:
    map_ = make_map(6, groups=["trained-on-walk", "trained-on-walk", "walk", "walk", "", ""])
    answer(model_version, map_, 1.0)
    answer(other_version, map_, 2.0)
    report = json.loads(run("--models", "PlaNet tiny", "Other", "--map", "Test", "--format", "json"))
    (found,), (apart,) = report["comparisons"], report["apart"]
    assert (found["panoramas"], found["groups"]) == (4, 3)
    assert (apart["apart"], apart["panoramas"], apart["groups"]) == ("a model trained on it", 2, 1)
    text = run("--models", "PlaNet tiny", "Other", "--map", "Test")
    assert "2 panoramas do not count" in text


def test_where_nobody_knows_what_a_model_trained_on_nothing_counts(
    answered: Map, other_version: ModelVersion
) -> None:
    ModelVersion.objects.filter(pk=other_version.pk).update(directory="nowhere")
    text = run("--models", "PlaNet tiny", "Other", "--map", "Test", "--apart")
    assert "No panorama counts" in text
    assert "nobody knows whether a model trained on it" in text


def test_a_withdrawn_panorama_is_no_part_of_it(answered: Map) -> None:
    gone = answered.panoramas.first()
    assert gone
    withdraw(gone)
    report = json.loads(run("--models", "PlaNet tiny", "Other", "--map", "Test", "--format", "json"))
    assert report["panoramas"] == 7


def test_a_folder_holds_it_all(answered: Map, tmp_path: Path) -> None:
    page = run(
        "--models", "PlaNet tiny", "Other", "--map", "Test", "--format", "html", "--out", str(tmp_path)
    )
    assert (tmp_path / "report.html").read_text().rstrip("\n") == page.rstrip("\n")
    with (tmp_path / "rows.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 16


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "PlaNet tiny", "Other"], "add --map NAME"),
        (["--models", "PlaNet tiny", "--map", "Test"], "two or more different models"),
        (["--models", "PlaNet tiny", "PlaNet tiny", "--map", "Test"], "two or more different models"),
        (
            ["--models", "PlaNet tiny", "Nobody", "--map", "Test"],
            "'Nobody' is no model version. Model versions: .*Other",
        ),
        (["--models", "PlaNet tiny", "", "--map", "Test"], "'' is no model version"),
        (["--models", "PlaNet tiny", "Other", "--map", "Atlantis"], "Maps: “Test”"),
        (["--models", "a", "b", "--map", "Test", "--protocol", "planet-study"], "leave out --models"),
        (["--models", "PlaNet tiny", "Other", "--map", "Test", "--out", "/dev/null/x"], "/dev/null"),
    ],
)
def test_what_makes_no_sense_is_said(answered: Map, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(*arguments)


@pytest.mark.parametrize(
    "option",
    [
        ("--study", "Pilot"),
        ("--players",),
        ("--condition", "fair"),
        ("--since", "2026-01-01"),
        ("--until", "2026-01-01"),
        ("--player", "Ann"),
        ("--model", "Other"),
    ],
)
def test_an_option_of_rounds_is_not_left_unheard(answered: Map, option: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=f"{option[0]} is about rounds of people"):
        run("--map", "Test", "--models", "PlaNet tiny", "Other", *option)


def test_a_name_of_two_models_asks_for_the_digest(answered: Map) -> None:
    ModelVersion.objects.create(digest="cd" * 32, name="Other", recipe="tiny", directory="y", cells=4)
    with pytest.raises(CommandError, match="'Other' fits 2 model versions: take the digest"):
        run("--models", "PlaNet tiny", "Other", "--map", "Test")
