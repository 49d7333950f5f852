"""Every kind of source, and the traps of the formats they read."""

from __future__ import annotations

import gzip
import itertools
import math
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from planet_core.sources.holidays import query_groups
from planet_core.sources.open_source import KINDS, open_source
from planet_core.sources.photo import LISTED, Photo, SourceError
from tests.planet_core.made_sources import geotagged, jpeg, with_comments, yfcc_line


def read(source: str) -> tuple[list[Photo], list[str]]:
    opened = open_source(source)
    return list(opened), [f"{error.code} {error}" for error in opened.errors]


def places(source: str) -> list[tuple[float, float]]:
    return [(photo.lat, photo.lng) for photo in read(source)[0]]


def put(path: Path, content: bytes | str = b"picture") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# ------------------------------------------------------------------------------------------------ CSV


@pytest.mark.parametrize(
    "header", ["path,lat,lng", "IMG_FILE,LAT,LON", "file,Latitude,Longitude", "image,Lat,lon"]
)
def test_csv_columns_by_any_of_their_names(tmp_path: Path, header: str) -> None:
    put(tmp_path / "a.jpg")
    path = put(tmp_path / "x.csv", f"{header}\na.jpg,1.5,-2.5\n")
    assert places(f"csv:{path}") == [(1.5, -2.5)]


def test_csv_may_be_compressed(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg")
    path = put(tmp_path / "photos.csv.gz", gzip.compress(b"path,lat,lng\na.jpg,1,2\n"))
    assert places(str(path)) == [(1, 2)]
    path.write_bytes(gzip.compress(b"path,lat,lng\n" + b"a.jpg,1,2\n" * 500)[:-20])
    with pytest.raises(SourceError, match=r"photos\.csv\.gz is damaged or cut off"):
        places(str(path))


def test_two_columns_of_one_meaning_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="more than one column for lat"):
        places(str(put(tmp_path / "x.csv", "path,lat,latitude,lng\n")))


# ------------------------------------------------------------------------------------------------ trap 1

WORLD = [
    (48.9, 2.4),
    (40.7, -74.0),
    (35.7, 139.7),
    (-33.9, 151.2),
    (34.1, -118.2),
    (1.3, 103.8),
    (64.1, -21.9),
]


