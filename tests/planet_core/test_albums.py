from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planet_core import albums
from planet_core.albums import Album, AlbumError, AlbumPhoto

CEST = timezone(timedelta(hours=2))
PHOTO = {"path": "a/1.jpg", "lat": 48.1, "lng": 11.5, "taken_at": "2019-05-01T10:22:00+02:00"}
ALBUM = {"album": "a", "source": "made", "photos": [PHOTO]}


def photo(name: str, taken_at: datetime | None = None, **others: Any) -> AlbumPhoto:
    return AlbumPhoto(Path(name), others.pop("lat", 1.0), others.pop("lng", 2.0), taken_at, **others)


def at(hour: int, zone: timezone | None = UTC) -> datetime:
    return datetime(2020, 5, 1, hour, tzinfo=zone)


def written(folder: Path, *lines: object) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (folder / albums.FILE).write_text("\n".join(texts), encoding="utf-8")
    return folder


# Reading and writing


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    made = [
        Album(
            "Öl",
            (
                photo(str(tmp_path / "pictures/1.jpg"), at(10, CEST), cue="none", properties={"stop": 3}),
                AlbumPhoto(Path("/elsewhere/2.jpg"), None, None, None),
            ),
            "made",
            "CC0-1.0",
            drawn=True,
        ),
        Album("plain", (photo(str(tmp_path / "3.jpg"), at(9, None)),), "made"),
    ]
    albums.write_albums(tmp_path, made)
    assert albums.read_albums(tmp_path) == made
    first = json.loads((tmp_path / albums.FILE).read_text(encoding="utf-8").splitlines()[0])
    assert [p["path"] for p in first["photos"]] == ["pictures/1.jpg", "/elsewhere/2.jpg"]


def test_empty_lines_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / albums.FILE).write_bytes(b"\xef\xbb\xbf" + json.dumps(ALBUM).encode() + b"\r\n\r\n")
    (album,) = albums.read_albums(tmp_path)
    assert (album.id, album.licence, album.drawn, len(album)) == ("a", None, False, 1)
    assert album.photos[0].path == tmp_path / "a/1.jpg"


@pytest.mark.parametrize(
    ("photo_changes", "said"),
    [
        ({"path": ""}, '"path" must be a text'),
        ({"lat": 91}, '"lat" 91 is not within -90..90'),
        ({"lng": float("nan")}, '"lng" must be a number or null'),
        ({"lat": True}, '"lat" must be a number or null'),
        ({"lat": None}, "both be numbers, or both null"),
        ({"taken_at": "yesterday"}, "ISO 8601 or null, not 'yesterday'"),
        ({"taken_at": 7}, "ISO 8601 or null, not 7"),
        ({"cue": 5}, '"cue" must be a text'),
    ],
)
def test_a_bad_photo_is_named(tmp_path: Path, photo_changes: dict[str, object], said: str) -> None:
    second = {**PHOTO, "path": "a/2.jpg", **photo_changes}
    written(tmp_path, {**ALBUM, "album": "good"}, {**ALBUM, "photos": [{**PHOTO, "path": "b"}, second]})
    with pytest.raises(AlbumError) as caught:
        albums.read_albums(tmp_path)
    assert said in str(caught.value)
    assert f"{tmp_path / albums.FILE}, line 2: photo 2: " in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["{"], "line 1: no JSON"),
        (["[" * 100_000], "line 1: no JSON"),
        ([[1]], "line 1: no album"),
        ([{**ALBUM, "photos": []}], "at least one photo"),
        ([{**ALBUM, "photos": [1]}], "photo 1: no object"),
        ([{**ALBUM, "album": " "}], '"album" must be a text'),
        ([{"album": "a", "photos": [PHOTO]}], '"source" must be a text'),
        ([{**ALBUM, "drawn": "yes"}], '"drawn" must be true or false'),
        ([{**ALBUM, "licence": 4}], '"licence" must be a text'),
        ([ALBUM, ALBUM], "line 2: the album 'a' is in line 1 already"),
        ([ALBUM, {**ALBUM, "album": "b"}], "a/1.jpg is in line 1 already"),
        ([""], "holds no album"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, lines: list[object], said: str) -> None:
    with pytest.raises(AlbumError) as caught:
        albums.read_albums(written(tmp_path, *lines))
    assert said in str(caught.value)


