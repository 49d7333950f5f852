"""Pictures to kept predictions: a model and trivial players answer every photo of a source."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from planet_core import answer, calibration, geo, scoring, trivial
from planet_core import views as looks
from planet_core.evaluate_views import (
    HEADINGS,
    View,
    batches,
    complete,
    fuse,
    panoramas_of,
    read_views,
    together,
)
from planet_core.evaluation import fold_temperatures
from planet_core.model_directory import TrainingIndex
from planet_core.partition import Partition
from planet_core.predict import Predictor
from planet_core.predictions import CHOSE, TOP, Predictions, exposures
from planet_core.sources.csv_photos import CsvPhotos
from planet_core.sources.open_source import open_source
from planet_core.sources.photo import Photo, Source
from planet_core.sources.table import header_rows
from planet_core.stopping import UserError

PAPERS_WAY = "top-cell, cell centre"
CENTROID = "top-cell, centroid"
CALIBRATED, REFITTED, FIVE_CROPS = ", calibrated", ", cross-fitted temperature", ", five crops"
ORACLE = "oracle: centre of the true cell"
TRIVIAL = "trivial: "
CATEGORY_COLUMNS = ("category", "scene", "kind")
BATCH = 32
MOST_KEPT = 1 << 26  # numbers of distributions that are kept to be answered at other temperatures
LISTED = 20

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Listed:
    """A source that was read: its photos, their categories, and the rows that could not be used."""

    photos: list[Photo]
    categories: list[str]
    bad_rows: list[str]
    bad_row_count: int


def read_source(name: str, limit: int | None, say: Say) -> Listed:
    """The first `limit` photos of a source; the same file twice counts once.

    Raises:
        SourceError: it cannot be read.
        UserError: it has no usable photo.
    """
    source = open_source(name)
    photos: dict[str, Photo] = {}
    with contextlib.closing(_each(source)) as listed:
        for photo in listed:
            photos.setdefault(photo.digest, photo)
            say(f"reading the list: {len(photos)} photos")
            if limit and len(photos) >= limit:
                break
    if not photos:
        raise UserError(
            f"{name} is empty: there is no usable photo to evaluate ({len(source.errors)} unusable rows"
            + "".join(f"; {error}" for error in itertools.islice(source.errors, 3))
            + ")"
        )
    known = _categories(source) if isinstance(source, CsvPhotos) else {}
    categories = [known.get(str(photo.path), "") for photo in photos.values()]
    bad = [str(error) for error in itertools.islice(source.errors, LISTED)]
    return Listed(list(photos.values()), categories, bad, len(source.errors))


def _each(source: Source) -> Generator[Photo, None, None]:
    yield from source


def _categories(source: CsvPhotos) -> dict[str, str]:
    """The category of each path, of the first column that is called one."""
    with source._open() as file:
        rows = [row for _, row in header_rows(source.path, file, ("path",))]
    column = next((name for name in CATEGORY_COLUMNS if rows and name in rows[0]), None)
    return {str(source.path.parent / row["path"]): row.get(column, "") for row in rows} if column else {}


def training_photos(
    name: str, index: TrainingIndex, evaluated: Sequence[Photo], image_px: int, say: Say
) -> tuple[trivial.TrainingPhotos, str]:
    """What the trivial players learn from, and a sentence that says so.

    Of the source, the photos that the model trained on; where it trained on none of them, all that share
    neither file nor group with an evaluated photo.

    Raises:
        SourceError, UserError: as `read_source`, or nothing is left.
    """
    listed = read_source(name, None, say).photos
    by_group = not index.training_digests  # a packed model may know the groups alone
    photos = [photo for photo in listed if index.trained_on(photo.digest, photo.group if by_group else "")]
    which = "of groups that the model trained on" if by_group else "that the model trained on"
    if not photos:
        seen = {photo.digest for photo in evaluated}
        groups = {photo.group for photo in evaluated if photo.group}
        photos = [photo for photo in listed if photo.digest not in seen and photo.group not in groups]
        which = "that are not evaluated (the model trained on none of them)"
    lat, lng, thumbnails = [], [], []
    skipped: list[str] = []
    for view in read_views(photos, image_px, skipped):
        lat.append(photos[view.photo].lat)
        lng.append(photos[view.photo].lng)
        thumbnails.append(view.thumbnail)
        say(f"reading training pictures: {view.photo + 1} of {len(photos)}")
    if not lat:
        raise UserError(f"{name} leaves no photo to fit the trivial players on")
    fitted = trivial.TrainingPhotos(np.array(lat), np.array(lng), np.stack(thumbnails))
    return fitted, f"Trivial players are fitted on {len(lat)} views of the photos {which}."


def partition_photos(partition: Partition) -> trivial.TrainingPhotos:
    """The training photos as far as the model directory knows them: so many at each cell's centroid.

    Raises:
        UserError: the cells hold no photo.
    """
    lat, lng = (np.repeat(values, partition.counts) for values in partition.centroids())
    if not lat.size:
        raise UserError("the model's partition counts no training photo: name them with --train SOURCE")
    return trivial.TrainingPhotos(lat, lng)


# ------------------------------------------------------------------------------------------------
# Answers


@dataclass(eq=False)
class Answerer:
    """Turns views into rows of predictions, batch by batch."""

    predictor: Predictor
    scale_km: float = scoring.WORLD_SCALE_KM
    crops: int = 1
    panorama: int | None = None
    """So many headings of a panorama are fused, as a condition of its own; None: none are."""
    seconds: float = 0.0
    """Processor time that went into distributions of one view each."""

    @property
    def condition(self) -> str:
        """What the names of answers by whole panoramas end with; "" where there are none."""
        return f", {looks.panorama_condition(self.panorama)}" if self.panorama else ""

    def batch(
        self, views: Sequence[View], photos: Sequence[Photo], panoramas: IntArray
    ) -> dict[str, npt.NDArray[Any]]:
        """Arrays of `Predictions`, by name, for some views; answers without oracle and trivial players.

        Args:
            panoramas: (photos,), see `evaluate_views.panoramas_of`; all views of one are in the batch.
        """
        partition, pictures = self.predictor.partition, [view.pixels for view in views]
        start = time.process_time()
        raw = self.predictor.distributions(pictures, 1, calibrated=False)
        self.seconds += time.process_time() - start
        calibrated = calibration.apply(raw, self.predictor.temperature)
        whole = complete(panoramas[[view.photo for view in views]], self.panorama or HEADINGS)
        answers = self.ways(raw, "") | {CENTROID: _at(partition.centroids(), raw.argmax(axis=1))}
        if self.crops > 1:
            fused = self.predictor.distributions(pictures, self.crops, calibrated=False)
            answers |= self.rules(fused, FIVE_CROPS)
        if self.panorama:
            answers |= self.ways(fuse(raw, whole), self.condition)
        lat = np.array([photos[view.photo].lat for view in views])
        lng = np.array([photos[view.photo].lng for view in views])
        cells = partition.lookup(lat, lng)
        top = np.argsort(-raw, axis=1, kind="stable")[:, :TOP]
        top_lat, top_lng = _at(partition.centers(), top)
        # what float32 rounded to nothing is not impossible: the least normal number stands for it
        logs = np.log(np.maximum(raw, np.finfo(np.float32).tiny).astype(np.float64))
        true = logs[np.arange(len(raw)), np.maximum(cells, 0)]
        return {
            "photo": np.array([view.photo for view in views]),
            "panoramas": whole,
            "raw": raw,
            "thumbnails": np.stack([view.thumbnail for view in views]),
            "lat": lat,
            "lng": lng,
            "cells": cells,
            "top_cells": top,
            "top_probabilities": np.take_along_axis(raw, top, axis=1).astype(np.float64),
            "top_lat": top_lat,
            "top_lng": top_lng,
            "calibrated_confidence": np.minimum(calibrated.max(axis=1), 1.0).astype(np.float64),
            "log_true": np.where(cells >= 0, true, np.nan),
            "log_sums": _log_sums(logs),
            **{f"answer {way}": np.stack(place, axis=1) for way, place in answers.items()},
        }

    def ways(self, raw: npt.NDArray[np.float32], suffix: str) -> dict[str, trivial.Places]:
        """The answers by each rule, of the softmax as it is and at the model's temperature."""
        answers = self.rules(raw, suffix)
        if self.predictor.temperature != 1:
            calibrated = calibration.apply(raw, self.predictor.temperature)
            answers |= self.rules(calibrated, CALIBRATED + suffix)
            del answers[PAPERS_WAY + CALIBRATED + suffix]  # the top cell stays the same
        return answers

    def rules(self, distributions: npt.NDArray[np.float32], suffix: str) -> dict[str, trivial.Places]:
        """(lat, lng) of the answers by each rule, by name."""
        partition = self.predictor.partition
        answers = {PAPERS_WAY + suffix: _at(partition.centers(), distributions.argmax(axis=1))}
        for rule in ("max-score", "min-distance"):
            best = answer.best_point(distributions, *partition.centroids(), rule, self.scale_km)
            answers[rule + suffix] = (np.asarray(best[0]), np.asarray(best[1]))
        return answers


