"""`python -m procedural_earth play_set`: draw the panoramas that come with the program."""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from pathlib import Path

from planet_core.files import atomic_file
from planet_core.stopping import Stopped, UserError, stopping_on_signals
from procedural_earth import play_set
from procedural_earth.artist import DrawingFailed, Order, draw
from procedural_earth.places import Places
from procedural_earth.play_set import Picture, PlaySetError

EXIT_STOPPED = 130
JPEG = ".jpg"


def main(arguments: list[str]) -> None:
    """Run the command.

    Raises:
        UserError: for what the person who typed it can put right.
    """
    parser = argparse.ArgumentParser(prog="python -m procedural_earth play_set", description=__doc__)
    parser.add_argument("--count", type=int, default=play_set.SHIPPED, help="how many (default: %(default)s)")
    parser.add_argument("--size", type=int, default=4096, help="width in pixels (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="the folder; what fits in it is kept")
    options = parser.parse_args(arguments)
    if not 1 <= options.count <= play_set.COUNT:
        raise UserError(f"--count {options.count}: use 1 to {play_set.COUNT}")
    try:
        with stopping_on_signals():
            make(options.out, options.count, options.size)
    except Stopped:
        print("Stopped. The same command goes on from here.", file=sys.stderr)  # noqa: T201
        raise SystemExit(EXIT_STOPPED) from None
    except (PlaySetError, DrawingFailed, OSError) as error:
        raise UserError(str(error)) from error


def make(directory: Path, count: int, size: int) -> list[Picture]:
    """Draw what is not there yet, with a whole manifest after each picture; remove other JPEG files."""
    from procedural_earth.rendering import RENDER_VERSION

    candidates = play_set.places()
    kept = {picture.identity: picture for picture in play_set.read(directory)}
    pictures: list[Picture] = []
    for number, index in enumerate(play_set.varied(candidates, count), 1):
        started = time.monotonic()
        old = kept.get(str(candidates.identity[index]))
        if old is not None and _is_good(old, directory, RENDER_VERSION, size):
            picture, note = old, "kept"
        else:
            picture = _drawn(candidates, index, directory, count, size)
            note = f"{time.monotonic() - started:.0f} s"
        pictures.append(picture)
        play_set.write(pictures, directory)
        _tell(number, count, picture, directory, note)
    _tidy(directory, pictures)
    total = sum((directory / picture.file).stat().st_size for picture in pictures)
    if total > play_set.MOST_BYTES_OF_ALL:
        raise UserError(
            f"{directory}: {total:,} bytes, more than {play_set.MOST_BYTES_OF_ALL:,}: draw them smaller"
        )
    return pictures


def _is_good(picture: Picture, directory: Path, version: str, size: int) -> bool:
    if picture.width != size or picture.metadata.get("version") != version:
        return False
    try:
        play_set.bytes_of(picture, directory)
    except PlaySetError:
        return False
    return True


def _drawn(candidates: Places, index: int, directory: Path, count: int, size: int) -> Picture:
    lat, lng = float(candidates.lat[index]), float(candidates.lng[index])
    identity, date = str(candidates.identity[index]), str(candidates.date[index])
    hour = round(float(candidates.hour[index]), 3)
    # the most detailed stay above their share even at the lowest quality
    most = play_set.MOST_BYTES_OF_ALL * 24 // 25 // max(count, play_set.SHIPPED)
    drawn = draw(Order(lat=lat, lng=lng, date=date, hour=hour, size=size, most_bytes=most))
    name = f"{identity}{JPEG}"
    with atomic_file(directory / name) as file:
        file.write(drawn.jpeg)
    return Picture(
        file=name,
        sha256=hashlib.sha256(drawn.jpeg).hexdigest(),
        width=size,
        height=size // 2,
        quality=drawn.quality,
        lat=lat,
        lng=lng,
        identity=identity,
        date=date,
        hour=hour,
        seed=0,
        metadata=drawn.metadata,
    )


def _tell(number: int, count: int, picture: Picture, directory: Path, note: str) -> None:
    size_kb = (directory / picture.file).stat().st_size // 1000
    country, climate = picture.metadata["country"], picture.metadata["koeppen"]
    print(  # noqa: T201
        f"{number} of {count}: {picture.file} {country} {climate} {picture.date}, "
        f"{size_kb} kB at quality {picture.quality} ({note})",
        file=sys.stderr,
        flush=True,
    )


def _tidy(directory: Path, pictures: list[Picture]) -> None:
    wanted = {picture.file for picture in pictures}
    for path in directory.glob(f"*{JPEG}"):
        if path.name not in wanted:
            path.unlink()
