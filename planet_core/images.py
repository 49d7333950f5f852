"""The same pixels for people and model: decoding, resizing and views out of panoramas (Pillow and numpy).

Pictures come from strangers. `load` decodes JPEG, PNG and WebP only, looks at the size before it decodes, and
turns every way in which a file can be wrong into an `ImageError` with a code.
"""

from __future__ import annotations

import io
import math
import os
import struct
import threading
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 178_956_970
"""More are refused before decoding (Pillow's own limit for what it calls a decompression bomb)."""
MIN_SIDE = 16
"""A picture with a shorter side is a tracking pixel or an icon, not a photo."""
DRAFT_GAP = 1.2
"""JPEGs are decoded to at least so many times the wanted size: resizing by nearly nothing would only blur."""

_ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_OTHER_FORMATS = (
    (0, b"GIF8", "GIF"),
    (0, b"BM", "BMP"),
    (0, b"II*\x00", "TIFF"),
    (0, b"MM\x00*", "TIFF"),
    (0, b"8BPS", "Photoshop"),
    (0, b"\x00\x00\x00\x0cjP", "JPEG 2000"),
    (0, b"\xff\x0a", "JPEG XL"),
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypheix", "HEIC"),
    (4, b"ftypmif1", "HEIF"),
    (4, b"ftypavif", "AVIF"),
)
_OUR_FORMATS = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"RIFF")
_DECODE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error)

# warning filters belong to the whole process: one thread at a time changes them, and only to read headers
_header_lock = threading.Lock()

UInt8Array = npt.NDArray[np.uint8]
Picture = Image.Image | UInt8Array


