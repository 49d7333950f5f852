"""What `near_duplicates_evaluate` found, as a page for people or as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from planet_core import near_duplicates_pairs as pairs
from planet_core.files import atomic_file
from planet_core.near_duplicates_sequences import PAUSE_S, SPOT_KM, STEP_KM


def markdown(report: dict[str, Any], command: str) -> str:
    """The report as a page."""
    kinds = (*pairs.KINDS, pairs.TWO_AT_ONCE)
    lines = [
        "# Near-duplicates: the network beside the hashes",
        "",
        f"Written by `{command}`.",
        "",
        *_training(report["model"]),
        f"{report['photos_examined']} photos that the model never saw ({report['photos_seen']} of"
        f" {report['photos_listed']} left out because it saw them, or photos of their group or place;"
        f" {report['photos_not_drawn']} not drawn, {report['photos_unreadable']} unreadable)."
        f" {report['pairs']} made pairs,"
        f" {report['negatives']} negatives. Recall counts the six kinds; `{pairs.TWO_AT_ONCE}` is an extra.",
        "The first row uses the threshold chosen on training-side pairs. The others use the largest"
        f" threshold that gives precision >= {report['precision_wanted']} on these very pairs.",
        "",
        "| | bits | threshold | recall | precision | found | false | precision, none excluded"
        " | nearest negative |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row_ in report["rows"].items():
        lines.append(
            f"| {name} | {row_['bits']} | {row_['threshold']} | {row_['recall']:.4f}"
            f" | {row_['precision']:.4f} | {row_['found']} | {row_['false']}"
            f" | {row_['precision_with_excluded']:.4f} | {row_['nearest_negative']} |"
        )
    lines += ["", "Recall by kind:", "", f"| | {' | '.join(kinds)} |", "|---" * (len(kinds) + 1) + "|"]
    for name, row_ in report["rows"].items():
        shares = " | ".join(f"{row_['recall_by_kind'][kind]:.3f}" for kind in kinds)
        lines.append(f"| {name} | {shares} |")
    lines += [
        "",
        f"Excluded: {len(report['excluded_pairs'])} pairs of consecutive frames. A sequence is the photos of"
        " one group (of one folder, where a group is one panorama or there is none) in order of their times,"
        " or of the list where they have none; it ends where the next frame is more than"
        f" {STEP_KM * 1000:.0f} m away or more than {PAUSE_S / 60:.0f} minutes later. Two photos of one"
        " sequence are consecutive if they are views of one frame, or of neighbouring frames, or at most"
        f" {SPOT_KM * 1000:.0f} m apart. Their sequences; all pairs are listed at the end:",
        "",
        "| first photo | photos | pairs |",
        "|---|---|---|",
    ]
    lines += [
        f"| {entry['first']} | {entry['photos']} | {entry['pairs']} |"
        for entry in report["excluded_sequences"]
    ]
    lines += ["", "The excluded pairs, each first photo with all that follow it:", ""]
    lines += [f"- {first}: {', '.join(seconds)}" for first, seconds in _by_first(report["excluded_pairs"])]
    return "\n".join(lines) + "\n"


def _by_first(excluded: list[list[str]]) -> list[tuple[str, list[str]]]:
    """The pairs, those with one first photo together."""
    found: dict[str, list[str]] = {}
    for first, second in excluded:
        found.setdefault(first, []).append(second.rpartition("/")[2])
    return list(found.items())


def _training(model: dict[str, Any]) -> list[str]:
    """How the model was made, where it says so."""
    if not model["settings"]:
        return []
    chosen, settings = model["on_training_side"], model["settings"]
    return [
        f"The model: {model['training']} photos trained it, {model['calibration']} others chose its threshold"
        f" (recall {chosen['recall']:.4f}, precision {chosen['precision']:.4f} on {chosen['pairs']} pairs"
        f" of theirs), {settings['steps']} steps, seed {settings['seed']}, {model['cpu_seconds']:.0f} s of"
        " processor time.",
        "",
    ]


def write(report: dict[str, Any], path: Path, command: str) -> None:
    """Writes the report as .json or .md."""
    text = markdown(report, command) if path.suffix == ".md" else json.dumps(report, indent=1) + "\n"
    with atomic_file(path) as file:
        file.write(text.encode())
