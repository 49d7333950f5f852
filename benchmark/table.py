"""A report as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmark.report import Report
from benchmark.study import beside_the_paper
from benchmark.words import many
from planet_core.metrics import SCALES_KM

CONDITIONS = {
    "fair": "fair view: the person saw the very pixels that the model got",
    "free": "free look: the person could look around, the model got one view",
    "album": "album rounds: both saw the photos of a trip, fair view; what is counted as panoramas is albums",
}
SOURCES = {"drawn": " (drawn from facts, not photographed)"}
Comparison = dict[str, Any]


def as_table(report: Report, *, apart: bool = False) -> str:
    """What most readers want to know; the page and the JSON say all."""
    parts = [f"Note: {note}" for note in report["notes"]]
    parts += [comparison_table(one) for one in report["comparisons"] if one["person"] == "all"]
    if report["protocol"]:
        parts.append(study_table(report))
    others = sum(one["rounds"] for one in report["apart"])
    if apart:
        parts += [comparison_table(one) for one in report["apart"]]
    elif others:
        parts.append(
            f"{many(others, 'round does', 'rounds do')} not count (seen before, or the model trained on it):"
            " add --apart to see."
        )
    return "\n\n".join(parts)


def heading(comparison: Comparison) -> str:
    """Map, source and condition in words."""
    condition = CONDITIONS.get(comparison["condition"], comparison["condition"])
    return f"Map {comparison['map']}{SOURCES.get(comparison['source'], '')} · {condition}"


def comparison_table(comparison: Comparison) -> str:
    """One comparison of everybody with a model."""
    sides = comparison["sides"]
    header = (
        f"{'':8}{'median km':>26}"
        + "".join(f"{f'<={scale} km':>11}" for scale in SCALES_KM)
        + f"{'points':>9}{'answered':>11}"
    )
    lines = [
        *([f"Does not count: {comparison['apart']}."] if comparison["apart"] else []),
        heading(comparison),
        f"Model {comparison['model']} · {many(comparison['rounds'], 'round')}"
        f" · {many(comparison['people'], 'person', 'people')}"
        f" · {many(comparison['panoramas'], 'panorama')}",
        *(f"Note: {note}" for note in comparison.get("notes", ())),
        "",
        header,
        _line("people", sides["person"]),
        _line("model", sides["model"]),
        "",
        f"The model won {comparison['wins']}, people won {comparison['losses']},"
        f" {many(comparison['ties'], 'tie')}.",
        *_rate(comparison),
        *_differences(comparison["differences"]),
        *_accuracy(comparison.get("accuracy")),
    ]
    return "\n".join(lines)


def _line(name: str, side: dict[str, Any]) -> str:
    shares = "".join(f"{side['within_km'][str(scale)]:>11.1%}" for scale in SCALES_KM)
    answered = f"{side['outcomes']['answered']} of {sum(side['outcomes'].values())}"
    return f"{name:8}{kilometres(side['median_km']):>26}{shares}{side['mean_points']:>9,.0f}{answered:>11}"


def kilometres(found: dict[str, float | None]) -> str:
    """A distance with its interval; without a number there is no answer."""
    if found["value"] is None:
        return "no answer"
    if found["low"] is None:
        return f"{found['value']:,.1f}"
    high = "∞" if found["high"] is None else f"{found['high']:,.0f}"
    return f"{found['value']:,.1f} ({found['low']:,.0f}-{high})"


def _rate(comparison: Comparison) -> Iterable[str]:
    rate, clustered, power = (comparison[name] for name in ("win_rate", "win_rate_clustered", "power"))
    if rate["value"] is None:
        return
    both = "" if clustered["low"] is None else f"; clustered {percents(clustered)}"
    yield (
        f"Win rate of the model: {rate['value']:.1%} of {many(power['decided_rounds'], 'decided round')}"
        f" (95 % Wilson interval {percents(rate)}, rounds taken as independent{both})."
    )
    yield f"Exact sign test against an even match: p = {comparison['sign_test_p']:.3g}. {power_text(power)}"


def percents(found: dict[str, float]) -> str:
    """An interval of shares."""
    return f"{found['low']:.1%} to {found['high']:.1%}"


def power_text(power: dict[str, Any]) -> str:
    """How many rounds it would take."""
    if not power["decided_rounds"]:
        return ""
    needed = power["rounds_needed"]
    if needed is None:
        return "Exactly even: no number of rounds would tell it from a coin."
    return (
        f"To tell this rate from one half takes {many(needed, 'decided round')} (power {power['power']:.0%},"
        f" two-sided {power['alpha']:.0%}); there {'is' if power['decided_rounds'] == 1 else 'are'}"
        f" {power['decided_rounds']:,}."
    )


def _differences(found: dict[str, Any]) -> Iterable[str]:
    points, logs = found["points"], found["log10_km"]
    if points["low"] is not None:
        yield (
            f"Model less person in a round: {points['value']:+,.0f} points"
            f" ({points['low']:+,.0f} to {points['high']:+,.0f}; {points['method']})."
        )
    if logs["low"] is not None:
        yield (
            f"Where both answered ({many(logs['rounds'], 'round')}): {10 ** logs['value']:.2f} times the"
            f" distance ({10 ** logs['low']:.2f} to {10 ** logs['high']:.2f})."
        )


def _accuracy(found: dict[str, Any] | None) -> Iterable[str]:
    if not found or not found["rounds"]:
        return
    sides = (
        f"{name} {found[side]['country']['value']:.1%} country,"
        f" {found[side]['continent']['value']:.1%} continent"
        for name, side in (("people", "person"), ("model", "model"))
    )
    yield f"Right by polygon: {'; '.join(sides)} (of {many(found['rounds'], 'round')} on land)."


def study_table(report: Report) -> str:
    """The paper's numbers beside ours."""
    protocol = report["protocol"]
    paper = protocol["paper"]
    rate = paper["win_rate"]
    lines = [
        "The paper's study (printed in the paper, not measured here):",
        f"  PlaNet won {paper['wins']} of {paper['rounds']} rounds: {rate['value']:.0%}, Wilson"
        f" {percents(rate)}, sign test p = {paper['sign_test_p']:.2f}: no more than a coin would do.",
    ]
    for study in protocol["studies"]:
        kept = " ".join(study["deviations"]) or "kept to the paper's design."
        lines.append(f"  Ours, map {study['map']}, model {study['model']}: {kept}")
        lines.append(f"    {'':34}{'ours':>14}{'the paper':>14}")
        lines += [f"    {what:34}{ours:>14}{its:>14}" for what, ours, its in beside_the_paper(study, paper)]
    if not protocol["studies"]:
        lines.append("  Ours: no round in fair view.")
    if protocol["rounds_of_other_conditions"]:
        number = many(protocol["rounds_of_other_conditions"], "round")
        lines.append(f"  No part of it: {number} under another condition.")
    return "\n".join(lines)
