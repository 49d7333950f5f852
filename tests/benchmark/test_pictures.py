from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.__main__ import main
from benchmark.page import page
from benchmark.pictures import SIDE_PX, SmallPicture, pictures_in, small_picture, thumbnails_of
from benchmark.report import build, pooled
from benchmark.trivial_players import Colours, training_photos, training_pictures
from planet_core.stopping import UserError
from tests.benchmark.made import pair, rounds_of, write
from tests.conftest import jpeg

RED, BLUE = (200, 30, 30), (30, 30, 200)


def photos(folder: Path, *, panorama: bool = False) -> str:
    """Training photos: a red one at 0, 20, a blue one at 50, 100, and a file that is none."""
    size = (512, 256) if panorama else (64, 48)
    for name, colour in (("red", RED), ("blue", BLUE)):
        (folder / f"{name}.jpg").write_bytes(jpeg(*size, colour))
    (folder / "damaged.jpg").write_bytes(b"no picture")
    projection = "equirectangular" if panorama else "flat"
    lines = ["path,lat,lng,projection"]
    lines += [
        f"red.jpg,0,20,{projection}",
        f"blue.jpg,50,100,{projection}",
        f"damaged.jpg,60,100,{projection}",
    ]
    (folder / "photos.csv").write_text("\n".join(lines) + "\n")
    return str(folder / "photos.csv")


def test_a_small_picture_is_small_and_bare(tmp_path: Path) -> None:
    found = small_picture(jpeg(1200, 600, RED), "Ann · CC BY 4.0")
    assert found is not None
    with Image.open(io.BytesIO(found.jpeg)) as picture:
        assert picture.size == (SIDE_PX, SIDE_PX // 2)
    assert small_picture(b"no picture") is None
    assert small_picture(tmp_path / "nothing.jpg") is None


def test_pictures_of_a_folder_are_found_by_name(tmp_path: Path) -> None:
    (tmp_path / "panorama 1.JPG").write_bytes(jpeg())
    (tmp_path / "panorama 2.txt").write_bytes(jpeg())
    pictures = pictures_in(tmp_path)
    assert pictures("panorama 1") is not None
    assert pictures("panorama 2") is pictures("../panorama 1") is None
    with pytest.raises(UserError, match=r"PANORAMA_ID\.jpg"):
        pictures_in(tmp_path / "nothing")


def test_the_page_shows_what_is_hard_for_one_side(tmp_path: Path) -> None:
    rows = [*pair(5000, 3, 1), *pair(2, 8000, 2), *pair(10, 20, 3)]
    report = build(rounds_of(tmp_path, rows))
    content = jpeg()

    def pictures(panorama: str) -> SmallPicture | None:
        return SmallPicture(content, "<b>Ann</b> · CC BY 4.0") if panorama == "panorama 1" else None

    text = page(report, pictures=pictures)
    (data,) = re.findall(r'<img src="data:image/jpeg;base64,([^"]+)" alt="panorama panorama 1">', text)
    assert base64.b64decode(data) == content
    assert "&lt;b&gt;Ann&lt;/b&gt; · CC BY 4.0" in text
    hard = report["comparisons"][0]["difficulty"]["hard_for_people_easy_for_model"][0]
    numbers = f"people {hard['person_points']:,.0f} points, model {hard['model_points']:,.0f}"
    assert f"1 round on panorama 1: {numbers}<br>" in text
    assert '<figure class="card"><figcaption>1 round on panorama 2: ' in text
    assert "<img" not in page(report)


@pytest.mark.parametrize("panorama", [False, True])
def test_players_by_colour_answer_with_the_place_of_the_nearest_colours(
    tmp_path: Path, panorama: bool
) -> None:
    source = photos(tmp_path, panorama=panorama)
    said: list[str] = []
    known = training_pictures(source, said.append)
    assert known is not None
    assert known.lat.tolist() == [0, 50]
    assert said[-1] == "reading training pictures: 3"
    # the truth of all rounds is 0, 20, where the red photo was taken; the second picture is blue
    shown = {"panorama 1": RED, "panorama 2": BLUE}

    def pictures(name: str) -> SmallPicture | None:
        return SmallPicture(jpeg(64, 48, shown[name])) if name in shown else None

    rows = [*pair(100, 1, 1), *pair(100, 1, 2), *pair(100, 1, 3)]
    colours = Colours(known, thumbnails_of(pictures))
    report = build(rounds_of(tmp_path, rows), training=training_photos(source), colours=colours)
    players = {one["player"]: one for one in pooled(report)[0]["trivial"]}
    nearest = players["nearest colours"]
    assert (nearest["rounds"], nearest["wins"], nearest["losses"]) == (2, 1, 1)
    assert nearest["side"]["within_km"]["1"] == 0.5
    assert players["most frequent cell"]["rounds"] == 3
    assert "by colours on the 2 whose pictures can be read" in pooled(report)[0]["trivial_fitted"]
    assert "by colours on the 2 whose pictures can be read" in page(report)


def test_without_any_picture_of_a_round_nobody_goes_by_colours(tmp_path: Path) -> None:
    source = photos(tmp_path)
    known = training_pictures(source, lambda _: None)
    assert known is not None
    report = build(
        rounds_of(tmp_path, pair(1, 2)),
        training=training_photos(source),
        colours=Colours(known, lambda _: None),
    )
    assert not any("colours" in one["player"] for one in pooled(report)[0]["trivial"])


def test_thumbnails_are_made_once() -> None:
    asked: list[str] = []

    def pictures(name: str) -> SmallPicture | None:
        asked.append(name)
        return SmallPicture(jpeg(64, 48, RED)) if name == "a" else None

    thumbnail_of = thumbnails_of(pictures)
    first, second = thumbnail_of("a"), thumbnail_of("a")
    assert first is not None
    assert np.array_equal(first, second if second is not None else 0)
    assert thumbnail_of("b") is None
    assert asked == ["a", "b"]


def test_the_command_takes_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(write(tmp_path / "rows.csv", [*pair(5000, 3, 1), *pair(2, 8000, 2)]))
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "panorama 1.jpg").write_bytes(jpeg(64, 48, RED))
    options = ["--train", photos(tmp_path), "--format"]
    assert main([file, "--pictures", str(tmp_path / "pictures"), *options, "html"]) == 0
    text = capsys.readouterr().out
    assert "data:image/jpeg;base64," in text
    assert "nearest colours" in text
    assert main([file, *options, "html"]) == 0
    assert "None goes by colours" in capsys.readouterr().out
    assert main([file, "--pictures", str(tmp_path / "nothing")]) == 2
    assert "there is no folder" in capsys.readouterr().err
