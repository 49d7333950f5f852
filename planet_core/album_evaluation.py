"""Answers for every photo of some albums to the numbers of Table 4, and what lies behind them (numpy only).

Photos of one album are right or wrong together: every interval is over albums (`intervals.clustered_share`),
and two rows are compared by their paired differences, photo by photo, over the same albums. Rows that were
answered on albums cut to pieces are compared on the same photos, and their clusters are the whole albums.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from planet_core import geo, metrics
from planet_core.albums import Album
from planet_core.intervals import Estimate, clustered_mean, clustered_share
from planet_core.metrics import SCALES_KM

SINGLE, AVG, ORACLE = "single", "avg", "oracle"
POSITIONS = ((1, 1), (2, 2), (3, 3), (4, 5), (6, 10), (11, 20), (21, None))
"""First and last photo of each row of the table by position, counted from 1."""
QUARTER = 4
"""First photos against last: the first and the last quarter of albums of at least so many photos."""
ORACLE_SHARE = 0.5
"""Orders are judged at the scales where the centre of the true cell is near enough for so many photos."""

_BLOCK = 512  # places compared with all others at a time

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Report = dict[str, Any]


@dataclass(frozen=True)
class Order:
    """What the paper finds between two rows: `better` above `worse`, or merely not below it."""

    better: str
    worse: str
    strictly: bool = True

    @property
    def name(self) -> str:
        """For people."""
        return (
            f"{self.worse} < {self.better}" if self.strictly else f"{self.worse} no better than {self.better}"
        )


ORDERS = (
    Order(AVG, SINGLE),
    Order("lstm", AVG),
    Order("lstm-rep", "lstm"),
    Order("blstm-25", "lstm-rep-25"),
    Order("lstm", "lstm-off1", strictly=False),
    Order("lstm", "lstm-off2", strictly=False),
)
"""Table 4 and the text beside it."""


@dataclass(frozen=True, eq=False)
class Photos:
    """The photos of albums in their order, as arrays (photos,).

    Attributes:
        album: the index of the photo's album.
        position: 0 for the first photo of an album.
        length: how many photos its album has.
        lat, lng: degrees, NaN where the place is not known.
        cueless: whether the photo is said to show nothing of its place.
    """

    album: IntArray
    position: IntArray
    length: IntArray
    lat: FloatArray
    lng: FloatArray
    cueless: BoolArray

    @classmethod
    def of(cls, albums: Sequence[Album]) -> Photos:
        """Of all photos of the albums."""
        lengths = np.array([len(album) for album in albums], dtype=np.int64)
        photos = [photo for album in albums for photo in album.photos]
        starts = np.cumsum(lengths) - lengths
        return cls(
            np.repeat(np.arange(len(albums)), lengths),
            np.arange(lengths.sum()) - np.repeat(starts, lengths),
            np.repeat(lengths, lengths),
            np.array([math.nan if photo.lat is None else photo.lat for photo in photos], dtype=np.float64),
            np.array([math.nan if photo.lng is None else photo.lng for photo in photos], dtype=np.float64),
            np.array([photo.cueless for photo in photos], dtype=np.bool_),
        )

    def __len__(self) -> int:
        return len(self.album)

    @property
    def located(self) -> BoolArray:
        """Which of them can be scored."""
        return np.isfinite(self.lat)

    def at(self, rows: npt.NDArray[Any]) -> Photos:
        """Some of them; positions and lengths stay those in the whole album."""
        return Photos(
            self.album[rows],
            self.position[rows],
            self.length[rows],
            self.lat[rows],
            self.lng[rows],
            self.cueless[rows],
        )


Points = tuple[FloatArray, FloatArray]
"""Answers: lat and lng (photos,), degrees."""


def evaluate(photos: Photos, rows: Mapping[str, Points], orders: Sequence[Order] = ORDERS) -> Report:
    """The numbers of Table 4 for every row, as JSON values.

    Args:
        photos: all photos of the albums; those without a place are left out of every number.
        rows: the answers of each row to all photos, NaN for none: that is a miss at every scale.
        orders: what is compared, where both rows are there.

    Raises:
        ValueError: no photo has a place, or a row has answers to other photos.
    """
    for name, (lat, lng) in rows.items():
        if not len(lat) == len(lng) == len(photos):
            raise ValueError(f"row {name!r} answers {len(lat)} photos, the albums have {len(photos)}")
    scored = np.flatnonzero(photos.located)
    if not scored.size:
        raise ValueError("no photo has a place: there is nothing to score")
    some = photos.at(scored)
    km = {name: _distances(lat[scored], lng[scored], some) for name, (lat, lng) in rows.items()}
    return {
        "albums": int(np.unique(photos.album).size),
        "photos": len(photos),
        "scored": {"albums": int(np.unique(some.album).size), "photos": len(some)},
        "rows": {name: _accuracy(distances, some.album) for name, distances in km.items()},
        "positions": _positions(some, km),
        "first_and_last": _first_and_last(some, km),
        "several_places": _several_places(some, km),
        "cues": _cues(some, km),
        "pairs": [_pair(order, some, km) for order in orders if {order.better, order.worse} <= km.keys()],
    }


def _distances(lat: FloatArray, lng: FloatArray, photos: Photos) -> FloatArray:
    """Kilometres (photos,), infinite where there is no answer."""
    km = np.asarray(geo.haversine_km(lat, lng, photos.lat, photos.lng))
    return np.where(np.isnan(km), np.inf, km)


def _accuracy(km: FloatArray, album: IntArray) -> Report:
    return {
        "photos": km.size,
        "albums": int(np.unique(album).size),
        "within_km": {str(scale): as_json(clustered_share(km <= scale, album)) for scale in SCALES_KM},
        "median_km": median_km(km),
    }


def median_km(km: FloatArray) -> float | None:
    """The median distance; None where half of the photos have no answer."""
    median = metrics.median_km(km)
    return median if math.isfinite(median) else None


def as_json(estimate: Estimate) -> dict[str, float | None]:
    """An estimate as a JSON object."""
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def _rows_at(km: Mapping[str, FloatArray], album: IntArray, chosen: npt.NDArray[Any]) -> Report:
    return {name: _accuracy(distances[chosen], album[chosen]) for name, distances in km.items()}


# ------------------------------------------------------------------------------------------------
# First photos against last


def _positions(photos: Photos, km: Mapping[str, FloatArray]) -> list[Report]:
    found = []
    for first, last in POSITIONS:
        place = photos.position + 1
        chosen = np.flatnonzero((place >= first) & (place <= (math.inf if last is None else last)))
        if chosen.size:
            found.append({"first": first, "last": last, "rows": _rows_at(km, photos.album, chosen)})
    return found


def _first_and_last(photos: Photos, km: Mapping[str, FloatArray]) -> Report:
    """Shares in the first and the last quarter, and by how much the first is below the last."""
    long = photos.length >= QUARTER
    quarter = photos.length // QUARTER
    first = long & (photos.position < quarter)
    last = long & (photos.position >= photos.length - quarter)
    found: Report = {"least_photos": QUARTER, "albums": int(np.unique(photos.album[first]).size), "rows": {}}
    if not (first.any() and last.any()):
        return found
    for name, distances in km.items():
        scales = {}
        for scale in SCALES_KM:
            hits = distances <= scale
            scales[str(scale)] = {
                "first": as_json(clustered_share(hits[first], photos.album[first])),
                "last": as_json(clustered_share(hits[last], photos.album[last])),
                "last_minus_first": as_json(_difference_of_parts(hits, last, first, photos.album)),
            }
        found["rows"][name] = {
            "within_km": scales,
            "median_km": {
                "first": median_km(distances[first]),
                "last": median_km(distances[last]),
            },
        }
    return found


def _difference_of_parts(hits: BoolArray, plus: BoolArray, minus: BoolArray, album: IntArray) -> Estimate:
    """The share among some photos less that among others of the same albums."""
    value = float(hits[plus].mean() - hits[minus].mean())
    weights = np.zeros(hits.size)
    # each photo's part of the difference, so that the mean over all of them is the linearised difference
    both = plus | minus
    weights[plus] = (hits[plus] - hits[plus].mean()) * both.sum() / plus.sum()
    weights[minus] -= (hits[minus] - hits[minus].mean()) * both.sum() / minus.sum()
    spread = clustered_mean(weights[both], album[both])
    if spread.low is None or spread.high is None:
        return Estimate(value, None, None)
    return _within_one(Estimate(value, value + spread.low, value + spread.high))


# ------------------------------------------------------------------------------------------------
# Albums with several places, photos without a cue


def _several_places(photos: Photos, km: Mapping[str, FloatArray]) -> Report:
    """By scale: the albums that no single answer can get right, since two places are too far apart."""
    names, index = np.unique(photos.album, return_inverse=True)
    spread = np.array(
        [_spread_km(photos.lat[index == number], photos.lng[index == number]) for number in range(names.size)]
    )
    found: Report = {}
    for scale in SCALES_KM:
        wide = spread > 2 * scale
        chosen = np.flatnonzero(wide[index])
        found[str(scale)] = {
            "albums": int(wide.sum()),
            "share": float(wide.mean()),
            "photos": int(chosen.size),
            "rows": {
                name: as_json(clustered_share(distances[chosen] <= scale, photos.album[chosen]))
                for name, distances in km.items()
                if chosen.size
            },
            "avg_against": {
                name: as_json(_paired(distances[chosen], km[AVG][chosen], scale, photos.album[chosen]))
                for name, distances in km.items()
                if chosen.size and AVG in km and name != AVG
            },
        }
    return found


def _spread_km(lat: FloatArray, lng: FloatArray) -> float:
    """The distance of the two places that lie farthest apart."""
    places = np.unique(np.stack([lat, lng], axis=1), axis=0)
    vectors = geo.unit_vectors(places[:, 0], places[:, 1])  # (places, 3)
    widest = 0.0
    for start in range(0, len(places), _BLOCK):
        farthest = (vectors[start : start + _BLOCK] @ vectors.T).argmin(axis=1)
        block, others = places[start : start + _BLOCK], places[farthest]
        widest = max(widest, float(np.max(geo.haversine_km(*block.T, *others.T))))
    return widest


def _cues(photos: Photos, km: Mapping[str, FloatArray]) -> Report | None:
    """Photos without any cue apart from the others; None where nobody said which these are."""
    if not photos.cueless.any():
        return None
    parts = {"none": photos.cueless, "some": ~photos.cueless}
    return {
        name: {"photos": int(chosen.sum()), "rows": _rows_at(km, photos.album, chosen)}
        for name, chosen in parts.items()
        if chosen.any()
    }


# ------------------------------------------------------------------------------------------------
# Which order holds


def _paired(km: FloatArray, other_km: FloatArray, scale: float, album: IntArray) -> Estimate:
    """The share within a scale less the other row's, over the same photos."""
    return _within_one(clustered_mean((km <= scale).astype(np.float64) - (other_km <= scale), album))


