"""The HMM of `album_hmm` out of training albums, and as an album model on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from planet_core import album_directory, album_hmm, geo, metrics
from planet_core.album_answers import Asked, path, tracks
from planet_core.album_embeddings import Say
from planet_core.album_feed import IntArray
from planet_core.album_hmm import VARIANT, AlbumHmm, Emission
from planet_core.model_directory import ModelDirectoryError

WEIGHTS = ("lat", "lng", "weight", "said", "travel")


def fit(train: Asked, say: Say = lambda text: None) -> AlbumHmm:
    """The travel prior of training albums, and how often the image model answers each cell.

    Raises:
        ValueError: no two photos of an album that follow each other have a cell.
    """
    say("reading training albums")
    said = np.zeros(len(train.partition))
    for track in tracks(train):
        said += np.exp(track.log_probabilities[track.readable], dtype=np.float64).sum(axis=0)
    photos = train.photos
    rows = [train.embedded.rows(number) for number in range(len(train.embedded.albums))]
    albums = ((photos.classes[some], photos.gaps_hours[some].astype(np.float64)) for some in rows)
    return AlbumHmm.fit(train.partition.centers(), train.partition.counts, said, albums)


def tune(hmm: AlbumHmm, validation: Asked, say: Say = lambda text: None) -> tuple[AlbumHmm, list[Any]]:
    """The emission whose paths are right most often, in the mean over the five scales; and all tried.

    Raises:
        ValueError: no photo of the validation albums has a place.
    """
    tried = []
    grid = album_hmm.grid()
    for number, emission in enumerate(grid, start=1):
        say(f"HMM: emission {number} of {len(grid)}")
        shares = accuracy(validation, path(validation, hmm.tuned(emission)))["accuracy_at_km"]
        tried.append({"temper": emission.temper, "prior_power": emission.prior_power, **shares})
    best = max(tried, key=lambda result: sum(result[str(scale)] for scale in metrics.SCALES_KM))
    return hmm.tuned(Emission(best["temper"], best["prior_power"])), tried


def accuracy(asked: Asked, cells: IntArray) -> dict[str, Any]:
    """What answers are worth: photos, shares within the scales, median; of photos with a place."""
    photos = asked.photos
    lat, lng = asked.points(cells)
    known = np.isfinite(photos.lat)
    km = np.asarray(geo.haversine_km(lat, lng, photos.lat, photos.lng))[known]
    km = np.where(np.isnan(km), np.inf, km)
    shares = {str(scale): share for scale, share in metrics.accuracy_at(km).items()}
    median = metrics.median_km(km)
    return {"photos": km.size, "accuracy_at_km": shares, "median_km": min(median, 20_037.5)}


def save(directory: Path, hmm: AlbumHmm, train: Asked, measured: Mapping[str, Any]) -> str:
    """Writes it as an album model and returns its digest. Raises OSError."""
    albums = train.embedded.albums
    values = {
        "variant": VARIANT,
        "cut": None,
        "image_model": train.image_model,
        "partition_digest": train.partition.digest,
        "cells": len(train.partition),
        "embedding_width": train.embedded.width,
        "temperature": 1.0,
        "recipe": {
            "name": VARIANT,
            "decoding": "viterbi",
            "temper": hmm.emission.temper,
            "prior_power": hmm.emission.prior_power,
            "gap_hours": list(album_hmm.GAP_HOURS),
            "distance_km": list(album_hmm.DISTANCE_KM),
        },
        "trained_on": {
            "albums": len(albums),
            "photos": len(train.photos.classes),
            "drawn": any(album.drawn for album in albums),
            "sources": sorted({album.source for album in albums}),
            "licences": sorted({album.licence for album in albums if album.licence}),
        },
    }
    weights = {name: getattr(hmm, name) for name in WEIGHTS}
    return album_directory.save(directory, weights, values, measured)


def load(directory: Path) -> AlbumHmm:
    """Reads it, every file checked against its checksum.

    Raises:
        ModelDirectoryError: it is missing, damaged, or an album model of another kind.
    """
    config = album_directory.read_config(directory)
    if config["variant"] != VARIANT:
        raise ModelDirectoryError(f"{directory} is an album model {config['variant']!r}, not an {VARIANT}")
    weights = album_directory.read_weights(directory)
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(WEIGHTS, (int(config["cells"]),))
    shapes["travel"] = (album_hmm.GAPS, album_hmm.DISTANCES)
    found = {name: weights[name].shape if name in weights else None for name in WEIGHTS}
    if found != shapes:
        raise ModelDirectoryError(f"{directory} is damaged: its arrays have the shapes {found}")
    try:
        emission = Emission(float(config["recipe"]["temper"]), float(config["recipe"]["prior_power"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelDirectoryError(f"{directory} is damaged: its recipe lacks {error}") from error
    lat, lng, weight, said, travel = (weights[name].astype(np.float64) for name in WEIGHTS)
    return AlbumHmm(lat, lng, weight, said, travel, emission)
