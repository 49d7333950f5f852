from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from geogame.panoramas.importers.rows import ImportFailed, Row, Source
from geogame.panoramas.importers.tables import Table
from geogame.panoramas.importers.values import Refusal, clean_text

LABELS = "labels.csv"
PICTURES = {".jpg", ".jpeg", ".jpe", ".png", ".webp"}
# Photos that we cannot read get a word each: silence would look like success.
OTHER_PICTURES = {".heic", ".heif", ".avif", ".tif", ".tiff", ".gif", ".bmp", ".jp2", ".jxl", ".dng", ".insp"}


def open_source(path: Path) -> Source:
    """The pictures of a folder or CSV; every table in it has been read once without an error."""
    if path.is_dir():
        return Folder(path)
    if not path.exists():
        raise ImportFailed(f"{path} does not exist.")
    if path.suffix.lower() in PICTURES | OTHER_PICTURES:
        raise ImportFailed(f"{path} is a single picture: name its folder, or a CSV.")
    if not path.is_file():
        raise ImportFailed(f"{path} is neither a folder nor a CSV.")
    return Table(path.absolute(), path.name)


class Folder:
    """Every picture under a folder: as a `labels.csv` has it where one names it, else by its own Exif."""

    def __init__(self, path: Path) -> None:
        self.root = Path(os.path.normpath(path.absolute()))
        self.tables: dict[Path, Table] = {}
        for folder, names in self._walk():
            for name in names:
                if name.lower() == LABELS:
                    self.tables[folder / name] = Table(folder / name, self._name(folder / name))
        self.named = frozenset().union(*(table.files for table in self.tables.values()))
        self.total = sum(table.total for table in self.tables.values())
        self.total += sum(1 for _ in self._unnamed())

    def __iter__(self) -> Iterator[Row | Refusal]:
        for table in self.tables.values():
            yield from table
        for file in self._unnamed():
            yield self._row(file)

    def _walk(self) -> Iterator[tuple[Path, list[str]]]:
        for folder, subfolders, names in os.walk(self.root, onerror=_stop):
            # "._x.jpg" and __MACOSX are what macOS leaves in archives: no pictures, whatever the name says.
            subfolders[:] = sorted(name for name in subfolders if not name.startswith((".", "__MACOSX")))
            yield Path(folder), sorted(name for name in names if not name.startswith("."))

    def _unnamed(self) -> Iterator[Path]:
        for folder, names in self._walk():
            for name in names:
                file = folder / name
                if file.suffix.lower() in PICTURES | OTHER_PICTURES and str(file) not in self.named:
                    yield file

    def _row(self, file: Path) -> Row | Refusal:
        label = self._name(file)
        if file.suffix.lower() in OTHER_PICTURES:
            return Refusal(label, "unsupported-format", "only JPEG, PNG and WebP can be imported")
        return Row(file=file, label=label)

    def _name(self, file: Path) -> str:
        # A name need not be UTF-8, but what is printed has to be.
        return clean_text(os.fsencode(file.relative_to(self.root)).decode("utf-8", "replace"))


def _stop(error: OSError) -> None:
    raise ImportFailed(f"The folder {error.filename} cannot be read: {error.strerror}.")
