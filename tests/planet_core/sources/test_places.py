from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from planet_core.sources.csv_photos import SourceError
from planet_core.sources.places import read_places


def places_of(source: Path | str) -> tuple[list[float], list[float], list[str]]:
    blocks = list(read_places(str(source)))
    lat = [value for block in blocks for value in block.lat.tolist()]
    lng = [value for block in blocks for value in block.lng.tolist()]
    return lat, lng, [str(error) for block in blocks for error in block.errors]


def written(folder: Path, text: str, name: str = "places.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize("header", ["lat,lng", "LAT,LON", "Latitude,Longitude", " lat , long "])
def test_columns_may_be_spelled_as_usual_and_no_picture_is_needed(tmp_path: Path, header: str) -> None:
    file = written(tmp_path, f"\ufeffpath,{header}\nnone.jpg,48.85,2.35\n\nnone.jpg, -90 ,180\n")
    assert places_of(file) == ([48.85, -90.0], [2.35, 180.0], [])
    assert places_of(f"csv:{file}") == ([48.85, -90.0], [2.35, 180.0], [])


def test_packed_files_are_unpacked_whatever_their_name(tmp_path: Path) -> None:
    for name in ("a.csv.gz", "a.csv"):
        (tmp_path / name).write_bytes(gzip.compress(b"LAT,LON\n1,2\n"))
        assert places_of(tmp_path / name) == ([1.0], [2.0], [])


def test_bad_rows_are_named_by_their_line_across_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planet_core.sources.places._BLOCK", 3)
    rows = [
        "1,2",
        '3,4,"two\nlines"',
        "nan,2",
        ",5",
        "6",
        "east,7",
        "8,inf",
        "139.7,35.6",
        "-91,170",
        "9,-181",
    ]
    lat, lng, errors = places_of(written(tmp_path, "\n".join(["lat,lng,note", *rows, "5,170", ""])))
    assert (lat, lng) == ([1.0, 3.0, 5.0], [2.0, 4.0, 170.0])
    assert errors == [
        "line 5: latitude 'nan' is not a number",
        "line 6: no latitude",
        "line 7: no longitude",
        "line 8: latitude 'east' is not a number",
        "line 9: longitude 'inf' is not a number",
        "line 10: latitude 139.7 is not within -90..90 (are latitude and longitude swapped?)",
        "line 11: latitude -91.0 is not within -90..90",
        "line 12: longitude -181.0 is not within -180..180",
    ]


def test_swapped_columns_are_refused(tmp_path: Path) -> None:
    rows = "\n".join(f"{lng},{lat}" for lat, lng in [(48, 2), (35, 139), (40, -105), (-33, 151)])
    with pytest.raises(SourceError, match="look swapped: 3 of 4 rows"):
        places_of(written(tmp_path, f"lat,lng\n{rows}\n"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"needs one column lat .* \(empty\)"),
        (b"path,lat\n", "needs one column lat or latitude and one column lng"),
        (b"lat,latitude,lng\n1,2,3\n", "needs one column"),
        (b"lat,lng\n1,\xff\n", "not a CSV file in UTF-8"),
        (
            gzip.compress(b"lat,lng\n" + bytes(str(np.arange(999)), "ascii"), mtime=0)[:60],
            "damaged or cut off",
        ),
    ],
)
def test_files_without_places_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "places.csv").write_bytes(content)
    with pytest.raises(SourceError, match=reason):
        places_of(tmp_path / "places.csv")


def test_missing_files_and_unknown_kinds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot read .*none\.csv: No such file"):
        places_of(tmp_path / "none.csv")
    with pytest.raises(SourceError, match="no source of photos"):
        places_of("nonsense:somewhere")


def test_a_list_without_rows_has_no_places(tmp_path: Path) -> None:
    assert places_of(written(tmp_path, "lat,lng\n")) == ([], [], [])


def test_other_kinds_are_read_photo_by_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from planet_core.sources import places
    from planet_core.sources.csv_photos import CsvPhotos

    (tmp_path / "a.jpg").touch()
    listed = CsvPhotos(written(tmp_path, "path,lat,lng\na.jpg,1,2\nb.jpg,3,4\na.jpg,5,6\n"))
    monkeypatch.setattr(places, "open_source", lambda source, **options: listed)
    lat, lng, [error] = places_of("folder:somewhere")
    assert (lat, lng) == ([1.0, 5.0], [2.0, 6.0])
    assert error.startswith("line 3: missing file")


def test_all_bad_rows_of_other_kinds_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from planet_core.sources import places
    from planet_core.sources.csv_photos import CsvPhotos
    from planet_core.sources.photo import LISTED

    monkeypatch.setattr(places, "_BLOCK", 2)
    (tmp_path / "a.jpg").touch()
    rows = ["a.jpg,1,2\n"] * 5 + ["none.jpg,3,4\n"] * (LISTED + 7) + ["a.jpg,5,6\n"]
    listed = CsvPhotos(written(tmp_path, "path,lat,lng\n" + "".join(rows)))
    monkeypatch.setattr(places, "open_source", lambda source, **options: listed)
    blocks = list(read_places("folder:somewhere"))
    assert [block.lat.size for block in blocks] == [2, 2, 2, 0]
    assert [block.skipped for block in blocks] == [0, 0, LISTED + 7, 0]
    assert sum(len(block.errors) for block in blocks) == LISTED
    assert blocks[-1].share == 1.0
