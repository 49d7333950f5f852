"""Columns of values to rounds: what a file leaves open, what cannot be used, what contradicts itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from benchmark.cells import READ, Collected, RowsError
from benchmark.rounds import (
    ANSWERED,
    KINDS,
    NUMBERS,
    TEXTS,
    BoolArray,
    CountryProbabilities,
    IntArray,
    Labels,
    Rounds,
)
from benchmark.statistics import EVERYBODY
from benchmark.words import many
from planet_core.scoring import WORLD_SCALE_KM


def checked(collected: Collected) -> Rounds:
    """The rounds of a file. Raises RowsError for rows that contradict each other."""
    columns: dict[str, Any] = {}
    for name in collected.parts.keys() & READ.keys():
        if name in TEXTS:
            names = tuple(collected.names.get(name, {}))
            columns[name] = Labels(collected.array(name).astype(np.int64), names)
        elif name == "country_probabilities":
            columns[name] = CountryProbabilities.joined(collected.parts[name])
        else:
            columns[name] = collected.array(name)
    columns = {name: _of_type(name, values) for name, values in columns.items()}
    notes: list[str] = []
    unknown = sorted(collected.parts.keys() - READ.keys())
    if unknown:
        notes.append(f"Columns that nobody here knows and nothing uses: {', '.join(unknown)}.")
    size = len(collected.lines)
    _assume(columns, size, notes)
    columns["is_model"] = columns.pop("player_kind") == KINDS.index("model")
    rounds = Rounds.of(columns, size)
    kept = _kept(rounds, collected, notes)
    _check_rows(rounds, kept, collected)
    return Rounds.of(_columns_of(rounds[np.flatnonzero(kept)]), int(kept.sum()), notes)


def _of_type(name: str, values: Any) -> Any:
    if name == "answered_at":
        return values.astype("datetime64[us]")
    if isinstance(values, np.ndarray) and name not in NUMBERS:
        return values.astype(np.int64)
    return values


def _columns_of(rounds: Rounds) -> dict[str, Any]:
    return {name: value for name, value in vars(rounds).items() if name != "notes"}


def _assume(columns: dict[str, Any], size: int, notes: list[str]) -> None:
    """Fills in what the file does not say at all."""
    if "exposure" not in columns:
        columns["exposure"] = np.ones(size, dtype=np.int64)
        notes.append("No column exposure: every round counts as the person's first sight of the panorama.")
    if "seen_in_training" not in columns:
        columns["seen_in_training"] = np.zeros(size, dtype=np.int64)
        notes.append("No column seen_in_training: every panorama counts as one that no model trained on.")
    scale = columns.get("scale_km", np.full(size, np.nan))
    if np.isnan(scale).any() and size:
        notes.append(
            f"Points of rounds without a scale_km are those of the world ({WORLD_SCALE_KM:,.0f} km)."
        )
    columns["scale_km"] = np.where(np.isnan(scale), WORLD_SCALE_KM, scale)


def _kept(rounds: Rounds, collected: Collected, notes: list[str]) -> BoolArray:
    """Which rows can be used; the notes say how many cannot, and why."""
    outside = ~((np.abs(rounds.true_lat) <= 90) & (np.abs(rounds.true_lng) <= 180))
    placed = ~(np.isnan(rounds.lat) & np.isnan(rounds.lng))
    outside |= placed & ~((np.abs(rounds.lat) <= 90) & (np.abs(rounds.lng) <= 180))
    if outside.any():
        first = int(np.flatnonzero(outside)[0])
        notes.append(
            f"Left out: {many(int(outside.sum()), 'row')} with impossible coordinates (latitudes are within"
            f" -90..90, longitudes within -180..180), the first in line {collected.lines[first]}."
        )
    refused = (rounds.consent == 0) & ~rounds.is_model
    if refused.any():
        notes.append(
            f"Left out: {many(int(refused.sum()), 'row')} of people who did not agree to be in a report."
        )
    return np.asarray(~outside & ~refused)


def _check_rows(rounds: Rounds, kept: BoolArray, collected: Collected) -> None:
    answered, placed = rounds.outcome == ANSWERED, ~np.isnan(rounds.lat)
    for wrong, what in (
        (answered & ~placed, "answered, but lat and lng are empty"),
        (~answered & placed, "not answered, but there are lat and lng: leave them empty"),
        (rounds.scale_km <= 0, "scale_km must be more than 0"),
        (
            ~rounds.is_model & rounds.player_id.equal(EVERYBODY),
            f"no person can be called {EVERYBODY!r}, which reports call everybody together: use another"
            " player_id",
        ),
    ):
        bad = np.flatnonzero(wrong & kept)
        if bad.size:
            raise RowsError(f"{collected.at(int(bad[0]))}: {what}")
    players = len(rounds.player_id.names)
    _no_two(
        rounds.round_id.codes * players + rounds.player_id.codes,
        collected,
        "the player has an answer in this round already, in line {}: keep one",
    )
    usable = np.flatnonzero(kept)
    _same(rounds.round_id, rounds.panorama_id.codes, usable, collected, "round {} has two panoramas")
    for truth in (rounds.true_lat, rounds.true_lng):
        _same(rounds.panorama_id, truth, usable, collected, "panorama {} has two places")


def _no_two(keys: IntArray, collected: Collected, message: str) -> None:
    order = np.argsort(keys, kind="stable")
    again = np.flatnonzero(np.diff(keys[order]) == 0)
    if again.size:
        place = int(again[np.argmin(order[again + 1])])
        first, second = int(order[place]), int(order[place + 1])
        raise RowsError(f"{collected.at(second)}: {message.format(collected.lines[first])}")


def _same(
    groups: Labels, values: npt.NDArray[Any], rows: IntArray, collected: Collected, message: str
) -> None:
    """All rows of a group must have one value."""
    values, codes = values[rows], groups.codes[rows]
    first = np.zeros(len(groups.names), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    differs = np.flatnonzero(values != values[first[codes]])
    if differs.size:
        row = int(differs[0])
        other = collected.lines[int(rows[first[codes[row]]])]
        what = message.format(groups.names[codes[row]])
        raise RowsError(f"{collected.at(int(rows[row]))}: {what}, see line {other}")
