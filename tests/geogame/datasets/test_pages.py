from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from geogame.datasets import views
from geogame.datasets.models import DataSet
from geogame.datasets.services import data_set_of_map
from geogame.panoramas.models import Map
from geogame.training.models import TrainingJob

LIST = "/admin/datasets/dataset/"
MakeMap = Callable[..., Map]


@pytest.fixture
def data_set(make_map: MakeMap) -> DataSet:
    return data_set_of_map(make_map(12, licence="CC0"))


def address(data_set: DataSet, page: str) -> str:
    return f"{LIST}{data_set.pk}/{page}/"


def test_a_data_set_is_made_and_its_reading_asked_for(admin_client: Client, make_map: MakeMap) -> None:
    answer = admin_client.post(f"{LIST}add/", {"name": "Mine", "kind": "map", "map": make_map(3).pk})
    data_set = DataSet.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, address(data_set, "page"))
    assert (data_set.state, data_set.created_by.username) == ("reading", "admin")  # type: ignore[union-attr]
    page = admin_client.get(address(data_set, "page")).content.decode()
    assert "Cancel reading" in page
    admin_client.post(address(data_set, "cancel"))
    assert admin_client.get(address(data_set, "state")).json()["state"] == "new"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": "Mine", "kind": "map"}, "Choose the map"),
        ({"name": "Mine", "kind": "source", "source": "/etc"}, "/etc"),
        ({"name": "Mine", "kind": "upload"}, "Choose a file"),
        ({"name": "", "kind": "map"}, "required"),
        ({"name": "Mine", "kind": "cloud"}, "cloud"),
    ],
)
def test_what_cannot_be_made_is_said(
    admin_client: Client, db: None, fields: dict[str, str], reason: str
) -> None:
    answer = admin_client.post(f"{LIST}add/", fields)
    assert answer.status_code == 400
    assert reason in answer.content.decode()
    assert not DataSet.objects.exists()


def test_an_upload_is_kept(admin_client: Client, db: None) -> None:
    file = SimpleUploadedFile("walk.csv", b"path,lat,lng\na.jpg,1,2\n")
    admin_client.post(f"{LIST}add/", {"name": "Walk", "kind": "upload", "upload": file})
    data_set = DataSet.objects.get()
    assert data_set.upload_name == "walk.csv"
    assert (data_set.directory / "upload.csv").read_bytes().startswith(b"path,lat,lng")


def test_its_page_shows_what_was_read(admin_client: Client, data_set: DataSet) -> None:
    DataSet.objects.update(
        licences={"CC BY 4.0": 4, "CC0": 8},
        skipped={"no place": 2},
        near_duplicates={
            "hash": "pHash",
            "threshold_bits": 11,
            "sets": [
                {"kind": "map", "name": "Held", "pictures": 7, "exact": 1, "same_group": 0, "near": 3},
            ],
        },
    )
    page = admin_client.get(address(data_set, "page")).content.decode()
    assert page.index("CC0") < page.index("CC BY 4.0"), "the most frequent first"
    for shown in ("no place", "Held", "pHash within 11 bits", "Train on it"):
        assert shown in page
    assert admin_client.get(f"{LIST}{data_set.pk}/change/")["Location"] == address(data_set, "page")


def test_that_it_has_the_pictures_of_its_own_map_is_no_warning(
    admin_client: Client, data_set: DataSet
) -> None:
    shared = {"kind": "map", "pictures": 12, "exact": 12, "same_group": 0, "near": 0}
    assert data_set.map is not None
    sets = [{**shared, "name": data_set.map.name}, {**shared, "name": "Another"}]
    DataSet.objects.update(
        near_duplicates={"hash": "pHash", "threshold_bits": 11, "sets": sets}, read_at=timezone.now()
    )
    page = admin_client.get(address(data_set, "page")).content.decode()
    assert page.count("the map that it is made of") == 1
    assert page.count("row-warn") == 1


def test_its_photos_and_their_split_are_told_to_its_page(admin_client: Client, data_set: DataSet) -> None:
    found = admin_client.get(address(data_set, "places")).json()
    assert found["photos"] == len(found["lat"]) == len(found["lng"]) == 12
    assert sorted(found["lat"])[0] == 40.0
    split = admin_client.get(address(data_set, "split"), {"recipe": "tiny"}).json()
    assert split["photos_training"] + split["photos_validation"] <= split["photos"] == 12
    assert split["cells"] > 0
    wrong = admin_client.get(address(data_set, "split"), {"recipe": "huge"})
    assert (wrong.status_code, "huge" in wrong.json()["error"]["message"]) == (400, True)


def test_of_very_many_photos_a_fixed_part_is_drawn(
    admin_client: Client, data_set: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_POINTS", 5)
    first, second = (admin_client.get(address(data_set, "places")).json() for _ in range(2))
    assert first == second
    assert (first["photos"], len(first["lat"])) == (12, 5)
    assert np.unique(first["lat"]).size == 5


def test_a_source_that_was_not_read_has_no_places_yet(admin_client: Client, db: None) -> None:
    data_set = DataSet.objects.create(name="Far", kind="source", source="csv:/nowhere.csv")
    answer = admin_client.get(address(data_set, "places"))
    assert (answer.status_code, "read it first" in answer.json()["error"]["message"]) == (400, True)
    assert admin_client.get(address(data_set, "page")).status_code == 200


def test_it_is_deleted_unless_a_job_learnt_from_it(admin_client: Client, data_set: DataSet) -> None:
    job = TrainingJob.objects.create(data_set=data_set, recipe="tiny")
    page = admin_client.post(address(data_set, "delete"), follow=True).content.decode()
    assert "delete those first" in page
    job.delete()
    assert "Deleted: Test" in admin_client.post(address(data_set, "delete"), follow=True).content.decode()
    assert not DataSet.objects.exists()


def test_who_may_only_look_changes_nothing(client: Client, data_set: DataSet) -> None:
    person = User.objects.create_user("watcher", password="x", is_staff=True)
    client.force_login(person)
    assert client.get(address(data_set, "page")).status_code == 403
    person.user_permissions.add(Permission.objects.get(codename="view_dataset"))
    page = client.get(address(data_set, "page")).content.decode()
    assert "Read it" not in page
    assert "Train on it" not in page
    for action in ("read", "cancel", "delete"):
        assert client.post(address(data_set, action)).status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
    data_set.refresh_from_db()
    assert data_set.state == "new"
