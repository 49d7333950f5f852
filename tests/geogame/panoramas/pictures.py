"""Pictures and tables as cameras, editors and spreadsheets leave them, and as they should not."""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from pathlib import Path

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

numbers = itertools.count(1)

GPano = dict[str, object]
WHOLE: GPano = {"ProjectionType": "equirectangular", "PoseHeadingDegrees": 90}


def picture(
    width: int = 320,
    height: int = 240,
    *,
    form: str = "JPEG",
    image: Image.Image | None = None,
    **metadata: object,
) -> bytes:
    """Never twice the same bytes. `metadata`: exif, xmp, icc_profile, comment."""
    image = image or Image.new("RGB", (width, height), (90, 120, 150))
    file = io.BytesIO()
    image.save(file, form, **{"quality": 95, **metadata} if form == "JPEG" else metadata)
    # Readers stop at the end of the picture; what follows makes the file another one.
    return file.getvalue() + b"%d" % next(numbers)


def exif(*, lat: object = None, lng: object = None, refs: str = "NE", **tags: object) -> bytes:
    """An Exif block. `lat` and `lng` are what the GPS tags hold; `tags` are orientation, artist, taken …"""
    block = Image.Exif()
    main = {"orientation": 274, "artist": 315, "copyright": 33432}
    for name, tag in main.items():
        if name in tags:
            block[tag] = tags[name]
    photo = {36867: tags.get("taken"), 36881: tags.get("zone")}
    block.get_ifd(0x8769).update({tag: value for tag, value in photo.items() if value is not None})
    gps = {1: refs[:1], 2: lat, 3: refs[1:], 4: lng, 16: tags.get("heading_ref"), 17: tags.get("heading")}
    if lat is not None or "heading" in tags:
        block.get_ifd(0x8825).update({tag: value for tag, value in gps.items() if value not in (None, "")})
    return block.tobytes()


def dms(degrees: float, minutes: float = 0, seconds: float = 0) -> tuple[IFDRational, ...]:
    return tuple(IFDRational(round(part * 1000), 1000) for part in (degrees, minutes, seconds))


def xmp(values: GPano, *, as_elements: bool = False) -> bytes:
    if as_elements:
        attributes = ""
        inside = "".join(f"<GPano:{name}>{value}</GPano:{name}>" for name, value in values.items())
    else:
        attributes = " ".join(f'GPano:{name}="{value}"' for name, value in values.items())
        inside = ""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        f'xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" {attributes}>{inside}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def cropped(width: int, height: int, left: int, top: int, full: tuple[int, int] = (2000, 1000)) -> GPano:
    return {
        **WHOLE,
        "FullPanoWidthPixels": full[0],
        "FullPanoHeightPixels": full[1],
        "CroppedAreaImageWidthPixels": width,
        "CroppedAreaImageHeightPixels": height,
        "CroppedAreaLeftPixels": left,
        "CroppedAreaTopPixels": top,
    }


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that claims this size and holds next to nothing."""
    data = picture(1, 1, form="PNG")
    header = struct.pack(">II", width, height) + data[24:29]
    return data[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + data[33:]


def table(folder: Path, *rows: str, header: str = "path,lat,lng", name: str = "labels.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return file


def store(folder: Path, name: str, data: bytes | None = None) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(picture() if data is None else data)
    return file
