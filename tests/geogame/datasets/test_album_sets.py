"""Data sets of albums: made, read, shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from geogame.datasets.errors import DataSetError
from geogame.datasets.lists import has_drawings, photo_list
from geogame.datasets.models import DataSet
from geogame.datasets.queries import albums_of, places
from geogame.datasets.reading import read_now
from geogame.datasets.services import create_data_set, data_set_of_albums, start_reading
from planet_core.albums import FILE
from tests.geogame.datasets.made import picture_bytes

State = DataSet.State


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """Two albums: four photos with a place, one without, one whose file is gone; one picture comes twice."""
    settings.DATA_SET_ROOTS = [str(tmp_path / "albums")]
    found = tmp_path / "albums" / "trips"
    found.mkdir(parents=True)
    for number in range(4):
        (found / f"{number}.jpg").write_bytes(picture_bytes(number))
    (found / "again.jpg").write_bytes(picture_bytes(0))

    def photo(name: str, lat: float | None, lng: float | None) -> dict[str, object]:
        return {"path": name, "lat": lat, "lng": lng, "taken_at": None}

    one = [photo("0.jpg", 40, 10), photo("1.jpg", 41, 10), photo("2.jpg", None, None)]
    two = [photo("3.jpg", 50, 20), photo("again.jpg", 50, 20), photo("gone.jpg", 50, 21)]
    rows = [
        {"album": "one", "source": "us", "licence": "CC0", "photos": one},
        {"album": "two", "source": "us", "drawn": True, "photos": two},
    ]
    (found / FILE).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return found


@pytest.fixture
def data_set(db: None, folder: Path) -> DataSet:
    made = create_data_set(name="Trips", kind="albums", source=str(folder))
    start_reading(made)
    assert read_now(made)
    return made


def test_reading_counts_albums_photos_and_licences(data_set: DataSet, folder: Path) -> None:
    assert data_set.state == State.READY
    assert (data_set.albums, data_set.photos, data_set.drawn) == (2, 5, True)
    assert data_set.licences == {"CC0": 3, "": 2}
    assert data_set.skipped == {"missing-file": 1}
    assert data_set.bytes == sum(path.stat().st_size for path in folder.glob("*.jpg"))
    assert has_drawings(data_set)
    found = places(data_set)
    assert found.lat.tolist() == [40, 41, 50, 50], "those whose place is known"
    assert found.groups() == ["one", "one", "two", "two"]
    assert [album.id for album in albums_of(data_set)] == ["one", "two"]


def test_a_folder_is_one_data_set(data_set: DataSet, folder: Path) -> None:
    assert data_set_of_albums(str(folder)) == data_set
    assert data_set_of_albums(f"{folder}/../trips/") == data_set


def test_albums_are_no_single_photos(data_set: DataSet) -> None:
    with pytest.raises(DataSetError, match="“Trips” holds albums"):
        photo_list(data_set)


@pytest.mark.parametrize(
    ("name", "reason"), [("nothing", "There is no folder"), ("", "There is no folder –"), ("empty", FILE)]
)
def test_what_is_no_folder_of_albums_is_refused(db: None, folder: Path, name: str, reason: str) -> None:
    (folder.parent / "empty").mkdir()
    with pytest.raises(DataSetError, match=reason):
        create_data_set(name="A", kind="albums", source=str(folder.parent / name) if name else "")


def test_albums_come_from_beneath_the_roots_alone(db: None, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder.parent / "link").symlink_to(tmp_path / "elsewhere")
    for outside in (tmp_path / "elsewhere", folder.parent / "link"):
        (tmp_path / "elsewhere" / FILE).write_text("")
        with pytest.raises(DataSetError, match="lies outside the folders"):
            create_data_set(name="A", kind="albums", source=str(outside))
    assert not DataSet.objects.exists()


@pytest.mark.parametrize("way", ["a path that leads out", "a link"])
def test_a_list_that_names_files_elsewhere_is_refused(
    data_set: DataSet, folder: Path, tmp_path: Path, way: str
) -> None:
    (tmp_path / "secret.jpg").write_bytes(picture_bytes(9))
    if way == "a link":
        (folder / "1.jpg").unlink()
        (folder / "1.jpg").symlink_to(tmp_path / "secret.jpg")
    else:
        text = (folder / FILE).read_text()
        (folder / FILE).write_text(text.replace("1.jpg", "../../secret.jpg"))
    start_reading(data_set)
    read_now(data_set)
    assert data_set.state == State.FAILED
    assert "lies outside the folders that data sets may come from" in data_set.message
    with pytest.raises(DataSetError, match="lies outside"):
        albums_of(data_set)


def test_a_line_that_cannot_be_used_is_named(data_set: DataSet, folder: Path) -> None:
    (folder / FILE).write_text((folder / FILE).read_text() + "{}\n")
    start_reading(data_set)
    read_now(data_set)
    assert data_set.state == State.FAILED
    assert f"{FILE}, line 3" in data_set.message


def test_its_page_shows_albums_and_no_split(admin_client: Client, data_set: DataSet) -> None:
    page = admin_client.get(f"/admin/datasets/dataset/{data_set.pk}/page/").content.decode()
    assert "<dt>Albums</dt><dd>2 <small>drawn</small></dd>" in page
    assert f"?data_set={data_set.pk}&amp;kind=album" in page
    assert 'id="photos-map"' in page
    assert 'id="split-recipe"' not in page


def test_the_form_makes_one(admin_client: Client, folder: Path) -> None:
    values = {"name": "Trips", "kind": "albums", "albums": str(folder), "source": "not this"}
    answer = admin_client.post("/admin/datasets/dataset/add/", values)
    made = DataSet.objects.get()
    assert answer["Location"] == f"/admin/datasets/dataset/{made.pk}/page/"
    assert (made.kind, made.source, made.state) == ("albums", str(folder), State.READING)
