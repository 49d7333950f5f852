from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override

from geogame.datasets import sentences as of_data_sets
from geogame.lib.sentences import in_language
from geogame.training import live, runner, services, states
from geogame.training.models import TrainingJob
from geogame.training.sentences import SENTENCES


def test_what_a_job_goes_through_is_told_in_german(job: TrainingJob) -> None:
    """Each reason that is stored, and the message: no English word is left."""
    for reason in ("The training process was killed by SIGKILL.", "The worker that ran it was gone."):
        states.claim(job)
        states.lose(job, reason)
    states.claim(job)
    TrainingJob.objects.update(heartbeat_at=timezone.now() - timedelta(days=1))
    states.look_after_lost_jobs()
    states.claim(job)
    states.lose(job, "A training process of before still runs in its folder.")
    services.resume(job)
    services.request_stop(job)
    stored = [change.reason for change in job.changes.all() if change.reason] + [job.message]
    with override("de"):
        told = [change["reason"] for change in live.job_state(job)["changes"] if change["reason"]]
        told.append(live.job_state(job)["message"])
    assert len(told) == len(stored) == 8
    words = {word for text in told for word in text.rstrip(".").split()}
    assert not words & {"The", "the", "It", "it", "by", "was", "killed", "goes", "happened", "stopped"}
    assert "SIGKILL" in words
    assert [live.job_state(job)["message"], stored[-1]] == [job.message, job.message], "in English as it is"


@pytest.mark.parametrize(
    ("pace", "english"),
    [
        ({"phase": "read"}, "Reading the photos."),
        ({"epoch": 1, "epochs": 20}, "Epoch 1 of 20"),
        ({"epoch": 3, "epochs": 20, "seconds_left": 3700}, "Epoch 3 of 20, 1:01:40 left"),
    ],
)
def test_how_far_it_is_is_told_in_german(pace: dict[str, float], english: str) -> None:
    assert runner._describe(pace) == english
    with override("de"):
        german = in_language(english, SENTENCES)
    assert german != english
    assert not {"of", "left", "the"} & set(german.split())


def test_what_nobody_knows_stays_as_it_is() -> None:
    with override("de"):
        told = in_language(
            "The training process was killed by SIGTERM. cannot save: No space left", SENTENCES
        )
    assert told.endswith(" cannot save: No space left")
    assert not told.startswith("The")


def test_what_a_reading_says_is_told_in_german() -> None:
    with override("de"):
        told = in_language("Listing: 12,000 photos so far", of_data_sets.SENTENCES)
    assert told.startswith("Liste")
    assert "12,000" in told
