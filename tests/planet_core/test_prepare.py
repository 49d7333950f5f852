from __future__ import annotations

import errno
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from planet_core import images, prepare, shards
from planet_core.prepare_output import Bad, Output, Sample
from planet_core.shards import Index, Shards
from planet_core.sources.open_source import open_source
from tests.planet_core.made import gradient_panorama, noise_picture
from tests.planet_core.made_sources import jpeg, photo_list, png_header

OPTIONS = ["--size", "160", "--shard-mb", "0.05"]
COMMAND = [sys.executable, "-m", "planet_core.prepare"]


def run(*arguments: object) -> int:
    """The command in this process, with one job and small shards unless told otherwise."""
    return prepare.main(["--jobs", "1", "--shard-mb", "0.02", "--size", "32", *map(str, arguments)])


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def report(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "errors.jsonl").read_text().splitlines()]


def no_leftovers(folder: Path) -> bool:
    return not [path for path in folder.iterdir() if path.name.endswith(".tmp")]


# -------------------------------------------------------------------------- what comes out


def test_photos_become_shards_that_are_a_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(photo_list(tmp_path), "--out", tmp_path / "out") == 0
    assert "40 photos in" in capsys.readouterr().out
    index = Index.load(tmp_path / "out")
    assert index.complete
    assert len(index.shards) > 2
    assert all(shard.bytes >= 20_000 for shard in index.shards[:-1])
    before, after = list(open_source(str(tmp_path / "photos.csv"))), list(open_source(str(tmp_path / "out")))
    for one, other in zip(before, after, strict=True):
        assert (one.lat, one.lng, one.group, one.digest) == (other.lat, other.lng, other.group, other.digest)
        picture = images.load(other.read())
        assert picture.size == (43, 32)
        difference = np.abs(
            np.asarray(picture, float) - np.asarray(images.fit_shorter_side(images.load(one.path), 32))
        )
        assert difference.mean() < 6


def test_shards_of_shards_are_sources_too(tmp_path: Path) -> None:
    run(photo_list(tmp_path, 6), "--out", tmp_path / "one")
    assert run(f"shards:{tmp_path / 'one'}", tmp_path / "photos.csv", "--out", tmp_path / "two") == 0
    assert len(Shards(tmp_path / "two")) == 12
    digests = [photo.digest for photo in open_source(str(tmp_path / "two"))]
    assert digests[:6] == digests[6:]  # still those of the originals


def test_panoramas_keep_a_view_of_the_wanted_size(tmp_path: Path) -> None:
    gradient_panorama(720).save(tmp_path / "p.png")
    noise_picture(1, (300, 200)).save(tmp_path / "flat.png")
    (tmp_path / "x.csv").write_text(
        "path,lat,lng,projection,heading\np.png,1,2,equirectangular,90\nflat.png,1,2,equirectangular,0\n"
    )
    assert run(tmp_path / "x.csv", "--out", tmp_path / "out") == 0
    data, metadata = Shards(tmp_path / "out").read(0, 0)
    assert images.load(data).width == round(np.pi * 32)
    assert (metadata["projection"], metadata["heading"]) == ("equirectangular", 90)
    assert [error["code"] for error in report(tmp_path / "out")] == ["not-a-panorama"]


def test_holidays_goes_through_without_places(tmp_path: Path) -> None:
    (tmp_path / "jpg").mkdir()
    for name in ("100000", "100001"):
        (tmp_path / "jpg" / f"{name}.jpg").write_bytes(jpeg())
    assert run(tmp_path / "jpg", "--out", tmp_path / "out") == 0
    _, metadata = Shards(tmp_path / "out").read(0, 1)
    assert (metadata["lat"], metadata["id"], metadata["group"]) == (None, "100001", "1000")
    source = open_source(str(tmp_path / "out"))
    assert list(source) == []  # no places: nothing to train on
    assert source.errors.by_code == {"no-coordinates": 2}


def test_nothing_of_the_original_comes_along(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(comment=b"secret words", exif=b"Exif\0\0secret words"))
    (tmp_path / "x.csv").write_text("path,lat,lng\na.jpg,1,2\n")
    run(tmp_path / "x.csv", "--out", tmp_path / "out")
    assert b"secret words" in (tmp_path / "a.jpg").read_bytes()
    assert not any(b"secret words" in data for data in content(tmp_path / "out").values())


# ------------------------------------------------------------------------------------------------ bad input


