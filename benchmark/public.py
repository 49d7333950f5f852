"""What of a report everybody may read while its panoramas are still in play.

A reader must not learn where a picture was taken, nor who a player is: so nothing is told of one panorama,
numbers have three digits, parts by place need enough panoramas and come in batches of rounds, and people
are numbered anew in every report. `docs/benchmark.md` says why each of these is there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmark.pairs import Pairs
from benchmark.rounds import OUTCOMES

Part = dict[str, Any]
LEAST_PANORAMAS = 5
"""Fewer have no distances, and a person with fewer rounds has no line."""
LEAST_IN_PART = 10
"""Panoramas that a part of the rounds has at least."""
BATCH_ROUNDS = 50
"""Parts by place change when so many rounds came in: never by what one game added."""
MOST_PEOPLE = 200
"""Lines of single people, those with most rounds."""
DIGITS = 3
POINTS_STEP = 10
TALLY = ("map", "source", "condition", "model", "rounds", "people", "panoramas", "wins", "ties", "losses")
NUMBERS = ("win_rate", "win_rate_clustered", "sign_test_p", "differences", "power", "sides")
ROW_COLUMNS = (
    *("map", "source", "condition", "model"),
    *("person_outcome", "model_outcome", "person_km", "model_km", "person_points", "model_points", "winner"),
)
CHUNK = 20_000
WINNERS = {1: "model", 0: "tie", -1: "person"}


def published(comparison: Part, people: Sequence[Part], name: Callable[[str], str]) -> Part:
    """What is told of one comparison of everybody, and of its people.

    Args:
        comparison: of `report.build`, with all of its parts.
        people: the comparisons of single people in the same rounds.
        name: gives the pseudonym of a person; lines are in the order of the pseudonyms.
    """
    found: Part = {key: comparison[key] for key in TALLY}
    found["win_rate"] = rounded(comparison["win_rate"])
    found["too_few"] = comparison["panoramas"] < LEAST_PANORAMAS
    if found["too_few"]:
        return found
    found |= {key: rounded(comparison[key]) for key in NUMBERS}
    found["accuracy"] = {side: rounded(comparison["accuracy"][side]) for side in ("person", "model")}
    found["curve"] = rounded(comparison["curve"])
    found["calibration"] = rounded(comparison["calibration"])
    found["difficulty"] = {
        key: rounded(comparison["difficulty"][key])
        for key in ("panoramas", "rounds_each", "rank_correlation")
    }
    found["leakage"] = rounded(comparison["leakage"])
    found["by_player"] = large_parts(comparison["by_player"])
    lines = [_line(one, name) for one in people if one["rounds"] >= LEAST_PANORAMAS]
    lines.sort(key=lambda line: (-line["rounds"], line["person"]))
    found["each_person"] = lines[:MOST_PEOPLE]
    return found


def _line(comparison: Part, name: Callable[[str], str]) -> Part:
    keys = ("rounds", "wins", "ties", "losses")
    sides = {
        side: {key: comparison["sides"][side][key] for key in ("median_km", "mean_points")}
        for side in ("person", "model")
    }
    line = {**{key: comparison[key] for key in keys}, "win_rate": comparison["win_rate_clustered"]}
    return {"person": name(comparison["person"]), **rounded(line), "sides": rounded(sides)}


def tally(comparison: Part) -> Part:
    """What is told of pairs that do not count."""
    told = {"apart": comparison["apart"], **{key: comparison[key] for key in TALLY}}
    return {**told, "leakage": comparison["leakage"]}


def large_parts(parts: Mapping[str, Sequence[Part]]) -> dict[str, list[Part]]:
    """Those with enough panoramas; `report.build` counts them."""
    return {
        kind: [rounded(part) for part in some if part["panoramas"] >= LEAST_IN_PART]
        for kind, some in parts.items()
    }


def places_told(before: Part | None, comparison: Part, *, somebody_left: bool) -> Part:
    """The parts by place that everybody may read now: those of before, until a batch of rounds came in.

    Who sees the counts before and after a game of five rounds would know in which countries they were. The
    same holds of trivial players: it is known where they answer.

    Args:
        before: what this gave for the report before.
        somebody_left: whether anybody left the reports since: then old parts go at once.
    """
    if before is None:
        before = {"rounds": 0, "parts": {}, "trivial": []}
    if comparison["rounds"] >= before["rounds"] + BATCH_ROUNDS:
        parts = large_parts(comparison["by_place"])
        return {"rounds": comparison["rounds"], "parts": parts, "trivial": _trivial(comparison)}
    kept = {"rounds": before["rounds"], "parts": before["parts"], "trivial": before.get("trivial", [])}
    return {**kept, "parts": {}, "trivial": []} if somebody_left else kept


def _trivial(comparison: Part) -> list[Part]:
    """What is told of players that hardly look: no distance, for it is known where they answer."""
    keys = ("player", "rounds", "wins", "ties", "losses", "win_rate")
    return [
        rounded({**{key: one[key] for key in keys}, "mean_points": one["side"]["mean_points"]})
        for one in comparison["trivial"] or ()
        if comparison["panoramas"] >= LEAST_IN_PART
    ]


def rows(pairs: Pairs) -> Iterator[tuple[Any, ...]]:
    """Every pair as a row of `ROW_COLUMNS` without names, places and times; "" where there is no distance.

    In the order of the numbers: what came last does not stand last.
    """
    order = np.lexsort((pairs.model_points, pairs.model_km, pairs.person_km, pairs.models))
    for start in range(0, len(order), CHUNK):
        yield from _rows(pairs[order[start : start + CHUNK]])


def _rows(pairs: Pairs) -> Iterator[tuple[Any, ...]]:
    rounds = pairs.rounds
    columns: dict[str, list[Any]] = {
        "map": rounds.map[pairs.person].texts(),
        "source": ["drawn" if drawn else "photo" for drawn in rounds.drawn[pairs.person].tolist()],
        "condition": rounds.condition[pairs.person].texts(),
        "model": rounds.player_id[pairs.model].texts(),
        "winner": [WINNERS[outcome] for outcome in pairs.outcomes.tolist()],
    }
    for side, numbers in (("person", pairs.person), ("model", pairs.model)):
        km, points = rounds.distance_km[numbers], rounds.points[numbers] / POINTS_STEP
        columns[f"{side}_outcome"] = [OUTCOMES[outcome] for outcome in rounds.outcome[numbers].tolist()]
        columns[f"{side}_km"] = ["" if one is None else one for one in map(significant, km.tolist())]
        columns[f"{side}_points"] = (POINTS_STEP * np.round(points)).astype(int).tolist()
    return zip(*(columns[name] for name in ROW_COLUMNS), strict=True)


def rounded(tree: Any) -> Any:
    """The same tree with three digits of every number that is not whole."""
    if isinstance(tree, float):
        return significant(tree)
    if isinstance(tree, dict):
        return {key: rounded(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [rounded(value) for value in tree]
    return tree


def significant(value: float) -> float | None:
    """Three significant digits; None for what is no finite number."""
    if not math.isfinite(value):
        return None
    return float(f"{value:.{DIGITS}g}")
