from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from planet_core import partition_cli
from planet_core.cell_counts import CellCounts
from planet_core.partition import Partition
from tests.planet_core.test_cell_counts import assert_same_partition
from tests.planet_core.test_partition import clustered


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return listed(tmp_path / "photos.csv", *clustered(1500))


def listed(path: Path, lat: np.ndarray, lng: np.ndarray) -> Path:
    rows = [f"{a!r},{b!r}" for a, b in zip(lat.tolist(), lng.tolist(), strict=True)]
    path.write_text("\n".join(["lat,lng", *rows, ""]))
    return path


def run(*arguments: object) -> int:
    return partition_cli.main([str(argument) for argument in arguments])


def kept_places() -> tuple[np.ndarray, np.ndarray]:
    """The made places without those beyond the antimeridian, which a list of photos may not have."""
    lat, lng = clustered(1500)
    return lat[np.abs(lng) <= 180], lng[np.abs(lng) <= 180]


def test_the_command_writes_what_build_makes(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = photos.with_name("p.npz")
    assert run(photos, "--t1", 60, "--t2", 5, "--out", out) == 0
    partition, expected = Partition.load(out), Partition.build(*kept_places(), 60, 5)
    assert partition.digest == expected.digest
    assert np.array_equal(partition.counts, expected.counts)
    printed = capsys.readouterr()
    assert f"{len(expected):,} cells of {kept_places()[0].size:,} photos" in printed.out
    assert "photos kept" in printed.out
    assert f"{expected.dropped.sum():,} dropped" in printed.out
    assert "lines/s" in printed.err


def test_the_table_has_a_row_for_each_level() -> None:
    partition = Partition.build(*clustered(1500), 60, 5)
    assert partition.dropped is not None
    rows = [line.split() for line in partition_cli.summary(partition, 1500).splitlines()[2:]]
    assert sum(int(row[1].replace(",", "")) for row in rows) == len(partition)
    assert sum(int(row[2].replace(",", "")) for row in rows) == partition.counts.sum()
    assert sum(int(row[3].replace(",", "")) for row in rows) == partition.dropped.sum()


def test_one_level_is_an_option(photos: Path) -> None:
    out = photos.with_name("p.npz")
    assert run(photos, "--level", 4, "--min", 20, "--out", out) == 0
    assert Partition.load(out).digest == Partition.at_level(*kept_places(), 4, 20).digest


def test_shards_counted_apart_give_the_partition_of_all(tmp_path: Path) -> None:
    lat, lng = kept_places()
    whole = Partition.build(lat, lng, 60, 5)
    files = [listed(tmp_path / f"{part}.csv", lat[part::3], lng[part::3]) for part in range(3)]
    assert run(*files, "--t1", 60, "--t2", 5, "--out", tmp_path / "direct.npz") == 0
    assert Partition.load(tmp_path / "direct.npz").digest == whole.digest
    for part in (0, 1):
        assert run(files[part], "--count-level", 20 + part, "--out", tmp_path / f"{part}.npz") == 0
    counts = [f"counts:{tmp_path / f'{part}.npz'}" for part in (1, 0)]
    assert CellCounts.load(tmp_path / "1.npz").level == 21
    assert run(*counts, files[2], "--t1", 60, "--t2", 5, "--out", tmp_path / "merged.npz") == 0
    merged = Partition.load(tmp_path / "merged.npz")
    assert np.array_equal(merged.counts, whole.counts)
    np.testing.assert_allclose(merged.centroids(), whole.centroids(), rtol=0, atol=1e-9)
    assert run(*counts, files[2], "--level", 4, "--min", 20, "--out", tmp_path / "four.npz") == 0
    assert Partition.load(tmp_path / "four.npz").digest == Partition.at_level(lat, lng, 4, 20).digest


def test_skipped_rows_are_counted_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.csv").write_text("lat,lng\n1,2\nnan,2\n,3\n139.7,35.6\n1,2\n" + "x,1\n" * 9)
    assert run(tmp_path / "p.csv", "--t1", 5, "--t2", 1, "--out", tmp_path / "p.npz") == 0
    shown = capsys.readouterr().err
    assert "12 rows were skipped" in shown
    assert "p.csv, line 3: latitude 'nan' is not a number" in shown
    assert "line 5: latitude 139.7 is not within -90..90 (are latitude and longitude swapped?)" in shown
    assert "line 9" not in shown
    assert Partition.load(tmp_path / "p.npz").counts.tolist() == [2]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("photos.csv --out p.npz", "give --t1 and --t2, or --level and --min"),
        ("photos.csv --t1 9 --out p.npz", "needs both --t1 and --t2"),
        ("photos.csv --max-level 9 --out p.npz", "needs both --t1 and --t2"),
        ("photos.csv --level 4 --out p.npz", "needs both --level and --min"),
        ("photos.csv --t1 9 --t2 1 --level 4 --min 1 --out p.npz", "not both"),
        ("photos.csv --t1 0 --t2 1 --out p.npz", "--t1 must be at least 1, not 0"),
        ("photos.csv --t1 5 --t2 1 --max-level 31 --out p.npz", "--max-level must be from 0 to 30, not 31"),
        ("photos.csv --t1 many --t2 1 --out p.npz", "invalid int value"),
        ("photos.csv --t1 9 --t2 1", "required: --out"),
        ("photos.csv --t1 9 --t2 1 --out .", "is a folder"),
        ("photos.csv --t1 9 --t2 1 --out photos.csv/p.npz", "is not a folder"),
        ("photos.csv --t1 9 --t2 1 --out p.npz --map world.gif", ".png, .pdf or .svg"),
        ("none.csv --t1 9 --t2 1 --out p.npz", "cannot read none.csv"),
        ("empty.csv --t1 9 --t2 1 --out p.npz", "no photos in empty.csv"),
        ("empty.csv --count-level 9 --out p.npz", "no photos in empty.csv"),
        ("photos.csv --t1 9 --t2 2000 --out p.npz", "no cell holds enough of the"),
        ("nowhere:photos --t1 9 --t2 1 --out p.npz", "no source of photos"),
        ("counts:photos.csv --t1 9 --t2 1 --out p.npz", "is not a file of cell counts"),
        ("photos.csv --count-level 3 --t1 9 --t2 1 --out p.npz", "counted at level 3"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    photos: Path,
    arguments: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(photos.parent)
    Path("empty.csv").write_text("lat,lng\n")
    assert run(*arguments.split()) == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert reason in last
    assert not Path("p.npz").exists()


def test_places_of_one_point_end_at_leaf_level(tmp_path: Path) -> None:
    file = listed(tmp_path / "p.csv", np.full(50, 48.85), np.full(50, 2.35))
    assert run(file, "--t1", 10, "--t2", 5, "--out", tmp_path / "p.npz") == 0
    assert Partition.load(tmp_path / "p.npz").levels().tolist() == [30]


def test_progress_comes_now_and_then_without_a_terminal(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = iter(range(0, 10_000, 6))
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
    monkeypatch.setattr("planet_core.sources.places._BLOCK", 300)
    assert run(photos, "--t1", 60, "--t2", 5, "--out", photos.with_name("p.npz")) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if "lines/s" in line]
    assert [line.split(": ")[1].split()[0] for line in lines] == ["600", "1,200", "1,500"]
    assert lines[0].endswith("%")
    assert "\r" not in "".join(lines)


@pytest.mark.slow
def test_ctrl_c_leaves_the_old_file_and_no_half_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "endless.csv")
    (tmp_path / "p.npz").write_bytes(b"the old one")
    arguments = ["endless.csv", "--t1", "9", "--t2", "1", "--out", "p.npz"]
    command = [sys.executable, "-m", "planet_core.partition", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(partition_cli.__file__).parents[1])}
    child = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    with contextlib.suppress(BrokenPipeError), (tmp_path / "endless.csv").open("w") as pipe:
        pipe.write("lat,lng\n1,2\n")
        pipe.flush()
        time.sleep(0.2)
        child.send_signal(signal.SIGINT)
        while child.poll() is None:  # a read that began just before the signal would wait for a row
            pipe.write("1,2\n")
            pipe.flush()
            time.sleep(0.01)
    _, errors = child.communicate(timeout=30)
    assert child.returncode == 130
    assert errors.strip() == "interrupted: no file is half-written"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["endless.csv", "p.npz"]
    assert (tmp_path / "p.npz").read_bytes() == b"the old one"


def test_an_interrupted_save_leaves_no_half_file(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_arguments: object, **_arrays: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", interrupted)
    assert run(photos, "--t1", 60, "--t2", 5, "--out", photos.with_name("p.npz")) == 130
    assert "no file is half-written" in capsys.readouterr().err
    assert [path.name for path in photos.parent.iterdir()] == ["photos.csv"]


def test_real_photos_are_partitioned(shared_data: Path, tmp_path: Path, density) -> None:
    source = shared_data / "geo" / "photo_density_100k.csv.gz"
    assert run(source, "--t1", 1000, "--t2", 50, "--out", tmp_path / "p.npz") == 0
    assert Partition.load(tmp_path / "p.npz").digest == Partition.build(*density, 1000, 50).digest
    counts = CellCounts.of(*density, 20)
    assert_same_partition(Partition.from_counts(counts, 1000, 50), Partition.build(*density, 1000, 50))
