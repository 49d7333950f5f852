from __future__ import annotations

from pathlib import Path

import pytest

from geogame.panoramas.importers.folders import open_source
from geogame.panoramas.importers.rows import ImportFailed, Row
from geogame.panoramas.importers.values import Place, Refusal
from tests.geogame.panoramas.pictures import store, table


def rows(path: Path) -> list[Row]:
    source = open_source(path)
    items = list(source)
    assert len(items) == source.total
    assert all(isinstance(item, Row) for item in items), items
    return [item for item in items if isinstance(item, Row)]


def refusal(path: Path) -> Refusal:
    (item,) = open_source(path)
    assert isinstance(item, Refusal)
    return item


def test_a_csv_gives_all_that_it_knows(tmp_path: Path) -> None:
    header = "path,width,lat,lng,heading,taken_at,licence,author,source,kind,group"
    file = table(tmp_path, "a/b.jpg,640,48.5,2.25,370,2020,CC0,Zoë,Paris 7,photo,walk", header=header)
    with pytest.raises(AssertionError, match="heading-out-of-range"):
        rows(file)
    file.write_text(file.read_text(encoding="utf-8").replace("370", "-90"), encoding="utf-8")
    assert rows(file) == [
        Row(
            file=tmp_path / "a/b.jpg",
            label="a/b.jpg (labels.csv, row 2)",
            place=Place(48.5, 2.25),
            heading=270,
            taken_at="2020",
            licence="CC0",
            author="Zoë",
            source="Paris 7",
            kind="photo",
            group="walk",
        )
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfpath,lat,lng\r\na.jpg,48.5,2.25\r\n",
        b"path;lat;lng\na.jpg;48,5;2,25\n",
        b"Path\tLatitude\tLongitude\na.jpg\t48.5\t2.25\n",
        'path,lat,lng\n"a.jpg", 48.5 ,2.25\n,,\n'.encode("utf-16"),
        b"\n\npath,lat,lng\n\na.jpg,48.5,2.25,,\n",
        b"path,lat,lng\n.\\a.jpg,48.5,2.25",
    ],
    ids=["bom", "semicolons", "tabs", "utf-16", "blank-lines", "backslash"],
)
def test_tables_of_all_spreadsheets(tmp_path: Path, content: bytes) -> None:
    file = store(tmp_path, "photos.csv", content)
    (row,) = rows(file)
    assert (row.file, row.place) == (tmp_path / "a.jpg", Place(48.5, 2.25))


