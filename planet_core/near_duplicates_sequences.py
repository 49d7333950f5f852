"""Which photos are consecutive frames of one sequence? Those pairs are neither positive nor negative.

A *frame* is all photos of one group, place and time: the views of one panorama are one frame. A *sequence* is
the frames of one group or, where a group is one frame or there is none, of one folder, in order of their
times. Frames without a time are in the order of their list, apart from those with one. A sequence ends where
the next frame is more than `STEP_KM` away or more than `PAUSE_S` later.

Two photos of one sequence are consecutive if they are of the same frame, or of neighbouring frames, or at
most `SPOT_KM` apart: whoever stands still takes several frames of the same view. Photos of different
sequences never are, however near: another day at the same place is a photo in its own right. numpy only.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from planet_core import geo
from planet_core.sources.photo import Photo

STEP_KM = 0.05
"""A camera that takes a frame every two seconds goes so far at 90 km/h."""
PAUSE_S = 600.0
SPOT_KM = 0.025

IntArray = npt.NDArray[np.int64]
Frame = list[int]  # indices of photos


class Sequences:
    """The sequences of a list of photos; which photos are asked for later is another matter.

    Args:
        photos: the whole list in its order, so that neighbours are neighbours in it.
    """

    def __init__(self, photos: Sequence[Photo]) -> None:
        self._at: dict[tuple[Path, int], tuple[int, int]] = {}  # photo -> sequence, number of its frame
        number = 0
        for frames in _ordered(photos):
            before: Photo | None = None
            for step, frame in enumerate(frames):
                first = photos[frame[0]]
                if before is not None and _parted(before, first):
                    number += 1
                for index in frame:
                    self._at[_key(photos[index])] = (number, step)
                before = first
            number += 1

    def consecutive(self, photos: Sequence[Photo]) -> IntArray:
        """The pairs (index, index), int64 (pairs, 2), of consecutive frames, both ways round.

        Args:
            photos: some of those that the sequences were made from, in any order.
        """
        pairs = self.together(photos)
        first, second = pairs[:, 0], pairs[:, 1]
        step = np.array([self._at[_key(photo)][1] for photo in photos], dtype=np.int64)
        lat = np.array([photo.lat for photo in photos], dtype=np.float64)
        lng = np.array([photo.lng for photo in photos], dtype=np.float64)
        distance_km = geo.haversine_km(lat[first], lng[first], lat[second], lng[second])
        return pairs[(abs(step[first] - step[second]) <= 1) | (distance_km <= SPOT_KM)]

    def together(self, photos: Sequence[Photo]) -> IntArray:
        """The pairs of photos of one sequence, neighbours or not, as `consecutive` gives its own."""
        members: dict[int, list[int]] = defaultdict(list)
        for index, photo in enumerate(photos):
            members[self._at[_key(photo)][0]].append(index)
        pairs = [pair for indices in members.values() for pair in itertools.permutations(indices, 2)]
        return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)


def _key(photo: Photo) -> tuple[Path, int]:
    return photo.path, photo.offset


def _ordered(photos: Sequence[Photo]) -> list[list[Frame]]:
    """Frames in order, a list for each group or folder; gaps are not looked at."""
    frames: dict[tuple[Any, ...], Frame] = defaultdict(list)
    for index, photo in enumerate(photos):
        # without a group, nothing says that two photos are one frame
        alone = index if not photo.group else -1
        place = (photo.lat, photo.lng) if math.isfinite(photo.lat) else None
        same = (photo.group, photo.path.parent, place, photo.taken_at, alone)
        frames[same].append(index)
    of_group: dict[str, list[Frame]] = defaultdict(list)
    for (group, *_), frame in frames.items():
        of_group[group].append(frame)
    sequences: dict[tuple[str, bool], list[Frame]] = defaultdict(list)
    for group, members in of_group.items():
        for frame in members:
            photo = photos[frame[0]]
            name = f"group {group}" if group and len(members) > 1 else f"folder {photo.path.parent}"
            sequences[name, _seconds(photo) is None].append(frame)
    return [
        sorted(members, key=lambda frame: (_seconds(photos[frame[0]]) or 0.0, frame[0]))
        for members in sequences.values()
    ]


def _seconds(photo: Photo) -> float | None:
    """When it was taken; a time without a zone is taken for UTC, which only its own sequence sees."""
    try:
        when = datetime.fromisoformat(photo.taken_at)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _parted(before: Photo, after: Photo) -> bool:
    """Whether a sequence ends between two frames that follow each other."""
    first, second = _seconds(before), _seconds(after)
    if first is not None and second is not None and second - first > PAUSE_S:
        return True
    near = geo.haversine_km(before.lat, before.lng, after.lat, after.lng) <= STEP_KM  # false without places
    return not near