def _at(points: trivial.Places, cells: npt.NDArray[np.int64]) -> trivial.Places:
    return points[0][cells], points[1][cells]


def _log_sums(logs: FloatArray) -> FloatArray:
    """log sum p^(1/T), (photos, temperatures)."""
    most = logs.max(axis=1, keepdims=True)
    columns = []
    for temperature in calibration.TEMPERATURES:
        powers = np.exp((logs - most) / temperature)
        columns.append(np.log(powers.sum(axis=1)) + most[:, 0] / temperature)
    return np.stack(columns, axis=1)


def oracle(partition: Partition, lat: FloatArray, lng: FloatArray, cells: npt.NDArray[np.int64]) -> Any:
    """(lat, lng) of the true cell's centre; where that cell was dropped, of the nearest centre of any."""
    center_lat, center_lng = partition.centers()
    best = cells.copy()
    for row in np.flatnonzero(cells < 0):
        best[row] = geo.haversine_km(lat[row], lng[row], center_lat, center_lng).argmin()
    return center_lat[best], center_lng[best]


def _panoramas_together(listed: Listed, headings: int) -> Listed:
    order = together(panoramas_of(listed.photos, headings)).tolist()
    photos, categories = [listed.photos[n] for n in order], [listed.categories[n] for n in order]
    return replace(listed, photos=photos, categories=categories)


