"""A file into a round set: all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from benchmark.read import RowsError
from benchmark.rounds import Rounds
from geogame.lib.tokens import random_token
from geogame.panoramas.models import FairView, Map, Panorama
from geogame.panoramas.places import describe
from geogame.panoramas.services import get_or_create_map, put_on_map
from geogame.round_sets.archive import Archive, Manifest, RoundEntry, opened
from geogame.round_sets.errors import RoundSetError
from geogame.round_sets.models import RoundSet, SetRound
from geogame.round_sets.player_names import checked_player_name
from geogame.round_sets.queries import in_open_sets, kept_back
from geogame.round_sets.stored_rows import rounds_of
from planet_core.files import atomic_file
from planet_core.geo import haversine_km
from planet_core.geography import BORDER_DATA, country_at
from planet_core.scoring import PERFECT_KM, SCORING_VERSION

SHOWN = 5
Done = Callable[[int, int], None]
"""Told after each picture: (done, total)."""


@dataclass(frozen=True)
class Imported:
    round_set: RoundSet
    added: int
    found: int
    missing: list[str]
    """Digests of pictures that a closed set has to do without."""


def import_set(
    path: Path, *, map_name: str = "", other_versions: bool = False, done: Done = lambda *_: None
) -> Imported:
    """Read the file of a set.

    Its pictures are those of the file, else our own panoramas of the same digest. An open set needs all of
    them; a closed one is complete without, for its rows are. With `map_name` they go onto that map, too.
    """
    with opened(path) as archive:
        manifest = archive.manifest
        _check_versions(manifest, path, other_versions)
        if RoundSet.objects.filter(name=manifest.name, version=manifest.version).exists():
            raise RoundSetError(
                f"{path}: the round set “{manifest.name}@{manifest.version}” is here already."
            )
        _check_players(manifest, path)
        rows = archive.rows()
        if rows:
            _check_rows(rows, manifest, path)
        ours = _ours(manifest, path)
        missing = [one.digest for one in manifest.rounds if not one.picture and one.digest not in ours]
        if missing and manifest.state == RoundSet.State.OPEN:
            raise RoundSetError(f"{path}: {named(missing)} Import the same pictures first.")
        new = [entry for entry in manifest.rounds if entry.picture and entry.digest not in ours]
        round_set = _with_files(archive, new, ours, rows, map_name, done)
    return Imported(round_set, len(new), len(ours), missing)


def named(missing: list[str]) -> str:
    """Which pictures are not here."""
    digests = ", ".join(missing[:SHOWN]) + (", …" if len(missing) > SHOWN else "")
    if len(missing) == 1:
        return f"1 picture of the set is missing here, by its digest {digests}."
    return f"{len(missing):,} pictures of the set are missing here, by their digests {digests}."


def _check_versions(manifest: Manifest, path: Path, other_versions: bool) -> None:
    ours = {"score": str(SCORING_VERSION), "border data": BORDER_DATA.version}
    theirs = {"score": str(manifest.scoring_version), "border data": manifest.border_data}
    for what, version in ours.items():
        if theirs[what] != version and not other_versions:
            raise RoundSetError(
                f"{path} was made with version {theirs[what]} of the {what}, this program has {version}:"
                " figures would differ. Use a program of that version, or add --other-versions to import it"
                " all the same."
            )


def _check_players(manifest: Manifest, path: Path) -> None:
    for name in manifest.players:
        try:
            checked_player_name(name)
        except RoundSetError as error:
            raise RoundSetError(
                f"{path}: an outside player of the set has a name that misleads: {error}"
            ) from None


def _check_rows(text: str, manifest: Manifest, path: Path) -> None:
    try:
        rows = rounds_of(text)
    except RowsError as error:
        raise RoundSetError(f"{path}: {error}") from None
    places = {entry.digest: (entry.lat, entry.lng) for entry in manifest.rounds}
    told = {
        (name, lat, lng)
        for name, lat, lng in zip(
            rows.panorama_id.texts(), rows.true_lat.tolist(), rows.true_lng.tolist(), strict=True
        )
    }
    for name, lat, lng in sorted(told):
        if places.get(name) != (lat, lng):
            raise RoundSetError(
                f"{path}: rows.csv has another panorama or place than the manifest: {name[:80]}."
            )
    if not _is_fair(rows):
        raise RoundSetError(f"{path}: rows.csv has rows of another condition than the set.")


def _is_fair(rows: Rounds) -> bool:
    return bool(np.all(rows.condition.equal("fair")))


# ------------------------------------------------------------------------------------------------
# Pictures


def _ours(manifest: Manifest, path: Path) -> dict[str, Panorama]:
    """Our own panoramas by the digests of their fair pictures; each must be of the same place."""
    digests = {entry.digest: entry for entry in manifest.rounds}
    there = Panorama.objects.filter(withdrawn_at=None)
    flat = there.filter(projection=Panorama.Projection.FLAT, file_digest__in=list(digests))
    found = {panorama.file_digest: panorama for panorama in flat.order_by("-pk")}
    views = FairView.objects.filter(digest__in=list(digests), panorama__withdrawn_at=None)
    found |= {view.digest: view.panorama for view in views.select_related("panorama").order_by("-pk")}
    for digest, panorama in found.items():
        entry = digests[digest]
        if entry.lat is None or entry.lng is None:
            continue
        if haversine_km(entry.lat, entry.lng, panorama.lat, panorama.lng) > PERFECT_KM:
            raise RoundSetError(f"{path}: the picture of round {entry.number} is here with another place.")
    return found


def _with_files(
    archive: Archive,
    new: list[RoundEntry],
    ours: dict[str, Panorama],
    rows: str,
    map_name: str,
    done: Done,
) -> RoundSet:
    """Files first, then all rows at once; where anything fails the files go again."""
    files: dict[str, str] = {}
    try:
        for number, entry in enumerate(new, 1):
            files[entry.digest] = _keep(archive.picture(entry))
            done(number, len(new))
        return _store(archive, new, ours, files, rows, map_name)
    except BaseException as error:
        for name in files.values():
            (Path(settings.MEDIA_ROOT) / name).unlink(missing_ok=True)
        if isinstance(error, IntegrityError):
            raise RoundSetError(
                f"{archive.file}: the set, or one of its pictures, came in by another way meanwhile."
            ) from error
        raise


def _keep(content: bytes) -> str:
    token = random_token()
    name = f"panoramas/{token[:2].lower()}/{token}.jpg"
    with atomic_file(Path(settings.MEDIA_ROOT) / name) as file:
        file.write(content)
    return name


# ------------------------------------------------------------------------------------------------
# Rows of the database


@transaction.atomic
def _store(
    archive: Archive,
    new: list[RoundEntry],
    ours: dict[str, Panorama],
    files: dict[str, str],
    rows: str,
    map_name: str,
) -> RoundSet:
    manifest = archive.manifest
    panoramas = ours | {entry.digest: _panorama(entry, files[entry.digest]) for entry in new}
    if manifest.state == RoundSet.State.OPEN:
        keys = [panorama.pk for panorama in panoramas.values()]
        locked = Panorama.objects.select_for_update().filter(pk__in=keys)
        if {panorama.pk for panorama in locked} & set(in_open_sets()):
            raise RoundSetError(
                f"{archive.file}: another open set has one of its panoramas: close that first."
            )
        if Panorama.objects.filter(kept_back(), pk__in=keys).exists():
            raise RoundSetError(
                f"{archive.file}: a study that runs or today's daily has one of its panoramas, or another of"
                " its group: import it when that has ended."
            )
    if map_name:
        _put_on(get_or_create_map(map_name), panoramas)
    round_set = RoundSet.objects.create(
        name=manifest.name,
        version=manifest.version,
        map_name=manifest.map,
        condition=manifest.condition,
        scale_km=manifest.scale_km,
        scoring_version=manifest.scoring_version,
        border_data_version=manifest.border_data,
        state=manifest.state,
        created_at=_moment(manifest.created_at, archive.file),
        closed_at=_moment(manifest.closed_at, archive.file) if manifest.closed_at else None,
        imported_at=timezone.now(),
        rows=rows,
        imported_players=manifest.players,
    )
    SetRound.objects.bulk_create(
        _round(round_set, entry, panoramas.get(entry.digest)) for entry in manifest.rounds
    )
    return round_set


def _put_on(map_: Map, panoramas: dict[str, Panorama]) -> None:
    for panorama in panoramas.values():
        put_on_map(map_=map_, panorama=panorama)


def _moment(text: str, path: Path) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        raise RoundSetError(f"{path}: {text!r} is no moment with a zone, such as 2026-01-31T12:00:00+00:00.")
    return moment


def _panorama(entry: RoundEntry, file: str) -> Panorama:
    """A flat picture whose file is the fair picture itself, to the last byte."""
    assert entry.lat is not None
    assert entry.lng is not None
    country = country_at(entry.lat, entry.lng)
    return Panorama.objects.create(
        digest=entry.digest,
        file=file,
        file_digest=entry.digest,
        width=entry.width,
        height=entry.height,
        projection=Panorama.Projection.FLAT,
        lat=entry.lat,
        lng=entry.lng,
        place=describe(entry.lat, entry.lng, country)[:200],
        country=country,
        heading=entry.heading,
        taken_at=entry.taken_at[:40],
        licence=entry.licence[:100],
        author=entry.author[:200],
        source=entry.source[:500],
        group=entry.group[:200],
        drawn=entry.drawn,
    )


def _round(round_set: RoundSet, entry: RoundEntry, panorama: Panorama | None) -> SetRound:
    lat, lng = entry.lat, entry.lng
    if lat is None or lng is None:
        assert panorama is not None, "an open set has all of its pictures"
        lat, lng = panorama.lat, panorama.lng
    return SetRound(
        round_set=round_set,
        number=entry.number,
        panorama=panorama,
        digest=entry.digest,
        lat=lat,
        lng=lng,
        width=entry.width,
        height=entry.height,
        drawn=entry.drawn,
        licence=entry.licence[:100],
        author=(entry.author or (panorama.author if panorama else ""))[:200],
    )