def test_every_bad_file_is_named_counted_and_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = noise_picture(1)
    deep = Image.fromarray(np.full((40, 40), 51_200, dtype=np.uint16))
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    good.convert("CMYK").save(tmp_path / "cmyk.jpg")
    deep.save(tmp_path / "deep.png")
    frames[0].save(tmp_path / "animated.webp", save_all=True, append_images=frames[1:])
    (tmp_path / "huge.png").write_bytes(png_header(30_000, 30_000))
    (tmp_path / "truncated.jpg").write_bytes(jpeg(size=(400, 300))[:2000])
    (tmp_path / "zero.jpg").touch()
    (tmp_path / "text.jpg").write_text("hello")
    frames[0].save(tmp_path / "g.gif")
    names = [
        "cmyk.jpg",
        "deep.png",
        "animated.webp",
        "huge.png",
        "truncated.jpg",
        "zero.jpg",
        "text.jpg",
        "g.gif",
    ]
    rows = [f"{name},1,2" for name in names] + [
        "cmyk.jpg,nan,2",
        "cmyk.jpg,100,2",
        "cmyk.jpg,,2",
        "none.jpg,1,2",
    ]
    (tmp_path / "x.csv").write_text("path,lat,lng\n" + "\n".join(rows) + "\n")
    assert run(tmp_path / "x.csv", "--out", tmp_path / "out") == 0
    assert [images.load(photo.read()).mode for photo in open_source(str(tmp_path / "out"))] == ["RGB"] * 3
    errors = report(tmp_path / "out")
    assert [error["code"] for error in errors] == [
        *("too-large", "truncated", "not-an-image", "not-an-image", "unsupported-format"),
        *("bad-coordinates", "swapped", "no-coordinates", "missing-file"),
    ]
    for name, error in zip(names[3:], errors, strict=False):
        assert str(tmp_path / name) in str(error["reason"])
    assert [error["line"] for error in errors[5:]] == [10, 11, 12, 13]
    assert "skipped: not-an-image 2" in capsys.readouterr().out


def test_a_damaged_shard_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    run(photo_list(tmp_path), "--out", tmp_path / "one")
    sizes = [shard.samples for shard in Index.load(tmp_path / "one").shards]
    damaged = tmp_path / "one" / shards.shard_name(1)
    damaged.write_bytes(damaged.read_bytes()[:-700])
    assert run(tmp_path / "one", "--out", tmp_path / "two") == 0
    assert len(Shards(tmp_path / "two")) == 40 - sizes[1]
    [error] = report(tmp_path / "two")
    assert error["code"] == "damaged-shard"
    assert str(damaged) in str(error["reason"])


@pytest.mark.parametrize("rows", ["", "none.jpg,1,2\n"])
def test_an_empty_source_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str) -> None:
    (tmp_path / "x.csv").write_text("path,lat,lng\n" + rows)
    for _ in range(2):  # and says so again
        assert run(tmp_path / "x.csv", "--out", tmp_path / "out") == 2
        assert "there are no usable photos in" in capsys.readouterr().err


def test_messages_for_what_people_can_put_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = photo_list(tmp_path, 4)
    assert run("nowhere", "--out", tmp_path / "out") == 2
    assert "is no source of photos" in capsys.readouterr().err
    run(source, "--out", tmp_path / "out")
    assert run(source, "--out", tmp_path / "out", "--size", "48") == 2
    assert "was prepared with other size" in capsys.readouterr().err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    assert run(source, "--out", tmp_path / "full") == 2
    assert "is not empty (thesis.txt" in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert run(source, "--out", tmp_path / "file") == 2
    assert "cannot write to" in capsys.readouterr().err
    with prepare.locked(tmp_path / "out"):
        assert run(source, "--out", tmp_path / "out") == 2
    assert "another prepare is filling" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--size", "8"], ["--shard-mb", "0"], ["--shard-mb", "nan"], ["--jobs", "0"]]
)
def test_options_out_of_range_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("x.csv", "--out", tmp_path, *arguments)
    assert ended.value.code == 2


# ------------------------------------------------------------------------------------------------ resuming


def test_interrupted_after_any_photo_it_goes_on_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = photo_list(tmp_path, 20)
    with source.open("a") as file:
        file.write("none.jpg,1,2\n0001.png,nan,2\n")
    (tmp_path / "0007.png").write_bytes(b"no picture")
    run(source, "--out", tmp_path / "whole")
    resize = prepare.resize
    for fatal in range(0, 20, 3):

        def stop(photo: object, size: int, fatal: int = fatal) -> Sample:
            if f"{fatal:04d}." in str(photo):
                raise prepare.Stopped
            return resize(photo, size)  # type: ignore[arg-type]

        out = tmp_path / f"out-{fatal}"
        monkeypatch.setattr(prepare, "resize", stop)
        assert run(source, "--out", out) == 130
        assert no_leftovers(out)
        monkeypatch.setattr(prepare, "resize", resize)
        assert run(source, "--out", out) == 0
        assert content(out) == content(tmp_path / "whole")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0003.png,3,3,walk-0", "0003.png,3,4,walk-0"),  # a place was mended
        ("0003.png,3,3,walk-0", "none.png,3,3,walk-0"),
        ("0003.png,3,3,walk-0\n", ""),
        ("0000.jpg,0,0,walk-0\n", "0001.png,5,5,x\n0000.jpg,0,0,walk-0\n"),
        (None, "path,lat,lng,group\n0000.jpg,0,0,walk-0\n"),  # nearly all is gone
    ],
)
def test_rows_that_have_changed_since_are_noticed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    old: str | None,
    new: str,
) -> None:
    source, out = photo_list(tmp_path, 20), tmp_path / "out"
    add = Output.add

    def stop_at_18(output: Output, result: Sample | Bad, rows: str) -> None:
        if output.items == 18:
            raise prepare.Stopped
        add(output, result, rows)

    monkeypatch.setattr(Output, "add", stop_at_18)
    assert run(source, "--out", out) == 130
    monkeypatch.setattr(Output, "add", add)
    rows, before = source.read_text(), content(out)
    source.write_text(rows.replace(old, new, 1) if old else new)
    assert run(source, "--out", out) == 2
    assert "has changed since" in capsys.readouterr().err
    assert content(out) == before
    source.write_text(rows + "0001.png,5,5,x\n")  # rows to come may change
    assert run(source, "--out", out) == 0