def test_swapped_columns_refuse_the_file_before_any_photo(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg")
    swapped = "path,lat,lng\n" + "".join(f"a.jpg,{lng},{lat}\n" for lat, lng in WORLD)
    source = open_source(str(put(tmp_path / "x.csv", swapped)))
    with pytest.raises(SourceError, match=r"look swapped: 4 of 7 rows"):
        next(iter(source))
    mp16 = swapped.replace("path,lat,lng", "IMG_ID,LAT,LON")
    with pytest.raises(SourceError, match="look swapped"):
        places(f"mp16:{put(tmp_path / 'm.csv', mp16)}")
    yfcc = "\n".join(yfcc_line(lng=str(lat), lat=str(lng)) for lat, lng in WORLD)
    with pytest.raises(SourceError, match="look swapped"):
        places(f"yfcc:{put(tmp_path / 'y', yfcc)}")


def test_a_few_swapped_rows_are_bad_rows_and_are_never_clipped(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg")
    rows = [*WORLD, (139.7, 35.7), (151.2, -33.9), (-118.2, 34.1)]
    text = "path,lat,lng\n" + "".join(f"a.jpg,{lat},{lng}\n" for lat, lng in rows)
    photos, errors = read(str(put(tmp_path / "x.csv", text)))
    assert [(photo.lat, photo.lng) for photo in photos] == WORLD
    assert [error.split()[0] for error in errors] == ["swapped"] * 3
    assert "line 9: latitude 139.7" in errors[0]


def test_columns_that_only_later_turn_out_swapped_still_refuse_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planet_core.sources.table.LOOKED_AT_FIRST", 10)
    put(tmp_path / "a.jpg")
    rows = [(2.4, 48.9)] * 10 + [(139.7, 35.7)] * 10
    text = "path,lat,lng\n" + "".join(f"a.jpg,{lat},{lng}\n" for lat, lng in rows)
    with pytest.raises(SourceError, match="look swapped: 10 of 20"):
        places(str(put(tmp_path / "x.csv", text)))


@pytest.mark.parametrize(
    "row", ["nan,1", "1,nan", "NaN,NaN", ",1", "1,", "inf,0", "1e999,0", "x,y", "91,100", "0,180.1"]
)
def test_rows_without_a_place_on_the_globe_are_counted_in_every_table(tmp_path: Path, row: str) -> None:
    lat, lng = row.split(",")
    put(tmp_path / "a.jpg")
    put(tmp_path / "images/train/a.jpg")
    put(tmp_path / "x.csv", f"path,lat,lng\na.jpg,{row}\na.jpg,1,2\n")
    put(tmp_path / "m.csv", f"IMG_ID,AUTHOR,LAT,LON\na.jpg,me,{row}\na.jpg,me,1,2\n")
    put(tmp_path / "train.csv", f"id,latitude,longitude,sequence\na,{row},s\na,1,2,s\n")
    good = yfcc_line(id="a", lat="1", lng="2", hash="")
    put(tmp_path / "y", yfcc_line(lat=lat, lng=lng) + "\n" + good + "\n")
    for source in ("x.csv", "mp16:m.csv", "osv5m:train.csv", "yfcc:y"):
        kind, colon, name = source.rpartition(":")
        photos, errors = read(f"{kind}{colon}{tmp_path / name}")
        assert [(photo.lat, photo.lng) for photo in photos] == [(1, 2)]
        assert len(errors) == 1
        assert "coordinates" in errors[0]


# ------------------------------------------------------------------------------------------------ YFCC100M


@pytest.mark.parametrize("columns", [23, 25])
def test_yfcc_lines_of_both_lengths(tmp_path: Path, columns: int) -> None:
    picture = put(tmp_path / ("images/abc/def/abcdef0123.jpg" if columns == 25 else "123.jpg"))
    path = put(tmp_path / "yfcc100m_dataset", yfcc_line(columns) + "\n")
    [photo], errors = read(str(path))
    assert errors == []
    assert (photo.path, photo.id, photo.lat, photo.lng) == (picture, "123", 37.75, -122.5)
    assert photo.group == "19355699@N00/2010-05-01"
    assert photo.taken_at == "2010-05-01T12:30:00"


def test_yfcc_passes_over_videos_and_photos_without_a_place(tmp_path: Path) -> None:
    put(tmp_path / "123.jpg")
    lines = [
        yfcc_line(video="1"),
        yfcc_line(lat="", lng=""),
        yfcc_line(accuracy="11"),
        yfcc_line(24),
        yfcc_line(id="none"),
        yfcc_line(23),
    ]
    path = put(tmp_path / "y.gz", gzip.compress("\n".join(lines).encode()))
    photos, errors = read(f"yfcc:{path}")
    assert len(photos) == 1
    assert [error.partition(":")[0] for error in errors] == [
        "inexact line 3",
        "bad-row line 4",
        "missing-file line 5",
    ]
    assert "24 columns" in errors[1]


# ---------------------------------------------------------------------------------------------- MP-16, OSV-5M


def test_mp16_ids_are_paths_or_packed_names(tmp_path: Path) -> None:
    put(tmp_path / "ab/cd/1.jpg")
    put(tmp_path / "images/ab_cd_2.jpg")
    rows = "IMG_ID,AUTHOR,LAT,LON,S3_Label\nab/cd/1.jpg,x,1,2,0\nab/cd/2.jpg,x,3,4,0\nab/cd/3.jpg,x,5,6,0\n"
    photos, errors = read(str(put(tmp_path / "mp16_places365.csv", rows)))
    assert [(photo.id, photo.path.name) for photo in photos] == [
        ("ab/cd/1.jpg", "1.jpg"),
        ("ab/cd/2.jpg", "ab_cd_2.jpg"),
    ]
    assert errors[0].startswith("missing-file line 4")


def test_osv5m_finds_its_pictures_and_keeps_namibia(tmp_path: Path) -> None:
    put(tmp_path / "images/train/1.jpg")
    put(tmp_path / "images/train/03/2.jpg")
    put(tmp_path / "images/test/3.jpg")
    header = "id,latitude,longitude,thumb_original_url,country,sequence,captured_at\n"
    put(
        tmp_path / "train.csv",
        header + "1,-22.5,17.1,u,NA,NA,1588336200000\n2,1,2,u,NA,seq,\n3,1,2,u,NA,s,\n",
    )
    for source in (tmp_path, tmp_path / "train.csv"):
        photos, errors = read(str(source))
        assert [(photo.id, photo.lat, photo.group) for photo in photos] == [
            ("1", -22.5, "NA"),
            ("2", 1, "seq"),
        ]
        assert [photo.taken_at for photo in photos] == ["2020-05-01T12:30:00+00:00", ""]
        assert errors[0].startswith("missing-file line 4")  # a test picture is no training picture


# ------------------------------------------------------------------------------------------------ folders


def test_an_exif_folder_is_walked_in_order(tmp_path: Path) -> None:
    put(tmp_path / "b.jpg", geotagged(-10.5, 20.25))
    put(tmp_path / "a/late.JPG", geotagged(1, -2))
    put(tmp_path / "c.jpg", jpeg())
    put(tmp_path / "d.jpg", b"no picture")
    put(tmp_path / "e.jpg", geotagged(1, 2)[:300])
    put(tmp_path / ".hidden.jpg", geotagged(5, 5))
    put(tmp_path / "notes.txt", "text")
    photos, errors = read(str(tmp_path))
    assert [(photo.path.name, round(photo.lat, 6), round(photo.lng, 6)) for photo in photos] == [
        ("b.jpg", -10.5, 20.25),
        ("late.JPG", 1, -2),
    ]
    assert photos[0].taken_at == "2020-05-01T12:30:00"
    assert len(photos[0].digest) == 64
    assert [error.split()[0] for error in errors] == ["no-coordinates", "not-a-photo", "not-a-photo"]
    assert f"{tmp_path / 'd.jpg'}: not a JPEG" in errors[1]


def test_im2gps_comments_in_one_marker_or_many(tmp_path: Path) -> None:
    lines = ["url: http://example.org", "latitude: 37.5", "longitude: -122.25", "accuracy: 16"]
    put(tmp_path / "104123223_7410c654ba_19_19355699@N00.jpg", with_comments(*lines))
    put(tmp_path / "b.jpg", with_comments("\n".join(lines)))
    put(tmp_path / "c.jpg", with_comments("latitude 139.7", "longitude 35.6"))
    put(tmp_path / "d.jpg", jpeg())
    put(tmp_path / "e.jpg", b"\xff\xd8\xff\xfe\x00")
    put(tmp_path / "f.jpg", b"")
    photos, errors = read(str(tmp_path))  # recognised
    assert [(photo.lat, photo.lng) for photo in photos] == [(37.5, -122.25)] * 2
    assert [error.split()[0] for error in errors] == ["swapped", *["no-coordinates"] * 3]


def test_holidays_has_groups_and_no_places(tmp_path: Path) -> None:
    for name in ("100000", "100001", "100002", "149900", "149901"):
        put(tmp_path / f"{name}.jpg")
    source = open_source(str(tmp_path), need_places=False)
    photos = list(source)
    assert source.kind == "holidays"
    assert [photo.group for photo in photos] == ["1000"] * 3 + ["1499"] * 2
    assert all(math.isnan(photo.lat) for photo in photos)
    assert query_groups(photo.id for photo in photos) == {
        "100000": ["100001", "100002"],
        "149900": ["149901"],
    }
    with pytest.raises(SourceError, match="has no places"):
        open_source(str(tmp_path))
    for names in (["100001"], ["100000"]):
        with pytest.raises(SourceError, match="group 1000 has"):
            query_groups(names)


# ------------------------------------------------------------------------------------------------ all of them


def test_an_unknown_source_is_answered_with_all_kinds(tmp_path: Path) -> None:
    put(tmp_path / "notes.txt", "text")
    for source in ("foo:bar", str(tmp_path / "none"), str(tmp_path / "notes.txt")):
        with pytest.raises(SourceError) as caught:
            open_source(source)
        assert str(caught.value).endswith(f"of one of these kinds: {', '.join(sorted(KINDS))}")
        assert source in str(caught.value)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_names_a_path_that_is_not_there(tmp_path: Path, kind: str) -> None:
    with pytest.raises(SourceError, match="nowhere"):
        list(open_source(f"{kind}:{tmp_path / 'nowhere'}", need_places=False))


def test_errors_are_all_counted_and_the_first_listed(tmp_path: Path) -> None:
    put(tmp_path / "x.csv", "path,lat,lng\n" + "none.jpg,1,2\n" * (LISTED + 50))
    source = open_source(str(tmp_path / "x.csv"))
    assert list(source) == []
    assert len(source.errors) == LISTED + 50
    assert [error.line for error in source.errors] == list(range(2, LISTED + 2))
    assert source.errors.by_code == {"missing-file": LISTED + 50}
    assert source.share == 1


def test_memory_does_not_grow_with_the_list(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg")
    put(tmp_path / "x.csv", "path,lat,lng\n" + "a.jpg,1,2\nnone.jpg,1,2\n" * 4000)
    photos = iter(open_source(str(tmp_path / "x.csv"), digests=False))
    tracemalloc.start()
    try:
        assert sum(1 for _ in itertools.islice(photos, 3999)) == 3999
        held = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    # pathlib interns names, and the interpreter's table of those grows in jumps
    ours = held.filter_traces([tracemalloc.Filter(False, "*pathlib.py")]).statistics("filename")
    assert sum(one.size for one in ours) < 300_000  # 4,000 photos would be a megabyte
    assert len(list(photos)) == 1


def test_progress_rises_to_one(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg")
    source = open_source(str(put(tmp_path / "x.csv", "path,lat,lng\n" + "a.jpg,1,2\n" * 4000)), digests=False)
    shares = [source.share for _ in source]
    assert all(one <= two for one, two in itertools.pairwise(shares))
    assert shares[0] == pytest.approx(1 / 4000)
    assert source.share == 1


def test_sources_load_no_torch() -> None:
    code = "import sys, planet_core.sources.open_source, planet_core.exif; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
