from __future__ import annotations

import csv
import hashlib
import io
import json
import struct
import zipfile
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from geogame.datasets import services, uploads
from geogame.datasets.errors import DataSetError
from geogame.datasets.models import DataSet
from geogame.datasets.reading import read_now
from planet_core.sources.open_source import open_source
from tests.geogame.datasets.made import listed, picture_bytes, uploaded, zipped
from tests.planet_core.made_sources import geotagged


def unpack(data_set: DataSet) -> dict[str, int]:
    return uploads.unpack(data_set, lambda share, text: None)


def rows(data_set: DataSet) -> list[dict[str, str]]:
    with (data_set.directory / "photos.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_zip_with_a_list(db: None) -> None:
    first, second = picture_bytes(1), picture_bytes(2)
    content = zipped(
        {
            "town/a.jpg": first,
            "town/b.JPG": second,
            "town/unlisted.jpg": picture_bytes(3),
            "town/list.csv": listed(
                ("a.jpg", 10, 20, "walk", "CC0"), ("town/b.JPG", 11, 21, "", ""), ("c.jpg", 1, 2, "", "")
            ),
            "readme.txt": b"hello",
            "__MACOSX/town/._a.jpg": b"junk",
            "town/.hidden.jpg": b"junk",
        }
    )
    data_set = uploaded(content)
    assert unpack(data_set) == {"not-a-photo": 1, "missing-file": 1}
    one, two = rows(data_set)
    assert (one["lat"], one["lng"], one["group"], one["licence"]) == ("10", "20", "walk", "CC0")
    assert one["digest"] == hashlib.sha256(first).hexdigest()
    assert Path(two["path"]).read_bytes() == second
    assert sorted(path.name for path in data_set.directory.iterdir()) == [
        "photos", "photos.csv", "skipped.json",
    ]  # fmt: skip
    assert unpack(data_set) == {"not-a-photo": 1, "missing-file": 1}  # read anew
    services.start_reading(data_set)
    assert read_now(data_set)
    assert (data_set.state, data_set.photos) == ("ready", 2)
    assert data_set.skipped == {"not-a-photo": 1, "missing-file": 1}
    assert data_set.licences == {"CC0": 1, "": 1}


def test_a_zip_of_photos_with_places_in_their_exif(db: None) -> None:
    content = zipped(
        {
            "walk/a.jpg": geotagged(48.5, -2.25),
            "b.jpg": geotagged(-33.5, 151.25, seed=1),
            "c.jpg": picture_bytes(3),
        }
    )
    data_set = uploaded(content)
    [(reason, count)] = unpack(data_set).items()
    assert (reason, count) == ("no-coordinates", 1)
    found = [
        (round(float(row["lat"]), 4), round(float(row["lng"]), 4), row["group"]) for row in rows(data_set)
    ]
    assert found == [(48.5, -2.25, "walk"), (-33.5, 151.25, "")]
    [source] = [f"csv:{data_set.directory / 'photos.csv'}"]
    assert len(list(open_source(source))) == 2


@pytest.mark.parametrize(
    "name", ["../evil.jpg", "/etc/evil.jpg", "a/../../evil.jpg", "C:\\evil.jpg", "..\\evil.jpg", "c:evil.jpg"]
)
def test_names_that_point_out_of_the_zip_are_refused(db: None, name: str, tmp_path: Path) -> None:
    data_set = uploaded(zipped({name: picture_bytes(1)}))
    with pytest.raises(DataSetError, match="points out of it"):
        unpack(data_set)
    assert not list(data_set.directory.rglob("*.jpg"))
    assert not list(data_set.directory.parent.glob("*.jpg"))


def test_a_zip_bomb_is_refused_before_anything_is_unpacked(db: None) -> None:
    data_set = uploaded(zipped({"a.jpg": b"\0" * 50_000_000}, compress=True))
    with pytest.raises(DataSetError, match=r"'a.jpg' unpacks to 50,000,000 bytes"):
        unpack(data_set)
    assert not list(data_set.directory.rglob("*.jpg"))


def test_a_zip_that_lies_about_sizes_is_refused(db: None) -> None:
    content = bytearray(zipped({"a.jpg": b"\0" * 5_000_000}, compress=True))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):  # both tell the unpacked size
        struct.pack_into("<I", content, content.index(signature) + offset, 9000)
    data_set = uploaded(bytes(content))
    with pytest.raises(DataSetError, match=r"refused|damaged"):
        unpack(data_set)
    assert sum(path.stat().st_size for path in data_set.directory.rglob("*.jpg")) <= 9000


