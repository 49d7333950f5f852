"""What planet_core is given of a data set: SOURCE arguments, and the photo lists behind them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext

from geogame.datasets.errors import DataSetError
from geogame.datasets.models import DataSet
from geogame.panoramas.models import Map
from planet_core.albums import FILE as ALBUMS
from planet_core.files import atomic_file
from planet_core.sources.open_source import open_source
from planet_core.sources.photo import SourceError

Kind = DataSet.Kind
LIST = "photos.csv"
COLUMNS = ["path", "lat", "lng", "group", "digest", "projection", "heading", "licence"]


def photo_list(data_set: DataSet, folder: Path | None = None) -> list[str]:
    """The SOURCE arguments of `planet_core.train_cnn`.

    The photos of a map are listed as they are now, in `folder` (the data set's own without one): whoever
    goes on with a run must keep the list that it began with.
    """
    if data_set.kind == Kind.MAP:
        if data_set.map is None:
            raise DataSetError(f"The map of the data set “{data_set}” is gone.")
        return [f"csv:{write_map_list(data_set.map, (folder or data_set.directory) / LIST)}"]
    if data_set.kind == Kind.SOURCE:
        return [checked_source(data_set.source)]
    if data_set.kind == Kind.ALBUMS:
        text = gettext("“%(name)s” holds albums: choose a data set of single photos.")
        raise DataSetError(text % {"name": data_set})
    path = data_set.directory / LIST
    if not path.is_file():
        raise DataSetError(f"The uploaded data set “{data_set}” has not been read yet: read it first.")
    return [f"csv:{path}"]


def write_map_list(map_: Map, path: Path) -> Path:
    """Write the photo list of a map, whole or not at all."""
    write_list(path, _map_rows(map_))
    return path


def write_list(path: Path, rows: Iterator[list[object]]) -> None:
    with atomic_file(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
        text.flush()
        text.detach()


def _map_rows(map_: Map) -> Iterator[list[object]]:
    shown = map_.panoramas.filter(withdrawn_at=None).order_by("digest")
    for panorama in shown.iterator(chunk_size=1000):
        yield [
            *(panorama.path, repr(panorama.lat), repr(panorama.lng), panorama.group, panorama.digest),
            *(panorama.projection, "" if panorama.heading is None else panorama.heading, panorama.licence),
        ]


def has_drawings(data_set: DataSet) -> bool:
    """Whether pictures of it were drawn, as far as we know: those of maps and of albums are told apart."""
    return data_set.drawn or (data_set.map is not None and data_set.map.panoramas.filter(drawn=True).exists())


# ------------------------------------------------------------------------------------------------
# Sources on this machine


def roots() -> list[Path]:
    return [Path(root).expanduser().resolve() for root in settings.DATA_SET_ROOTS]


def is_beneath_roots(path: Path) -> bool:
    """Whether a file lies in one of the folders that data sets may come from, symbolic links followed."""
    resolved = path.resolve()
    return any(resolved.is_relative_to(root) for root in roots())


class Beneath:
    """`is_beneath_roots` for the files of a list, of which many lie in the same folder."""

    def __init__(self) -> None:
        self._folders: dict[Path, bool] = {}

    def __call__(self, path: Path) -> bool:
        if path.is_symlink() or path.name in ("", ".."):
            return is_beneath_roots(path)
        if path.parent not in self._folders:
            self._folders[path.parent] = is_beneath_roots(path.parent)
        return self._folders[path.parent]


def checked_source(source: str) -> str:
    """The source as `kind:/absolute/path`. DataSetError where it is none, or lies elsewhere."""
    try:
        opened = open_source(source.strip(), digests=False)
    except SourceError as error:
        raise DataSetError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    _require_beneath_roots(opened.path)
    return f"{opened.kind}:{opened.path.resolve()}"


def checked_albums(source: str) -> str:
    """The folder of albums as an absolute path. DataSetError where it is none, or lies elsewhere."""
    folder = Path(source.strip().removeprefix("albums:")).expanduser()
    if not source.strip() or not folder.is_dir():
        raise DataSetError(gettext("There is no folder %(path)s.") % {"path": source.strip() or "–"})
    _require_beneath_roots(folder)
    if not (folder / ALBUMS).is_file():
        text = gettext(
            "%(path)s has no %(file)s: make one with python -m planet_core.albums, or name the folder that "
            "has it."
        )
        raise DataSetError(text % {"path": folder, "file": ALBUMS})
    return str(folder.resolve())


def _require_beneath_roots(path: Path) -> None:
    if is_beneath_roots(path):
        return
    allowed = ", ".join(map(str, roots())) or "none"
    text = gettext(
        "%(path)s lies outside the folders that data sets may come from (%(allowed)s): move it there, or "
        "add its folder to the setting DATA_SET_ROOTS."
    )
    raise DataSetError(text % {"path": path, "allowed": allowed})
