"""What the commands `evaluate` and `models` share: finding what is named, and running it here and now."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from argparse import _MutuallyExclusiveGroup as ArgumentGroup
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError

from geogame.datasets.errors import DataSetError
from geogame.datasets.models import DataSet
from geogame.datasets.services import data_set_of_map
from geogame.evaluations import services
from geogame.evaluations.models import Evaluation
from geogame.evaluations.runner import run_now
from geogame.evaluations.services import EvaluationError
from geogame.panoramas.queries import map_named
from geogame.panoramas.services import MapError

EXIT_WRONG, EXIT_INTERRUPTED = 2, 130


def add_data(parser: ArgumentParser) -> ArgumentGroup:
    """The options that name photos; more may be added of which one is to be given."""
    data = parser.add_mutually_exclusive_group(required=True)
    data.add_argument("--map", metavar="NAME", help="the panoramas of this map")
    data.add_argument("--data-set", metavar="NAME", help="the photos of this data set")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N photos")
    return data


def data_of(options: dict[str, Any]) -> DataSet:
    """The data set that the options name. CommandError where there is none."""
    if options["map"] is not None:
        try:
            return data_set_of_map(map_named(options["map"]))
        except (MapError, DataSetError) as error:
            raise CommandError(str(error), returncode=EXIT_WRONG) from error
    name = options["data_set"]
    found = DataSet.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(f"“{one}”" for one in DataSet.objects.values_list("name", flat=True)) or "none yet"
        raise CommandError(f"There is no data set “{name}”. Data sets: {known}.", returncode=EXIT_WRONG)
    return found


def interrupt_on_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def run_here(tell: Callable[[str], None], **values: Any) -> Evaluation:
    """Make an evaluation and run it to its end. CommandError where it does not succeed."""
    try:
        evaluation = services.create_evaluation(**values)
    except EvaluationError as error:
        raise CommandError(str(error), returncode=EXIT_WRONG) from error
    try:
        run_now(evaluation, tell)
    except KeyboardInterrupt:
        services.request_stop(evaluation)
        raise CommandError("Stopped. Nothing was kept.", returncode=EXIT_INTERRUPTED) from None
    evaluation.refresh_from_db()
    if evaluation.state != Evaluation.State.SUCCEEDED:
        raise CommandError(evaluation.message, returncode=EXIT_WRONG)
    return evaluation
