from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from geogame.pages.report_figures import LEFT, RIGHT, _far, figures_of, parts_figure
from geogame.pages.report_numbers import DIGIT_SPACE, POINT_SPACE, aligned, interval, km, percents
from geogame.pages.report_words import findings, judgement, verdict


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0"),
        (0.126, "0.13"),
        (9.99, "9.99"),
        (12.34, "12.3"),
        (1234.5, "1,234"),
        (99.96, "100"),
        (-1834.0, "−1,834"),
        (-12.34, "−12.3"),
    ],
)
def test_distances_have_three_digits(value: float | None, text: str) -> None:
    assert km(value) == text


def test_columns_are_filled_up_to_the_same_places() -> None:
    assert aligned(["1,234", "12.3", "0.45", "–"]) == [
        f"1,234{POINT_SPACE}{2 * DIGIT_SPACE}",
        f"12.3{DIGIT_SPACE}",
        "0.45",
        f"–{POINT_SPACE}{2 * DIGIT_SPACE}",
    ]
    assert aligned(["1", "20"]) == ["1", "20"]
    with translation.override("de"):
        assert aligned([km(1234.0), km(12.34)]) == [f"1.234{POINT_SPACE}{DIGIT_SPACE}", "12,3"]


def test_an_open_end_is_infinite() -> None:
    assert interval({"value": 5.0, "low": 1.0, "high": None}) == "1.00–∞"
    assert interval({"value": 5.0, "low": None, "high": None}) == "–"
    assert interval({"value": 5.0, "low": -1830.0, "high": 2480.0}) == "−1,830\u202f–\u202f2,480"
    assert interval({"value": 0.5, "low": 0.25, "high": 0.75}, share=True) == "25.0–75.0"
    assert percents({"value": 0.5, "low": 0.423, "high": 0.688}) == "42–69\u202f%"


def test_an_axis_of_distances_is_in_powers_of_ten_and_ends_where_nobody_answers() -> None:
    assert _far(1.0) == LEFT
    assert _far(0.0) == LEFT
    assert _far(None) == RIGHT
    assert _far(100.0) - _far(10.0) == pytest.approx(_far(1000.0) - _far(100.0))


def rate(low: float | None, high: float | None) -> dict[str, Any]:
    return {
        "win_rate": {"value": 0.5, "low": 0.9, "high": 1.0},
        "win_rate_clustered": {"low": low, "high": high},
    }


def test_chance_is_judged_by_the_clustered_interval_where_there_is_one() -> None:
    assert "chance alone" in judgement(rate(0.423, 0.688))
    assert judgement(rate(0.51, 0.6)).startswith("The model")
    assert judgement(rate(0.3, 0.49)).startswith("People")
    assert judgement(rate(None, None)).startswith("The model")


def estimate(value: float | None) -> dict[str, float | None]:
    return {"value": value, "low": None, "high": None}


def nobody_answers() -> dict[str, Any]:
    """A model and people who answered in no round."""
    side = {
        "median_km": estimate(None),
        "quantiles_km": {name: estimate(None) for name in ("10", "25", "75", "90")},
        "within_km": dict.fromkeys(("1", "25", "200", "750", "2500"), 0.0),
    }
    return {
        "win_rate": estimate(None),
        "win_rate_clustered": estimate(None),
        "sides": {"person": side, "model": side},
        "curve": {"km": [1.0, 25.0, 750.0, 20_015.0], "person": [0.0] * 4, "model": [0.0] * 4},
        "calibration": {"confidence": None},
        "power": {"rounds_needed": None},
        "differences": {"points": estimate(None), "log10_km": estimate(None)},
        "difficulty": {"rank_correlation": estimate(None)},
    }


def test_where_nobody_answers_there_are_figures_without_a_rate() -> None:
    names = [figure.name for figure in figures_of(nobody_answers(), paper=True)]
    assert names == ["within", "distances"]
    assert list(findings(nobody_answers())) == []


def test_the_paper_stands_beside_where_it_may() -> None:
    shown = figures_of(nobody_answers(), paper=True)[0]
    hidden = figures_of(nobody_answers(), paper=False)[0]
    assert any(shape.look == "paper" for shape in shown.shapes)
    assert not any(shape.look == "paper" for shape in hidden.shapes)


def test_names_of_curves_that_end_together_stand_below_each_other() -> None:
    found = {"ece": 0.1, "answers": 5, "reliability": {"confidence": [0.6], "right": [0.5], "answers": [5]}}
    model = {**nobody_answers(), "calibration": {"confidence": found, "country": found}}
    figure = figures_of(model, paper=False)[-1]
    one, other = [label for label in figure.labels if label.look.startswith("name ")]
    assert one.x == other.x
    assert other.y - one.y >= 14


def test_nothing_stands_between_the_two_names_above_the_rounds_that_were_won() -> None:
    won = {"value": 0.5, "low": 0.4, "high": 0.6}
    figure = figures_of({**nobody_answers(), "win_rate": won, "win_rate_clustered": won}, paper=False)[0]
    names = [label for label in figure.labels if label.look == "axis"]
    above = min(label.y for label in names)
    assert [label.anchor for label in names if label.y == above] == ["start", "end"]


def test_one_part_is_no_figure() -> None:
    part = {"label": "Europe", "rounds": 3, "person": {"median_km": 5.0}, "model": {"median_km": None}}
    assert parts_figure("continent", "Continent", [part]) is None
    figure = parts_figure("continent", "Continent", [part, part])
    assert figure
    assert "Europe: people 5.00 km, model – km" in figure.says


@pytest.mark.parametrize(("language", "text"), [("en", "1 of 1 round,"), ("de", "1 von 1 Runde,")])
def test_one_round_is_no_plural(language: str, text: str) -> None:
    model = {**nobody_answers(), "rounds": 1, "wins": 1, "losses": 0, "ties": 0}
    model["power"] = {"rounds_needed": 6, "decided_rounds": 1}
    with translation.override(language):
        assert text in verdict(model)
        assert any(found.endswith(("there is 1.", "es gibt 1.")) for found in findings(model))
