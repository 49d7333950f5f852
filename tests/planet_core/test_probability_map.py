from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from planet_core import probability_map, s2
from planet_core.cell_raster import raster_of
from planet_core.distributions import ProbabilityError
from planet_core.outputs import OutputError, writable_file
from planet_core.partition import Partition
from planet_core.probability_map import probability_density, probability_image
from tests.planet_core.made import noise_picture
from tests.planet_core.made_model import made_model, made_partition


def two_cells() -> tuple[Partition, np.ndarray]:
    """30 % in a large cell, 60 % in a town, the rest spread over the far side of the earth."""
    cells = [s2.cell_ids(60.0, 100.0, 3), s2.cell_ids(48.85, 2.35, 12), s2.face_cells()[3]]
    order = np.argsort(cells)
    return Partition._empty(np.array(cells, dtype=np.uint64)[order]), np.array([0.3, 0.6, 0.1])[order]


def pixel(image: Image.Image, lat: float, lng: float) -> tuple[int, ...]:
    value = image.getpixel((int((lng + 180) / 360 * image.width), int((90 - lat) / 180 * image.height)))
    assert isinstance(value, tuple)
    return value


def test_density_sums_to_one() -> None:
    partition, probabilities = two_cells()
    density = probability_density(partition, probabilities, 512)
    raster = raster_of(partition, 512)
    assert density.shape == (256, 512)
    assert (density * raster.row_area_km2[:, None]).sum() == pytest.approx(1, abs=1e-5)


def test_towns_and_countries_are_seen_and_the_rest_is_transparent() -> None:
    partition, probabilities = two_cells()
    image = probability_image(partition, probabilities)
    assert image.size == (2048, 1024)
    assert image.mode == "RGBA"
    town, country = pixel(image, 48.85, 2.35), pixel(image, 60, 100)
    assert pixel(image, 0, -60) == (0, 0, 0, 0)  # no cell
    assert pixel(image, 0, 175) == (0, 0, 0, 0)  # a cell with less than the even share
    assert town[3] > country[3] > 127
    assert sum(town[:3]) < sum(country[:3])  # the ramp darkens
    alpha = np.asarray(image)[..., 3]
    seen = np.argwhere(alpha == town[3])
    assert len(seen) == 25  # a spot of 5 x 5


def test_colours_follow_the_density_of_every_pixel() -> None:
    """The shortcut through cells and spots against the plain way through all pixels."""
    lat, lng = np.random.default_rng(0).uniform(-70, 70, (2, 400))
    partition = Partition.build(lat, lng, 5, 1)
    probabilities = np.random.default_rng(1).dirichlet(np.full(len(partition), 0.05))
    for projection in ("plate-carree", "web-mercator"):
        image = np.asarray(probability_image(partition, probabilities, 256, projection))
        density = probability_density(partition, probabilities, 256, projection).astype(float)
        with np.errstate(divide="ignore"):
            share = np.log(density / probability_map.EVEN) / np.log(
                probability_map.DENSEST / probability_map.EVEN
            )
        step = np.where(share < 0, 0, 1 + np.rint(254 * np.clip(share, 0, 1))).astype(int)
        expected = probability_map.colour_table(probability_map.RAMP)[step]
        assert (np.abs(image.astype(int) - expected).max(axis=-1) <= 4).all()  # a step, where float32 rounds
        assert image[..., 3].any()


def test_certainty_is_stronger_than_doubt() -> None:
    partition = made_partition()
    sure = np.array([1.0, 0, 0, 0, 0, 0])
    lat, lng = partition.centers()
    doubtful = np.full(6, 1 / 6)
    strength = [pixel(probability_image(partition, p, 256), lat[0], lng[0])[3] for p in (sure, doubtful)]
    assert strength[0] > strength[1] > 0


def test_web_mercator_lies_where_leaflet_expects_it() -> None:
    partition, probabilities = two_cells()
    image = probability_image(partition, probabilities, 1024, "web-mercator")
    assert image.size == (1024, 1024)
    y = 0.5 - np.log(np.tan(np.pi / 4 + np.radians(48.85) / 2)) / (2 * np.pi)
    assert image.getpixel((int((2.35 + 180) / 360 * 1024), int(y * 1024))) != (0, 0, 0, 0)


