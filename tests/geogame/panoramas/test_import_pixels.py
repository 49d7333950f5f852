from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw

from geogame.panoramas.importers.layout import Layout, layout_of
from geogame.panoramas.importers.pixels import read_header, render
from geogame.panoramas.importers.values import RowError
from planet_core.images import ImageError
from tests.geogame.panoramas.pictures import cropped, exif, picture, png_of_size, xmp

RED, GREEN, BLUE = (250, 5, 5), (5, 250, 5), (5, 5, 250)


def rendered(data: bytes, layout: Layout | None = None) -> Image.Image:
    header = read_header(data)
    layout = layout or layout_of(
        kind="", gpano=header.gpano, size=header.size, is_turned=header.exif.orientation != 1
    )
    return render(data, header, layout)


def close(image: Image.Image, xy: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(np.subtract(image.getpixel(xy), colour)).max() <= 25)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_all_three_formats_tell_their_exif_and_xmp(form: str) -> None:
    block = exif(lat=(1.0, 0.0, 0.0), lng=(2.0, 0.0, 0.0))
    extra = {"pnginfo": _png_xmp()} if form == "PNG" else {"xmp": xmp(cropped(2000, 600, 0, 200))}
    header = read_header(picture(form=form, exif=block, **extra))
    assert header.exif.place() == (1, 2)
    assert header.gpano is not None
    assert header.gpano.heading == 90


def test_png_metadata_behind_the_pixels() -> None:
    data = picture(form="PNG", exif=exif(lat=(1.0, 0.0, 0.0), lng=(2.0, 0.0, 0.0)))
    start = data.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    tail = data.index(b"IEND") - 4
    moved = data[:start] + data[end:tail] + data[start:end] + data[tail:]
    assert read_header(moved).exif.place() == (1, 2)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_turns_the_picture_upright(orientation: int) -> None:
    upright = Image.new("RGB", (400, 240), RED)
    ImageDraw.Draw(upright).rectangle((0, 0, 100, 60), fill=BLUE)
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright.transpose(Image.Transpose(turns[orientation])) if orientation > 1 else upright
    data = picture(image=stored, exif=exif(orientation=orientation))
    image = rendered(data)
    assert image.size == read_header(data).size == (400, 240)
    assert close(image, (50, 30), BLUE)
    assert all(close(image, xy, RED) for xy in ((350, 30), (50, 210), (350, 210)))


@pytest.mark.parametrize(
    ("size", "is_sphere", "expected"),
    [
        ((3000, 1200), False, (2048, 819)),
        ((1200, 3000), False, (819, 2048)),
        ((640, 480), False, (640, 480)),
        ((4200, 2100), True, (4096, 2048)),
        ((1000, 500), True, (1000, 500)),
    ],
)
def test_sizes(size: tuple[int, int], is_sphere: bool, expected: tuple[int, int]) -> None:
    assert rendered(picture(*size), Layout(is_sphere=is_sphere)).size == expected


@pytest.mark.parametrize(
    ("size", "message"),
    [((199, 800), "199 x 800 pixels: "), ((4000, 300), "2048 x 154 at the size that is stored")],
)
def test_too_small_to_play(size: tuple[int, int], message: str) -> None:
    with pytest.raises(RowError, match=message) as error:
        rendered(picture(*size))
    assert error.value.code == "too-small"


def test_poles_are_filled_with_the_nearest_colour() -> None:
    strip = Image.new("RGB", (1000, 300), RED)
    ImageDraw.Draw(strip).rectangle((0, 0, 1000, 40), fill=BLUE)
    ImageDraw.Draw(strip).rectangle((0, 260, 1000, 300), fill=GREEN)
    image = rendered(picture(image=strip, xmp=xmp(cropped(2000, 600, 0, 250))))
    assert image.size == (1000, 500)
    assert close(image, (500, 5), BLUE)
    assert close(image, (500, 140), BLUE)
    assert close(image, (500, 275), RED)
    assert close(image, (500, 490), GREEN)


def test_sizes_in_xmp_take_no_memory() -> None:
    huge = cropped(200_000_000, 60_000_000, 0, 20_000_000, full=(200_000_000, 100_000_000))
    assert rendered(picture(1000, 300, xmp=xmp(huge))).size == (1000, 500)


def test_a_wide_gamut_becomes_srgb() -> None:
    srgb = ImageCms.createProfile("sRGB")
    lab = ImageCms.ImageCmsProfile(srgb).tobytes()
    assert close(rendered(picture(image=Image.new("RGB", (400, 300), RED), icc_profile=lab)), (9, 9), RED)
    swapped = _profile_with_red_and_green_swapped(lab)
    image = rendered(picture(image=Image.new("RGB", (400, 300), RED), icc_profile=swapped))
    assert close(image, (9, 9), GREEN)


@pytest.mark.parametrize("profile", [b"junk", b"\0" * 200])
def test_a_broken_profile_is_passed_over(profile: bytes) -> None:
    assert close(rendered(picture(image=Image.new("RGB", (400, 300), RED), icc_profile=profile)), (9, 9), RED)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not-an-image"),
        (b"hello", "not-an-image"),
        (b"GIF89a" + b"\0" * 99, "unsupported-format"),
        (png_of_size(40_000, 40_000), "too-large"),
        (png_of_size(15_000, 15_000), "too-large"),
        (picture()[:300], "truncated"),
        (picture(400, 300, form="PNG")[:-40], "truncated"),
    ],
    ids=["empty", "text", "gif", "bomb", "large", "header", "half"],
)
def test_files_that_are_no_pictures(data: bytes, code: str) -> None:
    with pytest.raises(ImageError) as error:
        rendered(data)
    assert error.value.code == code


def _png_xmp() -> object:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp(cropped(2000, 600, 0, 200)).decode())
    return info


def _profile_with_red_and_green_swapped(profile: bytes) -> bytes:
    """A profile names its primaries in tags: exchanging two names gives an odd but valid colour space."""
    return (
        profile.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)
    ).replace("sRGB".encode("utf-16-be"), "odd!".encode("utf-16-be"))
