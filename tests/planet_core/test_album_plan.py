from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planet_core import album_plan, plan, train_album
from planet_core.albums import FILE, read_albums, write_albums
from planet_core.run_log import read_events
from tests.planet_core.made_albums import album_folder
from tests.planet_core.made_model import made_model


@pytest.fixture(scope="module")
def image_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan") / "image"
    made_model(folder)
    return folder


def words(image_model: Path, folder: Path, *more: str, variant: str = "lstm") -> list[str]:
    return [
        *("--variant", variant, "--image-model", str(image_model), "--train", str(folder / "train")),
        *("--validation", str(folder / "held"), "--out", str(folder / "run"), "--set", "hidden=8"),
        *("--set", "epochs=2", "--set", "batch_albums=4", "--model", str(folder / "model"), *more),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    album_folder(tmp_path / "train", albums=5, photos=4)
    album_folder(tmp_path / "held", albums=2, photos=3, seed=1000)
    return tmp_path


def planned(capsys: pytest.CaptureFixture[str], words: list[str]) -> tuple[int, dict[str, Any]]:
    status = album_plan.main([*words, "--json"])
    return status, json.loads(capsys.readouterr().out)


def codes(found: dict[str, Any]) -> list[str]:
    return [problem["code"] for problem in found["problems"]]


def test_a_plan_counts_what_training_will_find(
    image_model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "train" / "1-2.png").unlink()
    status, found = planned(capsys, words(image_model, folder, "--cut", "3"))
    assert status == 0
    assert codes(found) == ["missing-files"]
    assert found["missing_files"] == {"count": 1, "first": [str(folder / "train" / "1-2.png")]}
    assert (found["albums"], found["albums_validation"], found["photos_to_embed"]) == (5, 2, 25)
    assert found["memory_bytes"]["total"] == sum(
        size for name, size in found["memory_bytes"].items() if name != "total"
    )
    assert train_album.main(words(image_model, folder, "--cut", "3")) == 0
    events = read_events(folder / "run")
    [data] = [event for event in events if event["event"] == "data"]
    same = ("albums", "albums_validation", "photos", "photos_training", "photos_validation", "cells")
    assert {name: found[name] for name in same} == {name: data[name] for name in same}
    assert found["photos_outside_cells"] == data["photos_outside_cells"]
    steps = (folder / "run" / "steps.jsonl").read_text().splitlines()
    assert found["steps"] == len(steps) == 2 * found["steps_per_epoch"]
    assert (folder / "model" / "config.json").is_file(), "--model says where it goes"
    on_disk = sum(path.stat().st_size for path in (folder / "run").rglob("*") if path.is_file())
    assert found["disk_bytes"] > 0.5 * on_disk


def test_an_average_takes_no_steps(
    image_model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, found = planned(capsys, words(image_model, folder, variant="avg"))
    assert found["steps"] == 0
    assert found["memory_bytes"]["gradients"] == found["memory_bytes"]["optimiser"] == 0


def test_wider_takes_more(image_model: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    totals = []
    for width in (8, 64, 512):
        _, found = planned(
            capsys, words(image_model, folder, "--set", "input=embedding", "--set", f"hidden={width}")
        )
        totals.append(sum(found["memory_bytes"][name] for name in ("weights", "gradients", "activations")))
    assert totals == sorted(set(totals))


@pytest.mark.parametrize(
    ("code", "needs"), [("memory", "of memory"), ("disk", "embeddings, checkpoints and model take about")]
)
def test_too_little_room_is_said(
    image_model: Path,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    needs: str,
) -> None:
    if code == "disk":
        monkeypatch.setattr(album_plan, "free_bytes", lambda _: 1000)
    else:
        monkeypatch.setattr(plan.plan_memory, "available", lambda _: 1000)
    status, found = planned(capsys, words(image_model, folder))
    assert status == 2
    assert codes(found) == [code]
    assert needs.lower() in found["problems"][0]["message"].lower()


def test_an_image_model_that_is_gone_is_said(
    image_model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = planned(capsys, words(folder / "nothing", folder))
    assert (status, codes(found)) == (2, ["image-model"])
    assert "There is no model directory" in found["problems"][0]["message"]
    assert found["memory_bytes"] is None


def test_lists_that_cannot_be_used_are_said(
    image_model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "train" / FILE).write_text("{}\n")
    (folder / "held" / FILE).unlink()
    status, found = planned(capsys, words(image_model, folder))
    assert (status, codes(found)) == (2, ["source", "source"])
    assert "line 1" in found["problems"][0]["message"]


def test_albums_with_nothing_to_learn_from_are_said(
    image_model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (folder / "train").glob("*.png"):
        path.unlink()
    held = read_albums(folder / "held")
    (folder / "held" / FILE).unlink()
    write_albums(folder / "held", held[:1])
    status, found = planned(capsys, words(image_model, folder))
    assert (status, codes(found)) == (2, ["missing-files", "no-photos"])
    assert found["steps"] is None


def test_a_value_that_makes_no_sense_is_said(
    image_model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = planned(capsys, words(image_model, folder, "--set", "output=guess"))
    assert (status, codes(found)) == (2, ["recipe"])
    wide = words(image_model, folder, "--set", "hidden=6", variant="transformer")
    status, found = planned(capsys, wide)
    assert (status, codes(found)) == (2, ["network"])
    assert album_plan.main(words(image_model, folder)) == 0
    assert "5 albums with 20 photos, 2 albums held out" in capsys.readouterr().out
