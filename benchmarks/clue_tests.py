"""What clues of the drawn world are worth to a model: switched off in turn, and looked for in its heat maps.

    python -m benchmarks.clue_tests off MODEL [--places 300] [--clues sun,script] [--out FILE.md]
    python -m benchmarks.clue_tests heat MODEL [--places 100] [--positions 14] [--out FILE.md]
    python -m benchmarks.clue_tests horizon MODEL SOURCE [--out FILE.md]
    python -m benchmarks.clue_tests leak MODEL SOURCE [--out FILE.md]
    python -m benchmarks.clue_tests trained MODEL SOURCE WITHOUT VIEWS [--out FILE.md]

off      draws held-out places with all clues and then without each of them, same day, heading and traffic,
         and compares the answers view by view. A missing clue is also a shift of distribution, which a model
         that was trained without it does not have (`python -m procedural_earth shards --without CLUES`)
heat     hides parts of views (`planet_core.occlusion`) and compares the confidence that is lost on signs,
         road, sky and so on with that on the same areas moved sideways at random
horizon  answers places by all views of theirs together, and by each alone
leak     a model that was trained without any clue, on views without any: it may do no better than always
         answering the most frequent cell, nor than with the pictures of the places dealt out at random
trained  compares MODEL with WITHOUT, a model that was trained without a clue, at places drawn with the clue
         (SOURCE) and without it (VIEWS)

Intervals are of 95 %, by the bootstrap over places.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.clue_answers import (
    RULE,
    FloatArray,
    Lines,
    clusters,
    distances_km,
    estimate,
    log_km,
    pictures,
    points,
)
from benchmarks.clue_training import report_leak, report_trained
from planet_core.files import atomic_file
from planet_core.model_directory import ModelDirectoryError
from planet_core.occlusion import occlusion_map
from planet_core.predict import Predictor
from planet_core.sources.open_source import open_source
from planet_core.sources.photo import SourceError
from planet_core.stopping import Stopped, UserError, stopping_on_signals
from planet_core.views import fuse
from planet_core.workers import in_order
from procedural_earth.mesh import Clue
from procedural_earth.rendering import render_view
from procedural_earth.scene import CLUES
from procedural_earth.view_shards import Spot, Wish, encode, spots

LEAST_AREA = 0.004
"""Share of a view that an area must cover for its heat to count."""
ROLLS = 16
VISIBLE_STEP = 3
"""Pixels that change by more than this, of 255, look different."""


# ------------------------------------------------------------------------------------------------
# Drawing


@dataclass(frozen=True)
class Drawn:
    """One view of a place.

    Attributes:
        whole: JPEG with all clues.
        without: JPEG without each of some sets of clues, None where it looks the same.
        changed: share of the pixels that look different without each.
        mask: the clue of each pixel.
    """

    spot: Spot
    whole: bytes
    without: tuple[bytes | None, ...]
    changed: tuple[float, ...]
    mask: npt.NDArray[np.uint8]


def draw(spot: Spot, px: int, without: Sequence[frozenset[str]]) -> Drawn:
    """The view to the first heading of a place, with all clues and without each set of them."""
    whole, mask = _view(spot, px, frozenset())
    others = [_view(spot, px, clues)[0] for clues in without]
    changed = tuple(_changed(whole, other) for other in others)
    data = (encode(other) if share else None for other, share in zip(others, changed, strict=True))
    return Drawn(spot, encode(whole), tuple(data), changed, mask)


def _changed(one: Image.Image, other: Image.Image) -> float:
    steps = np.abs(np.asarray(one, dtype=np.int64) - np.asarray(other))
    return float((steps.max(axis=2) > VISIBLE_STEP).mean())


def _view(spot: Spot, px: int, without: frozenset[str]) -> tuple[Image.Image, npt.NDArray[np.uint8]]:
    view = render_view(
        spot.lat, spot.lng, date=datetime.date.fromisoformat(spot.date), hour=spot.hour,
        heading=spot.headings[0], px=px, seed=spot.seed, without=without, masks=True,
    )  # fmt: skip
    assert view.masks is not None
    return view.image, view.masks


def _draw_all(some: Sequence[Spot], px: int, without: Sequence[frozenset[str]]) -> list[Drawn]:
    return [draw(spot, px, without) for spot in some]


def drawn_places(options: argparse.Namespace, without: Sequence[frozenset[str]]) -> Iterator[Drawn]:
    """Held-out places, drawn on all cores, with a progress line."""
    wanted = spots(Wish(options.places, options.size, 1, seed=options.seed, part="held-out"), None)
    work = partial(_draw_all, px=options.size, without=without)
    for done, one in enumerate(in_order(iter(wanted), work, 2, options.workers), start=1):
        _say(f"{done} of {len(wanted)} places")
        yield one


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text}", end="", file=sys.stderr, flush=True)


# ------------------------------------------------------------------------------------------------
# Reports


def report_off(options: argparse.Namespace) -> Lines:
    """What each clue is worth when it is missing at test time alone."""
    names = options.clues.split(",") if options.clues else [*CLUES, "all"]
    without = [frozenset(CLUES) if name == "all" else frozenset([name]) for name in names]
    predictor = Predictor.load(options.model)
    found = list(drawn_places(options, without))
    places = [one.spot for one in found]
    km = distances_km(predictor, predictor.distributions(pictures([one.whole for one in found])), places)
    lines = [
        f"# Clues switched off for model {predictor.digest[:12]}",
        "",
        f"{len(found)} held-out places, one view of 90 degrees, {options.size} px, rule `{RULE}`; median"
        f" {np.median(km):,.0f} km and {points(km).mean():,.0f} points with all clues. Positive numbers:"
        " the clue helps. Views that look the same without the clue count in the second column alone.",
        "",
        "| clue | views that change | pixels that change there, median | points lost over all views |"
        " points lost where it changes | log10 km gained where it changes |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for number, name in enumerate(names):
        lines.append(_off_row(name, number, found, km, predictor))
    return lines


def _off_row(name: str, number: int, found: Sequence[Drawn], km: FloatArray, predictor: Predictor) -> str:
    changed = np.flatnonzero([one.without[number] is not None for one in found])
    if len(changed) < 2:
        return f"| {name} | {len(changed)} of {len(found)} | - | - | - | - |"
    area = np.median([found[row].changed[number] for row in changed.tolist()])
    data = [picture for one in found if (picture := one.without[number]) is not None]
    rows = predictor.distributions(pictures(data))
    other = km.copy()
    other[changed] = distances_km(predictor, rows, [found[row].spot for row in changed.tolist()])
    lost = points(km) - points(other)
    logs = log_km(other) - log_km(km)
    return (
        f"| {name} | {len(changed)} of {len(found)} | {area:.1%} | {estimate(lost).text()} |"
        f" {estimate(lost[changed]).text()} | {estimate(logs[changed]).text('+.3f')} |"
    )


def report_heat(options: argparse.Namespace) -> Lines:
    """Confidence lost when an area is hidden, against the same area moved sideways."""
    predictor = Predictor.load(options.model)
    rng = np.random.default_rng(0)
    on: dict[Clue, list[tuple[float, float]]] = {clue: [] for clue in Clue}
    count, targets = 0, 0
    for one in drawn_places(options, []):
        [picture] = pictures([one.whole])
        found = occlusion_map(predictor, picture, one.spot.lat, one.spot.lng, options.positions)
        heat = found.baseline - found.on_pixels(*one.mask.shape)
        count, targets = count + 1, targets + (found.target == "true-cell")
        for clue in np.unique(one.mask).tolist():
            pair = heat_on(heat, one.mask == clue, rng)
            if pair:
                on[Clue(clue)].append(pair)
    lines = [
        f"# Where the heat of model {predictor.digest[:12]} lies",
        "",
        f"{count} held-out views, occlusion maps of {options.positions} x {options.positions} places; of the"
        f" true cell for {targets} of them, else of the top cell. Confidence lost, in percentage points, on"
        f" the area, and on the same area moved sideways by {ROLLS} random distances; areas of at least"
        f" {LEAST_AREA:.1%} of the view.",
        "",
        "| area | views | on it | on it, moved | difference |",
        "| --- | --- | --- | --- | --- |",
    ]
    for clue, pairs in on.items():
        if len(pairs) >= 2:
            values = 100 * np.array(pairs)
            difference = estimate(values[:, 0] - values[:, 1]).text("+.3f")
            means = " | ".join(f"{mean:.3f}" for mean in values.mean(axis=0))
            lines.append(f"| {clue.name.lower()} | {len(pairs)} | {means} | {difference} |")
    return lines


def heat_on(
    heat: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_], rng: np.random.Generator
) -> tuple[float, float] | None:
    """(mean heat on a mask, on the mask moved sideways around the view), or None for too small a mask.

    A mask of whole rows stays where it is when it is moved: that gives no difference, as it should.
    """
    if mask.mean() < LEAST_AREA:
        return None
    width = mask.shape[1]
    steps = rng.integers(width // 8, width - width // 8, ROLLS)
    moved = [float(np.nanmean(heat[np.roll(mask, step, axis=1)])) for step in steps.tolist()]
    return float(np.nanmean(heat[mask])), float(np.mean(moved))


def report_horizon(options: argparse.Namespace) -> Lines:
    """Each view alone, and all views of a place together."""
    predictor = Predictor.load(options.model)
    photos = [photo for photo in open_source(options.source) if photo.group]
    if not photos:
        raise UserError(f"{options.source} has no photos with a group: give shards of views")
    rows = predictor.distributions(pictures([photo.read() for photo in photos]))
    cluster = clusters([photo.group for photo in photos])
    members = [np.flatnonzero(cluster == number) for number in range(int(cluster.max()) + 1)]
    together = np.stack([fuse(rows[some], len(some), "geometric")[0] for some in members])
    alone = distances_km(predictor, rows, photos)
    fused = distances_km(predictor, together, [photos[some[0]] for some in members])
    lines = [
        f"# One view and the whole horizon, model {predictor.digest[:12]}",
        "",
        f"{len(photos)} views of {len(members)} places, rule `{RULE}`, views fused by the geometric mean.",
        "",
        "| condition | 200 km | 750 km | 2500 km | median km | points |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, km, which in (
        ("one view", alone, cluster),
        ("all views of a place", fused, np.arange(len(fused))),
    ):
        shares = " | ".join(
            estimate((km <= scale).astype(float), which).text(".1%") for scale in (200, 750, 2500)
        )
        lines.append(
            f"| {name} | {shares} | {np.median(km):,.0f} | {estimate(points(km), which).text('.0f')} |"
        )
    return lines


# ------------------------------------------------------------------------------------------------
# Command line

REPORTS = {
    "off": report_off,
    "heat": report_heat,
    "horizon": report_horizon,
    "leak": report_leak,
    "trained": report_trained,
}


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the process with code 2 and a usage line where it makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clue_tests", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind in REPORTS:
        one = kinds.add_parser(kind)
        one.add_argument("model", metavar="MODEL", help="a model version directory")
        one.add_argument("--out", type=Path, metavar="FILE", help="also write the report there, as Markdown")
        if kind in ("horizon", "leak", "trained"):
            one.add_argument("source", metavar="SOURCE", help="held-out views, as shards:DIR")
            if kind == "trained":
                one.add_argument("without_model", metavar="WITHOUT", help="trained without a clue")
                one.add_argument("without_source", metavar="VIEWS", help="the same views, without the clue")
            continue
        one.add_argument("--places", type=int, default=300 if kind == "off" else 100, metavar="N")
        one.add_argument("--size", type=int, default=160, metavar="PX", help="side of a view (160)")
        one.add_argument("--seed", type=int, default=1, metavar="S", help="of the places (1)")
        one.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
        one.add_argument(
            "--positions", type=int, default=14, metavar="N", help="of the hiding box, along a side"
        )
        one.add_argument("--clues", default="", help="by commas (all, one by one and together)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0, 2 for what cannot be done, 130 when stopped."""
    options = parse_arguments(arguments)
    try:
        with stopping_on_signals():
            unknown = sorted(set(filter(None, getattr(options, "clues", "").split(","))) - {*CLUES, "all"})
            if unknown:
                raise UserError(f"there is no clue {unknown[0]!r}: choose from {', '.join(CLUES)}, all")
            lines = REPORTS[options.kind](options)
            words = sys.argv[1:] if arguments is None else arguments
            text = "\n".join(
                itertools.chain(
                    lines, ["", f"Written by `python -m benchmarks.clue_tests {' '.join(words)}`."]
                )
            )
            if options.out:
                with atomic_file(options.out) as file:
                    file.write(text.encode() + b"\n")
    except (ModelDirectoryError, SourceError, UserError, OSError, ValueError) as error:
        print(f"clue_tests: {error}", file=sys.stderr)
        return 2
    except Stopped:
        print("clue_tests: stopped", file=sys.stderr)
        return 130
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
