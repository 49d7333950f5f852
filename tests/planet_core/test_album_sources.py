from __future__ import annotations

import json
import os
import time
from datetime import datetime
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from planet_core import albums
from planet_core.album_sources import GAP_HOURS, Wanted, build
from planet_core.albums import AlbumError
from tests.planet_core.made_sources import geotagged, jpeg, yfcc_line


def taken(hour: int, zone: str = "", place: tuple[float, float] | None = (41.9, 12.5), day: int = 1) -> bytes:
    """A JPEG with a time in its Exif, and a place if wanted."""
    exif = Image.Exif()
    tags = exif.get_ifd(ExifTags.IFD.Exif)
    tags[ExifTags.Base.DateTimeOriginal] = f"2020:05:{day:02d} {hour:02d}:00:00"
    if zone:
        tags[ExifTags.Base.OffsetTimeOriginal] = zone
    if place:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", (place[0], 0.0, 0.0)
        gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", (place[1], 0.0, 0.0)
    return jpeg(exif=exif.tobytes())


def files(folder: Path, **contents: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in contents.items():
        (folder / f"{name}.jpg").write_bytes(data)
    return folder


def names(album: albums.Album) -> list[str]:
    return [photo.path.stem for photo in album.photos]


def whole(**changes: float) -> Wanted:
    return Wanted(GAP_HOURS["folder"], **changes)  # type: ignore[arg-type]


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = albums.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


# By folder


def test_each_folder_is_an_album_in_the_order_of_exif_times(tmp_path: Path) -> None:
    files(tmp_path / "rome", a=taken(12), b=taken(9), c=taken(15))
    files(tmp_path / "rome/day 2", d=taken(8, day=2))
    files(tmp_path / ".trash", e=taken(8))
    built = build(str(tmp_path), "folder", whole())
    assert [album.id for album in built.albums] == ["rome", "rome/day 2"]
    assert names(built.albums[0]) == ["b", "a", "c"]
    assert built.albums[0].photos[0].taken_at == datetime(2020, 5, 1, 9)
    assert (built.albums[0].photos[0].lat, built.albums[0].photos[0].lng) == (41.9, 12.5)
    assert built.remarks == []


def test_mixed_zones_are_ordered_in_utc(tmp_path: Path) -> None:
    folder = files(tmp_path / "flight", a=taken(20, "+09:00"), b=taken(10, "+00:00"), c=taken(8, "-05:00"))
    (album,) = build(str(folder), "folder", whole()).albums
    assert names(album) == ["b", "a", "c"]
    assert albums.time_gaps_hours(album).tolist() == [0, 1, 2]


def test_unreadable_photos_and_photos_without_a_place_keep_their_turn(tmp_path: Path) -> None:
    folder = files(tmp_path / "mixed", **{"1": taken(9), "2": b"no picture", "3": taken(10, place=None)})
    (folder / "notes.txt").write_text("none")
    built = build(f"folder:{folder}", "folder", whole())
    (album,) = built.albums
    assert names(album) == ["1", "2", "3"]
    assert [photo.located for photo in album.photos] == [True, False, False]
    assert [photo.taken_at is None for photo in album.photos] == [False, True, False]
    assert any("2.jpg: not a JPEG" in remark and "keeps its turn" in remark for remark in built.remarks)


def test_a_place_that_is_not_on_the_globe_is_left_out_and_said(tmp_path: Path) -> None:
    folder = files(tmp_path / "bad", a=geotagged(1, 2, GPSLatitude=(95.0, 0.0, 0.0)))
    built = build(str(folder), "folder", whole())
    assert not built.albums[0].photos[0].located
    assert "latitude 95.0 is not within" in built.remarks[0]


def test_without_times_names_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    folder = files(tmp_path / "plain", **{f"IMG_{number}": jpeg() for number in (10, 9, 1)})
    built = build(str(folder), "folder", whole())
    assert names(built.albums[0]) == ["IMG_1", "IMG_9", "IMG_10"]
    assert built.remarks == ["plain: no photo has a time: they stay in the given order"]


def test_equal_times_keep_the_order_of_names_and_are_said(tmp_path: Path) -> None:
    folder = files(tmp_path / "burst", b=taken(9), a=taken(9), c=taken(9))
    built = build(str(folder), "folder", whole())
    assert names(built.albums[0]) == ["a", "b", "c"]
    assert "3 of 3 photos share their time with another" in built.remarks[0]


# By author


@pytest.fixture
def yfcc(tmp_path: Path) -> Path:
    """Two users; the first one's photos on 1 May, 2 May and 9 May."""
    taken = {"1": "2010-05-02 12:00:00.0", "2": "2010-05-01 12:00:00.0", "3": "2010-05-09 08:00:00.0"}
    lines = [yfcc_line(23, id=key, taken=when) for key, when in taken.items()]
    lines.append(yfcc_line(23, id="4", user="other%40N01"))
    lines.append(yfcc_line(23, id="5", taken="null"))
    lines.append(yfcc_line(23, id="6", lat="95"))
    (tmp_path / "yfcc100m_dataset").write_text("\n".join(lines) + "\n")
    for key in "123456":
        (tmp_path / f"{key}.jpg").write_bytes(jpeg(int(key)))
    return tmp_path / "yfcc100m_dataset"


def test_an_authors_photos_are_parted_at_long_pauses(yfcc: Path) -> None:
    built = build(str(yfcc), "author", Wanted(GAP_HOURS["author"]))
    assert {album.id: names(album) for album in built.albums} == {
        "19355699@N00-1": ["2", "1"],
        "19355699@N00-2": ["3"],
        "other@N01": ["4"],
    }
    assert any(remark.startswith("1 rows could not be used, the first: line 6") for remark in built.remarks)


def test_the_pause_and_the_least_length_can_be_chosen(yfcc: Path) -> None:
    assert [len(album) for album in build(str(yfcc), "author", Wanted(12)).albums] == [1, 1, 1, 1]
    long = build(str(yfcc), "author", Wanted(24 * 30, least=3)).albums
    assert [names(album) for album in long] == [["2", "1", "3"]]


# By sequence


def listed(folder: Path, rows: list[str]) -> Path:
    path = folder / "photos.csv"
    path.write_text("\n".join(["path,lat,lng,group,taken_at", *rows]) + "\n")
    for row in rows:
        (folder / row.split(",")[0]).parent.mkdir(exist_ok=True)
        (folder / row.split(",")[0]).write_bytes(jpeg())
    return path


def test_a_sequence_is_a_group(tmp_path: Path) -> None:
    rows = [f"{n}.jpg,10.{n},20,drive-{n % 2},2020-05-01T1{9 - n}:00:00+00:00" for n in range(6)]
    built = build(str(listed(tmp_path, rows)), "sequence", Wanted(GAP_HOURS["sequence"]))
    assert {album.id: names(album) for album in built.albums} == {
        "drive-0": ["4", "2", "0"],
        "drive-1": ["5", "3", "1"],
    }


def test_views_of_panoramas_are_sequences_of_their_folder(tmp_path: Path) -> None:
    rows = [
        f"walk/{pano}{view}.jpg,10.{pano},20,pano-{pano},2020-05-01T{hour}:00:00+00:00"
        for pano, hour in ((1, "11"), (2, "10"), (3, "23"))
        for view in "ab"
    ]
    built = build(str(listed(tmp_path, rows)), "sequence", Wanted(GAP_HOURS["sequence"]))
    assert {album.id: names(album) for album in built.albums} == {
        "walk-1": ["2a", "2b", "1a", "1b"],
        "walk-2": ["3a", "3b"],
    }


def test_osv5m_sequences(tmp_path: Path) -> None:
    (tmp_path / "images/train").mkdir(parents=True)
    rows = ["id,latitude,longitude,sequence,captured_at"]
    for number, (sequence, at) in enumerate([("s1", 2000), ("s1", 1000), ("s2", 1000)]):
        (tmp_path / f"images/train/{number}.jpg").write_bytes(jpeg(number))
        rows.append(f"{number},5{number},10,{sequence},{1_600_000_000_000 + at}")
    (tmp_path / "train.csv").write_text("\n".join(rows) + "\n")
    built = build(str(tmp_path / "train.csv"), "sequence", Wanted(GAP_HOURS["sequence"]))
    assert {album.id: names(album) for album in built.albums} == {"s1": ["1", "0"], "s2": ["2"]}


# The command


def test_the_command_writes_albums_that_can_be_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    files(tmp_path / "photos/rome", a=taken(12), b=taken(9))
    code, out, _ = run(capsys, tmp_path / "photos", "--out", tmp_path / "out", "--licence", "CC0-1.0")
    assert code == 0
    assert out.startswith("1 albums of 2 photos (2 to 2 each, median 2), 2 with a place, 2 with a time")
    (album,) = albums.read_albums(tmp_path / "out")
    assert (album.id, album.source, album.licence, album.drawn) == ("rome", "photos", "CC0-1.0", False)
    assert album.photos[0].path == tmp_path / "photos/rome/b.jpg"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["albums.jsonl"]


def test_pictures_are_copied_where_asked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    files(tmp_path / "photos/rome", a=taken(12), b=taken(9))
    assert run(capsys, tmp_path / "photos", "--out", tmp_path / "out", "--copy")[0] == 0
    line = json.loads((tmp_path / "out/albums.jsonl").read_text())
    assert [photo["path"] for photo in line["photos"]] == ["00001/0001.jpg", "00001/0002.jpg"]
    assert (tmp_path / "out/00001/0001.jpg").read_bytes() == (tmp_path / "photos/rome/b.jpg").read_bytes()


def test_what_cannot_be_used_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path, yfcc: Path) -> None:
    out = ("--out", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    cases = [
        ((tmp_path / "empty",), "there is no album of at least 1 photos"),
        ((tmp_path / "none",), "is no folder of pictures; by folder"),
        ((yfcc, "--by", "sequence", "--least", "9"), "there is no album of at least 9 photos"),
        ((tmp_path / "none.txt", "--by", "author"), "it does not exist"),
    ]
    for arguments, said in cases:
        code, printed, error = run(capsys, *arguments, *out)
        assert (code, printed) == (2, "")
        assert said in error
    assert not (tmp_path / "out").exists()
    with pytest.raises(AlbumError, match="no way 'month'"):
        build(str(tmp_path), "month", whole())


@pytest.mark.parametrize(
    ("option", "value"), [("--gap-hours", "0"), ("--gap-hours", "nan"), ("--least", "0")]
)
def test_bad_options_are_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, option: str, value: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(capsys, tmp_path, "--out", tmp_path, option, value)
    assert ended.value.code == 2
    assert option in capsys.readouterr().err


def test_five_thousand_photos_are_one_album(tmp_path: Path) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    (folder / "0.jpg").write_bytes(jpeg())
    for number in range(1, 5000):
        os.link(folder / "0.jpg", folder / f"{number}.jpg")
    started = time.monotonic()
    (album,) = build(str(folder), "folder", whole()).albums
    assert len(album) == 5000
    assert time.monotonic() - started < 60


# Real photos


def test_the_walk_through_arezzo_is_an_album_in_time_order(shared_data: Path) -> None:
    (album,) = build(str(shared_data / "exif_gps"), "folder", whole()).albums
    assert len(album) == 9
    assert all(photo.located for photo in album.photos)
    assert names(album) == sorted(names(album))
    assert albums.backwards([album]) == []


def test_panoramax_drives_are_albums(shared_data: Path) -> None:
    built = build(f"csv:{shared_data / 'real' / 'labels.csv'}", "sequence", Wanted(GAP_HOURS["sequence"]))
    drives = [album for album in built.albums if album.id.startswith("panoramax_faces")]
    assert sum(len(album) for album in drives) == 400
    assert len(drives) > 3
    assert albums.backwards(drives) == []
