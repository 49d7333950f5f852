from __future__ import annotations

from typing import Any

from planet_core.metrics import SCALES_KM
from planet_core.model_card import ETHICS, card

CONFIG: dict[str, Any] = {
    "recipe": {"name": "tiny", "seed": 3, "epochs": 4},
    "network": "tiny",
    "parameters": 1234567,
    "cells": 56,
    "image_px": 64,
}


def region(views: int, share: float) -> dict[str, Any]:
    return {
        "views": views,
        "within_km": {str(scale): {"value": share} for scale in SCALES_KM},
        "median_km": {"value": 1234.0},
        "mean_points": {"value": 100.0},
    }


def test_a_card_says_what_for_what_data_and_where_it_ends() -> None:
    data = {"name": "Old towns", "photos": 2000, "licences": {"CC BY 4.0": 1500, "": 500}}
    text = card(CONFIG, {"photos_training": 1800}, "ab" * 32, data=data)
    assert text.startswith("# Model abababababab\n")
    for title in ("What it is for", "What it is not for", "Data and licences", "Limits", "Ethics"):
        assert f"## {title}\n" in text
    assert "Trained on “Old towns”: 2,000 pictures." in text
    assert text.index("| CC BY 4.0 | 1,500 |") < text.index("| not known | 500 |")
    assert "| trained on | 1,800 pictures |" in text
    assert "drawn" not in text
    assert "was not measured" in text


def test_drawn_data_are_called_drawn() -> None:
    text = card(CONFIG, {}, "ab" * 32, data={"drawn": True})
    assert "does not carry over to photographs" in text
    assert "Nobody wrote down which data" in text
    assert "licences of its pictures are not known" in text


def test_regions_of_a_report_are_told_and_weak_ones_named() -> None:
    part = {
        "views": 250,
        "ways": {"top-cell, cell centre": region(250, 0.5)},
        "regions": {"Europe": region(240, 0.5), "Africa": region(10, 0.1)},
    }
    text = card(CONFIG, {}, "ab" * 32, {"unseen": part, "seen": None})
    assert "### By continent (top-cell, cell centre)" in text
    assert "| Africa | 10 | 10.0% | 10.0% | 10.0% | 10.0% | 10.0% | 1,234 |" in text
    assert "Fewer than 100 views were measured in: Africa." in text


def test_an_intro_stands_for_what_would_be_written_but_not_for_ethics() -> None:
    text = card(CONFIG, {}, "ab" * 32, intro="A drawn world.")
    assert "A drawn world." in text
    assert "## What it is for" not in text
    assert "## Limits" not in text
    assert ETHICS in text


def test_a_config_with_little_in_it_still_has_a_card() -> None:
    text = card({"calibrated_from": "cd" * 32}, {}, "ab" * 32)
    assert "| network | `?`, ? parameters |" in text
    assert "| calibrated from | `cdcdcdcdcdcd` |" in text
