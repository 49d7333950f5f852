from __future__ import annotations

import hashlib
import io
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image
from pytest_django.fixtures import Settings

from geogame.datasets import reading, services
from geogame.datasets.models import DataSet
from geogame.datasets.queries import places
from geogame.datasets.reading import read_now
from geogame.datasets.services import create_data_set
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import publish_map
from geogame.round_sets.models import RoundSet, SetRound
from planet_core.model_directory import sha256_of
from tests.geogame.datasets.made import listed, picture_bytes, source_folder
from tests.planet_core.made import noise_picture
from tests.planet_core.made_sources import geotagged

State = DataSet.State
MakeMap = Callable[..., Map]


@pytest.fixture(autouse=True)
def _every_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BEAT_S", 0.0)


@pytest.fixture
def source(db: None, tmp_path: Path, settings: Settings) -> DataSet:
    settings.DATA_SET_ROOTS = [str(tmp_path)]
    path = source_folder(tmp_path / "photos")
    with path.open("a") as file:
        file.write("none.jpg,1,2,,CC0\n0.jpg,1,2,,CC0\n1.jpg,91,2,,CC0\n")
    return services.create_data_set(name="Town", kind="source", source=str(path))


def read(data_set: DataSet) -> DataSet:
    services.start_reading(data_set)
    assert read_now(data_set)
    return data_set


def show(panorama: Panorama, picture: bytes, digest: str = "") -> None:
    panorama.path.write_bytes(picture)
    panorama.file_digest = hashlib.sha256(picture).hexdigest()
    panorama.digest = digest or panorama.digest
    panorama.save()


def test_a_source_is_counted(source: DataSet, tmp_path: Path) -> None:
    read(source)
    assert (source.state, source.photos, source.progress) == (State.READY, 6, 1.0)
    assert source.bytes == sum(path.stat().st_size for path in (tmp_path / "photos").glob("*.jpg"))
    assert source.skipped == {"missing-file": 1, "listed-twice": 1, "swapped": 1}
    assert source.licences == {"CC0": 5, "CC BY 4.0": 2}
    found = places(source)
    assert found.lat.tolist() == [40, 41, 42, 43, 44, 45]
    assert found.groups() == ["walk-0", "walk-1"] * 3
    assert found.digest_set() == {
        hashlib.sha256((tmp_path / "photos" / f"{n}.jpg").read_bytes()).hexdigest() for n in range(6)
    }


def test_a_map_is_read_with_its_licences(make_map: MakeMap) -> None:
    data_set = read(services.data_set_of_map(make_map(3, licence="CC BY-SA 4.0")))
    assert (data_set.state, data_set.photos) == (State.READY, 3)
    assert data_set.licences == {"CC BY-SA 4.0": 3}
    assert len(places(data_set)) == 3


def test_what_it_shares_with_sets_that_models_are_measured_on(
    source: DataSet, make_map: MakeMap, tmp_path: Path
) -> None:
    map_ = make_map(5, name="Measured", groups=["", "walk-1", "", "", ""])
    exact, same_group, near, far, second = map_.panoramas.order_by("pk")
    photo = (tmp_path / "photos" / "3.jpg").read_bytes()
    show(exact, picture_bytes(77), digest=hashlib.sha256(photo).hexdigest())
    show(same_group, picture_bytes(78))
    resized = io.BytesIO()
    Image.open(tmp_path / "photos" / "2.jpg").resize((300, 220)).save(resized, "JPEG", quality=60)
    show(near, resized.getvalue())
    show(far, picture_bytes(79))
    show(second, picture_bytes(80))
    hidden = make_map(1, name="Hidden")
    Map.objects.filter(pk=hidden.pk).update(is_published=False)
    rounds = RoundSet.objects.create(
        name="Test", version=1, map_name="Measured", scale_km=50, scoring_version=1,
        border_data_version="1", created_at=timezone.now(),
    )  # fmt: skip
    for number, panorama in enumerate((near, far)):
        SetRound.objects.create(
            round_set=rounds, number=number, panorama=panorama, digest=panorama.file_digest,
            lat=1, lng=2, width=3, height=4,
        )  # fmt: skip
    report = read(source).near_duplicates
    assert (report["hash"], report["threshold_bits"], report["unreadable"]) == ("pHash", 11, 0)
    measured, round_set = report["sets"]
    assert (measured["kind"], measured["name"], measured["pictures"]) == ("map", "Measured", 5)
    assert (measured["exact"], measured["same_group"], measured["near"]) == (1, 1, 1)
    [example] = measured["examples"]
    assert example["panorama"] == near.pk
    assert example["photo"].endswith("photos/2.jpg")
    assert example["bits"] <= 11
    assert (round_set["kind"], round_set["name"], round_set["pictures"]) == ("round_set", "Test@1", 2)
    assert (round_set["exact"], round_set["near"]) == (0, 1)


def test_a_data_set_of_a_measured_map_shares_all_with_it(make_map: MakeMap) -> None:
    map_ = make_map(3)
    [found] = read(services.data_set_of_map(map_)).near_duplicates["sets"]
    assert (found["pictures"], found["exact"], found["near"]) == (3, 3, 0)


def test_pictures_that_cannot_be_read_are_told(source: DataSet, make_map: MakeMap, tmp_path: Path) -> None:
    publish_map(make_map(1))
    (tmp_path / "photos" / "5.jpg").write_bytes(b"no picture")
    assert read(source).near_duplicates["unreadable"] == 1


