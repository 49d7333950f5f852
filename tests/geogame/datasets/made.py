"""Zips, lists and geotagged photos for the tests of data sets."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile

from geogame.datasets.models import DataSet
from geogame.datasets.services import create_data_set
from tests.planet_core.made import noise_picture


def picture_bytes(seed: int) -> bytes:
    file = io.BytesIO()
    noise_picture(seed, (160, 120)).save(file, "JPEG", quality=90)
    return file.getvalue()


def zipped(entries: Mapping[str, bytes], compress: bool = False) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def listed(*rows: tuple[object, ...], header: str = "path,lat,lng,group,licence") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return text.getvalue().encode()


def uploaded(content: bytes, name: str = "photos.zip") -> DataSet:
    return create_data_set(name="Uploaded", kind="upload", upload=SimpleUploadedFile(name, content))


def source_folder(folder: Path, photos: int = 6) -> Path:
    """A photo list with noise pictures in two groups: photos.csv in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(photos):
        (folder / f"{number}.jpg").write_bytes(picture_bytes(number))
        licence = "CC0" if number % 3 else "CC BY 4.0"
        rows.append((f"{number}.jpg", 40 + number, 10 + number, f"walk-{number % 2}", licence))
    (folder / "photos.csv").write_bytes(listed(*rows))
    return folder / "photos.csv"
