from __future__ import annotations

import pytest

from geogame.panoramas.importers.gpano import MAX_BYTES, read_gpano
from geogame.panoramas.importers.layout import Layout, layout_of
from geogame.panoramas.importers.values import RowError
from tests.geogame.panoramas.pictures import WHOLE, GPano, cropped, xmp


def layout(
    size: tuple[int, int], values: GPano | None = None, *, kind: str = "", is_turned: bool = False
) -> Layout:
    gpano = read_gpano(xmp(values)) if values else None
    return layout_of(kind=kind, gpano=gpano, size=size, is_turned=is_turned)


@pytest.mark.parametrize("as_elements", [False, True])
def test_both_forms_of_xmp(as_elements: bool) -> None:
    found = read_gpano(xmp(cropped(1000, 400, 500, 300), as_elements=as_elements))
    assert found is not None
    assert (found.projection, found.heading) == ("equirectangular", 90)
    assert found.crop is not None
    assert (found.crop.left, found.crop.top, found.crop.width, found.crop.height) == (0.25, 0.3, 0.5, 0.4)


@pytest.mark.parametrize(
    "block",
    [
        None,
        b"",
        b"<x",
        xmp({}),
        xmp({"PoseHeadingDegrees": 5}),
        xmp(WHOLE) + b" " * MAX_BYTES + b"<!-- -->",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
        b'<?xml version="1.0" encoding="klingon"?><x/>',
    ],
    ids=["none", "empty", "broken", "other", "no-projection", "huge", "entities", "encoding"],
)
def test_xmp_that_says_nothing(block: bytes | None) -> None:
    assert read_gpano(block) is None


@pytest.mark.parametrize("heading", ["north", "nan", "1e99", ""])
def test_headings_that_are_none(heading: str) -> None:
    found = read_gpano(xmp({**WHOLE, "PoseHeadingDegrees": heading}))
    assert found is not None
    assert found.heading is None


@pytest.mark.parametrize("name", sorted(cropped(1, 1, 0, 0).keys() - WHOLE.keys()))
@pytest.mark.parametrize("value", ["nan", "-7", "inf", ""])
def test_a_crop_with_one_bad_number_is_none(name: str, value: str) -> None:
    values = cropped(1000, 400, 500, 300)
    found = read_gpano(xmp({**values, name: value}))
    assert found is not None
    assert found.crop is None


@pytest.mark.parametrize(
    ("size", "kind", "values", "is_sphere"),
    [
        ((2000, 1000), "", None, True),
        ((2000, 1004), "", None, True),
        ((2000, 1012), "", None, False),
        ((1000, 2000), "", None, False),
        ((2000, 1000), "photo", None, False),
        ((2000, 1000), "Face", WHOLE, False),
        ((2000, 1000), "streetview", None, True),
        ((2000, 1500), "streetview", None, False),
        ((2000, 1008), "pano360", None, True),
        ((2000, 1000), "", WHOLE, True),
        ((2000, 700), "", WHOLE, False),
        ((2000, 1000), "", {"ProjectionType": "cylindrical"}, False),
        ((2000, 1000), "pano360", {"ProjectionType": "cylindrical"}, True),
    ],
)
def test_sphere_or_flat(size: tuple[int, int], kind: str, values: GPano | None, is_sphere: bool) -> None:
    assert layout(size, values, kind=kind).is_sphere is is_sphere


def test_a_kind_that_the_picture_contradicts() -> None:
    with pytest.raises(RowError, match="2000 x 1500 pixels are not two to one"):
        layout((2000, 1500), kind="pano360")


def test_a_full_turn_becomes_a_sphere_with_poles() -> None:
    found = layout((1000, 300), cropped(2000, 600, 0, 250))
    assert found.is_sphere
    assert (found.heading, found.above, found.below) == (90, 0.25, pytest.approx(0.15))


def test_a_part_of_the_turn_is_flat_and_looks_where_its_own_centre_is() -> None:
    assert layout((500, 200), cropped(1000, 400, 0, 250)) == Layout(is_sphere=False, heading=0)
    assert layout((500, 250), cropped(1000, 500, 500, 250)) == Layout(is_sphere=False, heading=90)


def test_a_strip_is_flat() -> None:
    assert not layout((2000, 300), cropped(2000, 300, 0, 350)).is_sphere


def test_a_crop_that_does_not_fit_the_pixels_is_not_believed() -> None:
    assert layout((1000, 400), cropped(2000, 600, 0, 250)) == Layout(is_sphere=False, heading=90)
    assert layout((1000, 300), cropped(2000, 600, 0, 250), is_turned=True) == Layout(
        is_sphere=False, heading=90
    )
