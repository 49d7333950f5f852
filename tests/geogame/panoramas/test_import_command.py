from __future__ import annotations

import io
import os
import signal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from geogame.panoramas import services
from geogame.panoramas.importers import pipeline
from geogame.panoramas.management.commands import import_panoramas as command
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import NewPanorama
from tests.geogame.panoramas.pictures import store, table

pytestmark = pytest.mark.django_db


def run(path: Path, *options: str, name: str = "World", stderr: io.StringIO | None = None) -> str:
    stdout = io.StringIO()
    call_command(
        "import_panoramas", str(path), "--map", name, *options, stdout=stdout, stderr=stderr or io.StringIO()
    )
    return stdout.getvalue()


def three(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        store(tmp_path / "in", name)
    return table(tmp_path / "in", "a.jpg,1,2", "b.jpg,1,2", "c.jpg,1,2", "d.jpg,2,91", "e.jpg,95,100")


def test_it_says_what_happened_and_what_to_do_next(tmp_path: Path) -> None:
    assert run(three(tmp_path)).splitlines() == [
        "refused: d.jpg (labels.csv, row 5): there is no such file",
        "refused: e.jpg (labels.csv, row 6): latitude 95 is out of range (-90 to 90)",
        "The map “World”:",
        "  added               3",
        "  already there       0",
        "  refused             2   (missing 1, latitude out of range 1)",
        "It is open for play (scale 50 km): start the game with `make play`.",
    ]
    assert "already there       3" in run(tmp_path / "in")


def test_dry_run_and_draft(tmp_path: Path) -> None:
    output = run(three(tmp_path), "--dry-run")
    assert "Checked for the map “World”; nothing was written:\n  to add              3" in output
    assert not Map.objects.exists()
    assert "It is a draft: run this again without --draft" in run(tmp_path / "in", "--draft")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nowhere", None, "nowhere does not exist"),
        ("photos.csv", b"path,lat\n", "photos.csv lacks the column lng"),
        ("photos.csv", b"\xff\x00\xfe", "not UTF-8"),
        ("photos.csv", b"path,lat,lng\n", "Nothing to import: no pictures found"),
        ("photos.csv", b"path,lat,lng\na.jpg,1,2\n", "Nothing to import: the only picture cannot be used"),
        ("photo.jpg", b"", "single picture"),
    ],
)
def test_one_line_for_what_cannot_work(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        store(tmp_path, name, content)
    with pytest.raises(CommandError, match=message) as error:
        run(tmp_path / name)
    assert error.value.returncode == 1
    assert "\n" not in str(error.value)
    assert not Map.objects.exists()


def test_a_bad_map_name(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="'!!!' is no name for a map"):
        run(three(tmp_path), name="!!!")


def test_ctrl_c_finishes_the_picture_in_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def add_and_press_ctrl_c(*, map_: Map, new: NewPanorama) -> bool:
        os.kill(os.getpid(), signal.SIGINT)
        return services.add_panorama(map_=map_, new=new)

    monkeypatch.setattr(pipeline, "add_panorama", add_and_press_ctrl_c)
    handler, stderr = signal.getsignal(signal.SIGINT), io.StringIO()
    with pytest.raises(SystemExit) as stop:
        run(three(tmp_path), stderr=stderr)
    assert stop.value.code == 130
    assert "what was imported stays in" in stderr.getvalue()
    assert Panorama.objects.count() == Map.objects.get().panoramas.count() == 1
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_second_ctrl_c_does_not_wait(
    tmp_path: Path, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_twice(new: NewPanorama, name: str) -> Panorama:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("not reached")

    monkeypatch.setattr(services, "_create", press_twice)
    with pytest.raises(SystemExit) as stop:
        run(three(tmp_path))
    assert stop.value.code == 130
    assert not [file for file in media_root.rglob("*") if file.is_file()]


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(
        CommandError, match=r"Stopped after 0 of 5: cannot write to .*: No space left on device"
    ):
        run(three(tmp_path))


def test_a_line_now_and_then_without_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "SECONDS_BETWEEN_LINES", 0.0)
    stderr = io.StringIO()
    run(three(tmp_path), stderr=stderr)
    assert stderr.getvalue().splitlines() == [f"{done} of 5 pictures" for done in range(1, 6)]


def test_a_bar_on_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    run(three(tmp_path), stderr=Terminal())
    assert "5/5" in capsys.readouterr().err


def test_help_shows_the_columns_and_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("import_panoramas", "--help")
    shown = capsys.readouterr().out
    assert "path,lat,lng[,heading,taken_at,licence,author,source,kind,group]" in shown
    assert 'import_panoramas ~/Pictures/holidays --map "Our holidays"' in shown
