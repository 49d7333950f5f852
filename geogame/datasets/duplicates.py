"""What a data set shares with each set that models are measured on: published maps, and round sets.

A picture of such a set is *exact* where its very file is in the data set, of the *same group* where the data
set has another picture of its walk or sequence, and *near* where its perceptual hash is within `THRESHOLD`
bits of that of a photo. On made pairs that finds two thirds of the near-duplicates, and next to nothing
else (`planet_core/reports/near_duplicates.md`, pHash); `python -m planet_core.near_duplicates` finds more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import F

from geogame.datasets.places import Places
from geogame.panoramas.models import Map, Panorama
from geogame.round_sets.models import RoundSet
from planet_core import images
from planet_core.near_duplicates_bits import Codes, hash_codes, search
from planet_core.sources.photo import Photo

HASH, THRESHOLD = "pHash", 11
HASHED_PX = 256
EXAMPLES = 20
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Measured:
    """A picture of a set that models are measured on."""

    key: int
    digests: frozenset[str]
    group: str


def near_duplicates(photos: Sequence[Photo], places: Places, progress: Progress) -> dict[str, Any]:
    """The report, as JSON takes it; `progress` is told a share of the work from time to time."""
    sets = list(_sets())
    wanted = {one.key for *_, members in sets for one in members}
    report: dict[str, Any] = {"hash": HASH, "threshold_bits": THRESHOLD, "unreadable": 0, "sets": []}
    if not wanted:
        return report
    digests, groups = places.digest_set(), frozenset(places.group_names.tolist())
    codes, rows, unreadable = _hashes_of(photos, progress)
    measured = _hashes_of_panoramas(wanted, progress)
    nearest = _nearest(measured, codes)
    report["unreadable"] = unreadable
    for kind, name, members in sets:
        exact = {one.key for one in members if one.digests & digests}
        others = [one for one in members if one.key not in exact]
        near = [one for one in others if one.key in nearest]
        report["sets"].append(
            {
                "kind": kind,
                "name": name,
                "pictures": len(members),
                "exact": len(exact),
                "same_group": sum(bool(one.group) and one.group in groups for one in others),
                "near": len(near),
                "examples": [
                    {"panorama": one.key, "photo": photos[rows[found]].name, "bits": bits}
                    for one in near[:EXAMPLES]
                    for found, bits in [nearest[one.key]]
                ],
            }
        )
    return report


def _sets() -> Iterator[tuple[str, str, list[Measured]]]:
    for map_ in Map.objects.filter(is_published=True):
        rows = map_.panoramas.filter(withdrawn_at=None).values_list("pk", "digest", "file_digest", "group")
        yield "map", map_.name, [Measured(pk, frozenset((a, b)), group) for pk, a, b, group in rows]
    for round_set in RoundSet.objects.all():
        rounds = round_set.rounds.filter(panorama__isnull=False, panorama__withdrawn_at=None)
        found = rounds.annotate(of=F("panorama_id")).values_list(
            "of", "digest", "panorama__digest", "panorama__file_digest", "panorama__group"
        )
        yield (
            "round_set",
            str(round_set),
            [Measured(pk, frozenset((a, b, c)), group or "") for pk, a, b, c, group in found],
        )


def _hash(picture: str | bytes, name: str) -> npt.NDArray[np.uint64] | None:
    try:
        image = images.load(picture, max_side=HASHED_PX, name=name)
    except images.ImageError:
        return None
    return hash_codes(HASH, image)[:1]


def _hashes_of(photos: Sequence[Photo], progress: Progress) -> tuple[Codes, list[int], int]:
    """(codes, the photo of each row, how many photos cannot be read)."""
    found, rows = [np.empty((0, 1, 1), dtype=np.uint64)], []
    for number, photo in enumerate(photos):
        progress(0.8 * number / len(photos), f"Comparing: {number:,} of {len(photos):,} photos")
        try:
            code = _hash(photo.read(), photo.name)
        except OSError:
            code = None
        if code is not None:
            found.append(code[None])
            rows.append(number)
    return np.concatenate(found), rows, len(photos) - len(rows)


def _hashes_of_panoramas(keys: set[int], progress: Progress) -> dict[int, npt.NDArray[np.uint64]]:
    found = {}
    panoramas = Panorama.objects.filter(pk__in=keys) if len(keys) < 500 else Panorama.objects.all()
    for number, panorama in enumerate(panoramas.iterator(chunk_size=500)):
        progress(
            0.8 + 0.2 * min(1.0, number / len(keys)),
            f"Comparing with {len(keys):,} pictures that models meet",
        )
        code = _hash(str(panorama.path), str(panorama)) if panorama.pk in keys else None
        if code is not None:
            found[panorama.pk] = code
    return found


def _nearest(measured: dict[int, npt.NDArray[np.uint64]], codes: Codes) -> dict[int, tuple[int, int]]:
    """For each picture with a photo within the threshold: (row of the nearest one, bits)."""
    if not measured or not len(codes):
        return {}
    found = search(np.stack(list(measured.values())), codes, THRESHOLD)
    rows = zip(measured, found.nearest.tolist(), found.distance.tolist(), strict=True)
    return {key: (row, bits) for key, row, bits in rows if bits <= THRESHOLD}
