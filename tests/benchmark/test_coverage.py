from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from benchmark import coverage, coverage_models
from benchmark.cells import READ
from benchmark.clusters import mean_interval
from benchmark.statistics import POINTS, Comparison, Side
from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs" / "benchmark.md").read_text()
OTHERS = [name for name in coverage.MEASURED if name != coverage.PLAIN]


@pytest.mark.parametrize("design", coverage.LARGE)
def test_intervals_of_large_designs_hold_the_truth_as_often_as_they_say(design: str) -> None:
    kept = coverage.kept()
    assert kept["studies"] >= 1000
    for name in OTHERS:
        assert 0.93 <= kept["coverage"][design][name] <= 0.97, name


@pytest.mark.parametrize("design", [name for name in coverage_models.DESIGNS if not name.startswith("10 ")])
def test_intervals_of_models_alone_hold_the_truth_as_often_as_they_say(design: str) -> None:
    held = coverage.kept()["models"][design]
    assert set(held) == set(coverage_models.MEASURED)
    for name in set(held) - {coverage_models.PLAIN}:
        assert 0.93 <= held[name] <= 0.97, name


def test_plain_wilson_promises_too_much_where_panoramas_come_in_groups() -> None:
    held = coverage.kept()["models"]
    assert held["100 groups of 2 to 20 panoramas"][coverage_models.PLAIN] < 0.93
    assert held["200 panoramas without groups"][coverage_models.PLAIN] >= 0.93


def test_the_true_rank_correlation_is_scipys_and_grows_with_the_rounds_on_a_panorama() -> None:
    """One person's luck hides how hard a panorama is; the mean of ten shows it."""
    panoramas = np.repeat(np.arange(500), 3)
    study = coverage.simulate(np.arange(1500), panoramas, np.random.default_rng(2))
    people, model = (
        np.array([points[panoramas == one].mean() for one in range(500)]) for points in study.points
    )
    estimate, _ = coverage.MEASURED[coverage.RANKS]
    assert estimate(study) == pytest.approx(stats.spearmanr(people, model).statistic)
    kept = coverage.kept()["true_rank_correlation"]
    assert (
        kept["40 people, 5 own panoramas each"] + 0.05 < kept["40 people, 10 of the same 40 panoramas each"]
    )


def test_large_designs_have_forty_clusters_and_small_ones_fewer() -> None:
    for name, design in coverage.DESIGNS.items():
        study = coverage.simulate(*design(np.random.default_rng(0)), np.random.default_rng(1))
        people, places, _ = study.clusters.sizes
        if name in coverage.LARGE:
            assert min(len(people), len(places)) >= 40
        else:
            assert len(people) < 40
    people, places, _ = coverage.simulate(
        *coverage.DESIGNS[coverage.SMALL[0]](np.random.default_rng(0)), np.random.default_rng(1)
    ).clusters.sizes
    assert (people.tolist(), places.tolist()) == ([5] * 10, [1] * 50)


def test_small_designs_hold_the_truth_by_the_intervals_that_they_are_given() -> None:
    """Those of Student's t; of four people they are wide, and hold it more often than they say."""
    for design in coverage.SMALL:
        held = coverage.kept()["coverage"][design]
        for name in ("points difference", "log-km difference"):
            assert held[f"{name}, Student's t"] >= 0.94
        assert held["people's mean points, Student's t"] >= 0.94


def test_no_interval_of_points_reaches_where_points_cannot_be_and_none_loses_a_truth_by_that() -> None:
    rng = np.random.default_rng(3)
    cut = 0
    for _ in range(200):
        study = coverage.simulate(*coverage.DESIGNS[coverage.SMALL[1]](rng), rng)
        points, clusters = study.points[0], study.clusters
        whole = mean_interval(points, clusters) or (0.0, 0.0)
        low, high = mean_interval(points, clusters, POINTS) or (-1.0, -1.0)
        assert 0 <= low <= points.mean() <= high <= 5000
        for truth in (0.0, 1.0, 2135.0, 4999.0, 5000.0):
            assert (low <= truth <= high) == (whole[0] <= truth <= whole[1])
        cut += (low, high) != whole
    assert cut > 20


def test_a_measurement_counts_studies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "TRUTH_ROUNDS", 50_000)
    design = coverage.LARGE[0]
    group = "40 groups of 5 panoramas"
    found = coverage.measure(8, [design], [group])
    shares = found["coverage"][design]
    assert set(shares) == set(coverage.MEASURED)
    compared = found["models"][group]
    assert set(compared) == set(coverage_models.MEASURED)
    assert np.mean([compared[name] for name in compared if name != coverage_models.PLAIN]) > 0.8
    assert all(share * 8 == round(share * 8) for share in shares.values())
    assert np.mean([shares[name] for name in OTHERS]) > 0.8
    assert coverage.measure(8, [design], [])["coverage"] == found["coverage"]
    with pytest.raises(ValueError, match="at least one study"):
        coverage.measure(0)


def test_the_command_writes_what_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(coverage, "TRUTH_ROUNDS", 1000)
    file = tmp_path / "coverage.json"
    assert coverage.main(["--studies", "1", "--out", str(file)]) == 0
    assert capsys.readouterr().out.strip() == coverage.as_table(json.loads(file.read_text()))


def test_the_document_has_the_measurement_and_every_column() -> None:
    kept = coverage.kept()
    for shares in (*kept["coverage"].values(), *kept["models"].values()):
        for name, share in shares.items():
            row = next(line for line in DOCUMENT.splitlines() if line.startswith(f"| {name} |"))
            assert f"| {100 * share:.1f} %" in row
    for name in READ:
        assert f"`{name}`" in DOCUMENT


def test_the_document_has_every_key() -> None:
    for name in (*Comparison.__annotations__, *Side.__annotations__):
        assert f"`{name}`" in DOCUMENT or f'"{name}"' in DOCUMENT