@pytest.mark.parametrize(
    ("row", "code", "message"),
    [
        ("a.jpg,91,0.5", "swapped-columns", "latitude 91 is out of range, longitude 0.5 could be one"),
        ("a.jpg,151.2,-33.9", "swapped-columns", "look swapped"),
        ("a.jpg,-95,120", "latitude-out-of-range", "latitude -95 is out of range"),
        ("a.jpg,9999,1", "latitude-out-of-range", "latitude 9999"),
        ("a.jpg,1,361", "longitude-out-of-range", "longitude 361"),
        ("a.jpg,1,-181", "longitude-out-of-range", "longitude -181"),
        ("a.jpg,nan,1", "not-a-number", "latitude 'nan' is not a number"),
        ("a.jpg,1,-inf", "not-a-number", "longitude '-inf'"),
        ("a.jpg,1_0,1", "not-a-number", "'1_0'"),
        ("a.jpg,48°N,2", "not-a-number", "'48°N'"),
        ("a.jpg,0,0.0", "no-coordinates", "placeholder"),
        ("a.jpg,,2", "no-coordinates", "latitude is empty"),
        ("a.jpg,2,", "no-coordinates", "longitude is empty"),
        (",1,2", "no-path", "no file (labels.csv, row 2)"),
        ("../a.jpg,1,2", "outside", "leaves the folder"),
        ("x/../../a.jpg,1,2", "outside", "leaves the folder"),
        ("..\\a.jpg,1,2", "outside", "leaves the folder"),
        ("a\0.jpg,1,2", "bad-path", "NUL"),
        ("a, b.jpg,1,2", "too-many-cells", "more cells"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason(tmp_path: Path, row: str, code: str, message: str) -> None:
    found = refusal(table(tmp_path, row))
    assert found.code == code
    assert message in str(found)
    assert "row 2" in found.label


@pytest.mark.parametrize(("given", "stored"), [("180", 180), ("185.5", -174.5), ("360", 0), ("-180", -180)])
def test_longitudes_count_either_way_round(tmp_path: Path, given: str, stored: float) -> None:
    (row,) = rows(table(tmp_path, f"a.jpg,5,{given}"))
    assert row.place == Place(5, stored)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"path,lat\na.jpg,1", r"lacks the column lng: .*\(it holds: path, lat\)"),
        (b"a.jpg,48.5,2.25\n", "lacks the columns path, lat, lng"),
        (b"", "holds: nothing"),
        (b"path,lat,lng,lon\n", "has the column lng twice"),
        (b"path,lat,lng\n\xff\xfea,1,2", "not UTF-8"),
        (b'path,lat,lng\na.jpg,1,2\n"b.jpg,1,2\nc.jpg,1,2\n', "near line 4: unexpected end of data"),
    ],
)
def test_a_broken_table_stops_before_its_first_row(tmp_path: Path, content: bytes, message: str) -> None:
    file = store(tmp_path, "photos.csv", content)
    with pytest.raises(ImportFailed, match=message):
        open_source(file)


def test_paths_that_are_no_source(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="does not exist"):
        open_source(tmp_path / "nowhere")
    with pytest.raises(ImportFailed, match="single picture"):
        open_source(store(tmp_path, "a.jpg"))


def test_control_characters_are_left_out(tmp_path: Path) -> None:
    (row,) = rows(table(tmp_path, "a.jpg,1,2,An\0a \x1b[31mB", header="path,lat,lng,author"))
    assert row.author == "An a [31mB"


def test_a_folder_uses_its_tables_and_takes_the_rest_by_exif(tmp_path: Path) -> None:
    for name in (
        "a.jpg",
        "deep/b.PNG",
        "deep/c.webp",
        "free.jpeg",
        "deep/.hidden.jpg",
        "__MACOSX/d.jpg",
        "notes.txt",
    ):
        store(tmp_path, name)
    table(tmp_path, "a.jpg,1,2")
    table(tmp_path / "deep", "b.PNG,3,4")
    found = {row.label: row.place for row in rows(tmp_path)}
    assert found == {
        "a.jpg (labels.csv, row 2)": Place(1, 2),
        "b.PNG (deep/labels.csv, row 2)": Place(3, 4),
        "deep/c.webp": None,
        "free.jpeg": None,
    }


def test_a_table_above_names_pictures_below(tmp_path: Path) -> None:
    store(tmp_path, "deep/a.jpg")
    table(tmp_path, "deep/a.jpg,1,2")
    (row,) = rows(tmp_path)
    assert (row.file, row.place) == (tmp_path / "deep/a.jpg", Place(1, 2))


def test_a_refused_row_does_not_come_back_by_its_exif(tmp_path: Path) -> None:
    store(tmp_path, "a.jpg")
    table(tmp_path, "a.jpg,95,100")
    assert refusal(tmp_path).code == "latitude-out-of-range"


def test_photos_of_other_formats_are_named(tmp_path: Path) -> None:
    store(tmp_path, "a.HEIC")
    found = refusal(tmp_path)
    assert (found.label, found.code) == ("a.HEIC", "unsupported-format")


def test_file_names_that_are_no_text(tmp_path: Path) -> None:
    try:
        (tmp_path / b"caf\xe9.jpg".decode("utf-8", "surrogateescape")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    (row,) = rows(tmp_path)
    assert row.label == "caf\ufffd.jpg"