def predict_all(
    answerer: Answerer,
    listed: Listed,
    players: dict[str, trivial.Player],
    index: TrainingIndex,
    say: Say,
) -> Predictions:
    """Every way to answer every photo that can be read.

    Raises:
        UserError: no photo can be read, or panoramas are asked for and there is none.
    """
    headings = answerer.panorama or HEADINGS
    listed = _panoramas_together(listed, headings)
    photos, skipped = listed.photos, list[str]()
    panoramas = panoramas_of(photos, headings)
    if answerer.panorama and panoramas.max() < 0:
        raise UserError(
            f"--panorama {headings} found no panorama: no photo is equirectangular, and no {headings} flat"
            " ones are of one group and place, each with another heading"
        )
    parts = []
    views = read_views(photos, answerer.predictor.image_px, skipped, headings)
    with contextlib.closing(views):
        for batch in batches(views, panoramas, BATCH):
            parts.append(answerer.batch(batch, photos, panoramas))
            say(f"answering: {batch[-1].photo + 1} of {len(photos)} photos")
            if len(photos) * len(answerer.predictor.partition) > MOST_KEPT:
                parts[-1]["raw"] = parts[-1]["raw"][:0]
    if not parts:
        raise UserError(f"none of the {len(photos)} photos can be read: {'; '.join(skipped[:3])}")
    arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    rows, thumbnails, raw = (arrays.pop(name) for name in ("photo", "thumbnails", "raw"))
    answers = {
        name.removeprefix("answer "): arrays.pop(name) for name in list(arrays) if name.startswith("answer ")
    }
    partition = answerer.predictor.partition
    answers[ORACLE] = np.stack(oracle(partition, arrays["lat"], arrays["lng"], arrays["cells"]), axis=1)
    for name, player in players.items():
        say(f"answering: {name}")
        answers[TRIVIAL + name] = np.stack(player.answer(thumbnails), axis=1)
    stacked = np.stack(list(answers.values()), axis=1)  # (n, v, 2)
    belongs = [photo.group or f"\0{photo.lat} {photo.lng}" for photo in photos]
    _, clusters = np.unique(np.array(belongs)[rows], return_inverse=True)
    predictions = Predictions(
        names=np.array(["/".join(photo.path.parts[-2:]) for photo in photos])[rows],
        categories=np.array(listed.categories)[rows],
        clusters=clusters,
        exposure=exposures(photos, index)[rows],
        answers_lat=stacked[..., 0],
        answers_lng=stacked[..., 1],
        ways=tuple(answers),
        facts=_facts(answerer, listed, skipped, len(rows)),
        **arrays,
    )
    return _with_refitted(predictions, answerer, raw) if len(raw) == len(rows) else predictions


