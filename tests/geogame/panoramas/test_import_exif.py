from __future__ import annotations

import pytest
from PIL.TiffImagePlugin import IFDRational

from geogame.panoramas.importers.exif import Exif, read_exif
from geogame.panoramas.importers.values import RowError
from tests.geogame.panoramas.pictures import dms, exif


def read(**tags: object) -> Exif:
    return read_exif(exif(**tags))  # type: ignore[arg-type]


def test_degrees_minutes_seconds() -> None:
    assert read(lat=dms(43, 28, 2.814), lng=dms(11, 53, 6.456)).place() == pytest.approx(
        (43.467448, 11.885127)
    )


@pytest.mark.parametrize(
    ("refs", "place"),
    [("NE", (10.5, 20.25)), ("SE", (-10.5, 20.25)), ("NW", (10.5, -20.25)), ("sw", (-10.5, -20.25))],
)
def test_hemispheres(refs: str, place: tuple[float, float]) -> None:
    assert read(lat=dms(10, 30), lng=dms(20, 15), refs=refs).place() == place


def test_decimal_minutes() -> None:
    assert read(lat=dms(10, 30.6), lng=dms(20, 15.3)).place() == pytest.approx((10.51, 20.255))


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({}, "its Exif has no GPS"),
        ({"heading": IFDRational(1, 1)}, "GPS holds none"),
        ({"lat": dms(1), "lng": dms(2), "refs": " "}, "does not say N or S"),
        ({"lat": dms(1), "lng": dms(2), "refs": "N"}, "does not say E or W"),
        ({"lat": dms(0), "lng": dms(0)}, "placeholder"),
        ({"lat": (IFDRational(1, 0),) * 3, "lng": dms(2)}, "damaged"),
        ({"lat": (*dms(1, 2)[:2], IFDRational(0, 0)), "lng": dms(2)}, "damaged"),
        ({"lat": dms(1, 75), "lng": dms(2)}, "damaged"),
    ],
)
def test_no_place_with_the_reason(tags: dict[str, object], message: str) -> None:
    with pytest.raises(RowError, match=message) as error:
        read(**tags).place()
    assert error.value.code == "no-coordinates"


def test_a_latitude_beyond_the_pole() -> None:
    with pytest.raises(RowError, match="out of range") as error:
        read(lat=dms(95), lng=dms(120)).place()
    assert error.value.code == "latitude-out-of-range"


@pytest.mark.parametrize(
    ("tags", "heading"),
    [
        ({"heading": IFDRational(905, 10), "heading_ref": "T"}, 90.5),
        ({"heading": IFDRational(360, 1)}, 0.0),
        ({"heading": IFDRational(905, 10), "heading_ref": "M"}, None),
        ({"heading": IFDRational(0, 0)}, None),
        ({"heading": IFDRational(400, 1)}, None),
        ({}, None),
    ],
)
def test_heading(tags: dict[str, object], heading: float | None) -> None:
    assert read(**tags).heading == heading


@pytest.mark.parametrize(
    ("tags", "taken_at"),
    [
        ({"taken": "2008:10:22 16:28:39"}, "2008-10-22T16:28:39"),
        ({"taken": "2008:10:22 16:28:39", "zone": "+02:00"}, "2008-10-22T16:28:39+02:00"),
        ({"taken": "0000:00:00 00:00:00"}, ""),
        ({"taken": "yesterday"}, ""),
        ({}, ""),
    ],
)
def test_time(tags: dict[str, object], taken_at: str) -> None:
    assert read(**tags).taken_at == taken_at


def test_names_survive_the_encodings_of_cameras() -> None:
    found = read(artist="Zoë\0Müller".encode(), copyright=b"\xa9 2020 CC BY")
    assert (found.author, found.licence) == ("Zoë Müller", "© 2020 CC BY")


@pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")
@pytest.mark.parametrize("keep", range(0, 200, 7))
def test_damaged_blocks_never_raise(keep: int) -> None:
    whole = exif(lat=dms(1), lng=dms(2), artist="A" * 40, taken="2008:10:22 16:28:39")
    found = read_exif(whole[:keep] + b"\xff" * 40)
    assert 1 <= found.orientation <= 8
    assert isinstance(found.taken_at, str)
    assert found.heading is None
