from __future__ import annotations

import contextlib
import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from planet_core import geo, inception, validation_record
from planet_core.examination import Examination
from planet_core.heads import Network
from planet_core.validation_record import ValidationRecord
from tests.planet_core.made_model import made_partition

CPU = torch.device("cpu")
PARTITION = made_partition()


def made_examination(views: int) -> Examination:
    """Views whose picture is of the one grey that is their number."""
    numbers = torch.arange(views, dtype=torch.uint8)
    lat, lng = PARTITION.centroids()
    return Examination(
        pixels=numbers[:, None, None, None].expand(views, 300, 300, 3).contiguous(),
        classes=numbers.long() % len(PARTITION),
        lat=np.resize(lat, views),
        lng=np.resize(lng, views),
        photos=views,
    )


class Certain(Network):
    """Knows each view by its grey and finds cell number grey modulo 6."""

    def __init__(self) -> None:
        super().__init__(300, {"mean": [0.0] * 3, "std": [1.0] * 3}, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        grey = (images[:, 0, 0, 0] * 255).round().long()
        return 4.0 * torch.nn.functional.one_hot(grey % 6, 6) - 0.1 * torch.arange(6)


@pytest.fixture
def written(tmp_path: Path) -> Callable[[int], dict[str, Any]]:
    def write(views: int) -> dict[str, Any]:
        examination = made_examination(views)
        answers = (np.arange(views) + 1) % 6
        ValidationRecord(tmp_path, examination, PARTITION).write(3, Certain(), answers, (), CPU)
        content: dict[str, Any] = json.loads((tmp_path / "validation.json").read_text())
        return content

    return write


def test_the_arrays_hold_truth_and_answers(written: Callable[[int], dict[str, Any]]) -> None:
    content = written(6)
    assert (content["epoch"], content["views"], content["shown"]) == (3, 6, 6)
    lat, lng = PARTITION.centers()
    np.testing.assert_allclose(content["answer_lat"], np.roll(lat, -1), atol=1e-5)
    np.testing.assert_allclose(content["answer_lng"], np.roll(lng, -1), atol=1e-5)
    truth = PARTITION.centroids()
    np.testing.assert_allclose(content["lat"], truth[0], atol=1e-5)
    expected = geo.haversine_km(np.roll(lat, -1), np.roll(lng, -1), *truth)
    np.testing.assert_allclose(content["distance_km"], expected, atol=2e-3)


def test_of_many_views_a_fixed_even_share_is_shown(
    written: Callable[[int], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation_record, "SHOWN", 5)
    content = written(41)
    assert (content["views"], content["shown"]) == (41, 5)
    lat = np.resize(PARTITION.centroids()[0], 41)
    np.testing.assert_allclose(content["lat"], lat[[0, 10, 20, 30, 40]], atol=1e-5)
    assert len(content["distance_km"]) == 5
    assert content == written(41)


def test_samples_show_what_the_network_saw_and_made_of_it(
    written: Callable[[int], dict[str, Any]], tmp_path: Path
) -> None:
    content = written(100)
    samples = content["samples"]
    views = np.linspace(0, 99, 12).round().astype(int)
    assert [sample["picture"] for sample in samples] == [f"samples/{n:02d}.jpg" for n in range(12)]
    for sample, view in zip(samples, views.tolist(), strict=True):
        picture = Image.open(tmp_path / sample["picture"])
        assert picture.format == "JPEG"
        assert picture.size == (256, 256)
        assert abs(int(np.asarray(picture).mean()) - view) <= 2
        probabilities = [answer["probability"] for answer in sample["answers"]]
        assert len(probabilities) == 5
        assert probabilities == sorted(probabilities, reverse=True)
        logits = Certain()(torch.full((1, 3, 1, 1), view / 255))
        assert probabilities[0] == pytest.approx(float(logits.softmax(dim=1).max()), abs=1e-5)
        lat, lng = (float(values[view % 6]) for values in PARTITION.centers())
        assert (sample["answers"][0]["lat"], sample["answers"][0]["lng"]) == pytest.approx(
            (lat, lng), abs=1e-5
        )
        distance = geo.haversine_km(lat, lng, sample["lat"], sample["lng"])
        assert sample["distance_km"] == pytest.approx(float(distance), abs=0.01)


def test_few_views_give_few_samples(written: Callable[[int], dict[str, Any]], tmp_path: Path) -> None:
    written(30)
    assert len(written(2)["samples"]) == 2
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == ["00.jpg", "01.jpg"]


def test_it_stays_small(tmp_path: Path) -> None:
    examination = made_examination(1)
    many = 100_000
    lat, lng = np.random.default_rng(0).uniform(-80, 80, (2, many))
    large = Examination(examination.pixels.expand(many, 300, 300, 3), torch.zeros(many), lat, lng, many)
    record = ValidationRecord(tmp_path, large, PARTITION)
    record.write(1, Certain(), np.zeros(many, dtype=np.int64), (), CPU)
    assert (tmp_path / "validation.json").stat().st_size < 150_000
    assert sum(path.stat().st_size for path in (tmp_path / "samples").iterdir()) < 12 * 30_000


def test_a_full_disk_leaves_the_epoch_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = ValidationRecord(tmp_path, made_examination(6), PARTITION)
    record.write(1, Certain(), np.zeros(6, dtype=np.int64), (), CPU)

    @contextlib.contextmanager
    def full(path: Path) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))
        yield

    monkeypatch.setattr(validation_record, "atomic_file", full)
    with pytest.raises(OSError, match="No space left"):
        record.write(2, Certain(), np.zeros(6, dtype=np.int64), (), CPU)
    assert json.loads((tmp_path / "validation.json").read_text())["epoch"] == 1


def test_it_takes_part_in_no_draw(tmp_path: Path) -> None:
    """Or a run that is watched would learn something else than one that is not."""
    network = inception.build("tiny", 6).eval()
    examination = made_examination(3)
    record = ValidationRecord(tmp_path, examination, PARTITION)
    before = torch.get_rng_state()
    record.write(1, network, np.zeros(3, dtype=np.int64), (), CPU)
    assert torch.equal(torch.get_rng_state(), before)
