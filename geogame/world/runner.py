"""Draws the panoramas of a world job, one by one, in a child process that leaves the processor to others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from django.conf import settings

from geogame.lib.queue import INFERENCE, PREDICT_AHEAD, enqueue
from geogame.lib.words import counted
from geogame.panoramas.services import put_on_map
from geogame.world import pictures, services
from geogame.world.models import WorldJob
from procedural_earth import play_set
from procedural_earth.artist import Artist, ArtistGone, DrawingCancelled, DrawingFailed, Order
from procedural_earth.play_set import MOST_BYTES, PlaySetError

Tell = Callable[[str], None]
SIZE = 4096
NICENESS = 10
BEAT_S = 5.0
MOST_FAILURES_IN_A_ROW = 5
# A map opens with as many as its scale and a few games need, not only when the last picture is drawn.
OPENS_WITH = 24


class Stop(Exception):
    """Somebody asked the job to stop."""


def run_now(job: WorldJob, *, niceness: int = NICENESS, tell: Tell = lambda line: None) -> None:
    """Claim the job and run it to its end; succeeded, failed or stopped. KeyboardInterrupt passes."""
    if not services.claim(job):
        return
    try:
        _draw_all(job, niceness, tell)
    except (Stop, DrawingCancelled):
        services.stop(job)
    except (PlaySetError, _TooManyFailures) as error:
        services.fail(job, f"{str(error)[:1].upper()}{str(error)[1:].rstrip('.')}. What was drawn stays.")
    except Exception as error:
        services.fail(job, f"{type(error).__name__}: {error}")
        raise
    else:
        pictures.open_for_play(job.map)
        drawn = counted(services.drawn_on(job.map), "drawn panorama")
        services.succeed(job, f"{_and_left_out(job, f'The map has {drawn}')}.")


class _TooManyFailures(Exception):
    pass


def _draw_all(job: WorldJob, niceness: int, tell: Tell) -> None:
    for _ in pictures.import_shipped(job.map, settings.WORLD_PLAY_SET, job.count):
        _beat(job)
    services.report(job, done=services.drawn_on(job.map), message="Preparing")
    failures = 0
    orders = _missing(job)
    first = next(orders, None)
    if first is None:
        return
    with Artist(niceness) as artist:
        for place in chain([first], orders):
            try:
                _draw_one(job, artist, place.order, tell, is_first=place is first)
                failures = 0
            except (ArtistGone, DrawingFailed) as error:
                failures += 1
                tell(f"{place.order.lat:.4f}, {place.order.lng:.4f} could not be drawn: {error}")
                if isinstance(error, ArtistGone):
                    services.note_crash(job, place.identity)
                if failures >= MOST_FAILURES_IN_A_ROW:
                    raise _TooManyFailures(f"{failures} pictures in a row failed: {error}") from error


def _message(done: int, count: int, seconds: float) -> str:
    # The first picture waits for the renderer to be compiled: it says nothing of the others.
    left = (
        f", about {max(1, round(seconds * (count - done) / 60))} min left" if seconds and done < count else ""
    )
    return f"{done} of {count} drawn{left}"


def _and_left_out(job: WorldJob, text: str) -> str:
    left_out = services.left_out(job)
    return f"{text}; {left_out}" if left_out else text


@dataclass(frozen=True, eq=False)
class _Place:
    identity: str
    order: Order


def _missing(job: WorldJob) -> Iterator[_Place]:
    """What the map lacks, in the order of the play set, until it has enough. What another job
    has drawn is put on the map. A place where the drawing process ended comes once more.
    """
    places = play_set.places(max(job.count, play_set.COUNT))
    for index in range(len(places)):
        if services.drawn_on(job.map) >= job.count:
            return
        identity = str(places.identity[index])
        if existing := pictures.known(identity):
            put_on_map(map_=job.map, panorama=existing)
            continue
        order = Order(
            lat=float(places.lat[index]),
            lng=float(places.lng[index]),
            date=str(places.date[index]),
            hour=round(float(places.hour[index]), 3),
            size=SIZE,
            most_bytes=MOST_BYTES,
        )
        crashes = None
        while not services.is_left_out(job, identity) and crashes != job.crashes.get(identity, 0):
            crashes = job.crashes.get(identity, 0)
            yield _Place(identity, order)


def _draw_one(job: WorldJob, artist: Artist, order: Order, tell: Tell, *, is_first: bool) -> None:
    started = beaten = time.monotonic()

    def go_on() -> bool:
        nonlocal beaten
        if time.monotonic() - beaten < BEAT_S:
            return True
        beaten = time.monotonic()
        return services.beat(job)

    _beat(job)
    drawn = artist.draw(order, go_on)
    height = order.size // 2
    pictures.add(map_=job.map, jpeg=drawn.jpeg, width=order.size, height=height, facts=drawn.metadata)
    done = services.drawn_on(job.map)
    # The first picture waits for the renderer to be compiled: it says nothing of the others.
    seconds = 0.0 if is_first else time.monotonic() - started
    message = _and_left_out(job, _message(done, job.count, seconds))
    services.report(job, done=done, message=message)
    tell(message)
    if done == OPENS_WITH:
        pictures.open_for_play(job.map)
    else:
        enqueue(PREDICT_AHEAD, queue=INFERENCE)


def _beat(job: WorldJob) -> None:
    if not services.beat(job):
        raise Stop
