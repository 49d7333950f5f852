from __future__ import annotations

import json
from pathlib import Path

import pytest

from planet_core import album_table
from planet_core.album_directory import read_config
from planet_core.album_table import ROWS, Row
from planet_core.stopping import UserError
from tests.planet_core.made_model import made_model
from tests.planet_core.made_trips import made_trips


def test_rows_are_variants_with_or_without_a_cut() -> None:
    assert Row.of("lstm-rep-25") == Row("lstm-rep-25", "lstm-rep", 25)
    assert Row.of("lstm-off1") == Row("lstm-off1", "lstm-off1", None)
    assert [Row.of(name).name for name in ROWS] == list(ROWS)
    for name in ("gru", "lstm-rep-0", "hmm-25", ""):
        with pytest.raises(UserError, match="there is no row"):
            Row.of(name)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image model and three folders of albums."""
    folder = tmp_path_factory.mktemp("world")
    made_model(folder / "image")
    for seed, part in enumerate(("train", "validation", "test")):
        made_trips(folder / part, seed=seed, lengths=(3, 4, 2))
    return folder


def run(
    capsys: pytest.CaptureFixture[str], world: Path, out: Path, *more: object, test: str = "test"
) -> tuple[int, str, str]:
    parts = {"train": "train", "validation": "validation", "test": test}
    arguments: list[object] = ["--image-model", world / "image", "--out", out, "--cache", world / "cache"]
    for name, part in parts.items():
        arguments += [f"--{name}", world / part]
    code = album_table.main([str(argument) for argument in (*arguments, *more)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.slow
def test_every_row_is_trained_once_and_scored(
    capsys: pytest.CaptureFixture[str], world: Path, tmp_path: Path
) -> None:
    small = ("--epochs", "1", "--set", "hidden=8", "--rows", "lstm", "lstm-rep-2", "hmm")
    code, out, error = run(capsys, world, tmp_path, *small, "--json")
    assert code == 0, error
    report = json.loads(out)  # nothing of the training's lines is in it
    assert list(report["rows"]) == ["single", "avg", "lstm", "lstm-rep-2", "hmm", "hmm-posterior", "oracle"]
    assert report["trained"]["lstm-rep-2"]["trained_on"]["albums"] == 3
    assert read_config(tmp_path / "rows/lstm-rep-2/model")["cut"] == 2
    assert read_config(tmp_path / "rows/lstm/model")["recipe"]["hidden"] == 8
    assert read_config(tmp_path / "rows/hmm/model")["recipe"]["decoding"] == "viterbi"
    assert "## How the rows were trained" in (tmp_path / "albums.md").read_text()

    # again: nothing is trained, the numbers are the same
    models = {path: path.stat().st_mtime_ns for path in tmp_path.glob("rows/*/model/config.json")}
    code, again, error = run(capsys, world, tmp_path, *small, "--json")
    assert code == 0, error
    assert json.loads(again) == report
    assert {path: path.stat().st_mtime_ns for path in models} == models

    # with other settings: refused, and kept
    code, _, error = run(capsys, world, tmp_path, "--epochs", "2", "--set", "hidden=8", "--rows", "lstm")
    assert code == 2
    assert "rows/lstm was made with other settings (epochs 1, now 2)" in error
    assert {path: path.stat().st_mtime_ns for path in models} == models


@pytest.mark.slow
def test_what_cannot_be_used_is_named(
    capsys: pytest.CaptureFixture[str], world: Path, tmp_path: Path
) -> None:
    cases = [
        (("--rows", "gru"), "test", "there is no row 'gru'"),
        (("--rows", "lstm"), "train", "of the test albums is in"),
        (("--rows", "lstm"), "nowhere", "albums.jsonl is missing"),
        (("--rows", "lstm", "--set", "hidden=0"), "test", "the row lstm could not be trained, see above"),
    ]
    for more, test, said in cases:
        code, out, error = run(capsys, world, tmp_path, *more, test=test)
        assert (code, out) == (2, ""), error
        assert said in error
