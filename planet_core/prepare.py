"""Turns any source of photos into WebDataset shards that training reads: resized once, on all cores.

    python -m planet_core.prepare SOURCE [SOURCE...] --out DIR [--size 320] [--shard-mb 100] [--jobs N]

Notable:
- the same sources and options give the same shards byte for byte, whatever --jobs is
- a run that was stopped or killed goes on after its last whole shard when the same command is given again
- a picture's shorter side becomes --size pixels (never enlarged); of a panorama, a view of 90 degrees does
- no metadata of the original files comes along but the place, the time and what the source says
- rows and pictures that cannot be used are counted and listed in DIR/errors.jsonl, and the run goes on
- exit codes: 0 done, 2 something to put right, 130 stopped
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import hashlib
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

from PIL import Image

from planet_core import images
from planet_core.prepare_output import ERRORS, Bad, Item, Output, Rows, Sample, locked
from planet_core.run_log import duration
from planet_core.shards import ShardError
from planet_core.sources.open_source import kinds_help, open_source
from planet_core.sources.photo import Photo, RowError, Source, SourceError
from planet_core.stopping import Stopped, UserError, stopping_on_signals
from planet_core.workers import in_order

QUALITY = 90
CHUNK = 16
"""Rows that a process is given at once."""


# ------------------------------------------------------------------------------------------------
# One picture


def decode(photo: Photo, size: int) -> tuple[Image.Image, str]:
    """(upright RGB picture with a shorter side of at most `size` pixels, sha256 of the file).

    Of a panorama, a view of 90 degrees has `size` pixels instead.

    Raises:
        ImageError: it cannot be read or decoded, or is called a panorama and is none.
    """
    try:
        data = photo.read()
    except OSError as error:
        raise images.ImageError("missing", f"cannot read {photo.name}: {error.strerror or error}") from error
    if photo.projection == "equirectangular":
        # such a view has size / 2 pixels per radian in its middle
        picture = images.load(data, max_side=round(math.pi * size), name=photo.name)
        if not images.is_panorama_shape(picture.size):
            reason = f"{photo.name} is no whole panorama: {picture.width} x {picture.height} is not 2:1"
            raise images.ImageError("not-a-panorama", reason)
    else:
        picture = images.load(data, shorter_side=size, name=photo.name)
    return picture, photo.digest or hashlib.sha256(data).hexdigest()


def resize(photo: Photo, size: int) -> Sample:
    """The photo as it goes into a shard. Raises ImageError as `decode` does."""
    picture, digest = decode(photo, size)
    return Sample(images.encode_jpeg(picture, QUALITY), {**photo.metadata(), "digest": digest})


def _resize_all(chunk: Sequence[Item], size: int) -> list[Sample | Bad]:
    return [item if isinstance(item, Bad) else _resize_or_bad(item, size) for item in chunk]


def _resize_or_bad(photo: Photo, size: int) -> Sample | Bad:
    try:
        return resize(photo, size)
    except images.ImageError as error:
        return Bad(photo.name, None, error.code, error.message)


# ------------------------------------------------------------------------------------------------
# All sources as one stream


@dataclass
class Stream:
    """Photos and bad rows of all sources in one order that is the same at every reading."""

    names: Sequence[str]
    opened: list[Source] = field(default_factory=list)
    current: int = 0

    def __post_init__(self) -> None:
        self.opened = [open_source(name, digests=False, need_places=False) for name in self.names]

    def __iter__(self) -> Iterator[Item]:
        bad: list[Bad] = []
        for number, (name, source) in enumerate(zip(self.names, self.opened, strict=True)):
            self.current = number
            source.errors.sink = _collector(name, bad)
            for photo in source:
                yield from bad
                bad.clear()
                yield photo
            yield from bad
            bad.clear()

    @property
    def share(self) -> float:
        """How much has been read, 0..1."""
        return (self.current + self.opened[self.current].share) / len(self.opened)


def _collector(name: str, bad: list[Bad]) -> Callable[[RowError], None]:
    return lambda error: bad.append(Bad(name, error.line, error.code, error.reason))


def results(items: Iterator[Item], size: int, jobs: int) -> Generator[Sample | Bad, None, None]:
    """The items' samples in the same order, resized by `jobs` processes; in this one if that is 1."""
    return in_order(items, partial(_resize_all, size=size), CHUNK, jobs)


# ------------------------------------------------------------------------------------------------
# The run


