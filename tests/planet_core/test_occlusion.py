from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from planet_core import occlusion
from planet_core.occlusion import OcclusionMap, occlusion_map
from planet_core.occlusion_picture import drop_on_pixels, heat_layer, overlay, with_legend
from planet_core.partition import Partition
from planet_core.predict import Predictor
from planet_core.stopping import Stopped
from tests.planet_core.made import noise_picture
from tests.planet_core.made_model import made_model, made_partition


class PatchPredictor:
    """Believes in cell 2 as much as one patch of the picture is white, else in cell 4."""

    partition: Partition = made_partition()
    config: dict[str, Any] = {"image_px": 40, "normalisation": {"mean": [0.5, 0.4, 0.0], "std": [1, 1, 1]}}

    def __init__(self, rows: slice = slice(8, 12), columns: slice = slice(30, 34)) -> None:
        self.patch = (slice(None), rows, columns)
        self.batches: list[int] = []
        self.seen: list[torch.Tensor] = []

    def tensor(self, images: list[Any]) -> torch.Tensor:
        return torch.stack([torch.from_numpy(np.asarray(image).copy()) for image in images])

    def probabilities_of(self, pixels: torch.Tensor) -> np.ndarray:
        self.batches.append(len(pixels))
        self.seen.append(pixels.clone())
        white = (pixels[self.patch] == 255).all(dim=-1).float().mean(dim=(1, 2)).numpy()
        rows = np.zeros((len(pixels), len(self.partition)), dtype=np.float32)
        rows[:, 2], rows[:, 4] = 0.9 * white, 1 - 0.9 * white
        return rows


WHITE = np.full((40, 40, 3), 255, dtype=np.uint8)


def run(predictor: PatchPredictor, **options: Any) -> OcclusionMap:
    return occlusion_map(predictor, WHITE, **options)  # type: ignore[arg-type]


def plain(predictor: PatchPredictor, starts: list[int], box: int, grey: int, cell: int) -> np.ndarray:
    values = np.empty((len(starts), len(starts)), dtype=np.float32)
    for row, top in enumerate(starts):
        for column, left in enumerate(starts):
            hidden = WHITE.copy()
            hidden[top : top + box, left : left + box] = grey
            values[row, column] = predictor.probabilities_of(torch.from_numpy(hidden[None]))[0, cell]
    return values


@pytest.mark.parametrize("batch", [1, 7, 32, 1000])
def test_each_value_is_the_confidence_with_one_box(batch: int) -> None:
    predictor = PatchPredictor()
    found = run(predictor, positions=9, batch=batch)
    assert (found.baseline, found.target, found.cell) == (pytest.approx(0.9), "top-cell", 2)
    assert found.token == predictor.partition.tokens()[2]
    assert found.box_px == 8
    assert found.starts.tolist() == [0, 4, 8, 12, 16, 20, 24, 28, 32]
    expected = plain(PatchPredictor(), found.starts.tolist(), 8, round(255 * 0.3), 2)
    assert np.array_equal(found.values, expected)
    assert found.values.min() < 0.01 < 0.89 < found.values.max()
    batches = predictor.batches[1:]  # the first is the photo itself
    assert max(batches) <= batch
    assert max(batches) - min(batches) <= 1
    for pixels in predictor.seen[1:]:
        assert ((pixels != 255).any(dim=-1).sum(dim=(1, 2)) == 64).all()  # one box, nothing left over


def test_the_true_cell_is_drawn_where_there_is_one() -> None:
    predictor = PatchPredictor()
    lat, lng = (float(value[4]) for value in predictor.partition.centers())
    found = run(predictor, lat=lat, lng=lng, positions=9)
    assert (found.target, found.cell) == ("true-cell", 4)
    assert found.baseline == pytest.approx(0.1)
    assert found.values.max() == pytest.approx(1.0)  # hiding the patch helps
    assert "the photo was taken in it" in found.reason


def test_the_top_cell_stands_in_for_a_dropped_one_and_says_so() -> None:
    found = run(PatchPredictor(), lat=-80.0, lng=0.0, positions=5)
    assert (found.target, found.cell) == ("top-cell", 2)
    assert "-80.0000, 0.0000 lies in no cell" in found.reason
    assert "no true place" in run(PatchPredictor(), positions=5).reason


def test_pixels_are_means_of_the_boxes_over_them() -> None:
    found = run(PatchPredictor(), positions=9)
    sums, counts = np.zeros((40, 40)), np.zeros((40, 40))
    for row, top in enumerate(found.starts.tolist()):
        for column, left in enumerate(found.starts.tolist()):
            sums[top : top + 8, left : left + 8] += found.values[row, column]
            counts[top : top + 8, left : left + 8] += 1
    np.testing.assert_allclose(found.on_square(), sums / counts, rtol=1e-6)
    lowest = np.unravel_index(found.on_square().argmin(), (40, 40))
    assert 8 <= lowest[0] < 12
    assert 28 <= lowest[1] < 36


@pytest.mark.parametrize(("height", "width"), [(40, 40), (80, 120), (121, 60), (1, 1), (7, 500)])
def test_a_map_lies_on_the_middle_square_of_the_photo(height: int, width: int) -> None:
    found = run(PatchPredictor(), positions=9)
    values = found.on_pixels(height, width)
    assert values.shape == (height, width)
    side = min(height, width)
    seen = np.isfinite(values)
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    assert seen[np.ix_(rows, columns)].all()
    assert abs(rows.size - side) <= 1
    assert abs(columns.size - side) <= 1
    assert abs(rows.mean() - (height - 1) / 2) <= 0.5
    assert abs(columns.mean() - (width - 1) / 2) <= 0.5
    if (height, width) == (80, 120):
        np.testing.assert_array_equal(values[::2, 20:100:2], found.on_square())