def test_other_strange_zips_are_refused(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as archive:
        archive.writestr("a.jpg", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.jpg", b"2")
    encrypted = bytearray(zipped({"a.jpg": b"1"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.index(signature) + offset] |= 1
    cases = [
        (twice.getvalue(), "twice"),
        (bytes(encrypted), "encrypted"),
        (b"no zip at all", "no zip file, or a damaged one"),
        (zipped({"a.jpg": picture_bytes(1)})[:-30], "no zip file, or a damaged one"),
        (zipped({"a.csv": b"", "b.csv": b""}), "2 lists"),
        (zipped({"a.csv": b"name\nx"}), "lacks the column path"),
        (zipped({"a.csv": b"path,lat,lng\n\xff,1,2"}), "no CSV file in UTF-8"),
    ]
    for number, (content, reason) in enumerate(cases):
        data_set = uploaded(content)
        services.start_reading(data_set)
        assert read_now(data_set)
        assert data_set.state == "failed", number
        assert reason in data_set.message
        services.delete_data_set(data_set)
    monkeypatch.setattr(uploads, "MOST_ENTRIES", 1)
    with pytest.raises(DataSetError, match="2 entries; 1 are allowed"):
        unpack(uploaded(zipped({"a.jpg": b"1", "b.jpg": b"2"})))


def test_a_full_disk_is_told_before_it_is_full(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10}))
    with pytest.raises(DataSetError, match="make room"):
        unpack(uploaded(zipped({"a.jpg": picture_bytes(1)})))


def test_killed_on_the_way_it_begins_anew(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    data_set = uploaded(zipped({f"{n}.jpg": geotagged(10 + n, 20, seed=n) for n in range(3)}))
    with monkeypatch.context() as patch:
        patch.setattr(uploads, "write_list", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            unpack(data_set)
    assert unpack(data_set) == {}
    assert len(rows(data_set)) == 3
    assert len(list((data_set.directory / "photos").iterdir())) == 3


def test_a_list_alone_names_photos_beneath_the_roots(db: None, tmp_path: Path, settings: Settings) -> None:
    inside, outside = tmp_path / "sources", tmp_path / "private"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "a.jpg").write_bytes(picture_bytes(1))
    (inside / "link.jpg").symlink_to(outside / "a.jpg")
    settings.DATA_SET_ROOTS = [str(inside)]
    names = [
        "a.jpg",
        str(inside / "a.jpg"),
        str(outside / "a.jpg"),
        "../private/a.jpg",
        "link.jpg",
        "none.jpg",
    ]
    data_set = uploaded(listed(*((name, 1, 2, "", "") for name in names)), "list.csv")
    assert unpack(data_set) == {"missing-file": 4}
    assert [row["path"] for row in rows(data_set)] == [str(inside / "a.jpg")] * 2
    settings.DATA_SET_ROOTS = []
    other = services.create_data_set(
        name="Other", kind="upload", upload=uploads_file(listed(("a.jpg", 1, 2, "", "")))
    )
    with pytest.raises(DataSetError, match="No folder is named in DATA_SET_ROOTS"):
        unpack(other)


def uploads_file(content: bytes) -> object:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("list.csv", content)


def test_an_upload_that_is_gone_says_so(db: None) -> None:
    data_set = uploaded(zipped({"a.jpg": picture_bytes(1)}))
    (data_set.directory / "upload.zip").unlink()
    with pytest.raises(DataSetError, match="upload it again"):
        unpack(data_set)


def test_skipped_entries_are_counted_once_more_when_read_anew(db: None) -> None:
    data_set = uploaded(zipped({"a.jpg": geotagged(1, 2), "b.txt": b"x"}))
    unpack(data_set)
    assert json.loads((data_set.directory / "skipped.json").read_text()) == {"not-a-photo": 1}
