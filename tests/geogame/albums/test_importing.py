from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from geogame.albums.importing import SHIPPED_MAP, import_albums, import_shipped
from geogame.albums.models import Album
from geogame.panoramas.importers.rows import ImportFailed
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import publish_map
from planet_core.albums import Album as AlbumFile
from planet_core.albums import AlbumPhoto, write_albums


def photo(folder: Path, name: str, lat: float | None = 48.0, hour: int = 8) -> AlbumPhoto:
    path = folder / f"{name}.png"
    folder.mkdir(parents=True, exist_ok=True)
    Image.effect_noise((320, 240), 60 + len(name)).convert("RGB").save(path)
    lng = None if lat is None else 11.0
    return AlbumPhoto(path, lat, lng, datetime(2024, 5, 1, hour), "none" if name == "room" else None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two albums, of two photos and of one."""
    trips = tmp_path / "trips"
    rome = (photo(trips, "a", 41.9), photo(trips, "room", 41.95, 9))
    oslo = (photo(trips, "b", 59.9),)
    write_albums(trips, [AlbumFile("rome", rome, "me", "CC0", drawn=True), AlbumFile("oslo", oslo, "me")])
    return trips


def test_albums_come_in_with_their_photos_in_order(folder: Path, db: None) -> None:
    report = import_albums(folder, "Trips")
    assert (report.albums, report.photos, report.refused) == (2, 3, [])
    rome = Album.objects.get(name="rome")
    photos = list(rome.photos.select_related("panorama"))
    assert [(one.number, one.panorama.lat, one.taken_at, one.cue) for one in photos] == [
        (1, 41.9, "2024-05-01T08:00:00", ""),
        (2, 41.95, "2024-05-01T09:00:00", "none"),
    ]
    assert {one.panorama.licence for one in photos} == {"CC0"}
    assert all(one.panorama.drawn for one in photos)
    assert len({one.panorama.group for one in photos}) == 1
    map_ = rome.map
    assert (map_.is_published, map_.scale_km is not None) == (False, True)


def test_importing_again_adds_nothing(folder: Path, db: None) -> None:
    import_albums(folder, "Trips")
    report = import_albums(folder, "Trips")
    assert (report.albums, report.already_there) == (0, 2)
    assert Panorama.objects.count() == 3


def test_an_interrupted_import_is_gone_on_with(folder: Path, db: None) -> None:
    answers = iter([False, True])
    report = import_albums(folder, "Trips", should_stop=lambda: next(answers))
    assert (report.albums, report.interrupted) == (1, True)
    assert import_albums(folder, "Trips").albums == 1
    assert Album.objects.count() == 2


def test_what_cannot_be_used_is_named_and_the_rest_goes_in(tmp_path: Path, db: None) -> None:
    good, lost = photo(tmp_path, "good"), photo(tmp_path, "lost")
    bad, nowhere = photo(tmp_path, "bad"), photo(tmp_path, "nowhere", None)
    lost.path.unlink()
    bad.path.write_bytes(b"no picture")
    write_albums(
        tmp_path,
        [
            AlbumFile("mixed", (good, lost, bad, nowhere), "me"),
            AlbumFile("none", (photo(tmp_path, "x", None),), "me"),
        ],
    )
    report = import_albums(tmp_path, "Trips")
    assert {str(one).split(":")[1].strip().split(".")[0] for one in report.refused} == {
        "lost",
        "bad",
        "nowhere",
        "x",
    }
    assert report.left_out == ["none"]
    assert Album.objects.get().photos.count() == 1


def test_pictures_of_single_rounds_stay_out(
    folder: Path, db: None, make_panorama: Callable[..., Panorama]
) -> None:
    import_albums(folder, "Elsewhere")
    publish_map(Map.objects.get(name="Elsewhere"))
    report = import_albums(folder, "Trips")
    assert report.albums == 0
    assert {one.code for one in report.refused} == {"in-single-rounds"}
    with pytest.raises(ImportFailed, match="a map of their own"):
        import_albums(folder, "Elsewhere")


def test_a_folder_without_albums_says_what_to_do(tmp_path: Path, db: None) -> None:
    with pytest.raises(CommandError, match=r"albums\.jsonl is missing"):
        call_command("import_albums", str(tmp_path), "--map", "Trips", stdout=StringIO())


def test_the_command_tells_what_it_did(folder: Path, db: None) -> None:
    out = StringIO()
    call_command("import_albums", str(folder), "--map", "Trips", stdout=out)
    assert "2 albums added with 3 photos" in out.getvalue()


def test_shipped_trips_come_in_once_and_only_where_there_are_some(folder: Path, db: None) -> None:
    assert import_shipped(folder / "nothing") is None
    assert not Map.objects.exists()
    report = import_shipped(folder)
    assert report
    assert report.albums == 2
    assert Map.objects.get().name == SHIPPED_MAP
    again = import_shipped(folder)
    assert again
    assert again.albums == 0
