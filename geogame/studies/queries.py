from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet

from geogame.games.models import Game, Guess, Round
from geogame.lib.words import counted
from geogame.studies.errors import StudyError
from geogame.studies.models import Study, Subject


@dataclass(frozen=True)
class Progress:
    """How far a subject is. `answered` counts rounds that are over for them, in time or not."""

    subject: Subject
    answered: int
    rounds: int
    game_is_over: bool

    @property
    def words(self) -> str:
        if self.subject.player_id is None:
            return "opened" if self.subject.opened_at else "not opened"
        if self.answered >= self.rounds:
            return "finished"
        return "broken off" if self.game_is_over else "playing"


def study_named(name: str) -> Study:
    """StudyError lists the studies that there are."""
    found = Study.objects.select_related("map", "model_version").filter(name=name).first()
    if found is None:
        known = (
            ", ".join(f"“{known}”" for known in Study.objects.values_list("name", flat=True)) or "none yet"
        )
        raise StudyError(f"There is no study “{name}”. Studies: {known}.")
    return found


def progress_of(study: Study) -> list[Progress]:
    """All subjects in order. What was withdrawn during the study counts as over: nobody can answer it."""
    over = Q(plan__game__rounds__state=Round.State.CLOSED) & (
        Q(plan__game__rounds__guesses__player=F("player"))
        | ~Q(plan__game__rounds__panorama__withdrawn_at=None)
    )
    subjects = study.subjects.select_related("plan__game").annotate(
        answered=Count("plan__game__rounds", filter=over, distinct=True)
    )
    return [
        Progress(
            subject,
            subject.answered,
            study.rounds_each,
            subject.player_id is not None and subject.plan.game.state == Game.State.FINISHED,
        )
        for subject in subjects
    ]


def reported_subjects(study: Study) -> QuerySet[Subject]:
    """Subjects whose rounds may be reported: they agreed, and have not said no since. A no to all reports
    from before does not undo a yes to this study.
    """
    agreed = study.subjects.exclude(consented_at=None).filter(player__is_bot=False)
    return agreed.filter(Q(player__in_reports=True) | Q(player__in_reports_chosen_at__lt=F("consented_at")))


def without_answer(study: Study) -> int:
    """Rounds that subjects looked at and never answered, nor let the time run out: they left."""
    shown = Round.objects.filter(
        game__plan__subject__in=reported_subjects(study), wanted=True, panorama__withdrawn_at=None
    ).exclude(opened_at=None)
    answered = Guess.objects.filter(player__subjects__study=study).values("round")
    return shown.exclude(pk__in=answered).count()


def state_of_study(study: Study) -> str:
    """How much of the study its rows hold. Who looks while it runs can stop where the numbers please."""
    progress = progress_of(study)
    agreed = sum(one.subject.player_id is not None for one in progress)
    finished = sum(one.words == "finished" for one in progress)
    have, also = ("has" if number == 1 else "have" for number in (finished, agreed))
    parts = [
        f"Study “{study}”: {finished} of {counted(len(progress), 'subject')} {have} finished,"
        f" {agreed} {also} agreed.",
        f"They are told places and answers {study.told_when}.",
    ]
    if withheld := agreed - reported_subjects(study).count():
        parts.append(f"{counted(withheld, 'subject')} took it back: their rounds are left out.")
    if left := without_answer(study):
        parts.append(f"Looked at and left without an answer: {left}.")
    if study.is_open:
        parts.append("It still runs: what is seen now must not decide when it ends.")
    return " ".join(parts)


def own_subject(game: Game) -> Subject | None:
    """The part in a study that a game is."""
    return Subject.objects.filter(plan=game.plan_id).first() if game.plan_id else None
