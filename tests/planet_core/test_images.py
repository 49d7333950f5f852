from __future__ import annotations

import io
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from planet_core import images
from tests.planet_core.made import gradient_panorama, noise_picture


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def code_of(source: bytes | Path) -> str:
    with pytest.raises(images.ImageError) as caught:
        images.load(source)
    assert caught.value.message == str(caught.value)
    return caught.value.code


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    assert one.size == other.size
    return float(np.abs(np.asarray(one, dtype=float) - np.asarray(other, dtype=float)).mean())


# ------------------------------------------------------------------------------------------------ decoding


@pytest.mark.parametrize(("kind", "tolerance"), [("PNG", 0), ("WEBP", 8), ("JPEG", 8)])
def test_the_three_formats_decode_from_bytes_and_paths(tmp_path: Path, kind: str, tolerance: float) -> None:
    picture = noise_picture(1)
    (tmp_path / "picture").write_bytes(encoded(picture, kind))
    for source in (encoded(picture, kind), tmp_path / "picture", str(tmp_path / "picture")):
        loaded = images.load(source)
        assert loaded.mode == "RGB"
        assert mean_difference(loaded, picture) <= tolerance


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    upright = noise_picture(2)
    undo = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    stored = upright if undo is None else upright.transpose(Image.Transpose(undo))
    exif = Image.Exif()
    exif[0x0112] = orientation
    loaded = images.load(encoded(stored, exif=exif.tobytes()))
    assert mean_difference(loaded, upright) == 0


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    assert images.load(encoded(clear)).getpixel((5, 5)) == (255, 255, 255)
    palette = Image.new("P", (32, 32), 0)
    palette.putpalette([10, 20, 30, 40, 50, 60])
    assert images.load(encoded(palette, transparency=0)).getpixel((5, 5)) == (255, 255, 255)
    assert images.load(encoded(palette)).getpixel((5, 5)) == (10, 20, 30)
    assert images.load(encoded(palette, transparency=b"\x80\xff")).mode == "RGB"


def test_cmyk_grey_and_sixteen_bits_are_converted() -> None:
    cmyk = Image.new("CMYK", (32, 32), (0, 255, 255, 0))
    red, green, blue = images.load(encoded(cmyk, "JPEG")).getpixel((5, 5))
    assert red > 200
    assert green < 60
    assert blue < 60
    assert images.load(encoded(Image.new("L", (32, 32), 77))).getpixel((5, 5)) == (77, 77, 77)
    deep = Image.fromarray(np.full((32, 32), 200 << 8 | 17, dtype=np.uint16))
    assert images.load(encoded(deep)).getpixel((5, 5)) == (200, 200, 200)


def test_of_an_animation_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    animated = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert images.load(animated).getpixel((5, 5)) == (255, 0, 0)


def test_no_metadata_comes_along() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("place", "Petra")
    exif = Image.Exif()
    exif[0x010E] = "Petra"
    loaded = images.load(encoded(noise_picture(3), pnginfo=text, exif=exif.tobytes(), icc_profile=b"profile"))
    assert loaded.info == {}
    assert not loaded.getexif()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_max_side_shrinks_but_never_enlarges(kind: str) -> None:
    data = encoded(noise_picture(4, (800, 600)), kind, **({"quality": 95} if kind == "JPEG" else {}))
    small = images.load(data, max_side=200)
    assert small.size == (200, 150)
    assert mean_difference(small, images.load(data).resize((200, 150), Image.Resampling.LANCZOS)) < 1.5
    assert images.load(data, max_side=2000).size == (800, 600)
    with pytest.raises(ValueError, match="max_side"):
        images.load(data, max_side=0)


# ------------------------------------------------------------------------------------------------ bad files


def test_missing_files_and_folders_have_a_code(tmp_path: Path) -> None:
    assert code_of(tmp_path / "none.jpg") == "missing"
    assert code_of(tmp_path) == "missing"


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg/>", b"\x00" * 100, b"%PDF-1.7"])
def test_other_files_are_not_images(data: bytes) -> None:
    assert code_of(data) == "not-an-image"


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_other_formats_are_named(kind: str) -> None:
    assert code_of(encoded(noise_picture(5), kind)) == "unsupported-format"