class ImageError(Exception):
    """A file that is not a usable picture.

    Attributes:
        code: `missing`, `not-an-image`, `unsupported-format`, `truncated`, `too-large` or `too-small`.
        message: one sentence for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


# ------------------------------------------------------------------------------------------------
# Decoding


def load(
    source: str | os.PathLike[str] | bytes,
    max_side: int | None = None,
    *,
    shorter_side: int | None = None,
    name: str = "the picture",
) -> Image.Image:
    """Decodes a JPEG, PNG or WebP file to upright 8-bit RGB without any metadata.

    Exif orientation is applied; transparency is laid on white; CMYK, palette, grey and 16-bit pictures are
    converted; of an animation the first frame is taken.

    Args:
        source: a path, or the bytes of a file.
        max_side: if given, the longer side is reduced to this many pixels (never enlarged). JPEGs are then
            decoded at a fraction of their size ("draft mode"), which is several times faster.
        shorter_side: the same for the shorter side; of the two, the smaller result counts.
        name: what messages call a picture given as bytes.

    Raises:
        ImageError: see its codes.
    """
    picture, target, turn = _decode(source, name, max_side, shorter_side)
    if picture.size != target:
        picture = picture.resize(target, Image.Resampling.BICUBIC, reducing_gap=3.0)
    return _finished(picture, turn)


def load_square(
    source: str | os.PathLike[str] | bytes, size: int, *, name: str = "the picture"
) -> Image.Image:
    """`fit_square(load(source), size)`, several times faster for large JPEGs: the model's input from a file.

    The picture is decoded in draft mode, no smaller than the square, and resized once.

    Raises:
        ImageError: see its codes.
    """
    picture, _, turn = _decode(source, name, None, size)
    return _finished(fit_square(picture, size), turn)


def _decode(
    source: str | os.PathLike[str] | bytes, name: str, max_side: int | None, shorter_side: int | None
) -> tuple[Image.Image, tuple[int, int], int]:
    """(RGB picture at least as large as the target size, target size, Exif orientation)."""
    name, data = _read(source, name)
    with _open(name, data) as image:
        _check_size(name, image.size)
        orientation = _orientation(image)
        target = _reduced(image.size, max_side, shorter_side)
        if target != image.size:
            image.draft(None, (math.ceil(DRAFT_GAP * target[0]), math.ceil(DRAFT_GAP * target[1])))
        try:
            image.load()
            return _to_rgb(image), target, orientation
        except _DECODE_ERRORS as error:
            raise ImageError("truncated", f"{name} is truncated or damaged: {error}") from error


def _finished(picture: Image.Image, orientation: int) -> Image.Image:
    """Upright and without metadata."""
    if orientation in _TURNS:
        picture = picture.transpose(_TURNS[orientation])
    picture.info.clear()
    return picture


def _read(source: str | os.PathLike[str] | bytes, name: str) -> tuple[str, bytes]:
    if isinstance(source, bytes):
        return name, source
    path = Path(source)
    try:
        return str(path), path.read_bytes()
    except FileNotFoundError as error:
        raise ImageError("missing", f"{path} does not exist") from error
    except OSError as error:
        raise ImageError("missing", f"cannot read {path}: {error.strerror}") from error


def _open(name: str, data: bytes) -> Image.Image:
    """The picture with its header read and nothing decoded."""
    try:
        with _header_lock, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise ImageError("too-large", f"{name} has more than {MAX_PIXELS:,} pixels") from error
    except UnidentifiedImageError as error:
        raise _unidentified(name, data) from error
    except _DECODE_ERRORS as error:
        raise ImageError("truncated", f"{name} is truncated or damaged: {error}") from error


def _unidentified(name: str, data: bytes) -> ImageError:
    if not data:
        return ImageError("not-an-image", f"{name} is empty")
    for offset, magic, kind in _OTHER_FORMATS:
        if data[offset : offset + len(magic)] == magic:
            return ImageError(
                "unsupported-format", f"{name} is a {kind} file; JPEG, PNG and WebP can be read"
            )
    if data.startswith(_OUR_FORMATS):
        return ImageError("truncated", f"{name} is truncated or damaged: its header cannot be read")
    return ImageError("not-an-image", f"{name} is not a picture (JPEG, PNG and WebP can be read)")


def _check_size(name: str, size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise ImageError("too-large", f"{name} is {width} x {height}: more than {MAX_PIXELS:,} pixels")
    if min(size) < MIN_SIDE:
        raise ImageError("too-small", f"{name} is {width} x {height}: the least is {MIN_SIDE} x {MIN_SIDE}")


def _orientation(image: Image.Image) -> int:
    """Exif orientation 1..8; 1 where it is absent or unreadable."""
    block = image.info.get("exif")
    if not isinstance(block, bytes):
        return 1
    exif = Image.Exif()
    try:
        with _header_lock, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exif.load(block)
            value = exif.get(_ORIENTATION_TAG, 1)
    except _DECODE_ERRORS:
        return 1
    return value if isinstance(value, int) else 1


def _reduced(size: tuple[int, int], max_side: int | None, shorter_side: int | None) -> tuple[int, int]:
    scale = 1.0
    for name, limit, side in (("max_side", max_side, max(size)), ("shorter_side", shorter_side, min(size))):
        if limit is not None and limit < 1:
            raise ValueError(f"{name} must be at least 1 pixel, not {limit}")
        if limit is not None:
            scale = min(scale, limit / side)
    if scale == 1:
        return size
    width, height = (max(1, round(side * scale)) for side in size)
    return width, height


def _to_rgb(image: Image.Image) -> Image.Image:
    """A new 8-bit RGB picture."""
    if image.mode.startswith("I"):  # 16-bit grey: keep the upper byte, where Pillow would clip
        wide = np.asarray(image).astype(np.int64) >> 8
        return Image.fromarray(np.clip(wide, 0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        opaque = Image.new("RGBA", image.size, "white")
        opaque.alpha_composite(image.convert("RGBA"))
        return opaque.convert("RGB")
    if image.mode == "RGB":
        return image._new(image.im)  # the same pixels in a plain picture: convert() would copy them
    return image.convert("RGB")


# ------------------------------------------------------------------------------------------------
# Geometry


def as_rgb(picture: Picture) -> Image.Image:
    """A PIL picture of mode RGB from a PIL picture or a uint8 array (height, width, 3).

    Raises:
        TypeError: neither of the two, or an array that is not uint8.
        ValueError: an array of another shape, or an empty picture.
    """
    if isinstance(picture, Image.Image):
        image = picture if picture.mode == "RGB" else _to_rgb(picture)
    elif isinstance(picture, np.ndarray):
        if picture.dtype != np.uint8:
            raise TypeError(f"a picture array must be uint8 (0..255), not {picture.dtype}")
        if picture.ndim != 3 or picture.shape[2] != 3:
            raise ValueError(f"a picture array must have the shape (height, width, 3), not {picture.shape}")
        image = Image.fromarray(np.ascontiguousarray(picture)) if picture.size else Image.new("RGB", (0, 0))
    else:
        raise TypeError(f"a picture is a PIL image or a uint8 array, not {type(picture).__name__}")
    if 0 in image.size:
        raise ValueError(f"the picture is empty: {image.size[0]} x {image.size[1]} pixels")
    return image


def fit_square(picture: Picture, size: int) -> Image.Image:
    """The model's input: the shorter side scaled to `size`, then the middle square, `size` x `size` RGB."""
    image = as_rgb(picture)
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    return image.resize((size, size), Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)


