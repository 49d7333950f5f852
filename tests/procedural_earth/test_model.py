"""The model that comes with the program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import procedural_earth
from planet_core import geo, images, model_directory
from planet_core.model_card import CARD
from planet_core.model_directory import TrainingIndex
from planet_core.predict import Predictor
from procedural_earth import play_set
from procedural_earth.play_set import DIRECTORY as PICTURES

MODEL = Path(procedural_earth.__file__).parent / "model"
MOST_BYTES = 10_000_000


def test_it_is_whole_and_small() -> None:
    model_directory.verify(MODEL)
    assert sum(path.stat().st_size for path in MODEL.iterdir()) <= MOST_BYTES
    assert model_directory.read_config(MODEL)["recipe"]["name"].startswith("procedural-earth")


def test_its_card_says_what_it_is_for_and_names_its_version() -> None:
    card = (MODEL / CARD).read_text(encoding="utf-8")
    assert card.startswith(f"# Model {model_directory.version_digest(MODEL)[:12]}")
    for words in ("What it is for", "What it is not for", "Data", "Limits", "did not train on"):
        assert words in card


def test_it_has_seen_no_place_that_is_played() -> None:
    index, played = TrainingIndex.load(MODEL), play_set.places()
    assert not any(index.trained_on("", identity) for identity in played.identity.tolist())
    # a training place in the same cell of 18 km is at least 20 km away, in the far corner
    assert index.trained_at(played.lat, played.lng).mean() < 0.05


@pytest.mark.slow
def test_it_knows_the_drawn_world_when_it_sees_it() -> None:
    predictor = Predictor.load(MODEL)
    distances, other = [], []
    pictures = play_set.read(PICTURES)
    for number, picture in enumerate(pictures):
        found = predictor.predict_panorama(
            images.load(PICTURES / picture.file), headings=4, rule="min-distance"
        )
        distances.append(geo.haversine_km(found.lat, found.lng, picture.lat, picture.lng))
        next_one = pictures[(number + 1) % len(pictures)]
        other.append(geo.haversine_km(found.lat, found.lng, next_one.lat, next_one.lng))
    assert np.median(distances) < 0.5 * np.median(other)
