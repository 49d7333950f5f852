"""A report: everything that is said of some rounds, built once and shown as table, JSON, CSV or a page.

A `Report` is a tree of JSON values (`docs/benchmark.md` has its keys); nothing in it has to be computed again
to be shown, so it can be kept and shown elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmark import coverage
from benchmark.breakdowns import accuracy, by_place, by_player
from benchmark.clusters import FEW
from benchmark.difficulty import difficulty
from benchmark.geography import Geography
from benchmark.leakage import flagged, leakage
from benchmark.pairs import Pairs, apart, pairs_of
from benchmark.probabilities import calibrations
from benchmark.rounds import FloatArray, Rounds
from benchmark.statistics import Group, compare, groups, people_of
from benchmark.study import PlanetStudy, planet_study
from benchmark.trivial_players import Colours, trivial_players
from benchmark.words import many
from benchmark.words import outcomes as in_words
from planet_core import geography
from planet_core.scoring import SCORING_VERSION
from planet_core.trivial import TrainingPhotos

Report = dict[str, Any]
Say = Callable[[str], None]
FORMAT = 1
READABLE = 100
CURVE_KM = np.unique(np.concatenate([np.geomspace(0.1, 20_015, 120), [1, 25, 200, 750, 2500]]))

METHOD = (
    "Wins are the model's: the smaller great-circle distance wins, an answer beats none, two without an"
    " answer tie. No answer is infinitely far and has no points.",
    "Wilson's interval of the win rate and the sign test take rounds as independent; the clustered interval"
    " beside it does not. Where people share panoramas, trust the clustered one; parts of the rounds, single"
    " people and trivial players have that one alone.",
    "All other intervals are of 95 %, clustered by person and by panorama (Cameron, Gelbach and Miller"
    " 2011): Student's t for means, Wilson's with the effective number of rounds for shares, Woodruff's for"
    f" medians and quantiles; paired differences by the wild cluster bootstrap from {FEW} clusters of"
    " either kind.",
    "Conditions, maps and models are never pooled, nor drawn pictures with photographs.",
)


def build(
    rounds: Rounds,
    *,
    training: TrainingPhotos | None = None,
    training_of: Callable[[str], TrainingPhotos | None] = lambda _: None,
    colours: Colours | None = None,
    protocol: PlanetStudy | None = None,
    say: Say = lambda _: None,
) -> Report:
    """The report of rounds.

    Args:
        training: what the trivial players are fitted on.
        training_of: what they are fitted on without it, by the name of the model that is compared; where
            neither says anything there are none.
        colours: the pictures that those by colour go by; without them there are none of these.
        protocol: the paper's study, to hold the rounds against.
        say: is told where the work is.
    """
    say("pairing")
    pairs = pairs_of(rounds)
    reasons = apart(pairs)
    say("looking places up")
    geo = Geography.of(rounds)
    comparisons: list[dict[str, Any]] = []
    for group in groups(pairs[reasons == 0]):
        say(f"comparing {group['model']} on {group['map']}, {group['condition']}")
        photos = training or training_of(group["model"])
        trivial = None if photos is None else trivial_players(group["pairs"], photos, colours)
        fitted = None if photos is None else _fitted(photos, colours, of_model=training is None)
        comparisons.append({**_pooled(group, geo), "trivial": trivial, "trivial_fitted": fitted})
        comparisons += [dict(compare(one, everybody=False)) for one in people_of(group)]
    others = [_apart(group) for group in groups(pairs[reasons > 0])]
    return {
        "format": FORMAT,
        "counts": _counts(rounds, pairs, reasons),
        "notes": [*rounds.notes, *_notes(rounds, pairs, reasons)],
        "method": list(METHOD),
        "scoring_version": SCORING_VERSION,
        "border_data": {
            name: getattr(geography.BORDER_DATA, name) for name in ("name", "version", "policy", "licence")
        },
        "interval_coverage": coverage.kept(),
        "comparisons": comparisons,
        "apart": others,
        "protocol": None if protocol is None else planet_study(pairs[reasons == 0], protocol),
    }


def as_json(report: Report) -> str:
    """JSON text, without infinities and NaN; on one line where there is more than anybody reads."""
    return json.dumps(report, indent=2 if len(report["comparisons"]) <= READABLE else None, allow_nan=False)


def pooled(report: Report) -> list[dict[str, Any]]:
    """The comparisons of everybody together."""
    return [one for one in report["comparisons"] if one["person"] == "all"]


def renamed(report: Report, names: dict[str, str]) -> Report:
    """The same report with other names of people."""
    comparisons = [
        {**one, "person": names.get(one["person"], one["person"])} for one in report["comparisons"]
    ]
    return {**report, "comparisons": comparisons}


def _pooled(group: Group, geo: Geography) -> dict[str, Any]:
    pairs = group["pairs"]
    comparison = compare(group)
    return {
        **comparison,
        "notes": _remarks(dict(comparison)),
        "accuracy": accuracy(pairs, geo),
        "curve": _curve(pairs),
        "by_place": by_place(pairs, geo),
        "by_player": by_player(pairs, geo),
        "calibration": calibrations(pairs, geo),
        "difficulty": difficulty(pairs),
        "leakage": leakage(pairs),
    }


def _apart(group: Group) -> dict[str, Any]:
    """Pairs that do not count, and of how many copies, walks and authors may be the reason."""
    pairs = group["pairs"]
    return {**compare(group), "leakage": flagged(pairs.rounds, pairs.model)}


def _curve(pairs: Pairs) -> dict[str, list[float]]:
    """Share of rounds within each distance (the paper's figure 8)."""
    return {
        "km": CURVE_KM.tolist(),
        "person": _shares(pairs.person_km),
        "model": _shares(pairs.model_km),
    }


def _shares(km: FloatArray) -> list[float]:
    found: list[float] = (np.searchsorted(np.sort(km), CURVE_KM, side="right") / len(km)).tolist()
    return found


def _counts(rounds: Rounds, pairs: Pairs, reasons: Any) -> dict[str, int]:
    people, models = (
        np.unique(rounds.player_id.codes[which]).size for which in (~rounds.is_model, rounds.is_model)
    )
    paired = np.zeros(len(rounds), dtype=np.bool_)
    paired[pairs.person] = paired[pairs.model] = True
    return {
        "answers": len(rounds),
        "rounds": int(np.unique(rounds.round_id.codes).size),
        "panoramas": int(np.unique(rounds.panorama_id.codes).size),
        "people": int(people),
        "models": int(models),
        "pairs": len(pairs),
        "pairs_that_count": int((reasons == 0).sum()),
        "answers_of_people_without_a_model": int((~paired & ~rounds.is_model).sum()),
        "answers_of_models_without_a_person": int((~paired & rounds.is_model).sum()),
    }


def _notes(rounds: Rounds, pairs: Pairs, reasons: Any) -> list[str]:
    """What is odd about all of the rounds."""
    notes = []
    if not len(rounds):
        notes.append("There are no rounds: nothing can be said.")
    elif not len(pairs):
        notes.append("No round has both a person and a model: nobody can be compared.")
    elif not (reasons == 0).any():
        notes.append("No round counts: see what is apart.")
    versions = np.unique(rounds.scoring_version[rounds.scoring_version >= 0]).tolist()
    named = f"version{'' if len(versions) == 1 else 's'} {' and '.join(map(str, versions))}"
    if len(versions) > 1 or (versions and versions != [SCORING_VERSION]):
        notes.append(
            f"The rows were scored by {named} of the score. Here all"
            f" points are computed anew from the distances, by version {SCORING_VERSION}; players may have"
            " seen others."
        )
    return notes


def _fitted(photos: TrainingPhotos, colours: Colours | None, *, of_model: bool) -> str:
    """What the trivial players know."""
    which = " of the model, taken to be at the centroids of its cells" if of_model else ""
    fitted = f"Fitted on the places of {many(photos.lat.size, 'training photo')}{which}"
    if colours is None:
        return f"{fitted}. None goes by colours: that needs the pictures of photos and rounds."
    return f"{fitted}; those by colours on the {colours.photos.lat.size:,} whose pictures can be read."


def _remarks(comparison: dict[str, Any]) -> list[str]:
    """What a reader of one comparison has to know."""
    notes = []
    sides = comparison["sides"]
    for name, who in (("person", "People"), ("model", "The model")):
        outcomes = sides[name]["outcomes"]
        if not outcomes["answered"]:
            notes.append(f"{who} answered in no round ({in_words(outcomes)}).")
    if not comparison["wins"] + comparison["losses"]:
        notes.append("All rounds are ties: there is no win rate.")
    if comparison["people"] == 1:
        notes.append(
            "One person: intervals are about this person on other panoramas, and say nothing of other people."
        )
    elif min(comparison["people"], comparison["panoramas"]) < FEW:
        notes.append(
            f"A small design ({comparison['people']} people, {many(comparison['panoramas'], 'panorama')}):"
            " paired differences have intervals by Student's t, which hold there too (see interval_coverage)."
        )
    return notes