def test_the_heat_is_where_the_probability_drops() -> None:
    found = run(PatchPredictor(), positions=9)
    drop = drop_on_pixels(found, 40, 40)
    assert drop.max() == 1
    assert np.unravel_index(drop.argmax(), drop.shape)[1] >= 28
    assert drop[:, :20].max() == 0
    alpha = np.asarray(heat_layer(found, 40, 40))[..., 3]
    assert (alpha > 0).tolist() == (drop > 0.5 / 255).tolist()
    rising = run(PatchPredictor(), lat=40.71, lng=-74.0, positions=9)
    helped = run(PatchPredictor(), lat=float(PatchPredictor.partition.centers()[0][4]),
                 lng=float(PatchPredictor.partition.centers()[1][4]), positions=9)  # fmt: skip
    assert rising.target == "true-cell"
    assert drop_on_pixels(helped, 40, 40).max() == 0
    for one in (found, rising, helped):
        sheet = with_legend(one, overlay(one, WHITE))
        assert sheet.size == (520, 40 + 96)


def test_progress_is_told_and_can_stop_the_work() -> None:
    told: list[tuple[int, int]] = []
    run(PatchPredictor(), positions=8, batch=30, progress=lambda done, boxes: told.append((done, boxes)))
    assert told == [(0, 64), (21, 64), (42, 64), (64, 64)]
    predictor = PatchPredictor()

    def stop(done: int, _boxes: int) -> None:
        if done:
            raise Stopped

    with pytest.raises(Stopped):
        run(predictor, positions=8, batch=4, progress=stop)
    assert len(predictor.batches) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"positions": 0}, "from 1 to 40.*not 0"),
        ({"positions": 41}, "not 41"),
        ({"positions": 3, "box": 0.2}, "leave gaps.*at least 5 positions"),
        ({"box": 0.0}, "above 0 and at most 1"),
        ({"box": 1.5}, "not 1.5"),
        ({"box": float("nan")}, "not nan"),
        ({"batch": 0}, "at least 1 picture"),
        ({"lat": 1.0}, "both latitude and longitude"),
        ({"lat": 91.0, "lng": 0.0}, "not on the earth"),
        ({"lat": float("nan"), "lng": 0.0}, "not on the earth"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(PatchPredictor(), **options)


@pytest.mark.parametrize("positions", [1, 2, 3, 5, 20, 40])
def test_the_default_box_leaves_no_gaps(positions: int) -> None:
    assert np.isfinite(run(PatchPredictor(), positions=positions).on_square()).all()


# ------------------------------------------------------------------------------------------------
# With a real network, and the command


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models") / "random"
    made_model(directory)
    return directory


def test_a_real_network_gives_the_same_as_one_picture_at_a_time(model: Path) -> None:
    predictor = Predictor.load(model)
    picture = noise_picture(3, (200, 150))
    found = occlusion_map(predictor, picture, positions=3, batch=4)
    square = predictor.tensor([picture])[0].numpy()
    grey = round(255 * float(np.mean(predictor.config["normalisation"]["mean"])))
    for row, top in enumerate(found.starts.tolist()):
        hidden = square.copy()
        hidden[top : top + found.box_px, : found.box_px] = grey
        assert found.values[row, 0] == pytest.approx(
            predictor.distributions([hidden])[0, found.cell], abs=1e-5
        )
    assert found.baseline == pytest.approx(predictor.distributions([picture])[0].max(), abs=1e-6)
    with pytest.raises(TypeError, match="picture 0"):
        occlusion_map(predictor, "a.jpg")  # type: ignore[arg-type]


def test_the_command_draws_and_prints(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise_picture(1, (90, 60)).save(tmp_path / "a.png")
    out = tmp_path / "new" / "heat.jpg"
    arguments = [str(model), str(tmp_path / "a.png"), "--out", str(out), "--positions", "3"]
    assert occlusion.main([*arguments, "--lat", "48.85", "--lng", "2.35", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["target"] == "true-cell"
    assert np.shape(values["values"]) == (3, 3)
    with Image.open(out) as image:
        assert image.format == "JPEG"
    assert occlusion.main(arguments) == 0
    assert capsys.readouterr().out.startswith("top-cell ")


def test_the_command_says_what_it_cannot_do(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, out = tmp_path / "a.png", tmp_path / "heat.png"
    noise_picture(1).save(picture)
    (tmp_path / "no.png").write_text("no picture")
    good = [str(model), str(picture), "--out", str(out)]
    damaged = tmp_path / "damaged"
    made_model(damaged)
    (damaged / "model.safetensors").write_bytes(b"nothing")
    for arguments, message in (
        ([*good, "--positions", "0"], "positions must be"),
        ([*good, "--lat", "5"], "both latitude and longitude"),
        ([str(model), str(tmp_path / "no.png"), "--out", str(out)], "is not a picture"),
        ([str(model), str(tmp_path / "none.png"), "--out", str(out)], "none.png"),
        ([str(damaged), str(picture), "--out", str(out)], "damaged or foreign"),
        ([str(model), str(picture), "--out", str(picture / "heat.png")], "is not a folder"),
        ([str(model), str(picture), "--out", str(tmp_path / "heat.gif")], "must end in"),
    ):
        assert occlusion.main(arguments) == 2
        error = capsys.readouterr().err.splitlines()[-1]
        assert error.startswith("occlusion: ")
        assert message in error
    assert not out.exists()


def test_the_command_can_be_stopped(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise Stopped

    monkeypatch.setattr(occlusion, "occlusion_map", stopped)
    noise_picture(1).save(tmp_path / "a.png")
    assert occlusion.main([str(model), str(tmp_path / "a.png"), "--out", str(tmp_path / "heat.png")]) == 130
    assert "nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "heat.png").exists()
