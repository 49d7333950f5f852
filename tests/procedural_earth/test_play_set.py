from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from planet_core.stopping import UserError
from procedural_earth import play_set, play_set_cli
from procedural_earth.artist import Drawn, Order, encode
from procedural_earth.facts_cues import cues
from procedural_earth.play_set import Picture, PlaySetError


class Pencil:
    """Stands for the renderer: counts what is ordered, and fails where it is told to."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.fails_at = 0

    def __call__(self, order: Order) -> Drawn:
        self.orders.append(order)
        if len(self.orders) == self.fails_at:
            raise OSError("No space left on device")
        metadata = {"version": "1", "country": "FR", "koeppen": "Cfb"}
        return Drawn(jpeg=f"{order.lat} {order.lng}".encode(), quality=80, metadata=metadata)


@pytest.fixture
def pencil(monkeypatch: pytest.MonkeyPatch) -> Pencil:
    stand_in = Pencil()
    monkeypatch.setattr(play_set_cli, "draw", stand_in)
    monkeypatch.setattr("procedural_earth.rendering.RENDER_VERSION", "1")
    return stand_in


def run(directory: Path, count: int = 3, size: int = 64) -> list[Picture]:
    play_set_cli.main(["--count", str(count), "--size", str(size), "--out", str(directory)])
    return play_set.read(directory)


def test_it_draws_places_of_the_play_set_and_names_them(tmp_path: Path, pencil: Pencil) -> None:
    pictures = run(tmp_path)
    assert len(pictures) == 3
    assert {picture.identity for picture in pictures} <= set(play_set.places().identity.tolist())
    for picture, order in zip(pictures, pencil.orders, strict=True):
        assert play_set.bytes_of(picture, tmp_path) == f"{order.lat} {order.lng}".encode()
        assert (picture.lat, picture.lng, picture.date) == (order.lat, order.lng, order.date)
        assert 24 * order.most_bytes < play_set.MOST_BYTES_OF_ALL


def test_what_is_there_is_kept_and_what_does_not_belong_is_removed(tmp_path: Path, pencil: Pencil) -> None:
    first = run(tmp_path, 2)
    (tmp_path / "old.jpg").write_bytes(b"old")
    (tmp_path / first[0].file).write_bytes(b"damaged")
    assert run(tmp_path, 3)[:2] == first
    assert len(pencil.orders) == 4, "the damaged one and the third were drawn"
    assert sorted(path.name for path in tmp_path.glob("*.jpg")) == sorted(
        picture.file for picture in play_set.read(tmp_path)
    )


def test_another_size_or_version_is_drawn_anew(
    tmp_path: Path, pencil: Pencil, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, 2)
    run(tmp_path, 2, size=128)
    assert len(pencil.orders) == 4
    monkeypatch.setattr("procedural_earth.rendering.RENDER_VERSION", "2")
    run(tmp_path, 2, size=128)
    assert len(pencil.orders) == 6


def test_it_goes_on_where_it_was_cut_off(tmp_path: Path, pencil: Pencil) -> None:
    pencil.fails_at = 3
    with pytest.raises(UserError, match="No space left"):
        run(tmp_path)
    assert len(play_set.read(tmp_path)) == 2
    assert len(run(tmp_path)) == 3
    assert len(pencil.orders) == 4


@pytest.mark.parametrize("count", [0, 601])
def test_a_wrong_count_is_named(tmp_path: Path, count: int) -> None:
    with pytest.raises(UserError, match="use 1 to 600"):
        run(tmp_path, count)


def test_without_a_manifest_there_are_no_pictures(tmp_path: Path) -> None:
    assert play_set.read(tmp_path) == []
    assert play_set.read(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format": "x", "format_version": 1}', '{"pictures": 3}']
)
def test_a_damaged_manifest_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "places.json").write_text(content)
    with pytest.raises(PlaySetError, match=r"places\.json is (damaged|of another format).*make it anew"):
        play_set.read(tmp_path)


def test_unknown_fields_of_a_picture_are_damage(tmp_path: Path, pencil: Pencil) -> None:
    run(tmp_path, 1)
    content = json.loads((tmp_path / "places.json").read_text())
    content["pictures"][0]["colour"] = "red"
    (tmp_path / "places.json").write_text(json.dumps(content))
    with pytest.raises(PlaySetError, match="damaged"):
        play_set.read(tmp_path)


def test_the_shipped_places_are_varied() -> None:
    candidates = play_set.places()
    chosen = play_set.varied(candidates, play_set.SHIPPED)
    countries = candidates.country[chosen].tolist()
    assert len(set(chosen)) == len(set(countries)) == 24
    continents = {cues()[code].continent for code in countries}
    assert {"AF", "AS", "EU", "NA", "OC", "SA"} <= continents
    assert len({climate[0] for climate in candidates.koeppen[chosen].tolist()}) == 5
    assert len({date[5:7] for date in candidates.date[chosen].tolist()}) >= 10
    assert play_set.varied(candidates, 5) == chosen[:5]


def test_the_shipped_play_set_is_whole_where_there_is_one() -> None:
    pictures = play_set.read()
    if not pictures:
        pytest.skip("no play set is shipped")
    total = sum(len(play_set.bytes_of(picture)) for picture in pictures)
    assert len(pictures) == play_set.SHIPPED
    assert total <= play_set.MOST_BYTES_OF_ALL
    assert {picture.identity for picture in pictures} <= set(play_set.places().identity.tolist())


def test_the_best_quality_that_fits_is_taken() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 128, 3), np.uint8)
    image = Image.fromarray(noise)
    best, quality = encode(image, 10**6)
    assert quality == 92
    smaller, lower = encode(image, len(best) - 500)
    assert lower < 92
    assert len(smaller) <= len(best) - 500
    assert encode(image, 10)[1] == 60, "none fits: never worse than 60"
    assert hashlib.sha256(encode(image, 10**6)[0]).digest() == hashlib.sha256(best).digest()
