from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from benchmark import machines_text
from geogame.evaluations.foreground import (
    EXIT_INTERRUPTED,
    EXIT_WRONG,
    add_data,
    data_of,
    interrupt_on_signals,
    run_here,
)
from geogame.evaluations.models import Evaluation
from geogame.lib.database import ready_database
from geogame.lib.words import counted
from geogame.registry.activation import take_out
from geogame.registry.files import delete_version, export_version, import_version
from geogame.registry.health import play_now
from geogame.registry.models import ModelVersion
from geogame.registry.queries import NoSuchVersion, version_named
from geogame.registry.services import RegistryError
from planet_core.outputs import OutputError, writable_file

Kind = Evaluation.Kind


class Command(BaseCommand):
    help = (
        "Model versions: list and show them, put them into play and out, compare, calibrate, export, import "
        "and delete them. docs/model-card.md leads through it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("list", help="all versions, the newest first")
        for name, words in (
            ("show", "all that is known of a version"),
            ("card", "its model card, as Markdown"),
            ("activate", "let it play, once it has answered; the one before plays until then"),
            ("deactivate", "take it out of play"),
            ("delete", "remove it with its files; refused where it plays or results name it"),
        ):
            actions.add_parser(name, help=words).add_argument("model", metavar="MODEL")
        export = actions.add_parser("export", help="write it into one file with checksums")
        export.add_argument("model", metavar="MODEL")
        export.add_argument("file", metavar="FILE.zip")
        into = actions.add_parser("import", help="take a version in from a file, after checking all of it")
        into.add_argument("file", type=Path, metavar="FILE.zip")
        into.add_argument(
            "--name", default="", help="what it shall be called here (default: as its sender did)"
        )
        compare = actions.add_parser("compare", help="two versions on the panoramas of a map, side by side")
        compare.add_argument("model", metavar="MODEL")
        compare.add_argument("other", metavar="MODEL")
        compare.add_argument("--map", required=True, metavar="NAME")
        compare.add_argument("--format", choices=("table", "json"), default="table")
        calibrate = actions.add_parser(
            "calibrate", help="fit its temperature on photos that it did not train on: a new version"
        )
        calibrate.add_argument("model", metavar="MODEL")
        add_data(calibrate)

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        interrupt_on_signals()
        ready_database(self.stderr.write)
        try:
            getattr(self, f"_{action}")(**options)
        except (NoSuchVersion, RegistryError, OutputError) as error:
            raise CommandError(str(error), returncode=EXIT_WRONG) from error
        except OSError as error:
            raise CommandError(
                f"{error.filename or 'the file'}: {error.strerror or error}", returncode=EXIT_WRONG
            ) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. Nothing was changed.", returncode=EXIT_INTERRUPTED) from None

    # --- Looking -------------------------------------------------------------------------------------
    def _list(self, **_: Any) -> None:
        versions = list(ModelVersion.objects.all())
        for version in versions:
            plays = ", plays" if version.is_active else ""
            self.stdout.write(
                f"{version.digest[:12]}  {version.name}: {version.recipe}, {counted(version.cells, 'cell')}, "
                f"{version.bytes / 1e6:,.1f} MB, {version.get_origin_display()}, "
                f"{version.created_at:%Y-%m-%d}{plays}"
            )
        if not versions:
            self.stdout.write("No model versions yet: manage.py train --map NAME, or models import FILE.zip")

    def _show(self, model: str, **_: Any) -> None:
        version = version_named(model)
        facts = {
            "digest": version.digest,
            "name": version.name,
            "recipe": version.recipe,
            "origin": version.origin,
            "parent": version.parent.digest if version.parent else None,
            "needs": version.needs.digest if version.needs else None,
            "plays": version.is_active,
            "directory": str(version.path),
            "bytes": version.bytes,
            "cells": version.cells,
            "partition_digest": version.partition_digest,
            "trained_on_drawings": version.trained_on_drawings,
            "data": version.data,
            "facts": version.facts,
            "metrics": version.metrics,
        }
        self.stdout.write(json.dumps(facts, indent=2))

    def _card(self, model: str, **_: Any) -> None:
        version = version_named(model)
        self.stdout.write(version.card or f"{version} has no card: its files were not there to write one of.")

    # --- Playing -------------------------------------------------------------------------------------
    def _activate(self, model: str, **_: Any) -> None:
        version = version_named(model)
        health = play_now(version)
        milliseconds = f" {health['answer_ms']:.0f} ms a picture." if "answer_ms" in health else ""
        self.stdout.write(f"{version} plays from now on: it has answered.{milliseconds}")

    def _deactivate(self, model: str, **_: Any) -> None:
        version = version_named(model)
        was_active = version.is_active
        take_out(version)
        self.stdout.write(f"{version} no longer plays." if was_active else f"{version} did not play.")

    def _delete(self, model: str, **_: Any) -> None:
        version = version_named(model)
        freed = delete_version(version)
        self.stdout.write(f"{version} is deleted: {freed / 1e6:,.1f} MB are free again.")

    # --- Files ---------------------------------------------------------------------------------------
    def _export(self, model: str, file: str, **_: Any) -> None:
        version, path = version_named(model), writable_file(file, ".zip")
        with _bar("Exported") as tell:
            contents = export_version(version, path, tell)
        self.stdout.write(f"{version} is in {path}, {contents.bytes / 1e6:,.1f} MB.")

    def _import(self, file: Path, name: str, **_: Any) -> None:
        with _bar("Imported") as tell:
            version = import_version(file, name=name, progress=tell)
        self.stdout.write(
            f"{version} is here. To let it play: manage.py models activate {version.digest[:12]}"
        )

    # --- Measuring -----------------------------------------------------------------------------------
    def _compare(self, model: str, other: str, format: str, map: str, **_: Any) -> None:
        found = run_here(
            self._tell,
            kind=Kind.COMPARE,
            version=version_named(model),
            other=version_named(other),
            data_set=data_of({"map": map}),
        )
        report = found.report
        if format == "json":
            self.stdout.write(json.dumps(report))
            return
        self.stdout.write(machines_text.as_table(report))
        for line in _regions(report):
            self.stdout.write(line)

    def _calibrate(self, model: str, limit: int | None, **options: Any) -> None:
        version = version_named(model)
        found = run_here(
            self._tell,
            kind=Kind.CALIBRATE,
            version=version,
            data_set=data_of(options),
            options={"limit": limit},
        )
        fitted = found.report
        self.stdout.write(
            f"{found.made}: temperature {fitted['temperature']:.3f}, fitted on "
            f"{counted(fitted['views_in_cells'], 'view')}; negative log likelihood "
            f"{fitted['nll_before']:.4f} before, {fitted['nll_after']:.4f} after."
        )

    def _tell(self, line: str) -> None:
        self.stderr.write(line)


def _regions(report: dict[str, Any]) -> list[str]:
    lines = []
    for source, parts in report["regions"].items():
        lines.append(
            f"\nBy continent ({source}): panoramas, wins of the first, of the second, median km of each"
        )
        for part in parts:
            first, second = part["first"]["median_km"], part["second"]["median_km"]
            lines.append(
                f"{part['value']:<14} {part['panoramas']:>6} {part['wins']:>6} {part['losses']:>6} "
                f"{first:>8,.0f} {second:>8,.0f}"
            )
    for model, sources in report["calibration"].items():
        for source, curve in sources.items():
            lines.append(
                f"{model} ({source}): sure {curve['mean_confidence']:.1%}, right {curve['right']:.1%}, "
                f"calibration error {curve['ece']:.3f}"
            )
    return lines


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar of bytes on a terminal; nothing elsewhere."""
    with tqdm(desc=what, unit="B", unit_scale=True, file=sys.stderr, disable=None, dynamic_ncols=True) as bar:

        def tell(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield tell
