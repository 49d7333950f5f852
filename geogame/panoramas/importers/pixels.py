"""From the bytes of a stranger's file to the picture that is stored: upright, sRGB, not too large."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image, ImageCms

from geogame.panoramas.importers.exif import Exif, read_exif
from geogame.panoramas.importers.gpano import GPano, read_gpano
from geogame.panoramas.importers.layout import Layout, Size
from geogame.panoramas.importers.values import RowError
from planet_core import images
from planet_core.exif import DAMAGED

FLAT_SIDE = 2048
SPHERE_WIDTH = 4096
MIN_SIDE = 200
QUALITY = 90
MAX_PROFILE_BYTES = 4_000_000
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@dataclass(frozen=True, slots=True)
class Header:
    """What the file says about itself, nothing of it decoded. `size` is that of the upright picture."""

    size: Size
    exif: Exif
    gpano: GPano | None
    profile: bytes


def read_header(data: bytes) -> Header:
    try:
        with Image.open(io.BytesIO(data), formats=images.FORMATS) as image:
            size = image.size
            info = _info(image)
    except (*DAMAGED, Image.DecompressionBombError):
        # The one decoder has the words for what is wrong.
        images.load(data)
        raise RowError("not-an-image", "its header cannot be read") from None
    exif = read_exif(info.get("exif"))
    profile = info.get("icc_profile")
    return Header(
        size=size if exif.orientation < 5 else (size[1], size[0]),
        exif=exif,
        gpano=read_gpano(info.get("xmp")),
        profile=profile if isinstance(profile, bytes) and len(profile) <= MAX_PROFILE_BYTES else b"",
    )


def _info(image: Image.Image) -> Mapping[str | tuple[int, int], object]:
    # In a PNG, Exif and XMP may follow the pixels: ExifTool writes them so.
    told = {"exif", "xmp"} & image.info.keys()
    if image.format == "PNG" and not told and image.width * image.height <= images.MAX_PIXELS:
        image.load()
    return image.info


def render(data: bytes, header: Header, layout: Layout) -> Image.Image:
    image = images.load(data, max_side=SPHERE_WIDTH if layout.is_sphere else FLAT_SIDE)
    if min(image.size) < MIN_SIDE:
        width, height = header.size
        scaled = (
            ""
            if image.size == header.size
            else f", {image.width} x {image.height} at the size that is stored"
        )
        raise RowError(
            "too-small", f"{width} x {height} pixels{scaled}: the shorter side must have {MIN_SIDE} or more"
        )
    return _with_poles(_in_srgb(image, header.profile), layout)


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Without its profile a wide-gamut picture would look pale. Unusable profiles are passed over."""
    if not profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != "RGB" or "sRGB" in (
            source.profile.profile_description or ""
        ):
            return image
        converted = ImageCms.profileToProfile(image, source, SRGB)
    except (ImageCms.PyCMSError, *DAMAGED):
        return image
    return converted or image


def _with_poles(image: Image.Image, layout: Layout) -> Image.Image:
    if not layout.above and not layout.below:
        return image
    # The sizes in the XMP are only ever used as proportions: a file must not choose how much memory we take.
    height = image.width // 2
    top = min(round(layout.above * height), max(0, height - image.height))
    sphere = Image.new("RGB", (image.width, height), _mean_colour(image, image.height - 1))
    sphere.paste(_mean_colour(image, 0), (0, 0, image.width, top))
    sphere.paste(image, (0, top))
    return sphere


def _mean_colour(image: Image.Image, row: int) -> tuple[int, int, int]:
    pixel = image.crop((0, row, image.width, row + 1)).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return pixel[0], pixel[1], pixel[2]
