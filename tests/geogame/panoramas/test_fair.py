from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.db import connection
from PIL import Image

from geogame.panoramas import fair
from geogame.panoramas.fair import PictureGone, fair_digest, fair_picture
from geogame.panoramas.models import FairView, Map, Panorama
from geogame.panoramas.queries import is_gone
from geogame.panoramas.services import put_on_map, withdraw
from planet_core import images

MakePanorama = Callable[..., Panorama]
MakeMap = Callable[..., Map]


def files_in(media_root: Path) -> list[Path]:
    return sorted(path for path in media_root.rglob("*") if path.is_file())


def test_a_flat_picture_is_its_own_file(make_panorama: MakePanorama) -> None:
    panorama = make_panorama()
    assert fair_digest(panorama) == panorama.file_digest
    picture = fair_picture(panorama)
    assert (picture.path, picture.digest) == (panorama.path, panorama.file_digest)
    assert (picture.width, picture.height) == (320, 240)
    assert not FairView.objects.exists()


def test_of_a_360_degree_picture_one_view_is_cut_and_kept(
    make_panorama: MakePanorama, monkeypatch: pytest.MonkeyPatch
) -> None:
    panorama = make_panorama(projection="equirectangular")
    assert fair_digest(panorama) is None
    picture = fair_picture(panorama)
    content = picture.path.read_bytes()
    assert hashlib.sha256(content).hexdigest() == picture.digest == fair_digest(panorama)
    assert Image.open(io.BytesIO(content)).size == (256, 256) == (picture.width, picture.height)
    monkeypatch.setattr(fair, "_cut", None)
    assert fair_picture(Panorama.objects.get()) == picture


def test_the_view_looks_straight_ahead_over_a_quarter_of_the_horizon(make_panorama: MakePanorama) -> None:
    panorama = make_panorama(projection="equirectangular")
    panorama.width = 4096
    around = np.zeros((2048, 4096, 3), dtype=np.uint8)
    around[:, 1536:2048] = (250, 0, 0)  # 45 degrees left of the middle
    around[:, 2048:2560] = (0, 0, 250)
    Image.fromarray(around).save(panorama.path, "JPEG", quality=95)
    pixels = np.asarray(images.load(fair_picture(panorama).path))
    assert pixels.shape == (1024, 1024, 3)
    assert pixels[512, 8, 0] > 200
    assert pixels[512, 500, 0] > 200
    assert pixels[512, 524, 2] > 200
    assert pixels[512, 1015, 2] > 200
    assert pixels[512, :, 1].max() < 60


def test_the_view_has_no_metadata_and_a_name_that_tells_nothing(
    make_panorama: MakePanorama, media_root: Path
) -> None:
    panorama = make_panorama(projection="equirectangular")
    exif = Image.Exif()
    exif[0x010E] = "48.5, 11.25"
    images.load(panorama.path).save(panorama.path, "JPEG", exif=exif, comment=b"48.5, 11.25")
    picture = fair_picture(panorama)
    with Image.open(picture.path) as image:
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    name = str(picture.path.relative_to(media_root))
    assert str(panorama.pk) not in name.split("/")
    assert picture.digest[:8] not in name


def test_a_view_whose_file_is_gone_is_cut_again(make_panorama: MakePanorama, media_root: Path) -> None:
    panorama = make_panorama(projection="equirectangular")
    first = fair_picture(panorama)
    first.path.unlink()
    again = fair_picture(panorama)
    assert again.path.is_file()
    assert again.path != first.path
    assert again.digest == first.digest
    assert files_in(media_root) == sorted([panorama.path, again.path])


@pytest.mark.parametrize("projection", ["flat", "equirectangular"])
def test_a_picture_whose_own_file_is_gone(make_panorama: MakePanorama, projection: str) -> None:
    panorama = make_panorama(projection=projection)
    panorama.path.unlink()
    assert is_gone(panorama)
    with pytest.raises(PictureGone, match="gone"):
        fair_picture(panorama)
    assert not FairView.objects.exists()


def test_a_360_degree_picture_that_is_damaged(make_panorama: MakePanorama) -> None:
    panorama = make_panorama(projection="equirectangular")
    panorama.path.write_bytes(panorama.path.read_bytes()[:200])
    with pytest.raises(PictureGone, match="damaged"):
        fair_picture(panorama)


def test_another_process_that_is_faster_wins(
    make_panorama: MakePanorama, monkeypatch: pytest.MonkeyPatch, media_root: Path
) -> None:
    panorama = make_panorama(projection="equirectangular")
    cut = fair._cut

    def slow(panorama: Panorama) -> object:
        monkeypatch.setattr(fair, "_cut", cut)
        fair_picture(panorama)  # the other process
        return cut(panorama)

    monkeypatch.setattr(fair, "_cut", slow)
    picture = fair_picture(panorama)
    assert FairView.objects.get().path == picture.path
    assert files_in(media_root) == sorted([panorama.path, picture.path])


def test_another_process_that_heals_faster_wins(
    make_panorama: MakePanorama, monkeypatch: pytest.MonkeyPatch, media_root: Path
) -> None:
    panorama = make_panorama(projection="equirectangular")
    fair_picture(panorama).path.unlink()
    test_another_process_that_is_faster_wins(lambda **_: panorama, monkeypatch, media_root)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_threads_at_once_get_one_file(make_panorama: MakePanorama, media_root: Path) -> None:
    panorama = make_panorama(projection="equirectangular")
    found = []

    def work() -> None:
        found.append(fair_picture(Panorama.objects.get(pk=panorama.pk)).path)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert files_in(media_root) == sorted([panorama.path, found[0]])


# ---- taken down


def test_what_is_withdrawn_is_on_no_map_and_has_no_files(make_map: MakeMap, media_root: Path) -> None:
    map_ = make_map(2, projection="equirectangular")
    panorama = map_.panoramas.get(pk=map_.panoramas.first().pk)
    picture = fair_picture(panorama)
    assert withdraw(panorama) is True
    assert panorama.withdrawn_at is not None
    assert is_gone(panorama)
    assert not panorama.path.exists()
    assert not picture.path.exists()
    assert list(panorama.maps.all()) == []
    assert map_.panoramas.count() == 1
    assert Panorama.objects.count() == 2
    assert withdraw(panorama) is False


def test_what_is_withdrawn_comes_on_no_map_again(make_map: MakeMap) -> None:
    map_ = make_map(1)
    panorama = map_.panoramas.get()
    stale = Panorama.objects.get()
    withdraw(panorama)
    assert put_on_map(map_=map_, panorama=stale) is False
    assert not map_.panoramas.exists()


def test_what_is_withdrawn_has_no_fair_picture(make_panorama: MakePanorama, media_root: Path) -> None:
    panorama = make_panorama(projection="equirectangular")
    withdraw(panorama)
    with pytest.raises(PictureGone, match="withdrawn"):
        fair_picture(panorama)


def test_a_view_that_is_cut_during_the_withdrawal_is_not_kept(
    make_panorama: MakePanorama, monkeypatch: pytest.MonkeyPatch, media_root: Path
) -> None:
    panorama = make_panorama(projection="equirectangular")
    cut = fair._cut

    def slow(panorama: Panorama) -> object:
        content = cut(panorama)
        withdraw(Panorama.objects.get(pk=panorama.pk))
        return content

    monkeypatch.setattr(fair, "_cut", slow)
    with pytest.raises(PictureGone, match="withdrawn"):
        fair_picture(panorama)
    assert files_in(media_root) == []
    assert not FairView.objects.exists()