def _within_one(difference: Estimate) -> Estimate:
    """A difference of two shares, whose ends cannot be beyond -1 and 1."""
    if difference.low is None or difference.high is None:
        return difference
    return Estimate(difference.value, max(-1.0, difference.low), min(1.0, difference.high))


def _pair(order: Order, photos: Photos, km: Mapping[str, FloatArray]) -> Report:
    """A paired difference at every scale: the row that should be better less the other one."""
    oracle = km.get(ORACLE)
    scales = {}
    for scale in SCALES_KM:
        difference = _paired(km[order.better], km[order.worse], scale, photos.album)
        judged = oracle is not None and float((oracle <= scale).mean()) >= ORACLE_SHARE
        scales[str(scale)] = {
            "difference": as_json(difference),
            "judged": judged,
            "verdict": verdict(difference, order.strictly),
        }
    return {
        "order": order.name,
        "better": order.better,
        "worse": order.worse,
        "strictly": order.strictly,
        "scales": scales,
        "verdict": together([str(part["verdict"]) for part in scales.values() if part["judged"]]),
    }


def verdict(difference: Estimate, strictly: bool) -> str:
    """`holds`, `open` or `contradicted`, of the better row's share less the other's.

    An order that is not strict says that the other row is no better: it is contradicted where that row is
    better for sure, and holds where it is not.
    """
    if difference.low is None or difference.high is None:
        return "open"
    if difference.high < 0:
        return "contradicted"
    return "holds" if difference.low > 0 or not strictly else "open"


def together(verdicts: Sequence[str]) -> str:
    """One word for all scales: one contradiction contradicts; what holds has to hold at all of them."""
    if "contradicted" in verdicts:
        return "contradicted"
    return "holds" if verdicts and set(verdicts) == {"holds"} else "open"
