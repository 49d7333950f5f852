"""The command `python -m planet_core.partition`: places in, classes out.

    python -m planet_core.partition photos.csv more.csv.gz --t1 10000 --t2 50 --out p.npz --map world.png
    python -m planet_core.partition photos.csv --level 4 --min 50 --out level4.npz

More geotags than one machine holds are counted in shards, anywhere, and then partitioned together:

    python -m planet_core.partition shard-1.csv --count-level 18 --out shard-1.npz
    python -m planet_core.partition counts:shard-1.npz counts:shard-2.npz --t1 10000 --t2 50 --out p.npz

Progress goes to stderr, the summary to stdout. Exit code 2 and one line for what cannot be done, 130 after
Ctrl-C; an output file is then either whole or as it was before.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from planet_core import s2
from planet_core.cell_counts import FINE_LEVEL, CellCounts, CellCountsError, CountsStream
from planet_core.partition import Partition
from planet_core.sources.csv_photos import SourceError
from planet_core.sources.places import Places, read_places
from planet_core.stopping import Stopped, stopping_on_signals

_ERRORS_SHOWN = 5  # of each source
_COUNTS = "counts:"

FloatArray = npt.NDArray[np.float64]


class CommandError(Exception):
    """What the command cannot do, in one line."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{message} (--help says more)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    try:
        options = _options(arguments)
        _check(options)
        with stopping_on_signals():
            _run(options)
    except (CommandError, SourceError, CellCountsError, ValueError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: cannot write {error.filename or 'the output'}: {error.strerror}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, Stopped):
        print("\ninterrupted: no file is half-written", file=sys.stderr)
        return 130
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(
        prog="python -m planet_core.partition",
        description=(__doc__ or "").split("\n\n", 1)[1],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="kind:path, a CSV file with lat and lng, or counts:FILE.npz",
    )
    parser.add_argument("--out", required=True, type=Path, help="the .npz file to write")
    parser.add_argument("--t1", type=int, metavar="N", help="split cells with more photos (paper: 10000)")
    parser.add_argument("--t2", type=int, metavar="N", help="drop cells with fewer photos (paper: 50)")
    parser.add_argument("--max-level", type=int, metavar="L", help="split no cell below this level")
    parser.add_argument("--level", type=int, metavar="L", help="cells of this one level instead (paper: 4)")
    parser.add_argument("--min", type=int, metavar="N", help="with --level: drop cells with fewer photos")
    parser.add_argument(
        "--count-level",
        type=int,
        metavar="L",
        help=f"keep counts in cells of this level (say, {FINE_LEVEL}) instead of places; without --t1 or"
        " --level, write them to --out",
    )
    parser.add_argument("--map", type=Path, metavar="PNG", help="draw the cells on maps (needs matplotlib)")
    return parser.parse_args(arguments)


def _check(options: argparse.Namespace) -> None:
    """Raises what is wrong with the options, before anything is read."""
    for name, least, most in (
        ("t1", 1, None),
        ("t2", 1, None),
        ("min", 1, None),
        ("level", 0, s2.MAX_LEVEL),
        ("max_level", 0, s2.MAX_LEVEL),
        ("count_level", 0, s2.MAX_LEVEL),
    ):
        value = getattr(options, name)
        if value is not None and not least <= value <= (value if most is None else most):
            bounds = f"at least {least}" if most is None else f"from {least} to {most}"
            raise CommandError(f"--{name.replace('_', '-')} must be {bounds}, not {value}")
    _check_ways(options)
    _check_outputs(options)


def _check_ways(options: argparse.Namespace) -> None:
    def given(*names: str) -> list[bool]:
        return [getattr(options, name) is not None for name in names]

    adaptive, one_level = given("t1", "t2"), given("level", "min")
    if any(one_level) and any(adaptive + given("max_level")):
        raise CommandError("give either --t1 and --t2 or --level and --min, not both")
    if any(one_level) and not all(one_level):
        raise CommandError("the partition of one level needs both --level and --min")
    if any(adaptive + given("max_level")) and not all(adaptive):
        raise CommandError("the adaptive partition needs both --t1 and --t2")
    if not any(adaptive + one_level) and (options.count_level is None or options.map):
        raise CommandError(
            "give --t1 and --t2, or --level and --min (or only --count-level, to write counts)"
        )


def _check_outputs(options: argparse.Namespace) -> None:
    for path in filter(None, (options.out, options.map)):
        if path.is_dir():
            raise CommandError(f"{path} is a folder: name a file")
        folder = next(parent for parent in path.absolute().parents if parent.exists())
        if not folder.is_dir():
            raise CommandError(f"{path} cannot be written: {folder} is not a folder")
    if options.map and options.map.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise CommandError(f"{options.map}: maps are drawn as .png, .pdf or .svg")
    if options.map and importlib.util.find_spec("matplotlib") is None:
        raise CommandError("--map needs matplotlib: pip install matplotlib")


