"""Prepare a study, let subjects in, close it. What subjects read goes through gettext, the rest is for
whoever runs the study.
"""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from geogame.accounts.models import Player
from geogame.accounts.services import lock
from geogame.games.errors import GameError
from geogame.games.lifecycle import break_off
from geogame.games.models import Game, Plan, PlannedRound
from geogame.games.services import begin
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.queries import is_gone
from geogame.predictions.queries import stored
from geogame.registry.models import ModelVersion
from geogame.registry.queries import training_index
from geogame.round_sets.queries import asked_for
from geogame.studies.drawing import Pool, draw_sets, pool_of
from geogame.studies.errors import StudyError
from geogame.studies.models import CONTACT_LENGTH, DAYS, NAME_LENGTH, Study, Subject
from planet_core.model_directory import ModelDirectoryError
from planet_core.scoring import SCORING_VERSION

MOST_SUBJECTS, MOST_ROUNDS = 1000, 50
MOST_DAYS = 730
SEEDS = 2**32
LEAST_TIME_S, MOST_TIME_S = 10, 3600
log = logging.getLogger(__name__)
Predict = Callable[[ModelVersion, Sequence[int]], None]


@dataclass(frozen=True, kw_only=True)
class Design:
    """What a study is to be. The paper's: 10 people, 5 rounds each."""

    name: str
    subjects: int = 10
    rounds_each: int = 5
    time_limit_s: int | None = None
    seed: int | None = None
    contact: str = ""
    show_results: Game.ShowResults = Game.ShowResults.AT_END
    days: int = DAYS

    def check(self) -> None:
        """StudyError where it cannot be."""
        if not self.name.strip() or len(self.name) > NAME_LENGTH:
            raise StudyError(f"A study needs a name of 1 to {NAME_LENGTH} characters.")
        if len(self.contact) > CONTACT_LENGTH:
            raise StudyError(f"--contact takes {CONTACT_LENGTH} characters at most.")
        if not 1 <= self.subjects <= MOST_SUBJECTS:
            raise StudyError(f"--subjects {self.subjects}: 1 to {MOST_SUBJECTS:,} can take part.")
        if not 1 <= self.rounds_each <= MOST_ROUNDS:
            raise StudyError(f"--rounds {self.rounds_each}: 1 to {MOST_ROUNDS} for each subject.")
        if self.time_limit_s is not None and not LEAST_TIME_S <= self.time_limit_s <= MOST_TIME_S:
            raise StudyError(
                f"--time-limit {self.time_limit_s}: {LEAST_TIME_S} to {MOST_TIME_S:,} seconds for a round."
            )
        if self.seed is not None and not -(2**63) <= self.seed < 2**63:
            raise StudyError(f"--seed {self.seed}: a whole number of at most 64 bits.")
        check_days(self.days)
        if Study.objects.filter(name=self.name).exists():
            raise StudyError(f"There is a study “{self.name}” already: choose another name.")


def check_days(days: int) -> None:
    if not 1 <= days <= MOST_DAYS:
        raise StudyError(f"--days {days}: a study runs for 1 to {MOST_DAYS:,} days from now.")


def create_study(design: Design, *, map_: Map, version: ModelVersion, predict: Predict) -> tuple[Study, Pool]:
    """Draw the sets, let the model answer all of them, and store the study with a link for each subject.

    Args:
        predict: stores what the version answers for these panoramas, and leaves out what it cannot read.

    Raises:
        StudyError: the design cannot be, or the map has too few pictures for it. Then nothing is stored but
            predictions.
    """
    design.check()
    _check_map_and_model(map_, version)
    if design.seed is None:
        design = replace(design, seed=secrets.randbelow(SEEDS))
    rng = random.Random(design.seed)
    unreadable: set[int] = set()
    while True:
        pool = pool_of(map_, version, unreadable=unreadable)
        _check_size(design, map_, pool)
        sets = draw_sets(pool, subjects=design.subjects, rounds=design.rounds_each, rng=rng)
        bad = _read(version, [panorama for some in sets for panorama in some], predict)
        if not bad:
            return _store(design, map_, version, sets), pool
        unreadable |= bad


def _check_map_and_model(map_: Map, version: ModelVersion) -> None:
    if not map_.is_published or map_.scale_km is None:
        raise StudyError(f"The map “{map_.name}” is not open for play: publish it in the admin first.")
    try:
        training_index(version)
    except (ModelDirectoryError, OSError) as error:
        raise StudyError(
            f"Nobody can say what {version} trained on, so it cannot be studied: {error}"
        ) from error


def _check_size(design: Design, map_: Map, pool: Pool) -> None:
    needed = design.subjects * design.rounds_each
    if pool.drawable < needed:
        raise StudyError(
            f"“{map_.name}” has too few pictures: {design.subjects} subjects with {design.rounds_each} rounds"
            f" each need {needed}, all different. {pool}. Import more panoramas, or ask for fewer --subjects"
            " or --rounds."
        )


def _read(version: ModelVersion, drawn: Sequence[int], predict: Predict) -> set[int]:
    """Let the model answer what it has not answered yet; returns what nobody can read."""
    todo = _without_answer(version, drawn)
    if todo:
        predict(version, sorted(todo))
    return _without_answer(version, todo)


