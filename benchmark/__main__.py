"""People against models, from rows of played rounds.

    python -m benchmark ROWS.csv [--format table|json|csv|html] [--out DIR] [--protocol planet-study]

`docs/benchmark.md` has the format of the rows and of the report, and the definition of every number.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark.command import add_options, report_of, shown
from benchmark.pictures import pictures_in
from benchmark.read import RowsError, read_rounds
from planet_core.outputs import OutputError, while_somebody_reads
from planet_core.progress import Progress
from planet_core.sources.photo import SourceError
from planet_core.stopping import Stopped, UserError, stopping_on_signals


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 something to put right, 130 stopped."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmark",
        description="Compare people and models over played rounds.",
        epilog="exit codes: 0 done, 2 something to put right, 130 stopped",
        allow_abbrev=False,
    )
    parser.add_argument("rows", metavar="ROWS", help="CSV or JSON Lines (.jsonl), see docs/benchmark.md")
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="pictures of the panoramas, PANORAMA_ID.jpg: for the page, and for players by colour (--train)",
    )
    add_options(parser)
    options = parser.parse_args(arguments)
    progress = Progress(sys.stderr)
    try:
        with stopping_on_signals(), while_somebody_reads():
            progress.say(f"reading {options.rows}")
            pictures = pictures_in(options.pictures) if options.pictures else None
            report = report_of(read_rounds(options.rows), vars(options), progress.say, pictures)
            progress.end()
            print(shown(report, vars(options), pictures))
    except Stopped:
        progress.end()
        print("benchmark: stopped; no file is half written", file=sys.stderr)
        return 130
    except (OutputError, RowsError, SourceError, UserError) as error:
        progress.end()
        print(f"benchmark: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        progress.end()
        print(f"benchmark: cannot write {error.filename}: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
