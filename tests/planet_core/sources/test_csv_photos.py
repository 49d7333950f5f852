from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from planet_core.sources.csv_photos import CsvPhotos, Photo, SourceError
from planet_core.sources.open_source import open_source

HEADER = "path,lat,lng,group,digest,projection,heading"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def photos_of(folder: Path, *lines: str) -> tuple[list[Photo], list[str]]:
    (folder / "photos.csv").write_text("\n".join(lines), encoding="utf-8")
    source = CsvPhotos(folder / "photos.csv")
    return list(source), [str(error) for error in source.errors]


def test_a_whole_row_is_read(folder: Path) -> None:
    photos, errors = photos_of(folder, HEADER, "a.jpg,48.85,2.35,walk,abc,equirectangular,90")
    assert photos == [Photo(folder / "a.jpg", 48.85, 2.35, "walk", "abc", "equirectangular", 90.0)]
    assert errors == []


def test_three_columns_are_enough_and_others_are_ignored(folder: Path) -> None:
    photos, _ = photos_of(folder, "licence,lng,lat,path", "CC0, 2.35 , -48.85 , a.jpg")
    digest = hashlib.sha256(b"a.jpg").hexdigest()
    assert photos == [Photo(folder / "a.jpg", -48.85, 2.35, "", digest, "flat", None)]


def test_absolute_paths_are_taken_as_they_are(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "photos.csv").write_text(f"path,lat,lng\n{folder / 'a.jpg'},1,2\n")
    assert [photo.path for photo in CsvPhotos(elsewhere / "photos.csv")] == [folder / "a.jpg"]


def test_a_byte_order_mark_and_quotes_are_understood(folder: Path) -> None:
    (folder / "x, y.jpg").touch()
    (folder / "photos.csv").write_bytes('\ufeffpath,lat,lng\r\n"x, y.jpg",1,2\r\n'.encode())
    assert [photo.path.name for photo in CsvPhotos(folder / "photos.csv")] == ["x, y.jpg"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("none.jpg,1,2", "missing file"),
        (",1,2", "no path"),
        ("a.jpg,,2", "no latitude"),
        ("a.jpg,1", "no longitude"),
        ("a.jpg,north,2", "latitude 'north' is not a number"),
        ("a.jpg,nan,2", "latitude 'nan' is not a number"),
        ("a.jpg,1,inf", "longitude 'inf' is not a number"),
        ("a.jpg,139.7,35.6", "swapped"),
        ("a.jpg,-91,170", "latitude -91.0 is not within"),
        ("a.jpg,1,181", "longitude 181.0 is not within"),
        ("a.jpg,1,2,,,cubemap", "unknown projection 'cubemap'"),
        ("a.jpg,1,2,,,,east", "heading 'east' is not a number"),
    ],
)
def test_a_bad_row_is_reported_with_its_line_and_the_rest_goes_on(
    folder: Path, row: str, reason: str
) -> None:
    photos, errors = photos_of(folder, HEADER, "b.jpg,1,2", row, "b.jpg,3,4")
    assert [photo.lat for photo in photos] == [1, 3]
    assert len(errors) == 1
    assert errors[0].startswith("line 3: ")
    assert reason in errors[0]


def test_rows_stream_one_by_one(folder: Path) -> None:
    (folder / "photos.csv").write_text(f"{HEADER}\na.jpg,1,2\nnone.jpg,1,2\n")
    source = CsvPhotos(folder / "photos.csv")
    rows = iter(source)
    assert next(rows).lat == 1
    assert len(source.errors) == 0
    assert list(rows) == []
    assert len(source.errors) == 1
    assert len(list(source)) == 1  # reading again starts anew
    assert len(source.errors) == 1


def test_files_that_are_no_lists_are_refused(folder: Path) -> None:
    (folder / "binary.csv").write_bytes(b"path,lat,lng\n\xff\xfe\x00")
    (folder / "columns.csv").write_text("photo,north,lng\n")
    (folder / "empty.csv").touch()
    for name, reason in [
        ("none.csv", "cannot read the photo list"),
        ("binary.csv", "not a csv file"),
        ("columns.csv", "lacks the column path, lat:"),
        ("empty.csv", "lacks the column path, lat, lng:"),
    ]:
        with pytest.raises(SourceError, match=reason):
            list(CsvPhotos(folder / name))


def test_sources_are_named_by_kind_or_recognised(folder: Path) -> None:
    (folder / "photos.csv").write_text("path,lat,lng\na.jpg,1,2\n")
    for name in (f"csv:{folder / 'photos.csv'}", str(folder / "photos.csv")):
        assert [photo.lat for photo in open_source(name)] == [1]
    for name in ("photos.txt", "gps:photos.csv.gz", "somewhere"):
        with pytest.raises(SourceError, match="no source of photos"):
            open_source(name)