@pytest.mark.parametrize(
    "data", [b"\x00\x00\x00\x18ftypheic" + b"\0" * 30, b"\x00\x00\x00\x18ftypavif" + b"\0" * 30]
)
def test_phone_formats_are_named(data: bytes) -> None:
    assert code_of(data) == "unsupported-format"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("keep", [12, 0.5, 0.9])
def test_truncated_files_have_a_code(kind: str, keep: float) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(pixels), kind)
    assert code_of(data[: int(keep if keep > 1 else keep * len(data))]) == "truncated"


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


@pytest.mark.parametrize("size", [(30_000, 30_000), (15_000, 15_000), (60_000, 3_000)])
def test_decompression_bombs_are_refused_by_their_header(size: tuple[int, int]) -> None:
    """The file holds no pixels at all: had it been decoded, the code would be `truncated`."""
    empty = struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    assert code_of(png_header(*size) + empty) == "too-large"


def test_large_pictures_within_the_limit_warn_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        empty = struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
        assert code_of(png_header(12_000, 12_000) + empty) == "truncated"


@pytest.mark.parametrize("size", [(1, 1), (15, 400)])
def test_tiny_pictures_are_refused(size: tuple[int, int]) -> None:
    assert code_of(encoded(Image.new("RGB", size))) == "too-small"


