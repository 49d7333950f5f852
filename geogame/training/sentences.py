"""What the runner, the clock and the worker store of a job, for pages to put into the reader's language.

`tests/geogame/training/test_sentences.py` holds these against what jobs really store.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop

WAITS: Final = gettext_noop("Waits for its turn: as many jobs run as may at once.")
SENTENCES: Final = (
    WAITS,
    gettext_noop("Created."),
    gettext_noop("Resumed."),
    gettext_noop("Asked to stop."),
    gettext_noop("Stopped before it began."),
    gettext_noop("Stopped before its end; it can go on."),
    gettext_noop("Stopped while it was prepared; it can go on."),
    gettext_noop("Stopped after step %(step)s; it goes on from there."),
    gettext_noop("The worker was gone before it had stopped; it can go on."),
    gettext_noop("The worker was shut down; it goes on by itself."),
    gettext_noop("The worker that ran it was gone."),
    gettext_noop("The training process was killed by %(name)s."),
    gettext_noop("A training process of before still runs in its folder."),
    gettext_noop("It goes on by itself."),
    gettext_noop("This happened %(times)s times: look into the log, then resume it."),
    gettext_noop("The training process ended with status %(status)s."),
    gettext_noop("The plan ended with status %(status)s."),
    gettext_noop("The plan of this training could not be read: look into the log."),
    gettext_noop("Registered as %(version)s."),
    gettext_noop("Reading the photos."),
    gettext_noop("Epoch %(epoch)s of %(epochs)s, %(left)s left"),
    gettext_noop("Epoch %(epoch)s of %(epochs)s"),
    gettext_noop("Epoch %(epoch)s"),
)