class Progress:
    """A line for people: on a terminal it is rewritten, elsewhere it comes every ten seconds."""

    def __init__(self, stream: IO[str], noun: str = "photos", unit: str = "images/s") -> None:
        self.stream, self.noun, self.unit = stream, noun, unit
        self.started = self.last = time.monotonic()
        self.first: tuple[int, float] | None = None
        self.width = 0

    def show(self, samples: int, skipped: int, share: float) -> None:
        """Called after each picture; writes at most as often as it should."""
        now = time.monotonic()
        if self.first is None:
            self.first, self.started = (samples, share), now
        terminal = self.stream.isatty()
        if now - self.last < (0.5 if terminal else 10):
            return
        self.last = now
        elapsed = now - self.started
        rate = (samples - self.first[0]) / elapsed if elapsed else 0.0
        digits = 0 if rate >= 5 else 1
        text = f"{share:4.0%}  {samples:,} {self.noun}, {skipped:,} skipped, {rate:.{digits}f} {self.unit}"
        if share > self.first[1]:
            text += f", {duration(elapsed * (1 - share) / (share - self.first[1]))} left"
        self._write(text, terminal)

    def end(self) -> None:
        """Clears the line."""
        if self.width:
            print("\r" + " " * self.width + "\r", end="", file=self.stream, flush=True)
            self.width = 0

    def _write(self, text: str, terminal: bool) -> None:
        if terminal:
            print("\r" + text.ljust(self.width), end="", file=self.stream, flush=True)
            self.width = len(text)
        else:
            print(text, file=self.stream, flush=True)


def prepare(
    sources: Sequence[str], out: Path, size: int, shard_mb: float, jobs: int, progress: Progress
) -> Output:
    """Fills `out` with shards, or goes on filling it. Raises UserError, SourceError, ShardError, OSError."""
    stream = Stream(sources)
    settings = {"sources": [str(s) for s in sources], "size": size, "shard_mb": shard_mb, "quality": QUALITY}
    with locked(out):
        output = Output(out, settings, int(shard_mb * 1e6))
        try:
            if output.index.complete:
                return output
            rows = Rows(stream)
            if not output.stands_after(rows):
                raise UserError(
                    f"{', '.join(sources)} has changed since {out} was begun, in rows that are done: put them"
                    " back as they were to go on, or give a new folder as --out"
                )
            finished = results(rows, size, jobs)
            with contextlib.closing(finished):
                for result in finished:
                    output.add(result, rows.digests.popleft())
                    progress.show(output.samples, output.skipped.total(), stream.share)
            if not output.samples:
                output.commit()
                raise UserError(
                    f"there are no usable photos in {', '.join(sources)}: {output.skipped.total()} rows"
                    f" skipped ({_reasons(output.skipped)}), see {out / ERRORS}"
                )
            output.commit(complete=True)
            return output
        finally:
            output.close()


def _reasons(skipped: Counter[str]) -> str:
    return ", ".join(f"{code} {count:,}" for code, count in skipped.most_common()) or "none"


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the process with code 2 and a usage line where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.prepare",
        description="Resize photos with places once and pack them into WebDataset shards for training.",
        epilog=f"kinds of SOURCE (kind:path, or a bare path whose kind is recognised):\n{kinds_help()}\n\n"
        "exit codes: 0 done, 2 something to put right, 130 stopped (the same command goes on)",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="photos with places, see below")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for the shards")
    parser.add_argument(
        "--size", type=_at_least(images.MIN_SIDE), default=320, metavar="PX", help="shorter side (320)"
    )
    parser.add_argument(
        "--shard-mb", type=megabytes, default=100.0, metavar="MB", help="size of a shard (100)"
    )
    parser.add_argument(
        "--jobs", type=_at_least(1), default=os.cpu_count() or 1, metavar="N", help="processes (all cores)"
    )
    return parser.parse_args(arguments)


def _at_least(least: int) -> Callable[[str], int]:
    def integer(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is not at least {least}")
        return value

    return integer


def megabytes(text: str) -> float:
    """A size from the command line. Raises as argparse wants it."""
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 something to put right, 130 stopped."""
    options = parse_arguments(arguments)
    progress = Progress(sys.stderr)
    started = time.monotonic()
    try:
        with stopping_on_signals():
            output = prepare(
                options.sources, options.out, options.size, options.shard_mb, options.jobs, progress
            )
    except Stopped:
        progress.end()
        print(
            f"prepare: stopped; the same command goes on after the last whole shard of {options.out}",
            file=sys.stderr,
        )
        return 130
    except (UserError, SourceError, ShardError) as error:
        progress.end()
        print(f"prepare: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        progress.end()
        print(f"prepare: {_explained(error, options.out)}", file=sys.stderr)
        return 2
    progress.end()
    print(
        f"{output.samples:,} photos in {len(output.index.shards)} shards in {options.out}"
        f" ({duration(time.monotonic() - started)}); skipped: {_reasons(output.skipped)}"
        + (f", listed in {options.out / ERRORS}" if output.skipped else "")
    )
    return 0


def _explained(error: OSError, out: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return (
            f"no room left for {out} ({error.strerror}): its whole shards are safe; make room and give the"
            " same command again to go on"
        )
    return f"cannot write to {error.filename or out}: {error.strerror or error}"


if __name__ == "__main__":
    sys.exit(main())
