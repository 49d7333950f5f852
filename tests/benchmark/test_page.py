from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from benchmark.__main__ import main
from benchmark.figures import _frame, as_png, as_svg, figures_of
from benchmark.page import page, write_figures
from benchmark.pictures import SmallPicture
from benchmark.report import build
from benchmark.study import PlanetStudy
from benchmark.table import as_table
from tests.benchmark.made import cells, pair, rounds_of, study, write
from tests.conftest import jpeg

VOID = {"meta", "br", "img"}


class Balanced(HTMLParser):
    """Fails where an element is not closed; collects names of parts and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self._look(attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._look(attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def _look(self, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.addresses += [value for name, value in attrs if name in ("src", "href", "xlink:href") and value]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("report")
    rows = study(10, 5, country_probabilities='{"FR": 0.5, "CD": 0.25}', confidence=0.5)
    rows += [*pair(1, 2, 900, map="<b>Other</b>"), *pair(1, 2, 901, exposure=2)]
    file = write(made / "rows.csv", rows)
    assert main([str(file), "--out", str(made / "out"), "--protocol", "planet-study"]) == 0
    return made / "out"


@pytest.mark.slow
def test_the_page_is_whole_and_asks_for_nothing(folder: Path) -> None:
    text = (folder / "report.html").read_text()
    reader = Balanced()
    reader.feed(text)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert all(address.startswith("#") for address in reader.addresses)
    assert not re.search(r"<(script|link|img|iframe)|@import|url\((?!#)", text)
    assert "<b>Other" not in text
    assert "&lt;b&gt;Other" in text


@pytest.mark.slow
def test_the_papers_numbers_are_marked_as_the_papers(folder: Path) -> None:
    text = (folder / "report.html").read_text()
    assert "not measured here" in text
    for number in ("28 of 50", "1,131.7", "2,320.75", "17 of 50", "11 of 50", "42.3% to 68.8%"):
        assert number in text
    assert "the paper's (not measured here)" in (folder / "figures" / "2" / "fig8.svg").read_text()


@pytest.mark.slow
def test_every_figure_is_there_as_svg_and_png(folder: Path) -> None:
    names = {path.name for path in (folder / "figures" / "2").iterdir()}
    assert {"fig8.svg", "fig8.png", "fig9.svg", "fig9.png", "reliability.svg", "reliability.png"} <= names
    for path in folder.glob("figures/*/*.png"):
        with Image.open(path) as picture:
            assert picture.size[0] > 500
            assert len(set(picture.convert("L").resize((60, 60)).get_flattened_data())) > 5
    assert {one["person"] for one in json.loads((folder / "report.json").read_text())["comparisons"]} == {
        "all",
        *(f"person {number}" for number in range(1, 12)),
    }


@pytest.mark.parametrize("km", [None, 0.0])
def test_countries_where_nobody_answers_or_everybody_is_right_make_a_page(
    tmp_path: Path, km: float | None
) -> None:
    """Distances are on logarithmic axes, which have neither zero nor an end."""
    rows = [*pair(km, km, 1), *pair(km, km, 2, true_lat=48.0, lat="" if km is None else 48.0)]
    report = build(rounds_of(tmp_path, rows))
    assert len(report["comparisons"][0]["by_place"]["country"]) == 2
    text = page(report)
    assert ("Median distance by country" in text) == (km is not None)
    assert "All rounds are ties" in text


def test_one_of_something_is_no_plural(tmp_path: Path) -> None:
    report = build(rounds_of(tmp_path, [*pair(1, 2, exposure=2), *pair(3, 2, 2)]), protocol=PlanetStudy())
    for text in (page(report), as_table(report)):
        words = re.sub(r"<svg.*?</svg>|<[^>]*>", " ", text, flags=re.DOTALL)
        assert "1 person instead of 10." in words
        assert "there is 1." in words
        assert not re.search(r"(?<![\d,.])1 (people|rounds|panoramas|models|answers|pairs|ties)\b", words)
    assert "1 of 2 pairs counts." in page(report)
    assert "over 1 panorama (" in page(report)
    assert "1 round does not count" in as_table(report)
    assert "does not count" not in as_table(build(rounds_of(tmp_path, pair(3, 2))))


def test_figures_of_an_earlier_report_go_and_nothing_else(tmp_path: Path) -> None:
    first, second = tmp_path / "figures" / "1", tmp_path / "figures" / "2"
    kept = [first / "notes.txt", tmp_path / "figures" / "own.svg", tmp_path / "figures" / "mine" / "own.png"]
    stale = [first / "fig9.svg", second / "fig8.png"]
    for path in (*kept, *stale):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("old")
    figure = Figure()
    write_figures([{"fig8": ("", "<svg/>", figure)}], tmp_path)
    assert all(path.read_text() == "old" for path in kept)
    assert not any(path.exists() for path in stale)
    assert not second.exists()
    assert (first / "fig8.svg").read_text() == "<svg/>"


@pytest.mark.slow
def test_figures_are_the_same_each_time(tmp_path: Path) -> None:
    report = build(rounds_of(tmp_path, study(10, 5)), protocol=PlanetStudy())
    first, second = (figures_of(report["comparisons"][0], report["protocol"]) for _ in range(2))
    assert {name: as_svg(figure) for name, (_, figure) in first.items()} == {
        name: as_svg(figure) for name, (_, figure) in second.items()
    }
    assert page(report) == page(report)


def test_figure_9_has_pictures_with_their_credit_beside_the_maps(tmp_path: Path) -> None:
    report = build(rounds_of(tmp_path, study(10, 5)), protocol=PlanetStudy())
    comparison, protocol = report["comparisons"][0], report["protocol"]
    examples = protocol["studies"][0]["examples"]
    shown = {example["panorama"] for example in examples[1:]}
    asked: list[str] = []

    def picture_of(panorama: str) -> SmallPicture | None:
        asked.append(panorama)
        return SmallPicture(jpeg(60, 40), "Ann $ & Co · CC BY 4.0") if panorama in shown else None

    _, figure = figures_of(comparison, protocol, picture_of)["fig9"]
    assert asked == [example["panorama"] for example in examples]
    svg = as_svg(figure)
    assert svg.count("<image ") == svg.count("Ann $ &amp; Co · CC BY 4.0") == len(examples) - 1
    assert len(figure.axes) == 2 * len(examples) - 1
    _, bare = figures_of(comparison, protocol)["fig9"]
    assert "<image " not in as_svg(bare)
    assert len(bare.axes) == len(examples)
    drawn = page(report, pictures=picture_of)
    assert "data:image/png;base64," in drawn
    reader = Balanced()
    reader.feed(drawn)
    assert all(address.startswith(("#", "data:image/")) for address in reader.addresses)


def test_the_curve_of_figure_8_passes_the_shares(tmp_path: Path) -> None:
    comparison = build(rounds_of(tmp_path, study(10, 5)))["comparisons"][0]
    curve = comparison["curve"]
    for km in (1, 25, 200, 750, 2500):
        at = curve["km"].index(km)
        assert curve["person"][at] == comparison["sides"]["person"]["within_km"][str(km)]
        assert curve["model"][at] == comparison["sides"]["model"]["within_km"][str(km)]


def test_a_figure_without_a_median_leaves_the_gap(tmp_path: Path) -> None:
    rows = [*pair(None, 5, 1, true_lng=10, lng=10), *pair(4, 5, 2)]
    rows[0] |= {"lng": ""}
    report = build(rounds_of(tmp_path, rows))
    (_, figure) = figures_of(report["comparisons"][0], None)["country"]
    assert isinstance(figure, Figure)
    assert Image.open(io.BytesIO(as_png(figure))).size[0] > 0


def test_maps_show_all_places() -> None:
    for places in ([[48.0, 2.0], [50.0, 9.0], [47.0, 1.0]], [[0.0, 179.0], [1.0, -179.0], [0.0, 0.0]]):
        west, east, south, north = _frame(places)
        lat, lng = np.array(places).T
        assert west <= lng.min() <= lng.max() <= east
        assert south <= lat.min() <= lat.max() <= north
        assert (north - south) * 2 == pytest.approx(east - west)


def test_rounds_of_nobody_still_give_a_page(tmp_path: Path) -> None:
    assert "There are no rounds" in page(build(rounds_of(tmp_path, [])))
    assert "All rounds are ties" in page(build(rounds_of(tmp_path, [*pair(None, None, 1), *pair(2, 2, 2)])))
    silent = build(rounds_of(tmp_path, [*pair(None, None, 1), *pair(None, None, 2)]))
    assert "People answered in no round (2 time-outs)" in page(silent)
    apart = build(rounds_of(tmp_path, [cells("person"), cells("model", seen_in_training=1)]))
    assert "the model trained on it" in page(apart)
