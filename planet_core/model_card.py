"""MODEL_CARD.md of a packed model version: what it is, what was measured, in words for people. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planet_core.metrics import SCALES_KM

CARD = "MODEL_CARD.md"
Values = Mapping[str, Any]


def card(config: Values, metrics: Values, digest: str, report: Values | None = None, intro: str = "") -> str:
    """The card as Markdown.

    Args:
        config, metrics: of the model directory.
        digest: of the version.
        report: what `planet_core.evaluate --json` gave for it; without one, training's own numbers are told.
        intro: Markdown that goes before everything else.
    """
    recipe = config["recipe"]
    lines = [f"# Model {digest[:12]}", ""]
    if intro:
        lines += [intro.strip(), ""]
    lines += [
        *_table(
            ("what", "value"),
            [
                ("recipe", f"`{recipe['name']}`, seed {recipe.get('seed', 0)}"),
                ("network", f"`{config['network']}`, {config['parameters']:,} parameters"),
                ("weights", f"stored as {config.get('weights', 'float32')}"),
                ("packed from", f"`{config['packed_from'][:12]}`" if "packed_from" in config else "-"),
                ("classes", f"{config['cells']:,} S2 cells"),
                ("input", f"{config['image_px']} x {config['image_px']} pixels"),
                ("temperature", f"{config.get('temperature', 1.0):.3f}"),
                (
                    "trained on",
                    f"{metrics['photos_training']:,} pictures" if "photos_training" in metrics else "?",
                ),
                ("best epoch", f"{metrics.get('best_epoch', '?')} of {recipe['epochs']}"),
            ],
        ),
    ]
    lines += _evaluation(report) if report else _training(metrics)
    return "\n".join(lines)


def _evaluation(report: Values) -> list[str]:
    part = report["unseen"] or report["seen"]
    kind = "that the model did not train on" if report["unseen"] else "**that the model trained on**"
    lines = [f"## Evaluation on {part['views']:,} views {kind}", ""]
    rows = [
        (
            way,
            *(f"{values['within_km'][str(scale)]['value']:.1%}" for scale in SCALES_KM),
            f"{values['median_km']['value']:,.0f}",
            f"{values['mean_points']['value']:,.0f}",
        )
        for way, values in part["ways"].items()
    ]
    heads = ("answer", *(f"{scale:g} km" for scale in SCALES_KM), "median km", "mean points")
    return [*lines, *_table(heads, rows), "Intervals, calibration and more are in the report.", ""]


def _training(metrics: Values) -> list[str]:
    validation = metrics.get("validation_by_rule") or {}
    if not validation:
        return ["No held-out pictures: nothing was measured.", ""]
    rows = [
        (
            rule,
            *(f"{values['accuracy_at_km'][str(scale)]:.1%}" for scale in SCALES_KM),
            f"{values['median_km']:,.0f}",
        )
        for rule, values in validation.items()
    ]
    return [
        "## Pictures held out from training (they chose the best epoch, which flatters it)",
        "",
        *_table(("answer", *(f"{scale:g} km" for scale in SCALES_KM), "median km"), rows),
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return [*("| " + " | ".join(line) + " |" for line in lines), ""]
