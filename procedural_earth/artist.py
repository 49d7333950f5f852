"""Draws pictures to order, in a process of its own: whoever orders stays small, quick and able to stop.

This module is light; numba and the renderer are imported where a picture is drawn.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from PIL import Image

QUALITIES = (92, 90, 88, 86, 84, 82, 80, 78, 76, 74, 72, 70, 68, 66, 64, 62, 60)
POLL_S = 0.5
END_GRACE_S = 5.0


class DrawingFailed(Exception):
    """Why a picture could not be drawn."""


class ArtistGone(Exception):
    """The drawing process ended by itself: killed, or out of memory. The next picture gets a new one."""


class DrawingCancelled(Exception):
    """The one who ordered the picture does not want it any more."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """A panorama that is wanted.

    Attributes:
        lat, lng: degrees. date: ISO. hour: apparent solar time. seed: as `render` takes it.
        size: width in pixels. most_bytes: the JPEG's size to keep to, unless that took a quality below 60.
    """

    lat: float
    lng: float
    date: str
    hour: float
    seed: int = 0
    size: int = 4096
    most_bytes: int


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A JPEG, its quality, and what the renderer says of it."""

    jpeg: bytes
    quality: int
    metadata: dict[str, Any]


def draw(order: Order) -> Drawn:
    """Draw the panorama in this process.

    Raises:
        DrawingFailed: the place, date, hour or size will not do.
    """
    from procedural_earth.facts import PlaceError
    from procedural_earth.rendering import RenderError, render

    try:
        date = datetime.date.fromisoformat(order.date)
        rendering = render(order.lat, order.lng, date=date, hour=order.hour, seed=order.seed, size=order.size)
    except (PlaceError, RenderError, ValueError) as error:
        raise DrawingFailed(str(error)) from error
    jpeg, quality = encode(rendering.image, order.most_bytes)
    return Drawn(jpeg=jpeg, quality=quality, metadata={**rendering.metadata, "seed": order.seed})


def encode(image: Image.Image, most_bytes: int) -> tuple[bytes, int]:
    """The JPEG of the highest quality that keeps to `most_bytes`, with its quality; 60 where none does."""
    low, high = 0, len(QUALITIES) - 1
    found = _jpeg(image, QUALITIES[high])
    while low < high:  # the first quality, from the best down, that is small enough
        middle = (low + high) // 2
        data = _jpeg(image, QUALITIES[middle])
        if len(data) <= most_bytes:
            found, high = data, middle
        else:
            low = middle + 1
    return found, QUALITIES[high]


def _jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
    return file.getvalue()


class Artist:
    """A drawing process, ended with the `with` block, and by itself where this process is killed."""

    def __init__(self, niceness: int = 0) -> None:
        self.niceness = niceness

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._end()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, far_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(far_end, self.niceness), daemon=True)
        self._process.start()
        far_end.close()

    def _end(self) -> None:
        self._pipe.close()
        self._process.terminate()
        self._process.join(END_GRACE_S)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()

    def draw(self, order: Order, go_on: Callable[[], bool] = lambda: True) -> Drawn:
        """Draw the panorama; `go_on` is asked twice a second.

        Raises:
            DrawingFailed: this picture cannot be drawn; others may.
            ArtistGone: the process is gone, and the picture with it.
            DrawingCancelled: `go_on` said no. The picture is lost, and so is the process.
        """
        if self._pipe.closed:
            self._start()
        try:
            self._pipe.send(order)
            while not self._pipe.poll(POLL_S):
                if not go_on():
                    raise DrawingCancelled
            answer = self._pipe.recv()
        except (EOFError, OSError) as error:
            self._process.join(END_GRACE_S)
            self._end()
            raise ArtistGone(f"the drawing process ended with status {self._process.exitcode}") from error
        if isinstance(answer, Drawn):
            return answer
        raise DrawingFailed(str(answer))


def _serve(pipe: Connection, niceness: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the one who ordered
    with contextlib.suppress(OSError):
        os.nice(niceness)
    with contextlib.suppress(EOFError, OSError):
        while True:
            order = pipe.recv()
            try:
                answer: Drawn | str = draw(order)
            except Exception as error:  # noqa: BLE001
                # one picture that fails, for whatever reason, must not end the others
                answer = f"{type(error).__name__}: {error}"
            pipe.send(answer)