def test_bad_input_is_refused_clearly() -> None:
    partition, probabilities = two_cells()
    with pytest.raises(ProbabilityError, match="has 3 cells"):
        probability_image(partition, probabilities[:2])
    with pytest.raises(ProbabilityError, match="sum to 2"):
        probability_density(partition, probabilities * 2)
    with pytest.raises(ProbabilityError, match="nan"):
        probability_image(partition, [np.nan, 0.5, 0.5])
    with pytest.raises(ValueError, match="no colour map 'rainbows'"):
        probability_image(partition, probabilities, ramp="rainbows")
    with pytest.raises(ValueError, match="unknown projection"):
        probability_image(partition, probabilities, projection="globe")


def test_the_figure_is_drawn_with_and_without_land(tmp_path: Path) -> None:
    partition, probabilities = two_cells()
    probability_map.draw(
        partition, probabilities, tmp_path / "map.png", answer=(48.9, 2.4), truth=(10.0, 20.0), atlas=tmp_path
    )
    with Image.open(tmp_path / "map.png") as image:
        assert image.width == 1600
    with pytest.raises(ValueError, match=r"\.png, \.pdf or \.svg"):
        probability_map.draw(partition, probabilities, tmp_path / "map.bmp")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models") / "random"
    made_model(directory)
    return directory


def test_the_command_writes_map_cells_and_layer(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise_picture(1).save(tmp_path / "a.png")
    out, cells, layer = tmp_path / "new" / "map.png", tmp_path / "cells.geojson", tmp_path / "layer.png"
    options = [
        "--lat",
        "10",
        "--lng",
        "20",
        "--out",
        str(out),
        "--geojson",
        str(cells),
        "--layer",
        str(layer),
        "--width",
        "128",
    ]
    assert probability_map.main([str(model), str(tmp_path / "a.png"), *options]) == 0
    assert capsys.readouterr().out == f"Wrote {out}, {cells}, {layer}\n"
    assert len(json.loads(cells.read_text())["features"]) == 6
    with Image.open(layer) as image:
        assert (image.size, image.mode) == ((128, 128), "RGBA")
    assert out.exists()


def test_the_command_says_what_it_cannot_do(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "a.png"
    noise_picture(1).save(picture)
    (tmp_path / "no.png").write_text("no picture")
    out = ["--out", str(tmp_path / "map.png")]
    for arguments, message in (
        ([str(tmp_path / "none"), str(picture), *out], "there is no model directory"),
        ([str(model), str(tmp_path / "no.png"), *out], "is not a picture"),
        ([str(model), str(picture), "--out", str(tmp_path)], "must end in"),
        ([str(model), str(picture), *out, "--lat", "3"], "both --lat and --lng"),
        ([str(model), str(picture), *out, "--lat", "300", "--lng", "3"], "not on the earth"),
        ([str(model), str(picture), "--out", str(picture / "map.png")], "is not a folder"),
        ([str(model), str(picture), *out, "--layer", str(tmp_path / "l.png"), "--width", "7"], "even number"),
        ([str(model), str(picture), *out, "--geojson", str(tmp_path / "c.json"), "--top", "0"], "at least 1"),
    ):
        assert probability_map.main(arguments) == 2
        error = capsys.readouterr().err
        assert error.startswith("probability_map: ")
        assert message in error


def test_outputs_are_checked_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert writable_file(tmp_path / "deep" / "a.png", ".png", ".jpg") == tmp_path / "deep" / "a.png"
    (tmp_path / "folder.png").mkdir()
    for path, message in (
        (tmp_path / "a.gif", "must end in .png or .jpg"),
        (tmp_path / "folder.png", "is a folder"),
    ):
        with pytest.raises(OutputError, match=message):
            writable_file(path, ".png", ".jpg")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(OutputError, match="no right to write"):
        writable_file(tmp_path / "a.png")
