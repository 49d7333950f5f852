"""Who won how often, for a home page: out of the reports that are kept, nothing is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from geogame.reports.models import StoredReport
from geogame.reports.outside import MARK


@dataclass(frozen=True)
class Tally:
    """One map in one condition on one kind of pictures, against one model; `person_rate` is the share of
    rounds with a winner that people won: value, low, high.
    """

    report: StoredReport
    model: str
    rounds: int
    person_wins: int
    model_wins: int
    ties: int
    person_rate: dict[str, float | None]


def tallies() -> list[Tally]:
    """For each condition and kind of pictures the map and model with most rounds; most rounds first. Maps and
    models are never pooled, and programs of others have no part in it.
    """
    reports = StoredReport.objects.select_related("map").defer("public", "full")
    found: dict[tuple[str, str], Tally] = {}
    for report in reports:
        for line in report.summary:
            key = report.condition, report.source
            if line["model"].endswith(MARK) or not line["rounds"]:
                continue
            if key not in found or line["rounds"] > found[key].rounds:
                found[key] = _tally(report, line)
    return sorted(found.values(), key=lambda tally: -tally.rounds)


def _tally(report: StoredReport, line: dict[str, Any]) -> Tally:
    rate = line["win_rate"]
    return Tally(
        report=report,
        model=line["model"],
        rounds=line["rounds"],
        person_wins=line["losses"],
        model_wins=line["wins"],
        ties=line["ties"],
        person_rate={
            end: None if rate[other] is None else 1 - rate[other]
            for end, other in (("value", "value"), ("low", "high"), ("high", "low"))
        },
    )
