"""Small pictures and metadata files of the kinds that sources read, made by the tests."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

from PIL import ExifTags, Image

from tests.planet_core.made import noise_picture


def jpeg(seed: int = 0, size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    """A small JPEG."""
    buffer = io.BytesIO()
    noise_picture(seed, size).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def dms(degrees: float) -> tuple[float, float, float]:
    whole = int(degrees)
    minutes = int((degrees - whole) * 60)
    return float(whole), float(minutes), round((degrees - whole - minutes / 60) * 3600, 4)


def geotagged(lat: float, lng: float, seed: int = 0, **gps: object) -> bytes:
    """A JPEG whose Exif has a place; `gps` overrides tags by name, None leaves one out."""
    values = {
        "GPSLatitudeRef": "N" if lat >= 0 else "S",
        "GPSLatitude": dms(abs(lat)),
        "GPSLongitudeRef": "E" if lng >= 0 else "W",
        "GPSLongitude": dms(abs(lng)),
        **gps,
    }
    exif = Image.Exif()
    directory = exif.get_ifd(ExifTags.IFD.GPSInfo)
    for name, value in values.items():
        if value is not None:
            directory[ExifTags.GPS[name]] = value
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2020:05:01 12:30:00"
    return jpeg(seed, exif=exif.tobytes())


def with_comments(*comments: str) -> bytes:
    """A JPEG with one COM marker for each comment."""
    data = jpeg()
    markers = b"".join(
        b"\xff\xfe" + struct.pack(">H", len(text.encode()) + 2) + text.encode() for text in comments
    )
    return data[:2] + markers + data[2:]


def yfcc_line(columns: int = 25, **changes: str) -> str:
    """A line of YFCC100M's metadata."""
    values = {
        "line": "7",
        "id": "123",
        "hash": "abcdef0123",
        "user": "19355699%40N00",
        "nickname": "A+B%26C",
        "taken": "2010-05-01 12:30:00.0",
        "uploaded": "1272717000",
        "device": "Canon+EOS",
        "title": 'A+%22quoted%22+title" and a loose quote',
        "description": "",
        "tags": "sea,sky",
        "machine_tags": "",
        "lng": "-122.5",
        "lat": "37.75",
        "accuracy": "16",
        "page": "http%3A%2F%2Fexample.org",
        "url": "http://example.org/123.jpg",
        "licence": "Attribution",
        "licence_url": "http://example.org",
        "server": "1",
        "farm": "2",
        "secret": "s",
        "original": "o",
        "extension": "jpg",
        "video": "0",
        **changes,
    }
    if columns == 23:
        del values["line"], values["hash"]
    return "\t".join(list(values.values())[:columns])


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it has this size, and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def photo_list(folder: Path, photos: int = 40, size: tuple[int, int] = (64, 48)) -> Path:
    """photos.csv with that many different pictures, PNG and JPEG in turn."""
    rows = ["path,lat,lng,group"]
    for number in range(photos):
        name = f"{number:04d}." + ("png" if number % 2 else "jpg")
        noise_picture(number, size).save(folder / name)
        rows.append(f"{name},{number % 80},{number % 170},walk-{number // 4}")
    (folder / "photos.csv").write_text("\n".join(rows) + "\n")
    return folder / "photos.csv"