def _without_answer(version: ModelVersion, drawn: Collection[int]) -> set[int]:
    panoramas = Panorama.objects.filter(pk__in=drawn).select_related("fair_view")
    return {found.pk for found in panoramas if is_gone(found) or stored(version, found) is None}


@transaction.atomic
def _store(design: Design, map_: Map, version: ModelVersion, sets: Sequence[Sequence[int]]) -> Study:
    Map.objects.select_for_update().get(pk=map_.pk)  # one study at a time
    drawn = [panorama for some in sets for panorama in some]
    if map_.panoramas.filter(asked_for(), pk__in=drawn).exists():
        raise StudyError("A study, a round set or the daily took one of the pictures meanwhile: try again.")
    study = Study.objects.create(
        name=design.name,
        map=map_,
        model_version=version,
        rounds_each=design.rounds_each,
        time_limit_s=design.time_limit_s,
        seed=design.seed,
        contact=design.contact,
        show_results=design.show_results,
        ends_at=timezone.now() + timedelta(days=design.days),
    )
    for number, panoramas in enumerate(sets, start=1):
        plan = Plan.objects.create()
        PlannedRound.objects.bulk_create(
            PlannedRound(plan=plan, number=at, panorama_id=panorama)
            for at, panorama in enumerate(panoramas, start=1)
        )
        Subject.objects.create(study=study, number=number, plan=plan)
    return study


# --- subjects ------------------------------------------------------------------------------------
def note_opened(subject: Subject) -> None:
    """The link was opened; the first time is kept."""
    Subject.objects.filter(pk=subject.pk, opened_at=None).update(opened_at=timezone.now())


def check_may_join(subject: Subject, player: Player | None) -> None:
    """GameError where the link is not for this person, or for nobody any more."""
    if not subject.study.is_open:
        raise GameError("study-closed", _("This study is closed. Thank you for your interest."))
    if subject.player_id is not None:
        raise GameError(
            "link-taken",
            _(
                "Somebody takes part with this link already, and it is for one person. If that was you, open"
                " it in the browser that you began in; else ask for a link of your own."
            ),
        )
    if player is None:
        return
    if player.is_bot:
        raise GameError("people-only", _("This study is for people."))
    if Subject.objects.filter(study=subject.study_id, player=player).exists():
        raise GameError(
            "takes-part", _("You take part in this study already, with another link: open that one again.")
        )


@transaction.atomic
def take_part(*, subject: Subject, player: Player) -> Game:
    """The person has agreed: the link is theirs, and their game begins. Asking again gives the same game.

    Raises:
        GameError: see `check_may_join`.
    """
    study = Study.objects.select_for_update().get(pk=subject.study_id)  # it may be closing
    lock(player)
    subject = Subject.objects.select_related("study", "plan").get(pk=subject.pk)
    if study.is_open and subject.player_id == player.pk:
        return subject.plan.game
    check_may_join(subject, player)
    now = timezone.now()
    Subject.objects.filter(pk=subject.pk).update(player=player, consented_at=now)
    Subject.objects.filter(pk=subject.pk, opened_at=None).update(opened_at=now)
    game = Game.objects.create(
        map=study.map,
        mode=Game.Mode.STUDY,
        condition=Game.Condition.FAIR,
        time_limit_s=study.time_limit_s,
        show_results=study.show_results,
        plan=subject.plan,
        rounds_total=study.rounds_each,
        scale_km=study.map.scale_km or 0.0,
        scoring_version=SCORING_VERSION,
    )
    begin(game, player, study.model_version)
    return game


# --- the end -------------------------------------------------------------------------------------
@transaction.atomic
def close_study(study: Study) -> int:
    """No link works any more, games that run end, and the pictures go back to everybody. How many games ended
    before their last round; closing again changes nothing.
    """
    study = Study.objects.select_for_update().get(pk=study.pk)
    if study.closed_at is not None:
        return 0
    Study.objects.filter(pk=study.pk).update(closed_at=timezone.now())
    Plan.objects.filter(subject__study=study).update(set_aside=False)
    running = Game.objects.filter(plan__subject__study=study, state=Game.State.PLAYING)
    for game in running:
        break_off(game, reason=_("The study was closed before you answered."))
    return len(running)


def close_ended() -> int:
    """Close the studies whose end has come; the clock calls this again and again."""
    ended = list(Study.objects.filter(closed_at=None, ends_at__lte=timezone.now()))
    for study in ended:
        close_study(study)
        log.info("The study “%s” has ended: it is closed, and its pictures are drawn again.", study)
    return len(ended)


@transaction.atomic
def extend_study(study: Study, *, days: int) -> Study:
    """Let the study run until so many days from now.

    Raises:
        StudyError: it is closed, or would end earlier than it does.
    """
    check_days(days)
    study = Study.objects.select_for_update().get(pk=study.pk)
    if not study.is_open:
        raise StudyError(f"The study “{study}” is closed, its pictures are drawn again: create another one.")
    ends_at = timezone.now() + timedelta(days=days)
    if ends_at <= study.ends_at:
        raise StudyError(
            f"--days {days}: the study “{study}” runs until {study.ends_at:%Y-%m-%d} already. To end it"
            " before, close it."
        )
    study.ends_at = ends_at
    study.save(update_fields=["ends_at"])
    return study
