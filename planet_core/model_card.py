"""MODEL_CARD.md of a model version: what it is for, its data, what was measured, where it fails. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from planet_core.metrics import SCALES_KM

CARD = "MODEL_CARD.md"
FEW_VIEWS = 100
"""With fewer views on a continent the card says that its numbers are weak."""
Values = Mapping[str, Any]

USE = (
    "To play against people in the game, on pictures that the game shows to both; to look into how a network"
    " tells places apart; to be measured, compared and trained further."
)
MISUSE = (
    "To find out where somebody is or was, where somebody lives, or whether an account of a journey is true."
    " Its answer is a guess among cells of the Earth, often wrong by a thousand kilometres, and says nothing"
    " about any person. No page of the game takes a stranger's photo and answers where it was taken."
)
DRAWN = (
    "It learnt from drawn pictures. What it learnt does not carry over to photographs: about those its"
    " answers and probabilities mean nothing."
)
ETHICS = (
    "Telling places from pictures can harm people: it can help to find somebody who does not want to be"
    " found. This project is a game first; docs/responsible-use.md says what follows from that, and which"
    " switches there are. Who passes this version on passes its card on, too."
)


def card(
    config: Values,
    metrics: Values,
    digest: str,
    report: Values | None = None,
    intro: str = "",
    data: Values | None = None,
) -> str:
    """The card as Markdown.

    Args:
        config, metrics: of the model directory; what is missing in them is told as unknown.
        digest: of the version.
        report: what `planet_core.evaluate --json` gave for it; without one, training's own numbers are told.
        intro: Markdown that goes before everything else, in place of what is written here on its use, its
            data and its limits.
        data: what it trained on: `name`, `photos`, `licences` (number of photos by licence) and `drawn`
            (whether any picture was drawn); all of them may be missing.
    """
    known = data or {}
    lines = [f"# Model {digest[:12]}", ""]
    if intro:
        lines += [intro.strip(), ""]
    else:
        lines += ["## What it is for", "", USE, "", "## What it is not for", "", MISUSE, ""]
        lines += [DRAWN, ""] if known.get("drawn") else []
    lines += _facts(config, metrics)
    if not intro:
        lines += _data(known, metrics)
    lines += _evaluation(report) if report else _training(metrics)
    if not intro:
        lines += _limits(config, report)
    return "\n".join([*lines, "## Ethics", "", ETHICS, ""])


def _facts(config: Values, metrics: Values) -> list[str]:
    recipe = config.get("recipe") or {}
    came_from = [key for key in ("packed_from", "calibrated_from", "needs") if key in config]
    rows = [
        ("recipe", f"`{recipe.get('name', '?')}`, seed {recipe.get('seed', 0)}"),
        ("network", f"`{config.get('network', '?')}`, {_count(config.get('parameters'))} parameters"),
        ("weights", f"stored as {config.get('weights', 'float32')}"),
        ("classes", f"{_count(config.get('cells'))} S2 cells"),
        ("input", f"{config.get('image_px', '?')} x {config.get('image_px', '?')} pixels"),
        ("temperature", f"{config.get('temperature', 1.0):.3f}"),
        ("trained on", f"{_count(metrics.get('photos_training'))} pictures"),
        ("best epoch", f"{metrics.get('best_epoch', '?')} of {recipe.get('epochs', '?')}"),
    ]
    rows += [(key.replace("_", " "), f"`{str(config[key])[:12]}`") for key in came_from]
    return _table(("what", "value"), rows)


def _count(number: object) -> str:
    return f"{number:,}" if isinstance(number, int) else "?"


def _data(data: Values, metrics: Values) -> list[str]:
    lines = ["## Data and licences", ""]
    if data.get("name"):
        photos = data.get("photos", metrics.get("photos"))
        lines += [f"Trained on “{data['name']}”: {_count(photos)} pictures.", ""]
    else:
        lines += ["Nobody wrote down which data it was trained on.", ""]
    licences = data.get("licences") or {}
    if licences:
        rows = [(name or "not known", f"{count:,}") for name, count in _most_first(licences)]
        lines += _table(("licence", "pictures"), rows)
    else:
        lines += ["The licences of its pictures are not known: ask before you pass it on.", ""]
    return lines


def _most_first(counts: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


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
    heads = ("answer", *_scales(), "median km", "mean points")
    lines += _table(heads, rows)
    if part.get("regions"):
        lines += _regions(part)
    return [*lines, "Intervals, calibration and more are in the report.", ""]


def _regions(part: Values) -> list[str]:
    rows = [
        (
            name,
            f"{values['views']:,}",
            *(f"{values['within_km'][str(scale)]['value']:.1%}" for scale in SCALES_KM),
            f"{values['median_km']['value']:,.0f}",
        )
        for name, values in part["regions"].items()
    ]
    return [
        f"### By continent ({next(iter(part['ways']))})",
        "",
        *_table(("continent", "views", *_scales(), "median km"), rows),
    ]


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
        *_table(("answer", *_scales(), "median km"), rows),
    ]


def _limits(config: Values, report: Values | None) -> list[str]:
    lines = [
        "## Limits",
        "",
        f"- It knows {_count(config.get('cells'))} cells and nothing between them; a place outside all of"
        " them is never answered.",
        "- It answers every picture, also one that tells nothing of a place. Its probabilities hold for"
        " pictures like those that it was calibrated on, if it was.",
        "- Where few training pictures were taken its cells are large and its answers vague.",
    ]
    part = (report["unseen"] or report["seen"]) if report else {}
    regions: Values = part.get("regions") or {}
    few = [name for name, values in regions.items() if values["views"] < FEW_VIEWS]
    if not regions:
        lines += ["- How good it is on each continent was not measured: evaluate it on a map or a data set."]
    elif few:
        lines += [
            f"- Fewer than {FEW_VIEWS} views were measured in: {', '.join(few)}. Those numbers are weak."
        ]
    return [*lines, ""]


def _scales() -> list[str]:
    return [f"{scale:g} km" for scale in SCALES_KM]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return [*("| " + " | ".join(line) + " |" for line in lines), ""]
