from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django.fixtures import Settings

from geogame.datasets import services, tasks
from geogame.datasets.errors import DataSetError
from geogame.datasets.lists import photo_list
from geogame.datasets.models import DataSet
from geogame.datasets.services import create_data_set, data_set_of_map
from geogame.panoramas.models import Map
from geogame.training.models import TrainingJob
from tests.geogame.datasets.made import listed, source_folder, uploaded

State = DataSet.State
MakeMap = Callable[..., Map]


@pytest.fixture
def new(db: None) -> DataSet:
    return DataSet.objects.create(name="New", kind="source", source="csv:/nowhere/photos.csv")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were asked for."""
    found: list[str] = []
    monkeypatch.setattr(services, "enqueue", lambda task, queue: found.append(task))
    return found


def test_a_data_set_of_a_map(make_map: MakeMap, admin_user: User) -> None:
    map_ = make_map(2)
    data_set = create_data_set(name=" Walks ", kind="map", map_=map_, by=admin_user)
    assert (data_set.name, data_set.map, data_set.state) == ("Walks", map_, State.NEW)
    assert LogEntry.objects.get().user == admin_user
    with pytest.raises(DataSetError, match="a data set “Walks” already"):
        create_data_set(name="Walks", kind="map", map_=map_)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"name": " ", "kind": "map"}, "needs a name of 1 to 100 characters"),
        ({"name": "A", "kind": "map"}, "Choose the map"),
        ({"name": "A", "kind": "photos"}, "no kind “photos”"),
        ({"name": "A", "kind": "upload"}, "Choose a file"),
        ({"name": "A", "kind": "source", "source": "photos.xml"}, "is no source of photos"),
    ],
)
def test_what_makes_no_sense_is_refused(db: None, values: dict[str, str], reason: str) -> None:
    with pytest.raises(DataSetError, match=reason):
        create_data_set(**values)
    assert not DataSet.objects.exists()


def test_sources_come_from_beneath_the_roots_alone(db: None, tmp_path: Path, settings: Settings) -> None:
    inside, outside = tmp_path / "sources", tmp_path / "elsewhere"
    path = source_folder(inside / "town")
    source_folder(outside)
    (inside / "link").symlink_to(outside)
    settings.DATA_SET_ROOTS = [str(inside)]
    data_set = create_data_set(name="Town", kind="source", source=str(path))
    assert data_set.source == f"csv:{path}"
    assert photo_list(data_set) == [f"csv:{path}"]
    for source in (
        str(outside / "photos.csv"),
        f"csv:{inside}/../elsewhere/photos.csv",
        f"csv:{inside}/link/photos.csv",
        f"folder:{outside}",
    ):
        with pytest.raises(DataSetError, match=r"lies outside the folders .*DATA_SET_ROOTS"):
            create_data_set(name="Other", kind="source", source=source)
    settings.DATA_SET_ROOTS = []
    with pytest.raises(DataSetError, match=r"come from \(none\)"):
        photo_list(data_set)


def test_an_upload_keeps_the_bytes_and_no_name(db: None) -> None:
    content = listed(("a.jpg", 1, 2, "", ""))
    data_set = uploaded(content, "../../evil.csv")
    assert [path.name for path in data_set.directory.iterdir()] == ["upload.csv"]
    assert (data_set.directory / "upload.csv").read_bytes() == content
    assert data_set.upload_name == "evil.csv"


@pytest.mark.parametrize(
    ("name", "size", "reason"),
    [("photos.tar", 10, "upload a .zip"), ("photos.zip", 1_000_001, "1 are allowed")],
)
def test_uploads_of_another_kind_or_size_are_refused(
    db: None, settings: Settings, name: str, size: int, reason: str
) -> None:
    settings.DATA_SET_UPLOAD_MB = 1
    with pytest.raises(DataSetError, match=reason):
        uploaded(b"x" * size, name)
    assert not DataSet.objects.exists()


def test_an_upload_that_lies_about_its_size_leaves_nothing(db: None, settings: Settings) -> None:
    settings.DATA_SET_UPLOAD_MB = 1
    upload = SimpleUploadedFile("photos.zip", b"x" * 1_100_000)
    upload.size = 10
    upload.multiple_chunks = lambda chunk_size=None: False  # type: ignore[method-assign]
    with pytest.raises(DataSetError, match="larger than it said"):
        create_data_set(name="Lies", kind="upload", upload=upload)
    assert not DataSet.objects.exists()


@pytest.fixture
def own_folder(db: None, tmp_path: Path, settings: Settings) -> Path:
    """Of the files of data sets: other tests leave theirs."""
    settings.DATA_DIR = tmp_path
    return DataSet.root()


def test_an_upload_that_is_cut_off_leaves_nothing(own_folder: Path) -> None:
    def cut_off(chunk_size: int | None = None) -> Iterator[bytes]:
        yield b"x" * 1000
        raise KeyboardInterrupt

    upload = SimpleUploadedFile("photos.zip", b"x" * 2000)
    upload.chunks = cut_off  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        create_data_set(name="Cut", kind="upload", upload=upload)
    assert not DataSet.objects.exists()
    assert list(own_folder.iterdir()) == []


def test_what_a_killed_process_left_of_an_upload_is_removed_later(own_folder: Path) -> None:
    kept = uploaded(listed(("a.jpg", 1, 2, "", "")), "photos.csv")
    left, new = own_folder / "left", own_folder / "new"
    for folder in (left, new):
        folder.mkdir()
        (folder / "upload.zip").write_bytes(b"half")
    (own_folder / "note.txt").touch()
    long_ago = time.time() - 2 * 3600
    for path in (left / "upload.zip", left, new, kept.directory, kept.directory / "upload.csv"):
        os.utime(path, (long_ago, long_ago))
    assert services.remove_leftovers() == 1
    assert sorted(path.name for path in own_folder.iterdir()) == sorted([kept.token, "new", "note.txt"])
    assert services.remove_leftovers() == 0


def test_where_nothing_was_ever_uploaded_nothing_is_left(own_folder: Path) -> None:
    assert services.remove_leftovers() == 0


def test_reading_is_asked_for_once(new: DataSet, asked: list[str], admin_user: User) -> None:
    assert services.start_reading(new, by=admin_user)
    assert not services.start_reading(new)
    assert (new.state, asked) == (State.READING, ["datasets.read"])
    assert LogEntry.objects.get().change_message == "Reading was asked for."


def test_one_process_reads_it(new: DataSet, asked: list[str]) -> None:
    assert not services.claim(new)
    services.start_reading(new)
    assert services.next_waiting() == new
    assert services.claim(new)
    assert not services.claim(new)
    assert services.next_waiting() is None


def test_one_that_waits_is_cancelled_at_once(new: DataSet, asked: list[str]) -> None:
    services.start_reading(new)
    services.cancel_reading(new)
    assert (new.state, new.message) == (State.NEW, "Reading was cancelled.")
    assert not services.any_waits()


def test_one_that_is_read_is_told_to_stop(new: DataSet, asked: list[str]) -> None:
    services.start_reading(new)
    services.claim(new)
    assert services.beat(new, progress=0.1, message="Listing")
    services.cancel_reading(new)
    assert not services.beat(new, progress=0.2, message="Listing")
    services.cancelled(new)
    assert new.state == State.NEW


def test_what_was_read_before_stays_when_reading_anew_is_cancelled(new: DataSet, asked: list[str]) -> None:
    DataSet.objects.update(state=State.READY, read_at=timezone.now())
    new.refresh_from_db()
    services.start_reading(new)
    services.cancel_reading(new)
    assert new.state == State.READY


def test_a_lost_reader_is_replaced_three_times(new: DataSet, asked: list[str]) -> None:
    services.start_reading(new)
    long_ago = timezone.now() - timedelta(hours=1)
    for losses in (1, 2, 3):
        assert services.claim(new)
        DataSet.objects.update(heartbeat_at=long_ago, asked_at=long_ago)
        assert services.settle_data_sets() == 1
        new.refresh_from_db()
        assert (new.state, new.heartbeat_at, new.losses) == (State.READING, None, losses)
    assert asked == ["datasets.read"] * 4
    services.claim(new)
    DataSet.objects.update(heartbeat_at=long_ago)
    services.settle_data_sets()
    new.refresh_from_db()
    assert new.state == State.FAILED
    assert "lost again and again" in new.message


def test_a_reader_that_lives_is_left_alone(new: DataSet, asked: list[str]) -> None:
    services.start_reading(new)
    services.claim(new)
    assert services.settle_data_sets() == 0
    assert asked == ["datasets.read"]


def test_who_lost_it_changes_nothing_any_more(new: DataSet, asked: list[str]) -> None:
    services.start_reading(new)
    services.claim(new)
    before = DataSet.objects.get()
    DataSet.objects.update(heartbeat_at=timezone.now() - timedelta(hours=1))
    services.settle_data_sets()
    services.claim(new)
    assert not services.beat(before, progress=0.5, message="")
    services.succeed(before, photos=5)
    new.refresh_from_db()
    assert (new.state, new.photos) == (State.READING, 0)


def test_the_task_starts_a_process_where_something_waits(
    new: DataSet, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks, "start_one", lambda *command, log: started.append(command))
    tasks.read_data_sets()
    assert not started
    services.start_reading(new)
    tasks.read_data_sets()
    assert started == [("read_data_set", "--background")]


def test_deleting_takes_the_files_along(db: None, admin_user: User) -> None:
    data_set = uploaded(listed(("a.jpg", 1, 2, "", "")), "photos.csv")
    directory = data_set.directory
    services.delete_data_set(data_set, by=admin_user)
    assert not directory.exists()
    assert not DataSet.objects.exists()
    assert "Deleted" in LogEntry.objects.get().change_message


def test_what_jobs_learnt_from_or_what_is_read_stays(make_map: MakeMap, asked: list[str]) -> None:
    data_set = data_set_of_map(make_map(1))
    services.start_reading(data_set)
    with pytest.raises(DataSetError, match="is being read: cancel that first"):
        services.delete_data_set(data_set)
    services.cancel_reading(data_set)
    TrainingJob.objects.create(data_set=data_set, recipe="tiny")
    with pytest.raises(DataSetError, match="Training jobs learnt from"):
        services.delete_data_set(data_set)
    assert DataSet.objects.count() == 1
