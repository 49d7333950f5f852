"""Check, re-encode and store the pictures of a folder or CSV in their order, with all cores at the decoding.

    rows -> inspect (threads) -> known already? (here) -> encode (threads) -> store (here)

Both thread stages hand on in order and run only a few pictures ahead: memory does not grow with the import,
and of two equal pictures the first one counts. The database is used by the calling thread alone.
"""

from __future__ import annotations

import os
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError

from geogame.panoramas.importers.folders import open_source
from geogame.panoramas.importers.picture import Inspected, Ready, encode, inspect
from geogame.panoramas.importers.rows import Row
from geogame.panoramas.importers.values import Place, Refusal
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import (
    add_panorama,
    find_map,
    get_or_create_map,
    publish_map,
    put_on_map,
)
from planet_core.geo import haversine_km

# As the score has it: nearer than this is the same place.
SAME_PLACE_KM = 0.025

Given = TypeVar("Given")
Made = TypeVar("Made")
Progress = Callable[[int, int, Refusal | None], None]
"""Called after each picture with (done, total, why it was refused if it was)."""


class StorageFailed(Exception):
    """Why nothing more can be stored: the disk is full, or the database refuses."""


@dataclass(frozen=True, slots=True)
class Known:
    """A picture that an earlier import stored."""

    label: str
    place: Place
    panorama: Panorama

    @property
    def digest(self) -> str:
        return self.panorama.digest


@dataclass
class ImportReport:
    map_name: str
    dry_run: bool
    total: int = 0
    done: int = 0
    added: int = 0
    already_there: int = 0
    refused: list[Refusal] = field(default_factory=list)
    map_: Map | None = None
    interrupted: bool = False
    storage_error: str = ""

    @property
    def refused_by(self) -> Counter[str]:
        return Counter(refusal.code for refusal in self.refused)

    @property
    def usable(self) -> int:
        return self.added + self.already_there


def import_panoramas(
    path: Path,
    map_name: str,
    *,
    dry_run: bool = False,
    draft: bool = False,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ImportReport:
    """Import what is usable at `path` into the map and open it for play.

    `should_stop` is asked between pictures; what is in then stays in.

    Raises:
        ImportFailed: no such folder or CSV, or one that cannot be read.
        MapError: what can be no name of a map.
    """
    map_ = find_map(map_name)
    source = open_source(path)
    report = ImportReport(
        map_name=map_.name if map_ else map_name, dry_run=dry_run, map_=map_, total=source.total
    )
    desk = _Desk(report)
    with warnings.catch_warnings(), ThreadPoolExecutor(_workers(), "import") as pool:
        # Pillow warns of odd metadata; on the terminal that would look like a reason for a refusal.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        try:
            for refusal in map(desk.settle, desk.encoded(pool, source)):
                report.done += 1
                if progress:
                    progress(report.done, report.total, refusal)
                if should_stop():
                    report.interrupted = True
                    break
        except StorageFailed as error:
            report.storage_error = str(error)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    _publish(report, draft=draft)
    return report


class _Desk:
    """What the calling thread does: look up, store and count."""

    def __init__(self, report: ImportReport) -> None:
        self.report = report
        self.accepted: dict[str, Place] = {}

    def encoded(
        self, pool: ThreadPoolExecutor, source: Iterable[Row | Refusal]
    ) -> Iterator[Ready | Known | Refusal]:
        return _in_order(pool, _encode, self._recognised(_in_order(pool, _inspect, source)))

    def _recognised(self, items: Iterable[Inspected | Refusal]) -> Iterator[Inspected | Known | Refusal]:
        for item in items:
            yield self._stored(item) or item if isinstance(item, Inspected) else item

    def _stored(self, item: Inspected) -> Known | None:
        panorama = Panorama.objects.filter(digest=item.digest).first()
        return Known(item.label, item.place, panorama) if panorama else None

    def settle(self, item: Ready | Known | Refusal) -> Refusal | None:
        if isinstance(item, Refusal):
            self.report.refused.append(item)
            return item
        if moved := self._moved(item):
            return self.settle(moved)
        if self._put_in(item):
            self.report.added += 1
        else:
            self.report.already_there += 1
        return None

    def _moved(self, item: Ready | Known) -> Refusal | None:
        """The same bytes cannot have been taken at two places."""
        if isinstance(item, Known):
            there: Place | None = Place(item.panorama.lat, item.panorama.lng)
        else:
            there = self.accepted.get(item.digest)
        distance_km = haversine_km(*item.place, *there) if there else 0.0
        if not there or distance_km <= SAME_PLACE_KM:
            return None
        return Refusal(
            item.label,
            "another-place",
            f"the same picture is in already, {distance_km:.3f} km away at {there.lat:.5f}, {there.lng:.5f}",
        )

    def _put_in(self, item: Ready | Known) -> bool:
        if item.digest in self.accepted:
            return False
        self.accepted[item.digest] = item.place
        if self.report.dry_run:
            on_map = (
                isinstance(item, Known) and self.report.map_ and item.panorama.maps.contains(self.report.map_)
            )
            return not on_map
        return self._store(item)

    def _store(self, item: Ready | Known) -> bool:
        try:
            if self.report.map_ is None:
                self.report.map_ = get_or_create_map(self.report.map_name)
            if isinstance(item, Known):
                return put_on_map(map_=self.report.map_, panorama=item.panorama)
            return add_panorama(map_=self.report.map_, new=item.new)
        except OSError as error:
            raise StorageFailed(f"cannot write to {settings.MEDIA_ROOT}: {error.strerror or error}") from None
        except DatabaseError as error:
            raise StorageFailed(f"the database says: {error}") from None


def _in_order(
    pool: ThreadPoolExecutor, function: Callable[[Given], Made], items: Iterable[Given]
) -> Iterator[Made]:
    waiting: deque[Future[Made]] = deque()
    for item in items:
        waiting.append(pool.submit(function, item))
        if len(waiting) > _workers() + 1:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _workers() -> int:
    return min(16, os.cpu_count() or 1)


def _inspect(row: Row | Refusal) -> Inspected | Refusal:
    return inspect(row) if isinstance(row, Row) else row


def _encode(item: Inspected | Known | Refusal) -> Ready | Known | Refusal:
    return encode(item) if isinstance(item, Inspected) else item


def _publish(report: ImportReport, *, draft: bool) -> None:
    """Open a new map, or refresh the scale of an open one. Half an import opens no map, and one that was
    closed by hand stays closed.
    """
    map_ = report.map_
    if map_ is None or report.dry_run or report.storage_error or not report.usable:
        return
    if report.added if map_.is_published else not (draft or report.interrupted or map_.published_at):
        publish_map(map_)
