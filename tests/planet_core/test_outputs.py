from __future__ import annotations

import subprocess
import sys

PRINTS = """
import sys
from planet_core.outputs import while_somebody_reads
with while_somebody_reads():
    for number in range(LINES):
        print(number)
    print("at the end", file=sys.stderr)
sys.exit(0)
"""


def run(lines: int, read: int) -> tuple[int, str]:
    """Exit code and stderr of a command that prints lines while its reader leaves after some bytes."""
    command = [sys.executable, "-c", PRINTS.replace("LINES", str(lines))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(read)
        process.stdout.close()
        error = process.stderr.read()
        return process.wait(30), error


def test_a_reader_that_leaves_ends_a_command_quietly() -> None:
    assert run(lines=1_000_000, read=10) == (0, "")


def test_a_reader_that_leaves_before_anything_is_flushed_is_no_error() -> None:
    code, error = run(lines=3, read=0)
    assert code == 0
    assert "Broken" not in error


def test_without_a_hurry_all_is_printed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINTS.replace("LINES", "3")], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("0\n1\n2\n", "at the end\n")
