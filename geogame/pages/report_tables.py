"""The tables of a report page: columns of texts, numbers aligned at the decimal point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from geogame.pages.report_numbers import NOTHING, aligned, interval, km, number
from geogame.pages.report_words import KINDS, LEAKS, OUTCOMES, known, label, leaks
from planet_core.metrics import SCALES_KM

Part = dict[str, Any]
SIDES = ("person", "model")
MOST_PEOPLE = 100


@dataclass(frozen=True)
class Cell:
    text: str
    is_number: bool
    url: str = ""


@dataclass(frozen=True)
class Table:
    """`how` is the anchor of the definition; a folded one is opened by its title."""

    name: str
    title: str
    how: str
    head: list[Cell]
    rows: list[list[Cell]]
    note: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Column:
    title: str
    texts: list[str]
    is_number: bool = True
    urls: list[str] | None = None

    @property
    def cells(self) -> list[Cell]:
        texts = aligned(self.texts) if self.is_number else self.texts
        urls = self.urls or [""] * len(texts)
        return [Cell(text, self.is_number, url) for text, url in zip(texts, urls, strict=True)]


def table(name: str, title: str, how: str, columns: Sequence[Column], **more: Any) -> Table:
    head = [Cell(column.title, column.is_number) for column in columns]
    rows = [list(row) for row in zip(*(column.cells for column in columns), strict=True)]
    return Table(name, title, how, head, rows, **more)


def _share(found: Part) -> str:
    return NOTHING if found["value"] is None else number(100 * found["value"], 1)


def numbers_table(model: Part) -> Table:
    """Both sides beside each other, each number with its interval."""
    lines: list[tuple[str, Callable[[str], Part], bool]] = [
        (_("Median distance, km"), lambda side: model["sides"][side]["median_km"], False),
        (_("Median of answered rounds, km"), lambda side: model["sides"][side]["median_km_answered"], False),
        *(
            (
                _("Within %(km)s km, %% of rounds") % {"km": number(scale)},
                lambda side, scale=scale: model["sides"][side]["within_km_interval"][str(scale)],
                True,
            )
            for scale in SCALES_KM
        ),
    ]
    if model["accuracy"]["person"]:
        lines += [
            (_("Right country, % of rounds"), lambda side: model["accuracy"][side]["country"], True),
            (_("Right continent, % of rounds"), lambda side: model["accuracy"][side]["continent"], True),
        ]
    lines.append((_("Mean points"), lambda side: model["sides"][side]["mean_points_interval"], False))
    lines.append((_("Mean points of answered rounds"), _answered_points(model), False))
    columns = [Column("", [name for name, _found, _is_share in lines], is_number=False)]
    for side, title in zip(SIDES, (_("People"), _("Model")), strict=True):
        found = [(get(side), is_share) for _name, get, is_share in lines]
        columns += [
            Column(title, [_share(one) if is_share else km(one["value"]) for one, is_share in found]),
            Column(
                _("95 % interval"),
                [interval(one, share=is_share) for one, is_share in found],
                is_number=False,
            ),
        ]
    return table("numbers", _("Distances, places and points"), "median", columns)


def _answered_points(model: Part) -> Callable[[str], Part]:
    """Conditional on answering: without an interval, for who answers is part of how good one is."""
    return lambda side: {"value": model["sides"][side]["mean_points_answered"], "low": None, "high": None}


def outcomes_table(model: Part) -> Table:
    kinds = list(OUTCOMES)
    columns = [Column("", [_(OUTCOMES[kind]) for kind in kinds], is_number=False)]
    columns += [
        Column(title, [number(model["sides"][side]["outcomes"][kind]) for kind in kinds])
        for side, title in zip(SIDES, (_("People"), _("Model")), strict=True)
    ]
    return table("outcomes", _("What became of the rounds"), "points", columns)


def parts_table(name: str, parts: Sequence[Part]) -> Table:
    columns = [
        Column(_(KINDS[name]), [label(name, part["value"]) for part in parts], is_number=False),
        Column("n", [number(part["rounds"]) for part in parts]),
        Column(_("people"), [number(part["people"]) for part in parts]),
        Column(_("panoramas"), [number(part["panoramas"]) for part in parts]),
        Column(_("won by the model, %"), [_share(part["win_rate"]) for part in parts]),
        Column(
            _("95 % interval"), [interval(part["win_rate"], share=True) for part in parts], is_number=False
        ),
        Column(_("km, people"), [km(part["person"]["median_km"]) for part in parts]),
        Column(_("km, model"), [km(part["model"]["median_km"]) for part in parts]),
        Column(_("points, people"), [number(part["person"]["mean_points"]) for part in parts]),
        Column(_("points, model"), [number(part["model"]["mean_points"]) for part in parts]),
    ]
    return table(f"parts-{name}", _(KINDS[name]), "parts", columns, folded=True)


def trivial_table(players: Sequence[Part]) -> Table | None:
    """Players that hardly look, against the people in the same rounds."""
    if not players:
        return None
    columns = [
        Column(_("Player"), [known(one["player"]) for one in players], is_number=False),
        Column("n", [number(one["rounds"]) for one in players]),
        Column(_("won against people, %"), [_share(one["win_rate"]) for one in players]),
        Column(
            _("95 % interval"), [interval(one["win_rate"], share=True) for one in players], is_number=False
        ),
        Column(_("points"), [number(one["mean_points"]) for one in players]),
    ]
    note = _("They know where the model’s training pictures were taken, cell by cell, and never look.")
    return table("trivial", _("Players that do not look"), "trivial", columns, note=note)


def leaks_table(found: Part) -> Table | None:
    """Of how many rounds something may have told the model the answer; None where nobody knows of any."""
    flags = {name: found[name] for name in LEAKS if found[name]["known"]}
    if not flags:
        return None
    columns = [
        Column(_("The picture is"), [_(LEAKS[name]) for name in flags], is_number=False),
        Column(_("rounds"), [number(counts["set"]) for counts in flags.values()]),
        Column(_("known of"), [number(counts["known"]) for counts in flags.values()]),
    ]
    return table("leaks", _("What may have leaked"), "leaks", columns, note=leaks(found))


def people_table(model: Part) -> Table | None:
    people = model["each_person"][:MOST_PEOPLE]
    if not people:
        return None
    columns = [
        Column(
            "",
            [_("Person %(n)s") % {"n": one["person"].rpartition(" ")[2]} for one in people],
            is_number=False,
        ),
        Column("n", [number(one["rounds"]) for one in people]),
        Column(_("won by the model, %"), [_share(one["win_rate"]) for one in people]),
        Column(
            _("95 % interval"), [interval(one["win_rate"], share=True) for one in people], is_number=False
        ),
        Column(_("km, person"), [km(one["sides"]["person"]["median_km"]["value"]) for one in people]),
        Column(_("km, model"), [km(one["sides"]["model"]["median_km"]["value"]) for one in people]),
        Column(_("points, person"), [number(one["sides"]["person"]["mean_points"]) for one in people]),
        Column(_("points, model"), [number(one["sides"]["model"]["mean_points"]) for one in people]),
    ]
    note = _(
        "Numbers in the place of names, dealt anew with every report; people with few rounds are left out."
    )
    return table("people", _("Each person"), "people", columns, note=note, folded=True)


def apart_table(tallies: Sequence[Part]) -> Table | None:
    """What does not count, and why."""
    if not tallies:
        return None
    columns = [
        Column(_("Why"), [known(one["apart"]) for one in tallies], is_number=False),
        Column(_("Model"), [one["model"] for one in tallies], is_number=False),
        Column("n", [number(one["rounds"]) for one in tallies]),
        Column(_("won by the model"), [number(one["wins"]) for one in tallies]),
        Column(_("ties"), [number(one["ties"]) for one in tallies]),
        Column(_("won by people"), [number(one["losses"]) for one in tallies]),
    ]
    return table("apart", _("Rounds that do not count"), "counts", columns)


def coverage_table(found: Part) -> Table:
    """How often the intervals held the truth in simulated studies."""
    shares = found["coverage"]
    intervals = list(next(iter(shares.values())))
    columns = [Column(_("Interval"), [known(name) for name in intervals], is_number=False)]
    columns += [
        Column(known(design), [number(100 * held[name], 1) for name in intervals])
        for design, held in shares.items()
    ]
    note = _(
        "Per cent of %(studies)s simulated studies of each design in which the interval held the truth: "
        "95 would be exact. Measured by: %(command)s"
    ) % {"studies": number(found["studies"]), "command": found["command"]}
    title = _("How often the intervals hold the truth")
    return table("coverage", title, "coverage", columns, note=note, folded=True)


def hard_tables(difficulty: Part, url: Callable[[str], str]) -> Iterator[Table]:
    """For the staff alone: single panoramas."""
    titles = (
        ("hard_for_people_easy_for_model", _("Hard for people, easy for the model")),
        ("easy_for_people_hard_for_model", _("Easy for people, hard for the model")),
    )
    for name, title in titles:
        rows = difficulty[name]
        if rows:
            columns = [
                Column(
                    _("Panorama"),
                    [row["panorama"] for row in rows],
                    is_number=False,
                    urls=[url(row["panorama"]) for row in rows],
                ),
                Column("n", [number(row["rounds"]) for row in rows]),
                Column(_("points, people"), [number(row["person_points"]) for row in rows]),
                Column(_("points, model"), [number(row["model_points"]) for row in rows]),
            ]
            yield table(name.replace("_", "-"), title, "difficulty", columns)