def test_a_set_without_a_usable_photo_fails_with_the_reasons(
    db: None, tmp_path: Path, settings: Settings
) -> None:
    settings.DATA_SET_ROOTS = [str(tmp_path)]
    (tmp_path / "photos.csv").write_bytes(listed(("none.jpg", 1, 2, "", ""), ("x.jpg", "", 2, "", "")))
    data_set = services.create_data_set(name="A", kind="source", source=str(tmp_path / "photos.csv"))
    read(data_set)
    assert data_set.state == State.FAILED
    assert data_set.message == "There is no photo that can be used (missing-file 1, no-coordinates 1)."


def test_a_source_that_is_gone_fails_with_the_reason(source: DataSet, tmp_path: Path) -> None:
    (tmp_path / "photos" / "photos.csv").unlink()
    assert read(source).state == State.FAILED
    assert "photos.csv" in source.message


def test_a_cancelled_reading_ends_soon_and_keeps_nothing(
    source: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.start_reading(source)
    real = reading.unpack

    def cancel(data_set: DataSet, progress: object) -> dict[str, int]:
        services.cancel_reading(DataSet.objects.get())
        return real(data_set, progress)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "unpack", cancel)
    assert read_now(source)
    assert (source.state, source.photos) == (State.NEW, 0)
    assert not (source.directory / "places.npz").exists()


@pytest.mark.parametrize("how", ["upwards", "absolute", "link", "folder-link"])
def test_a_list_that_names_files_outside_the_roots_is_refused(
    source: DataSet, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """And what lies there is not read."""
    town = tmp_path / "photos"
    settings.DATA_SET_ROOTS = [str(town)]
    read: list[str] = []
    monkeypatch.setattr(reading, "sha256_of", lambda path: (read.append(path.name), sha256_of(path))[1])
    outside = tmp_path / "elsewhere" / "secret.jpg"
    outside.parent.mkdir()
    outside.write_bytes(picture_bytes(9))
    (town / "link.jpg").symlink_to(outside)
    (town / "folder").symlink_to(outside.parent)
    name = {
        "upwards": os.path.relpath(outside, town),
        "absolute": str(outside),
        "link": "link.jpg",
        "folder-link": "folder/secret.jpg",
    }[how]
    with (town / "photos.csv").open("a") as file:
        file.write(f"{name},1,2,,\n")
    services.start_reading(source)
    assert read_now(source)
    assert source.state == State.FAILED
    assert "which lies outside the folders that data sets may come from" in source.message
    assert name in source.message
    assert not {"secret.jpg", "link.jpg"} & set(read)


def test_a_folder_with_a_link_that_leads_out_is_refused(db: None, tmp_path: Path, settings: Settings) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "a.jpg").write_bytes(geotagged(1.0, 2.0))
    (inside / "b.jpg").symlink_to(outside / "a.jpg")
    settings.DATA_SET_ROOTS = [str(inside)]
    data_set = create_data_set(name="Links", kind="source", source=f"folder:{inside}")
    services.start_reading(data_set)
    assert read_now(data_set)
    assert (data_set.state, "b.jpg" in data_set.message) == (State.FAILED, True)


def test_a_list_may_name_files_by_links_that_stay_beneath_the_roots(source: DataSet) -> None:
    town = Path(source.source.partition(":")[2]).parent
    (town / "link.jpg").symlink_to(town / "0.jpg")
    with (town / "photos.csv").open("a") as file:
        file.write(f"link.jpg,1,2,,\n{town / '..' / town.name / '1.jpg'},1,2,,\n")
    services.start_reading(source)
    assert read_now(source)
    assert (source.state, source.photos, source.skipped["listed-twice"]) == (State.READY, 6, 3)


def test_a_bug_fails_the_data_set_and_is_not_swallowed(
    source: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "make_places", lambda *_: 1 / 0)
    services.start_reading(source)
    with pytest.raises(ZeroDivisionError):
        read_now(source)
    assert (source.state, source.message) == (State.FAILED, "ZeroDivisionError: division by zero")


def test_the_command_reads_one_by_name(source: DataSet) -> None:
    out = io.StringIO()
    call_command("read_data_set", "Town", stdout=out)
    source.refresh_from_db()
    assert source.state == State.READY
    assert "6 photos" in out.getvalue()
    with pytest.raises(CommandError, match=r"There is no data set “Village”\. Data sets: “Town”"):
        call_command("read_data_set", "Village")
    with pytest.raises(CommandError, match="Name the data set"):
        call_command("read_data_set")


def test_in_the_background_it_reads_all_that_wait(source: DataSet, make_map: MakeMap) -> None:
    other = services.data_set_of_map(make_map(2))
    for data_set in (source, other):
        services.start_reading(data_set)
    call_command("read_data_set", "--background", stdout=io.StringIO())
    assert set(DataSet.objects.values_list("state", flat=True)) == {State.READY}


def test_an_interruption_gives_it_back(source: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    services.start_reading(source)
    monkeypatch.setattr(reading, "make_places", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    try:
        with pytest.raises(SystemExit) as caught:
            call_command("read_data_set", "--background", stdout=io.StringIO(), stderr=io.StringIO())
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), before, strict=True):
            signal.signal(number, handler)
    assert caught.value.code == 130
    source.refresh_from_db()
    assert (source.state, source.heartbeat_at) == (State.READING, None)


def test_a_hash_is_the_same_for_a_smaller_copy() -> None:
    from geogame.datasets.duplicates import THRESHOLD, _hash
    from planet_core.near_duplicates_bits import paired_distances

    codes = []
    for size in ((900, 600), (300, 200)):
        file = io.BytesIO()
        noise_picture(4, size).save(file, "JPEG")
        code = _hash(file.getvalue(), "noise")
        assert code is not None
        codes.append(code[None])
    assert paired_distances(*codes)[0] <= THRESHOLD
