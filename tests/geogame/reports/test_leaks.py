from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geogame.accounts.models import Player
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import withdraw
from geogame.registry.models import ModelVersion
from geogame.reports.hashes import hash_pictures
from geogame.reports.leaks import Leak, Leaks
from geogame.reports.models import PictureHash
from geogame.reports.rows import rows_of
from planet_core.model_directory import TrainingIndex
from planet_core.near_duplicates_bits import PHASH_THRESHOLD
from tests.geogame.reports.test_rows import play_with_predictions

MakeMap = Callable[..., Map]
MakePanorama = Callable[..., Panorama]
REPORT = Path(__file__).parents[3] / "planet_core" / "reports" / "near_duplicates.md"


def index(*digests: str, groups: tuple[str, ...] = ()) -> TrainingIndex:
    return TrainingIndex(digests, groups, (), (), 13, np.array([], dtype=np.uint64))


def test_leaks_are_told_as_far_as_they_are_known(
    alice: Player,
    make_map: MakeMap,
    make_panorama: Callable[..., Panorama],
    model_version: ModelVersion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    map_ = make_map(5, groups=["walk", "other walk", "", "", ""])
    panoramas = list(map_.panoramas.order_by("pk"))
    for panorama, author in zip(panoramas, ("Ann", "Ben", "Ann", "", "Ann"), strict=True):
        Panorama.objects.filter(pk=panorama.pk).update(author=author)
    Panorama.objects.filter(pk=panoramas[4].pk).update(drawn=True)
    trained = make_panorama(10.0, 10.0, author="Ann")
    play_with_predictions(alice, map_, model_version)

    def leaks(found: TrainingIndex) -> list[tuple[bool | None, ...]]:
        monkeypatch.setattr("geogame.reports.leaks.training_index", lambda version: found)
        rows = {row.panorama_id: row for row in rows_of() if row.player_kind == "model"}
        named = [rows[str(panorama.pk)] for panorama in panoramas]
        return [(row.near_duplicate, row.same_sequence, row.same_author) for row in named]

    assert leaks(index(trained.digest, groups=("walk",))) == [
        (None, True, True),
        (None, False, False),
        (None, None, True),
        (None, None, None),
        (None, None, None),
    ]
    # of a photo that is not ours nobody knows the author: who is not among the others may be that one
    assert [found[2] for found in leaks(index(trained.digest, "unknown"))] == [True, None, True, None, None]
    assert leaks(index(panoramas[1].digest))[1] == (True, None, True)
    assert {row.same_author for row in rows_of() if row.player_kind == "person"} == {None}


def show(panorama: Panorama, seed: int, *, quality: int = 92, side: int = 320) -> None:
    """Gives the panorama a picture of soft spots; of one seed always the same ones."""
    spots = np.random.default_rng(seed).integers(0, 255, (6, 8, 3)).astype(np.uint8)
    picture = Image.fromarray(spots).resize((side, side * 3 // 4), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    panorama.path.write_bytes(file.getvalue())


@pytest.fixture
def near(
    make_panorama: MakePanorama, model_version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., bool | None]:
    """Whether a panorama is a near-duplicate for a model that trained on some pictures."""

    def near(panorama: Panorama, *trained: str) -> bool | None:
        monkeypatch.setattr("geogame.reports.leaks.training_index", lambda version: index(*trained))
        return Leaks().of(model_version, panorama).near_duplicate

    return near


def test_a_picture_that_was_encoded_anew_is_a_near_duplicate_and_another_one_is_not(
    make_panorama: MakePanorama, near: Callable[..., bool | None]
) -> None:
    trained, copy, other = (make_panorama() for _ in range(3))
    show(trained, 1)
    show(copy, 1, quality=40, side=200)
    show(other, 2)
    assert near(copy, trained.digest) is None, "nothing is hashed yet"
    assert hash_pictures() == 3
    assert near(copy, trained.digest) is True
    assert near(other, trained.digest) is False
    assert near(trained, trained.digest) is True
    assert hash_pictures() == 0


def test_what_cannot_be_compared_is_not_known(
    make_panorama: MakePanorama, near: Callable[..., bool | None]
) -> None:
    trained, other, plain, drawn, gone = (make_panorama(drawn=number == 3) for number in range(5))
    for number, panorama in enumerate((trained, other, drawn)):
        show(panorama, number)
    gone.path.unlink()
    hash_pictures()
    assert near(other, trained.digest) is False
    assert near(other, trained.digest, "of somebody else") is None
    assert near(trained, trained.digest, "of somebody else") is True
    assert near(other, trained.digest, drawn.digest) is False, "no photograph repeats a drawn picture"
    assert near(other, trained.digest, plain.digest) is None, "a plain picture has no hash"
    assert [near(one, trained.digest) for one in (plain, drawn, gone)] == [None, None, None]
    assert near(other) is None


def test_a_withdrawn_training_picture_is_still_known_by_its_hash(
    make_panorama: MakePanorama, near: Callable[..., bool | None]
) -> None:
    trained, copy = make_panorama(), make_panorama()
    show(trained, 1)
    show(copy, 1, quality=50)
    hash_pictures()
    withdraw(trained)
    assert near(copy, trained.digest) is True


def test_a_version_without_files_leaves_everything_open(
    make_panorama: MakePanorama, model_version: ModelVersion, tmp_path: Path, settings: object
) -> None:
    settings.MODEL_ROOT = tmp_path  # type: ignore[attr-defined]
    assert Leaks().of(model_version, make_panorama(group="walk")) == Leak(None, None, None)


def test_the_threshold_is_the_measured_one() -> None:
    row = re.search(r"^\| pHash \| 64 \| (\d+) \|", REPORT.read_text(encoding="utf-8"), re.MULTILINE)
    assert row
    assert int(row[1]) == PHASH_THRESHOLD


def test_hashing_shows_progress_and_keeps_what_it_has(
    make_panorama: MakePanorama, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geogame.reports.hashes.AT_ONCE", 2)
    for number in range(4):
        show(make_panorama(), number)
    said: list[str] = []

    def stop(line: str) -> None:
        said.append(line)
        if len(said) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hash_pictures(stop)
    assert said == ["hashing pictures: 0 of 4", "hashing pictures: 2 of 4"]
    assert PictureHash.objects.count() == 2
    assert hash_pictures() == 2
