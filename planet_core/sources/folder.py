"""Sources that are a folder of picture files, walked in a fixed order, one directory in memory at a time."""

from __future__ import annotations

import abc
import os
from collections.abc import Iterator
from pathlib import Path

from planet_core.sources.photo import Photo, RowProblem, Source, SourceError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


class FolderSource(Source):
    """A source that is a folder. Errors are numbered by the file's place in the walk, from 1."""

    noun = "photo folder"
    suffixes: tuple[str, ...] = SUFFIXES

    @abc.abstractmethod
    def _photo(self, path: Path) -> Photo:
        """The photo of a file. Raises RowProblem."""

    def _photos(self) -> Iterator[Photo]:
        if not self.path.is_dir():
            raise SourceError(f"{self.path} is no folder of pictures")
        files = max(1, sum(1 for _ in self._walk(self.path)))
        for number, path in enumerate(self._walk(self.path), start=1):
            self._share = number / files
            try:
                yield self._photo(path)
            except RowProblem as problem:
                self.errors.add(number, RowProblem(problem.code, f"{path}: {problem}"))
            except OSError as error:
                reason = f"cannot read {path}: {error.strerror or error}"
                self.errors.add(number, RowProblem("missing-file", reason))

    def _walk(self, folder: Path) -> Iterator[Path]:
        """Files that are called pictures, by name, subfolders after the files; hidden ones are left out."""
        with os.scandir(folder) as found:
            entries = sorted(
                (entry for entry in found if not entry.name.startswith(".")), key=lambda e: e.name
            )
        for entry in entries:
            if entry.name.lower().endswith(self.suffixes) and not entry.is_dir():
                yield Path(entry.path)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(Path(entry.path))


def picture_names(folder: Path, most: int) -> list[str]:
    """Names of up to `most` pictures right in a folder. Raises OSError."""
    names: list[str] = []
    with os.scandir(folder) as found:
        for entry in found:
            if entry.name.lower().endswith(SUFFIXES) and not entry.name.startswith("."):
                names.append(entry.name)
                if len(names) == most:
                    break
    return names
