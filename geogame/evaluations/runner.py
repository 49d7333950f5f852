"""Runs evaluations in child processes, keeps what they found, and writes cards anew. No torch here."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from geogame.datasets.errors import DataSetError
from geogame.datasets.lists import photo_list
from geogame.evaluations import services
from geogame.evaluations.children import Beat, Cancelled, run_child
from geogame.evaluations.comparison import compare
from geogame.evaluations.models import Evaluation
from geogame.evaluations.services import EvaluationError
from geogame.lib.journal import note
from geogame.predictions.models import EXIT_UNREADABLE
from geogame.registry.cards import write_card
from geogame.registry.models import ModelVersion
from geogame.registry.services import Origin, RegistryError, register
from planet_core.model_directory import ModelDirectoryError, version_digest
from planet_core.stopping import UserError

PREDICTED = 0.9
"""How much of an evaluation the answers are; the rest is resampling and drawing."""
PHOTOS = re.compile(r"answering: (\d+) of (\d+) photos")

Tell = Callable[[str], None]


def run_now(evaluation: Evaluation, tell: Tell = lambda line: None) -> bool:
    """Claim an evaluation and run it to its end. False where somebody else has it."""
    return services.claim(evaluation) and run(evaluation, tell)


def run_waiting(tell: Tell = lambda line: None) -> int:
    """Run what waits, one after the other. How many were run."""
    count = 0
    while evaluation := services.claim_next():
        run(evaluation, tell)
        tell(f"{evaluation} {evaluation.message}".rstrip())
        count += 1
    return count


def run(evaluation: Evaluation, tell: Tell) -> bool:
    """Run one that this process has claimed: it ends as succeeded, failed or stopped, or is given back."""
    ways = {
        Evaluation.Kind.EVALUATE: _evaluate,
        Evaluation.Kind.COMPARE: _compare,
        Evaluation.Kind.CALIBRATE: _calibrate,
    }

    def beat(message: str | None) -> bool:
        if message:
            tell(message)
        return services.beat(evaluation, _share(message), message)

    try:
        ways[Evaluation.Kind(evaluation.kind)](evaluation, beat)
    except Cancelled:
        services.stop(evaluation)
    except (EvaluationError, DataSetError, RegistryError, UserError) as error:
        services.fail(evaluation, str(error))
    except OSError as error:
        services.fail(evaluation, f"{error.filename or evaluation.directory}: {error.strerror or error}.")
    except KeyboardInterrupt:
        services.release(evaluation)
        raise
    except BaseException as error:
        services.fail(evaluation, f"{type(error).__name__}: {error}")
        raise
    evaluation.refresh_from_db()
    return True


def _share(message: str | None) -> float | None:
    found = PHOTOS.search(message or "")
    return PREDICTED * int(found[1]) / max(1, int(found[2])) if found else None


def command_of(evaluation: Evaluation, source: str, out: Path) -> list[str]:
    """The program of `planet_core` that does the work."""
    program = "evaluate" if evaluation.kind == Evaluation.Kind.EVALUATE else "calibrate"
    command = [sys.executable, "-m", f"planet_core.{program}", str(evaluation.version.path), source]
    command += ["--out", str(out), "--events"]
    options = evaluation.options
    if options.get("limit"):
        command += ["--limit", str(options["limit"])]
    if program == "calibrate":
        return command
    if options.get("crops", 1) != 1:
        command += ["--crops", str(options["crops"])]
    if options.get("panorama"):
        command += ["--panorama", str(options["panorama"])]
    map_ = evaluation.data_set.map
    return command + (["--scale", repr(map_.scale_km)] if map_ and map_.scale_km else [])


def _source(evaluation: Evaluation) -> str:
    evaluation.directory.mkdir(parents=True, exist_ok=True)
    sources = photo_list(evaluation.data_set, evaluation.directory)
    if len(sources) != 1:
        raise EvaluationError(f"The data set “{evaluation.data_set}” has several sources: take one.")
    return sources[0]


def _evaluate(evaluation: Evaluation, beat: Beat) -> None:
    out = evaluation.directory / "report"
    run_child(command_of(evaluation, _source(evaluation), out), beat)
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    if services.succeed(evaluation, report):
        card_of(evaluation.version)


def card_of(version: ModelVersion) -> None:
    """Write the card with the newest evaluation, of those on photos that are new to the version if any."""
    found = Evaluation.objects.filter(
        version=version, kind=Evaluation.Kind.EVALUATE, state=Evaluation.State.SUCCEEDED
    )
    reports = [one.report for one in found.order_by("-finished_at")]
    new = [report for report in reports if report["unseen"]]
    write_card(version, next(iter([*new, *reports]), None))


def _compare(evaluation: Evaluation, beat: Beat) -> None:
    map_, other = evaluation.data_set.map, evaluation.other
    if map_ is None or other is None:
        raise EvaluationError(_("The map or the other version is gone."))

    def predict(version: ModelVersion) -> None:
        beat(f"{version} looks at the pictures of “{map_}”.")
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "predict_ahead"]
        run_child([*command, "--map", map_.name, "--model", version.digest], beat, may_end=(EXIT_UNREADABLE,))

    services.succeed(evaluation, compare(evaluation.version, other, map_, predict))


def _calibrate(evaluation: Evaluation, beat: Beat) -> None:
    folder = Path(settings.MODEL_ROOT) / f"calibrated-{evaluation.token}"
    if folder.exists():  # of a run that was lost before its version was registered
        shutil.rmtree(folder)
    run_child(command_of(evaluation, _source(evaluation), folder), beat)
    before = evaluation.version
    try:
        known = ModelVersion.objects.filter(digest=version_digest(folder)).first()
    except ModelDirectoryError as error:
        raise EvaluationError(str(error)) from error
    made = known or register(
        directory=folder,
        name=f"{before.name[:80]}, calibrated",
        trained_on_drawings=before.trained_on_drawings,
        data=before.data,
        parent=before,
        origin=Origin.CALIBRATED,
    )
    if known:  # the same photos gave the same temperature before
        shutil.rmtree(folder)
    if services.succeed(evaluation, dict(made.metrics.get("calibration", {})), made):
        note(evaluation.requested_by, made, f"Calibrated from {before} on “{evaluation.data_set}”.")