def _run(options: argparse.Namespace) -> None:
    given = [
        CellCounts.load(source.removeprefix(_COUNTS)) for source in options.sources if _is_counts(source)
    ]
    reading = _Reading([source for source in options.sources if not _is_counts(source)])
    if given or options.count_level is not None:
        counts = _counted(reading, given, options.count_level)
        reading.report()
        if not counts.photos:
            raise CommandError(f"no photos in {', '.join(options.sources)}: nothing to partition")
        if options.t1 is None and options.level is None:
            counts.save(options.out)
            print(
                f"{counts.photos:,} photos in {len(counts):,} cells of level {counts.level}"
                f"\nWrote {options.out}, to be used as {_COUNTS}{options.out}"
            )
            return
        total, partition = counts.photos, _of_counts(counts, options)
    else:
        lat, lng = _gathered(reading)
        reading.report()
        if not lat.size:
            raise CommandError(f"no photos in {', '.join(options.sources)}: nothing to partition")
        total, partition = lat.size, _of_places(lat, lng, options)
    if not len(partition):
        raise CommandError(f"no cell holds enough of the {total:,} photos: lower --t2 or --min")
    partition.save(options.out)
    print(summary(partition, total), f"Wrote {options.out}", sep="\n")
    if options.map:
        from planet_core import partition_map

        land = partition_map.draw(partition, options.map)
        print(f"Wrote {options.map}" + ("" if land else " (without land: no package world-atlas was found)"))


def _is_counts(source: str) -> bool:
    return bool(source.startswith(_COUNTS))


def _of_places(lat: FloatArray, lng: FloatArray, options: argparse.Namespace) -> Partition:
    if options.level is not None:
        return Partition.at_level(lat, lng, options.level, options.min)
    deepest = s2.MAX_LEVEL if options.max_level is None else options.max_level
    return Partition.build(lat, lng, options.t1, options.t2, deepest)


def _of_counts(counts: CellCounts, options: argparse.Namespace) -> Partition:
    if options.level is not None:
        return Partition.at_level_from_counts(counts, options.level, options.min)
    deepest = s2.MAX_LEVEL if options.max_level is None else options.max_level
    return Partition.from_counts(counts, options.t1, options.t2, deepest)


# ------------------------------------------------------------------------------------------------
# Reading, with progress


def _gathered(reading: _Reading) -> tuple[FloatArray, FloatArray]:
    """All places, 16 bytes each."""
    lats: list[FloatArray] = [np.empty(0)]
    lngs: list[FloatArray] = [np.empty(0)]
    for places in reading:
        lats.append(places.lat)
        lngs.append(places.lng)
    lat = np.concatenate(lats)
    lats.clear()  # before the other half is doubled
    return lat, np.concatenate(lngs)


def _counted(reading: _Reading, given: list[CellCounts], level: int | None) -> CellCounts:
    """The counts of all places and of the given files, at the coarsest level that any of them has."""
    wanted = min([part.level for part in given] + ([] if level is None else [level]))
    stream = CountsStream(wanted)
    for part in given:
        stream.add(part.at_level(wanted))
    for places in reading:
        stream.add(CellCounts.of(places.lat, places.lng, wanted))
    return stream.total()


@dataclass
class _Reading:
    """The places of several sources one after another; shows how far it is."""

    sources: list[str]
    skipped: dict[str, list[str]] = field(default_factory=dict)
    bad_rows: int = 0

    def __iter__(self) -> Iterator[Places]:
        for number, source in enumerate(self.sources, 1):
            name = f"{source} ({number} of {len(self.sources)})" if len(self.sources) > 1 else source
            progress, rows = _Progress(name), 0
            for places in read_places(source):
                yield places
                rows += places.lat.size + places.skipped
                self.bad_rows += places.skipped
                shown = self.skipped.setdefault(source, [])
                shown += [str(error) for error in places.errors[: _ERRORS_SHOWN - len(shown)]]
                progress.show(rows, places.share)
            progress.end(rows)

    def report(self) -> None:
        """Says which rows were skipped."""
        if not self.bad_rows:
            return
        print(f"{self.bad_rows:,} rows were skipped; the first ones:", file=sys.stderr)
        for source, errors in self.skipped.items():
            for error in errors:
                print(f"  {source}, {error}", file=sys.stderr)


class _Progress:
    """One line on stderr, rewritten on a terminal, repeated now and then elsewhere."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._start = self._shown = time.monotonic()
        self._terminal = sys.stderr.isatty()
        self._every_s = 0.2 if self._terminal else 10.0

    def show(self, lines: int, share: float | None) -> None:
        now = time.monotonic()
        if now - self._shown < self._every_s:
            return
        self._shown = now
        done = "" if share is None else f", {share:.0%}"
        self._print(f"{self._name}: {lines:,} lines, {lines / (now - self._start):,.0f} lines/s{done}", "\r")

    def end(self, lines: int) -> None:
        seconds = max(time.monotonic() - self._start, 1e-3)
        self._print(f"{self._name}: {lines:,} lines in {seconds:.1f} s, {lines / seconds:,.0f} lines/s", "\n")

    def _print(self, text: str, end: str) -> None:
        if self._terminal:
            print(f"\r\x1b[K{text}", end="" if end == "\r" else end, file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)


def summary(partition: Partition, photos: int) -> str:
    """Cells and photos in words, and a table by level."""
    kept = int(partition.counts.sum())
    levels = partition.levels()
    dropped = np.zeros(s2.MAX_LEVEL + 1, dtype=np.int64) if partition.dropped is None else partition.dropped
    lines = [
        f"{len(partition):,} cells of {photos:,} photos: {kept:,} photos kept ({kept / photos:.2%}),"
        f" {photos - kept:,} dropped",
        f"{'level':>5} {'cells':>9} {'photos kept':>14} {'photos dropped':>15}",
    ]
    for level in np.union1d(np.unique(levels), np.flatnonzero(dropped)).tolist():
        photos_here = partition.counts[levels == level]
        lines.append(f"{level:>5} {photos_here.size:>9,} {photos_here.sum():>14,} {dropped[level]:>15,}")
    return "\n".join(lines)
