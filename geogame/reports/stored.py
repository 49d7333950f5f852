"""Reports made from what was played, and kept: what everybody may read apart from what the staff may."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from benchmark import public
from benchmark.pairs import Pairs, apart, pairs_of
from benchmark.report import FORMAT, Report, build
from benchmark.rounds import DRAWN, IntArray, Labels, Rounds
from benchmark.rows_csv import write_rows
from benchmark.statistics import EVERYBODY
from geogame.accounts.models import Player
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.reports import refresh
from geogame.reports.hashes import hash_pictures
from geogame.reports.models import ReportRows, StoredReport
from geogame.reports.outside import MARK, with_outside_players
from geogame.reports.queries import maps_played, told_to_everybody
from geogame.reports.refresh import people_left_out
from geogame.reports.rows import rows_of
from geogame.reports.training_photos import photos_of
from planet_core.trivial import TrainingPhotos

Part = dict[str, Any]
Tell = Callable[[str], None]
Key = tuple[str, str]
"""Condition and source of the pictures."""
SIDES = ("person", "model")
KEYS = ("method", "scoring_version", "border_data", "interval_coverage")
TOKEN = re.compile(r"\(([\w-]+)\)$")
TOLD_COLUMNS = {
    *("round_id", "panorama_id", "player_id", "player_kind", "condition", "map", "source"),
    *("lat", "lng", "true_lat", "true_lng", "outcome", "answered_at", "exposure", "group_exposure"),
    *("seen_in_training", "scale_km"),
}


log = logging.getLogger(__name__)


class ReportFailed(Exception):
    """Which reports could not be made, as a sentence for people."""


def refresh_all(tell: Tell = lambda line: None) -> int:
    """Make all reports anew, map by map; one that cannot be made stays as it was. How many were made.

    ReportFailed when any map failed, after the others.
    """
    read, maps = refresh.what_is_there(), maps_played()
    begun, made = refresh.begin(len(maps)), 0
    failed: dict[str, str] = {}
    try:
        hash_pictures(lambda line: refresh.beat(begun, 0))
        for number, map_ in enumerate(maps):
            tell(f"{map_.name}: {number + 1} of {len(maps)}")
            try:
                made += _refresh_map(map_, partial(refresh.beat, begun, number))
            except Exception as error:
                log.exception("The reports on %s cannot be made.", map_)
                failed[map_.name] = f"{type(error).__name__}: {error}"
    except BaseException:
        refresh.fail(begun, "It was interrupted.")
        raise
    if failed:
        reason = "; ".join(f"{name}: {problem}" for name, problem in failed.items())
        refresh.fail(begun, reason)
        raise ReportFailed(f"Reports that could not be made: {reason}")
    StoredReport.objects.exclude(map__in=maps).delete()
    refresh.succeed(begun, read)
    return made


def _refresh_map(map_: Map, beat: Callable[[], None]) -> int:
    beat()
    with TemporaryDirectory() as folder:
        # All rounds are let go before the first file is stored: there may be no room for both.
        kept = [made.store() for made in _made(map_, beat, Path(folder))]
    StoredReport.objects.filter(map=map_).exclude(pk__in=kept).delete()
    return len(kept)


def _made(map_: Map, beat: Callable[[], None], folder: Path) -> list[_Made]:
    rounds, versions = with_model_names(Rounds.from_rows(with_outside_players(rows_of(map_))))

    def training_of(model: str) -> TrainingPhotos | None:
        return photos_of(versions[model]) if model in versions else None

    report = build(rounds, training_of=training_of, say=lambda line: beat())
    pairs = pairs_of(rounds)
    told = {str(pk) for pk in told_to_everybody()}
    keys = sorted({(one["condition"], one["source"]) for one in (*report["comparisons"], *report["apart"])})
    found = []
    for number, key in enumerate(keys):
        beat()
        own = folder / str(number)
        own.mkdir()
        found.append(_make(_Part.of(map_, key, report, pairs), report, told, own))
    return found


def with_model_names(rounds: Rounds) -> tuple[Rounds, dict[str, ModelVersion]]:
    """Models named by their weights: the token in a row is one of a player, whom nobody knows. And the
    versions by these names.
    """
    tokens = {found[1]: name for name in rounds.player_id.names if (found := TOKEN.search(name))}
    players = Player.objects.filter(kind=Player.Kind.MODEL, token__in=tokens).select_related("model_version")
    versions = {tokens[player.token]: player.model_version for player in players if player.model_version}
    labels = tuple(str(versions.get(name, name)) for name in rounds.player_id.names)
    renamed = replace(rounds, player_id=Labels(rounds.player_id.codes, labels))
    return renamed, {str(version): version for version in versions.values()}


@dataclass
class _Part:
    """What one report is made of: the pairs of one map in one condition, on one source of pictures."""

    map: Map
    condition: str
    source: str
    pairs: Pairs
    comparisons: list[Part]
    apart: list[Part]

    @classmethod
    def of(cls, map_: Map, key: Key, report: Report, pairs: Pairs) -> _Part:
        condition, source = key
        rounds, rows = pairs.rounds, pairs.person
        same = rounds.condition.equal(condition)[rows] & (rounds.drawn[rows] == (source == DRAWN))
        lists = (
            [one for one in report[name] if (one["condition"], one["source"]) == key]
            for name in ("comparisons", "apart")
        )
        return cls(map_, condition, source, pairs[same], *lists)

    @property
    def pooled(self) -> list[Part]:
        found = [one for one in self.comparisons if one["person"] == EVERYBODY]
        return sorted(found, key=lambda one: (-one["rounds"], one["model"]))

    def people(self, model: str) -> list[Part]:
        return [one for one in self.comparisons if one["model"] == model and one["person"] != EVERYBODY]

    def rows(self, panoramas: set[str] | None = None) -> IntArray:
        """Numbers of the answers of all rounds that have a pair here; of some panoramas without those of
        outside players, whose single answers are for themselves.
        """
        rounds = self.pairs.rounds
        played = np.zeros(len(rounds.round_id.names), dtype=np.bool_)
        played[rounds.round_id.codes[self.pairs.person]] = True
        here = played[rounds.round_id.codes]
        if panoramas is not None:
            wanted = np.array([name in panoramas for name in rounds.panorama_id.names], dtype=np.bool_)
            ours = np.array([not name.endswith(MARK) for name in rounds.player_id.names], dtype=np.bool_)
            here &= wanted[rounds.panorama_id.codes] & ours[rounds.player_id.codes]
        return np.flatnonzero(here)


@dataclass(frozen=True)
class _Made:
    """A report that can be stored."""

    key: Part
    values: Part
    files: list[_File]

    def store(self) -> int:
        with transaction.atomic():
            stored, _ = StoredReport.objects.update_or_create(**self.key, defaults=self.values)
            stored.files.all().delete()
            for file in self.files:
                file.store(stored)
        return stored.pk


def _make(part: _Part, report: Report, told: set[str], folder: Path) -> _Made:
    key: Part = {"map": part.map, "condition": part.condition, "source": part.source}
    now = timezone.now()
    before = StoredReport.objects.filter(**key).first()
    numbers = _pseudonyms(part.pairs, f"{part.map.pk} {part.condition} {part.source} {now.isoformat()}")
    models = [_published(one, part, before, numbers) for one in part.pooled]
    values = {
        "rounds": sum(one["rounds"] for one in models),
        "summary": [_summary(one) for one in models],
        "public": {
            "format": FORMAT,
            **{**key, "map": part.map.name},
            "models": models,
            "apart": [public.tally(one) for one in part.apart],
            **{name: report[name] for name in KEYS},
        },
        "full": {"models": part.pooled, "apart": part.apart, "people_left_out": people_left_out()},
        "made_at": now,
    }
    return _Made(key, values, list(_files(part, models, told, numbers, folder)))


def _published(comparison: Part, part: _Part, before: StoredReport | None, numbers: dict[str, str]) -> Part:
    model = comparison["model"]
    models: list[Part] = before.public["models"] if before else []
    told = next((one["places"] for one in models if one["model"] == model), None)
    left_out = people_left_out()
    somebody_left = before is not None and before.full.get("people_left_out", left_out) != left_out
    return {
        **public.published(comparison, part.people(model), numbers.__getitem__),
        "places": public.places_told(told, comparison, somebody_left=somebody_left),
    }


def _summary(model: Part) -> Part:
    """The line of a model on the card of a report."""
    names = ("model", "rounds", "people", "panoramas", "wins", "ties", "losses", "too_few")
    medians = {} if model["too_few"] else {side: model["sides"][side]["median_km"] for side in SIDES}
    return {
        **{name: model[name] for name in names},
        "win_rate": model["win_rate" if model["too_few"] else "win_rate_clustered"],
        "median_km": medians,
    }


def _pseudonyms(pairs: Pairs, salt: str) -> dict[str, str]:
    """A number for every person, in an order that nobody knows and that is another one in every report."""
    people = {pairs.rounds.player_id.names[code] for code in np.unique(pairs.players)}

    def place(name: str) -> str:
        return salted_hmac("reports", f"{salt} {name}", algorithm="sha256").hexdigest()

    return {name: f"person {number}" for number, name in enumerate(sorted(people, key=place), 1)}


# --- Rows --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _File:
    """Rows as CSV and as JSON Lines, compressed, in a folder: of a million there is no room for all."""

    kind: str
    rows: int
    csv: Path
    jsonl: Path

    def store(self, report: StoredReport) -> None:
        content = {"csv": self.csv.read_bytes(), "jsonl": self.jsonl.read_bytes()}
        ReportRows.objects.create(report=report, kind=self.kind, rows=self.rows, **content)


def _files(
    part: _Part, models: list[Part], told: set[str], names: dict[str, str], folder: Path
) -> Iterator[_File]:
    shown = {one["model"] for one in models if not one["too_few"]}
    counted = part.pairs[apart(part.pairs) == 0]
    is_shown = [name in shown for name in counted.rounds.player_id.names]
    pairs = counted[np.array(is_shown, dtype=np.bool_)[counted.models]]
    yield _file(folder, ReportRows.Kind.PAIRS, public.ROW_COLUMNS, public.rows(pairs))
    rounds = part.pairs.rounds
    with _as_rows(rounds, part.rows(told)) as (head, rows):
        names_told = [name for name in head if name in TOLD_COLUMNS]
        yield _file(folder, ReportRows.Kind.TOLD, names_told, _told_rows(head, rows, names))
    with _as_rows(rounds, part.rows()) as (head, rows):
        yield _file(folder, ReportRows.Kind.ALL, head, rows)


def _told_rows(head: list[str], rows: Iterator[list[str]], names: dict[str, str]) -> Iterator[list[str]]:
    """As the benchmark reads them, but numbered anew, and with the day in the place of the moment."""
    numbers: dict[str, dict[str, str]] = {"round": {}, "panorama": {}}
    for row in rows:
        cells = {name: cell for name, cell in zip(head, row, strict=True) if name in TOLD_COLUMNS}
        cells["player_id"] = names.get(cells["player_id"], cells["player_id"])
        cells["answered_at"] = cells["answered_at"][:10]
        for what, known in numbers.items():
            name = cells[f"{what}_id"]
            cells[f"{what}_id"] = known.setdefault(name, f"{what} {len(known) + 1}")
        yield list(cells.values())


@contextlib.contextmanager
def _as_rows(rounds: Rounds, numbers: IntArray) -> Iterator[tuple[list[str], Iterator[list[str]]]]:
    """Head and some of the rows as `benchmark` writes them, one by one."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        write_rows(rounds, path, {}, numbers)
        with path.open(encoding="utf-8", newline="") as file:
            lines = csv.reader(file)
            yield next(lines), lines


def _file(folder: Path, kind: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> _File:
    as_csv, as_jsonl, count = folder / f"{kind}.csv.gz", folder / f"{kind}.jsonl.gz", 0
    with _compressed(as_csv) as table, _compressed(as_jsonl) as lines:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(head)
        for row in rows:
            writer.writerow(row)
            values = (None if value == "" else value for value in row)
            lines.write(json.dumps(dict(zip(head, values, strict=True))) + "\n")
            count += 1
    return _File(kind, count, as_csv, as_jsonl)


@contextlib.contextmanager
def _compressed(path: Path) -> Iterator[io.TextIOWrapper]:
    with (
        path.open("wb") as target,
        gzip.GzipFile(filename="", fileobj=target, mode="wb", mtime=0, compresslevel=6) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="") as text,
    ):
        yield text