def test_a_missing_or_foreign_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AlbumError, match=r"albums\.jsonl is missing; make it with"):
        albums.read_albums(tmp_path)
    (tmp_path / albums.FILE).write_bytes(b"\xff\xfe{")
    with pytest.raises(AlbumError, match="no text in UTF-8"):
        albums.read_albums(tmp_path)


def test_bad_albums_are_not_written_and_the_old_ones_stay(tmp_path: Path) -> None:
    albums.write_albums(tmp_path, [Album("old", (photo("/p/1.jpg"),), "made")])
    same = photo("/p/2.jpg")
    for bad, said in [
        ([], "there is no album"),
        ([Album("a", (), "made")], "'a' has no photos"),
        ([Album("a", (same,), "made"), Album("b", (same,), "made")], "in line 1 already"),
    ]:
        with pytest.raises(AlbumError, match=said):
            albums.write_albums(tmp_path, bad)
    assert [album.id for album in albums.read_albums(tmp_path)] == ["old"]


# Time


def test_gaps_are_hours_in_utc_across_zones() -> None:
    tokyo = timezone(timedelta(hours=9))
    album = Album("a", (photo("1", at(10)), photo("2", at(22, tokyo)), photo("3", at(16, CEST))), "made")
    assert albums.time_gaps_hours(album).tolist() == [0.0, 3.0, 1.0]
    assert albums.time_gaps_hours(album).dtype == np.float32


def test_unknown_equal_and_backward_times_are_no_gaps() -> None:
    times = [None, at(8), at(8), None, at(11), at(9), None]
    album = Album("a", tuple(photo(str(n), time) for n, time in enumerate(times)), "made")
    assert albums.time_gaps_hours(album).tolist() == [0, 0, 0, 0, 3, 0, 0]
    assert albums.backwards([album]) == ["a"]
    assert albums.backwards([Album("b", album.photos[:5], "made")]) == []


def test_a_time_without_a_zone_is_of_the_usual_zone() -> None:
    times = [at(10, CEST), at(11, None), at(12, CEST), at(3, UTC)]
    hours = albums.utc_hours(times)
    assert hours[1] is not None
    assert hours[1] == at(9).timestamp() / 3600
    assert albums.utc_hours([at(9, None), None]) == [hours[1], None]


def test_photos_are_sorted_by_time_across_zones() -> None:
    tokyo = timezone(timedelta(hours=9))
    photos = [photo("1", at(12)), photo("2", at(20, tokyo)), photo("3", at(13, CEST) + timedelta(minutes=5))]
    order, remarks = albums.in_time_order(photos)
    assert [p.path.name for p in order] == ["2", "3", "1"]
    assert remarks == []


def test_photos_without_times_keep_the_given_order() -> None:
    photos = [photo("b"), photo("a")]
    assert albums.in_time_order(photos) == (
        tuple(photos),
        ["no photo has a time: they stay in the given order"],
    )


def test_a_photo_without_a_time_stays_behind_the_one_before_it() -> None:
    photos = [photo("0"), photo("1", at(9)), photo("2"), photo("3", at(8)), photo("4", at(8))]
    order, remarks = albums.in_time_order(photos)
    assert [p.path.name for p in order] == ["0", "3", "4", "1", "2"]
    assert remarks == [
        "2 of 5 photos have no time: each stays behind the one before it",
        "2 of 5 photos share their time with another: they stay in the given order",
    ]


def test_mixed_zones_are_said() -> None:
    order, remarks = albums.in_time_order([photo("1", at(10, None)), photo("2", at(9, CEST))])
    assert [p.path.name for p in order] == ["2", "1"]
    assert remarks == ["1 of 2 times have no zone: they are taken for the zone that most have"]


def test_an_album_of_five_thousand_is_read_and_ordered(tmp_path: Path) -> None:
    start = at(0)
    photos = [photo(f"/p/{n}.jpg", start + timedelta(minutes=7 * (n * 7919 % 5000))) for n in range(5000)]
    order, remarks = albums.in_time_order(photos)
    albums.write_albums(tmp_path, [Album("long", order, "made")])
    (album,) = albums.read_albums(tmp_path)
    gaps = albums.time_gaps_hours(album)
    assert remarks == []
    assert gaps[0] == 0
    np.testing.assert_allclose(gaps[1:], 7 / 60, rtol=1e-4)