def _with_refitted(predictions: Predictions, answerer: Answerer, raw: npt.NDArray[np.float32]) -> Predictions:
    """With the answers at temperatures fitted on other folds of the unseen views; others keep the model's."""
    unseen = np.flatnonzero(predictions.exposure <= CHOSE)
    chosen = fold_temperatures(predictions.at(unseen)) if unseen.size else None
    if chosen is None:
        return predictions
    temperatures = np.full(len(raw), answerer.predictor.temperature)
    temperatures[unseen] = calibration.TEMPERATURES[chosen]
    at_them = np.empty_like(raw)
    for temperature in np.unique(temperatures):
        mine = temperatures == temperature
        at_them[mine] = calibration.apply(raw[mine], float(temperature))
    answers = answerer.rules(at_them, REFITTED)
    del answers[PAPERS_WAY + REFITTED]  # the top cell stays the same
    lat, lng = (np.stack(values, axis=1) for values in zip(*answers.values(), strict=True))
    return replace(
        predictions,
        answers_lat=np.hstack([predictions.answers_lat, lat]),
        answers_lng=np.hstack([predictions.answers_lng, lng]),
        ways=(*predictions.ways, *answers),
        facts={**predictions.facts, "cross_fitted_temperatures": np.unique(temperatures[unseen]).tolist()},
    )


def _facts(answerer: Answerer, listed: Listed, skipped: list[str], views: int) -> dict[str, Any]:
    predictor = answerer.predictor
    return {
        "model": predictor.digest,
        "network": predictor.config["network"],
        "cells": len(predictor.partition),
        "embedding": int(predictor.config.get("embedding", 0)),
        "parameters": predictor.config.get("parameters"),
        "model_bytes": 4 * int(predictor.config.get("parameters") or 0),
        "device": predictor.device,
        "cpu_ms_per_view": 1000 * answerer.seconds / views,
        "temperature": predictor.temperature,
        "temperatures": calibration.TEMPERATURES.tolist(),
        "scale_km": answerer.scale_km,
        "crops": answerer.crops,
        "panorama": answerer.panorama,
        "headings": answerer.panorama or HEADINGS,
        "condition": answerer.condition,
        "photos_listed": len(listed.photos),
        "photos_unreadable": len(skipped),
        "unreadable": skipped[:LISTED],
        "rows_unusable": listed.bad_row_count,
        "unusable": listed.bad_rows,
    }