@pytest.mark.parametrize(
    "exif", [b"", b"rubbish", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0II*\0" + b"\xff" * 40]
)
def test_broken_exif_is_ignored_without_a_warning(exif: bytes) -> None:
    assert images.load(encoded(noise_picture(6), exif=exif)).size == (64, 48)


def test_decoding_in_threads_leaves_the_warning_filters_alone() -> None:
    data = encoded(noise_picture(7), "JPEG")
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        sizes = set(pool.map(lambda _: images.load(data).size, range(200)))
    assert sizes == {(64, 48)}
    assert warnings.filters == before


# ------------------------------------------------------------------------------------------------ geometry


def test_fit_square_scales_the_shorter_side_and_cuts_the_middle() -> None:
    pixels = np.zeros((40, 120, 3), dtype=np.uint8)
    pixels[:, 40:80] = 255
    square = images.fit_square(pixels, 20)
    assert square.size == (20, 20)
    assert np.asarray(square).min() > 200  # bicubic edges shade a little
    assert np.asarray(images.fit_square(pixels.transpose(1, 0, 2), 20)).min() > 200


def test_fit_shorter_side_keeps_the_whole_picture() -> None:
    assert images.fit_shorter_side(noise_picture(8, (400, 300)), 150).size == (200, 150)
    assert images.fit_shorter_side(noise_picture(8, (100, 300)), 150).size == (100, 300)


@pytest.mark.parametrize(
    ("picture", "error"),
    [
        (np.zeros((8, 8, 3)), TypeError),
        (np.zeros((8, 8), dtype=np.uint8), ValueError),
        (np.zeros((8, 8, 4), dtype=np.uint8), ValueError),
        (np.zeros((0, 8, 3), dtype=np.uint8), ValueError),
        ("picture.jpg", TypeError),
        (None, TypeError),
    ],
)
def test_what_is_no_picture_is_refused(picture: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="picture"):
        images.fit_square(picture, 32)  # type: ignore[arg-type]


def directions(view: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """(yaw, elevation) in degrees of the pixels of a view of `gradient_panorama`."""
    pixels = np.asarray(view).astype(float)
    yaw = np.degrees(np.arctan2(pixels[..., 1] - 127.5, pixels[..., 2] - 127.5))
    return yaw, pixels[..., 0] - 127.5


@pytest.mark.parametrize("heading", [0, 45, 90, 179.5, 180, -135, 360 + 90, -720])
def test_a_view_looks_where_it_is_told(heading: float) -> None:
    view = images.cut_view(gradient_panorama(), heading, fov=90, size=(65, 65))
    yaw, elevation = directions(view)
    offset = (yaw - heading + 180) % 360 - 180
    assert abs(offset[32, 32]) < 1
    assert abs(elevation[32, 32]) < 1
    assert offset[32, 0] == pytest.approx(-45, abs=1.5)  # clockwise: the left edge is to the west
    assert offset[32, 64] == pytest.approx(45, abs=1.5)
    assert elevation[0, 32] == pytest.approx(45, abs=1.5)


@pytest.mark.parametrize("pitch", [-90, -30, 20, 90])
def test_pitch_looks_up_and_down(pitch: float) -> None:
    _, elevation = directions(images.cut_view(gradient_panorama(), 30, pitch, 60, (33, 33)))
    assert elevation[16, 16] == pytest.approx(pitch, abs=1.5)


def test_the_seam_at_the_back_does_not_show() -> None:
    yaw, _ = directions(images.cut_view(gradient_panorama(), 180, fov=60, size=(120, 40)))
    steps = np.diff(np.unwrap(np.radians(yaw[20])))
    assert steps.max() < 3 * np.median(steps)


def test_a_coarse_view_of_a_fine_panorama_does_not_alias() -> None:
    stripes = np.zeros((512, 1024, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    view = np.asarray(images.cut_view(stripes, 10, fov=90, size=(32, 32)))
    assert abs(view.astype(int) - 127).max() < 30


@pytest.mark.parametrize(
    "options", [{"fov": 0}, {"fov": 180}, {"pitch": 91}, {"heading": float("nan")}, {"size": (0, 5)}]
)
def test_impossible_views_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="no such view"):
        images.cut_view(gradient_panorama(), **{"heading": 0.0, **options})  # type: ignore[arg-type]


def test_views_are_cut_out_of_panoramas_only() -> None:
    with pytest.raises(ValueError, match="twice as wide"):
        images.cut_view(noise_picture(9), 0)
    assert images.is_panorama_shape((2048, 1024))
    assert not images.is_panorama_shape((2048, 1200))


def test_encoded_jpegs_hold_pixels_and_nothing_else() -> None:
    picture = noise_picture(10)
    picture.info.update(comment=b"Petra", icc_profile=b"profile", exif=b"Exif\0\0Petra", dpi=(300, 300))
    data = images.encode_jpeg(picture)
    for marker in (b"Petra", b"profile", b"Exif", b"\xff\xe1", b"\xff\xe2", b"\xff\xfe"):
        assert marker not in data[:200]
    assert mean_difference(images.load(data), picture) < 8
    assert images.encode_jpeg(np.asarray(picture)) == data


# ------------------------------------------------------------------------------------------------ fast path


@pytest.mark.parametrize("size", [(1000, 760), (600, 598), (760, 1000), (320, 300), (120, 90)])
def test_a_square_from_a_file_is_the_plain_one_to_the_eye(size: tuple[int, int]) -> None:
    rough = np.random.default_rng(5).normal(0, 6, (size[1], size[0], 1))
    pixels = np.clip(np.asarray(noise_picture(5, size)) + rough, 0, 255).astype(np.uint8)
    data = encoded(Image.fromarray(pixels), "JPEG", quality=88)
    plain = images.fit_square(Image.open(io.BytesIO(data)).convert("RGB"), 120)
    assert mean_difference(images.load_square(data, 120), plain) <= 1.5


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_square_from_a_file_is_upright_and_bare(orientation: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "x.jpg"
    path.write_bytes(encoded(noise_picture(6, (400, 300)), "JPEG", quality=95, exif=exif.tobytes()))
    square = images.load_square(path, 100)
    assert mean_difference(square, images.fit_square(images.load(path), 100)) <= 1.5
    assert square.info == {}
    assert not square.getexif()
    assert type(square) is Image.Image


def test_the_shorter_side_shrinks_but_never_grows() -> None:
    data = encoded(noise_picture(7, (800, 600)), "JPEG")
    assert images.load(data, shorter_side=150).size == (200, 150)
    assert images.load(data, shorter_side=900).size == (800, 600)
    assert images.load(data, max_side=100, shorter_side=150).size == (100, 75)
    with pytest.raises(ValueError, match="shorter_side"):
        images.load(data, shorter_side=0)


def test_bytes_can_have_a_name_in_messages() -> None:
    for read in (
        lambda: images.load(b"x", name="shard 3"),
        lambda: images.load_square(b"x", 9, name="shard 3"),
    ):
        with pytest.raises(images.ImageError, match="shard 3 is not a picture"):
            read()