def test_shards_of_somebody_else_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = photo_list(tmp_path, 4)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "shard-000000.tar").write_bytes(b"years of work")
    assert run(source, "--out", tmp_path / "out") == 2
    assert "is not empty (shard-000000.tar" in capsys.readouterr().err
    assert content(tmp_path / "out") == {".lock": b"", "shard-000000.tar": b"years of work"}


def test_a_report_that_was_deleted_is_not_filled_with_nothing(tmp_path: Path) -> None:
    source = photo_list(tmp_path, 4)
    with source.open("a") as file:
        file.write("none.jpg,1,2\n")
    for _ in range(2):
        assert run(source, "--out", tmp_path / "out") == 0
        (tmp_path / "out" / "errors.jsonl").unlink()
    assert run(source, "--out", tmp_path / "out") == 0
    assert report(tmp_path / "out") == []


def test_a_full_disk_is_told_and_nothing_half_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = photo_list(tmp_path)
    run(source, "--out", tmp_path / "whole")
    add = shards.ShardWriter.add

    def full(writer: shards.ShardWriter, key: str, *rest: object) -> None:
        if key == "000000030":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        add(writer, key, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(shards.ShardWriter, "add", full)
    assert run(source, "--out", tmp_path / "out") == 2
    message = capsys.readouterr().err
    assert f"no room left for {tmp_path / 'out'}" in message
    assert "same command again" in message
    assert no_leftovers(tmp_path / "out")
    names = {shard.file for shard in Index.load(tmp_path / "out").shards}
    assert {path.name for path in (tmp_path / "out").glob("*.tar")} == names
    monkeypatch.setattr(shards.ShardWriter, "add", add)
    assert run(source, "--out", tmp_path / "out") == 0
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_a_file_that_cannot_grow_is_a_full_disk(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))

    command = [*COMMAND, photo_list(tmp_path), "--out", tmp_path / "out", "--jobs", "1"]
    ended = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "no room left" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert no_leftovers(tmp_path / "out")


def started(source: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [*COMMAND, source, "--out", out, *OPTIONS, "--jobs", "2"]
    return subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def processes_of(session: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A list of photos, and the files of its shards, made without interruption by one process."""
    folder = tmp_path_factory.mktemp("forty")
    source = photo_list(folder, 40, (320, 240))
    assert prepare.main([str(source), "--out", str(folder / "whole"), *OPTIONS, "--jobs", "1"]) == 0
    return source, content(folder / "whole")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_killed_or_stopped_it_goes_on_to_the_same_bytes(
    tmp_path: Path, forty: tuple[Path, dict[str, bytes]], end: signal.Signals
) -> None:
    source, whole = forty
    out = tmp_path / "out"
    with started(source, out) as process:
        wait_for(out / shards.shard_name(1))
        process.send_signal(end)
        _, message = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if end == signal.SIGKILL else 130)
    assert b"Traceback" not in message
    deadline = time.monotonic() + 10
    while processes_of(process.pid):  # no process outlives its parent for long
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with started(source, out) as again:
        again.communicate(timeout=60)
    assert again.returncode == 0
    assert content(out) == whole
    keys = []
    for path in sorted(out.glob("*.tar")):
        with tarfile.open(path) as tar:
            keys += tar.getnames()
    assert len(keys) == len(set(keys)) == 80


# ------------------------------------------------------------------------------------------------ progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_progress_line_has_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(prepare.time, "monotonic", lambda: now[0])
    stream = Terminal()
    progress = prepare.Progress(stream)
    for samples in range(0, 60, 10):
        progress.show(samples, 1, samples / 100)
        now[0] += 1
    assert " 50%  50 photos, 1 skipped, 10 images/s, 0:05 left" in stream.getvalue()
    progress.end()
    assert stream.getvalue().endswith("\r")
