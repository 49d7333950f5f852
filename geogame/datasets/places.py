"""`places.npz` of a data set: where its photos are, and what names them. Read by staff and training alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from geogame.datasets.errors import DataSetError
from planet_core.array_files import ArrayFormat

FILE = "places.npz"
FORMAT = ArrayFormat("list of places", "planet-arena-places", 1, DataSetError)
DTYPES = {"lat": np.float64, "lng": np.float64, "group": np.int64, "names": np.str_, "digest": np.uint8}


@dataclass(frozen=True, eq=False)
class Places:
    """Photos of a data set, (n,): degrees; `group` is a number into `group_names`, -1 for none; `digests`
    are sha256, uint8 (n, 32).
    """

    lat: npt.NDArray[np.float64]
    lng: npt.NDArray[np.float64]
    group: npt.NDArray[np.int64]
    group_names: npt.NDArray[np.str_]
    digests: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.lat)

    def groups(self) -> list[str]:
        """The group of each photo; "" for none."""
        return [*np.append(self.group_names, "")[self.group].tolist()]

    def digest_set(self) -> frozenset[str]:
        return frozenset(row.tobytes().hex() for row in self.digests)


def make_places(
    lat: Sequence[float], lng: Sequence[float], groups: Sequence[str], digests: Sequence[str]
) -> Places:
    names, codes = np.unique(np.array(groups, dtype=np.str_), return_inverse=True)
    codes = codes.astype(np.int64).reshape(-1)
    if names.size and names[0] == "":
        names, codes = names[1:], codes - 1
    digest_bytes = b"".join(bytes.fromhex(digest) for digest in digests)
    return Places(
        np.array(lat, dtype=np.float64),
        np.array(lng, dtype=np.float64),
        codes,
        names,
        np.frombuffer(digest_bytes, dtype=np.uint8).reshape(-1, 32),
    )


def save(places: Places, path: Path) -> None:
    FORMAT.save(
        path,
        {
            **{"lat": places.lat, "lng": places.lng, "group": places.group},
            **{"names": places.group_names, "digest": places.digests},
        },
    )


def load(path: Path) -> Places:
    """DataSetError where the file is missing or damaged."""
    found = FORMAT.load(path, DTYPES)
    return Places(found["lat"], found["lng"], found["group"], found["names"], found["digest"])
