"""Reports on models that were trained without clues, for `benchmarks.clue_tests`: the leak test, and what a
clue is worth to a model that never had it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.clue_answers import (
    EXCHANGES,
    Exchanged,
    FloatArray,
    IntArray,
    Lines,
    answers,
    clusters,
    distances_km,
    estimate,
    exchange,
    log_km,
    pictures,
    points,
    true_points,
)
from planet_core import geo
from planet_core.predict import Predictor
from planet_core.sources.open_source import open_source
from planet_core.stopping import UserError

LEAK = 0.01
"""Pictures leak the place where chance gives as good a result in fewer than this of the cases, over three
results together."""
LEAST_PROBABILITY = 1e-9


@dataclass(frozen=True, eq=False)
class Answered:
    """Distributions (views, cells) of the views of a source, the views, and the place of each, 0..p-1."""

    predictor: Predictor
    rows: npt.NDArray[np.float32]
    photos: list[Any]
    place: IntArray

    def km(self) -> FloatArray:
        """Distance from each answer to its place (views,)."""
        return distances_km(self.predictor, self.rows, self.photos)


def answered(model: str, source: str) -> Answered:
    """What a model says to all views of a source."""
    predictor = Predictor.load(model)
    photos = list(open_source(source))
    if not photos:
        raise UserError(f"{source} has no views")
    rows = predictor.distributions(pictures([photo.read() for photo in photos]))
    return Answered(predictor, rows, photos, clusters([photo.group for photo in photos]))


def report_leak(options: argparse.Namespace) -> Lines:
    """A model without clues against the most frequent cell, and against pictures dealt out at random."""
    found = answered(options.model, options.source)
    partition, place = found.predictor.partition, found.place
    cells = partition.lookup(*true_points(found.photos))
    right = (found.rows.argmax(axis=1) == cells).astype(float)
    usual = (cells == int(partition.counts.argmax())).astype(float)
    model, frequent = estimate(right, place), estimate(usual, place)
    within = "within" if model.value <= frequent.high else "**above**"
    results = exchanges(found, cells)
    leak = min(result.chance for result in results.values()) < LEAK / len(results)
    lines = [
        f"# Leak test, model {found.predictor.digest[:12]}",
        "",
        f"{len(place)} held-out views of {place.max() + 1} places, {len(partition)} cells;"
        f" {(cells < 0).mean():.1%} of the views lie in none.",
        "",
        "| | right cell |",
        "| --- | --- |",
        f"| the model | {model.text('.2%')} |",
        f"| the most frequent cell of its training | {frequent.text('.2%')} |",
        f"| difference, paired | {estimate(right - usual, place).text('+.2%')} |",
        "",
        f"The model is {within} the interval of the most frequent cell. With the pictures of the places dealt"
        f" out to them at random, {EXCHANGES:,} times:",
        "",
        "| | its own pictures | dealt out, mean and 95 % | chance of as much |",
        "| --- | --- | --- | --- |",
    ]
    lines += [_dealt(name, result) for name, result in results.items()]
    verdict = (
        "**The pictures leak the place.**"
        if leak
        else f"No leak was found: none of the {len(results)} chances is below {LEAK / len(results):.4f}."
    )
    return [*lines, "", verdict]


def _dealt(name: str, result: Exchanged) -> str:
    form = {"right cell": ".2%", "points": ".1f"}.get(name, ".4f")
    low, high = f"{result.low:{form}}", f"{result.high:{form}}"
    means = f"{result.value:{form}} | {result.mean:{form}} ({low} to {high})"
    return f"| {name} | {means} | {result.chance:.4f} |"


def exchanges(found: Answered, cells: IntArray) -> dict[str, Exchanged]:
    """Right cell, log-probability of the true cell (places in cells alone) and points, against pictures dealt
    out at random. All views of a place go together, and each place counts the same."""
    first = np.unique(found.place, return_index=True)[1]
    cell, (lat, lng) = cells[first], true_points(found.photos)
    hits = np.eye(found.rows.shape[1])[found.rows.argmax(axis=1)]
    logs = np.log(np.maximum(found.rows.astype(np.float64), LEAST_PROBABILITY))
    inside = np.flatnonzero(cell >= 0)
    km = geo.haversine_km(lat[first, None], lng[first, None], *answers(found.predictor, found.rows))
    results = {"points": exchange(_of_places(points(km).T, found.place).T)}
    if len(inside):
        for name, values in (("right cell", hits), ("log-probability", logs)):
            results[name] = exchange(_of_places(values, found.place)[np.ix_(inside, cell[inside])].T)
    return results


def _of_places(values: FloatArray, place: IntArray) -> FloatArray:
    """Means over the views of each place: (views, columns) to (places, columns)."""
    sums = np.zeros((int(place.max()) + 1, values.shape[1]))
    np.add.at(sums, place, values)
    return sums / np.bincount(place)[:, None]


def report_trained(options: argparse.Namespace) -> Lines:
    """What a clue is worth to a model that never had it, and to one that misses it."""
    having = answered(options.model, options.source)
    missing = answered(options.model, options.without_source)
    never = answered(options.without_model, options.without_source)
    if [photo.id for photo in having.photos] != [photo.id for photo in missing.photos]:
        raise UserError(
            f"{options.source} and {options.without_source} are not of the same views: draw them with the"
            " same --count, --views, --part and --seed"
        )
    km = {"has it": having.km(), "misses it": missing.km(), "never had it": never.km()}
    lines = [
        f"# What a clue is worth: models {having.predictor.digest[:12]} with it and"
        f" {never.predictor.digest[:12]} without",
        "",
        f"{len(having.photos)} held-out views of {having.place.max() + 1} places.",
        "",
        "| the model | within 750 km | median km | points |",
        "| --- | --- | --- | --- |",
    ]
    for name, one in km.items():
        near = estimate((one <= 750).astype(float), having.place).text(".1%")
        mean = estimate(points(one), having.place).text(".0f")
        lines.append(f"| {name} | {near} | {np.median(one):,.0f} | {mean} |")
    lines += ["", "| paired difference | points | log10 km |", "| --- | --- | --- |"]
    for better, worse in (
        ("has it", "never had it"),
        ("has it", "misses it"),
        ("never had it", "misses it"),
    ):
        lines.append(_difference(f"{better}, less {worse}", km[better], km[worse], having.place))
    return lines


def _difference(name: str, one: FloatArray, other: FloatArray, place: IntArray) -> str:
    gained = estimate(points(one) - points(other), place).text()
    return f"| {name} | {gained} | {estimate(log_km(one) - log_km(other), place).text('+.3f')} |"