def fit_shorter_side(picture: Picture, size: int) -> Image.Image:
    """The whole picture, RGB, scaled down so that its shorter side has `size` pixels; never enlarged."""
    image = as_rgb(picture)
    shorter = min(image.size)
    if shorter <= size:
        return image
    width, height = (max(size, round(side * size / shorter)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)


def is_panorama_shape(size: tuple[int, int]) -> bool:
    """Whether (width, height) is the 2:1 of a whole equirectangular panorama, to within a pixel or 1 %."""
    width, height = size
    return abs(width - 2 * height) <= max(1.0, 0.01 * width)


def cut_view(
    panorama: Picture,
    heading: float,
    pitch: float = 0.0,
    fov: float = 90.0,
    size: tuple[int, int] = (640, 480),
) -> Image.Image:
    """A perspective view out of an equirectangular 360 x 180 degree panorama, bilinear, seamless at the back.

    Args:
        panorama: a picture twice as wide as high.
        heading: degrees clockwise from the panorama's middle column to the middle of the view.
        pitch: degrees upwards, -90..90.
        fov: horizontal field of view in degrees, more than 0 and less than 180.
        size: (width, height) of the view in pixels.

    Raises:
        ValueError: a panorama that is not 2:1, or angles or a size out of range.
    """
    image = as_rgb(panorama)
    if not is_panorama_shape(image.size):
        raise ValueError(
            f"an equirectangular panorama is twice as wide as high, not {image.width} x {image.height}"
        )
    if not (0 < fov < 180 and abs(pitch) <= 90 and math.isfinite(heading) and min(size) >= 1):
        raise ValueError(f"no such view: heading {heading}, pitch {pitch}, fov {fov}, size {size}")
    yaw, elevation = _directions(heading, pitch, fov, size)
    pixels = np.asarray(_shrunk_for_view(image, fov, size[0]))
    height, width = pixels.shape[:2]
    x = (yaw / (2 * math.pi) + 0.5) * width - 0.5
    y = np.clip((0.5 - elevation / math.pi) * height - 0.5, 0, height - 1)
    return Image.fromarray(_bilinear(pixels, x, y))


def _directions(
    heading: float, pitch: float, fov: float, size: tuple[int, int]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """(yaw clockwise, elevation) in radians of each pixel of a view, (height, width)."""
    width, height = size
    half = math.tan(math.radians(fov) / 2)
    right = (np.arange(width) + 0.5 - width / 2) * (2 * half / width)  # (width,)
    up = -(np.arange(height) + 0.5 - height / 2)[:, None] * (2 * half / width)  # (height, 1)
    tilt = math.radians(pitch)
    forward = math.cos(tilt) - up * math.sin(tilt)
    upward = math.sin(tilt) + up * math.cos(tilt)
    yaw = np.arctan2(right, forward) + math.radians(math.fmod(heading, 360.0))
    elevation = np.arctan2(upward, np.hypot(right, forward))
    return yaw.astype(np.float32), elevation.astype(np.float32)


def _shrunk_for_view(image: Image.Image, fov: float, view_width: int) -> Image.Image:
    """The panorama reduced by a whole factor where the view is coarser, so that nothing aliases."""
    panorama_density = image.width / (2 * math.pi)  # pixels per radian
    view_density = view_width / (2 * math.tan(math.radians(fov) / 2))
    factor = int(panorama_density / view_density)
    if factor < 2:
        return image
    smaller = (max(2, image.width // factor), max(1, image.height // factor))
    return image.resize(smaller, Image.Resampling.BOX)


def _bilinear(pixels: UInt8Array, x: npt.NDArray[np.float32], y: npt.NDArray[np.float32]) -> UInt8Array:
    """Pixels (h, w, 3) sampled at (x, y), each (rows, columns); x wraps around, y is already inside."""
    height, width = pixels.shape[:2]
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    fx, fy = (x - left)[..., None], (y - top)[..., None]
    x0, x1 = left % width, (left + 1) % width
    y1 = np.minimum(top + 1, height - 1)
    upper = pixels[top, x0] * (1 - fx) + pixels[top, x1] * fx
    lower = pixels[y1, x0] * (1 - fx) + pixels[y1, x1] * fx
    return np.asarray(np.rint(upper * (1 - fy) + lower * fy), dtype=np.uint8)


# ------------------------------------------------------------------------------------------------
# Encoding


def encode_jpeg(picture: Picture, quality: int = 90) -> bytes:
    """JPEG bytes of the pixels alone: no Exif, comment, colour profile or thumbnail comes along."""
    # a picture made anew from its pixels has no metadata that could be written
    clean = Image.fromarray(np.asarray(as_rgb(picture)))
    buffer = io.BytesIO()
    clean.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()
