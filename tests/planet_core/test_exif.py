from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from planet_core import exif
from tests.planet_core.made_sources import geotagged, jpeg


def block_of(data: bytes) -> object:
    return Image.open(io.BytesIO(data)).info.get("exif")


@given(st.floats(-89.99, 89.99), st.floats(-179.99, 179.99))
@settings(max_examples=40, deadline=None)
def test_a_place_written_by_a_camera_is_read_back(lat: float, lng: float) -> None:
    assert exif.read(block_of(geotagged(lat, lng))).place() == pytest.approx((lat, lng), abs=1e-6)


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"GPSLatitudeRef": None}, "bad-coordinates", "does not say N or S"),
        ({"GPSLongitudeRef": "?"}, "bad-coordinates", "does not say E or W"),
        ({"GPSLongitude": None}, "no-coordinates", "holds none"),
        ({"GPSLatitude": (10.0, 70.0, 0.0)}, "bad-coordinates", "damaged"),
        ({"GPSLatitude": (91.0, 0.0, 0.0)}, "bad-coordinates", "not on the globe"),
        ({"GPSLongitude": (IFDRational(0, 0), 0.0, 0.0)}, "bad-coordinates", "damaged"),
    ],
)
def test_a_place_that_cannot_be_trusted_is_none(changes: dict[str, object], code: str, reason: str) -> None:
    with pytest.raises(exif.ExifError, match=reason) as caught:
        exif.read(block_of(geotagged(10, 20, **changes))).place()
    assert caught.value.code == code


def test_time_and_heading() -> None:
    tags = exif.read(
        block_of(geotagged(1, 2, GPSImgDirection=370.0, GPSImgDirectionRef="T"))
    )  # 370 is no bearing
    assert (tags.taken_at, tags.heading) == ("2020-05-01T12:30:00", None)
    assert exif.read(block_of(geotagged(1, 2, GPSImgDirection=90.5, GPSImgDirectionRef="T"))).heading == 90.5
    assert exif.read(block_of(geotagged(1, 2, GPSImgDirection=90.5, GPSImgDirectionRef="M"))).heading is None


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_rubbish_is_an_empty_block(rubbish: bytes) -> None:
    for block in (rubbish, b"Exif\0\0II*\0" + rubbish, None, 7):
        tags = exif.read(block)
        assert isinstance(tags.taken_at, str)
        with pytest.raises(exif.ExifError):
            tags.place()


def test_a_picture_without_gps_says_so() -> None:
    with pytest.raises(exif.ExifError, match="has no GPS"):
        exif.read(block_of(jpeg())).place()
    assert ExifTags.Base.GPSInfo not in exif.read(None).gps


def test_real_cameras(shared_data: Path) -> None:
    for path in sorted((shared_data / "exif_gps").glob("*.jpg")):
        lat, lng = exif.read(block_of(path.read_bytes())).place()
        assert (lat, lng) == pytest.approx((43.467, 11.885), abs=0.01)  # one walk through Arezzo
