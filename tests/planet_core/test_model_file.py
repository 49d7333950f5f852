from __future__ import annotations

import hashlib
import io
import json
import shutil
import signal
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planet_core import album_directory, model_directory, model_file
from planet_core.album_predict import AlbumPredictor
from planet_core.model_card import CARD
from planet_core.model_file import MANIFEST, check, export, import_model
from planet_core.model_file_checks import ModelFileError, check_arrays, check_weights
from planet_core.predict import Predictor
from planet_core.stopping import Stopped
from planet_core.version_kinds import ALBUM, IMAGE
from tests.planet_core.made import noise_picture
from tests.planet_core.made_album_model import made_album_model
from tests.planet_core.made_model import made_model

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "model"
    made_model(folder)
    (folder / CARD).write_text("# A model\n")
    return folder


@pytest.fixture(scope="module")
def packed(model: Path) -> Path:
    file = model.parent / "model.zip"
    export(model, file, about={"name": "Trial"})
    return file


def rewritten(packed: Path, target: Path, change: Callable[[dict[str, Any], Files], None]) -> Path:
    """The model file with other contents, as somebody who means ill would write it."""
    with zipfile.ZipFile(packed) as archive:
        files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    manifest = json.loads(files.pop(MANIFEST))
    change(manifest, files)
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(MANIFEST, json.dumps(manifest))
        for name, content in files.items():
            archive.writestr(name, content)
    return target


def replace_file(manifest: dict[str, Any], files: Files, name: str, content: bytes) -> None:
    """Puts another file in, with all checksums set right."""
    files[name] = content
    digest = hashlib.sha256(content).hexdigest()
    manifest["files"][name] = {"bytes": len(content), "sha256": digest}
    if name != "config.json":
        config = json.loads(files["config.json"])
        config["sha256"][name] = digest
        replace_file(manifest, files, "config.json", json.dumps(config).encode())
        manifest["digest"] = manifest["files"]["config.json"]["sha256"]


def refused(file: Path, folder: Path, words: str) -> None:
    with pytest.raises(ModelFileError, match=words):
        import_model(file, folder / "imported")
    assert list(folder.iterdir()) in ([], [file]), "nothing of it stays"


def test_a_version_travels_whole(model: Path, packed: Path, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    found = import_model(packed, tmp_path / "imported", lambda *step: steps.append(step))
    assert found.digest == model_directory.version_digest(tmp_path / "imported")
    assert found.about == {"name": "Trial"}
    assert steps[-1] == (found.bytes, found.bytes)
    assert {path.name for path in (tmp_path / "imported").iterdir()} == {*IMAGE.files, CARD}
    rows = [
        Predictor.load(folder).distributions([noise_picture(1)]) for folder in (model, tmp_path / "imported")
    ]
    np.testing.assert_array_equal(rows[0], rows[1])


def test_the_same_version_gives_the_same_bytes(model: Path, packed: Path, tmp_path: Path) -> None:
    export(model, tmp_path / "again.zip", about={"name": "Trial"})
    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()
    buffer = io.BytesIO()
    export(model, buffer, about={"name": "Trial"})
    assert buffer.getvalue() == packed.read_bytes()


def test_another_card_goes_along(model: Path, tmp_path: Path) -> None:
    export(model, tmp_path / "model.zip", card="# Newer\n")
    import_model(tmp_path / "model.zip", tmp_path / "imported")
    assert (tmp_path / "imported" / CARD).read_text() == "# Newer\n"


def test_an_upload_is_read_from_an_open_file(packed: Path, tmp_path: Path) -> None:
    with packed.open("rb") as file:
        assert check(file).digest == import_model(file, tmp_path / "imported").digest


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.999])
def test_a_file_that_is_cut_off_is_refused(packed: Path, tmp_path: Path, share: float) -> None:
    file = tmp_path / "cut.zip"
    file.write_bytes(packed.read_bytes()[: int(share * packed.stat().st_size)])
    refused(file, tmp_path, "is no model file, or is cut off or damaged")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_flipped_bit_is_found(packed: Path, tmp_path: Path, share: float) -> None:
    content = bytearray(packed.read_bytes())
    content[int(share * len(content))] ^= 4
    file = tmp_path / "flipped.zip"
    file.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"cut off or damaged|sha256"):
        check(file)
    refused(file, tmp_path, "cut off or damaged|sha256")


@pytest.mark.parametrize("content", [b"", b"GIF89a" * 100, b"PK\x03\x04" + b"\0" * 200])
def test_foreign_files_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "foreign.zip"
    file.write_bytes(content)
    refused(file, tmp_path, "is no model file")


def add(name: str) -> Callable[[dict[str, Any], Files], None]:
    def change(manifest: dict[str, Any], files: Files) -> None:
        files[name] = b"x"
        manifest["files"][name] = {"bytes": 1, "sha256": hashlib.sha256(b"x").hexdigest()}

    return change


def put(name: str, content: bytes) -> Callable[[dict[str, Any], Files], None]:
    return lambda manifest, files: replace_file(manifest, files, name, content)


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def larger_than_it_is() -> bytes:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("cells.npy", header.getvalue())
    return buffer.getvalue()


CHANGES: dict[str, tuple[Callable[[dict[str, Any], Files], Any], str]] = {
    "a path upwards": (add("../escaped"), "'../escaped', which is no file of a model"),
    "an absolute path": (add("/tmp/escaped"), "which is no file of a model"),
    "a pickle beside": (add("weights.pkl"), "which is no file of a model"),
    "other format": (lambda m, f: m.update(format="other"), "of something else"),
    "newer format": (lambda m, f: m.update(version=2), "version 2 of the format"),
    "no files": (lambda m, f: m.pop("files"), "manifest.json is damaged"),
    "missing file": (lambda m, f: f.pop("partition.npz"), "names other files"),
    "missing in both": (
        lambda m, f: (f.pop("partition.npz"), m["files"].pop("partition.npz")),
        "lacks partition.npz",
    ),
    "other size": (lambda m, f: m["files"]["config.json"].update(bytes=3), "another size"),
    "other checksum": (
        lambda m, f: m["files"]["config.json"].update(sha256="0" * 64),
        "config.json in it is",
    ),
    "other digest": (lambda m, f: m.update(digest="0" * 64), "is not that of its config.json"),
    "no config": (put("config.json", b"[]"), "digest in manifest.json"),
    "weights that are a pickle": (put("model.safetensors", b"\x80\x04K*."), "no whole safetensors file"),
    "weights that are cut": (
        put("model.safetensors", struct.pack("<Q", 1 << 40) + b"{}"),
        "no whole safetensors file",
    ),
    "arrays that are none": (put("partition.npz", b"nothing"), "partition.npz in it is damaged"),
    "pickled arrays": (
        put("partition.npz", npz(cells=np.array([{"a": 1}], dtype=object))),
        "cells.npy of partition.npz in it holds pickled objects",
    ),
    "a bomb": (put("training_index.npz", npz(cells=np.zeros(1 << 26))), "that is a trap"),
    "an array that lies": (put("training_index.npz", larger_than_it_is()), "is not as large as it says"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_made_up_is_refused(packed: Path, tmp_path: Path, name: str) -> None:
    change, words = CHANGES[name]
    refused(rewritten(packed, tmp_path / "made-up.zip", change), tmp_path, words)


def test_compressed_and_doubled_entries_are_refused(packed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    file = tmp_path / "made-up.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    refused(file, tmp_path, "compressed or encrypted")
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("config.json", files["config.json"])
    refused(file, tmp_path, "names other files than it holds")


def test_a_folder_that_is_there_stays(packed: Path, tmp_path: Path) -> None:
    (tmp_path / "imported").mkdir()
    with pytest.raises(ModelFileError, match="is there already"):
        import_model(packed, tmp_path / "imported")
    assert list((tmp_path / "imported").iterdir()) == []


def test_too_little_room_is_told_before_the_work(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(ModelFileError, match="make room first"):
        import_model(packed, tmp_path / "imported")


@pytest.mark.parametrize("way", ["export", "import"])
def test_who_stops_it_leaves_nothing(model: Path, packed: Path, tmp_path: Path, way: str) -> None:
    def stop(done: int, total: int) -> None:
        raise Stopped

    begin = {
        "export": lambda: export(model, tmp_path / "model.zip", progress=stop),
        "import": lambda: import_model(packed, tmp_path / "imported", stop),
    }
    with pytest.raises(Stopped):
        begin[way]()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_model_is_not_exported(model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "model")
    (tmp_path / "model" / "metrics.json").write_text("{}")
    with pytest.raises(model_directory.ModelDirectoryError, match="damaged or foreign"):
        export(tmp_path / "model", tmp_path / "model.zip")
    assert not (tmp_path / "model.zip").exists()


def test_an_own_check_of_weights_and_arrays(tmp_path: Path, model: Path) -> None:
    check_weights(model / "model.safetensors")
    for name in ("partition.npz", "training_index.npz"):
        check_arrays(model / name)
    many = tmp_path / "many.npz"
    digests = sorted(hashlib.sha256(str(number).encode()).hexdigest() for number in range(20_000))
    np.savez_compressed(many, digests=np.array(digests), cells=np.arange(200_000, dtype=np.uint64))
    check_arrays(many)  # an honest index of many photos is no trap


def test_the_command_says_what_it_did_or_why_not(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "model.zip")
    assert model_file.main(["export", str(model), file]) == 0
    assert model_file.main(["check", file]) == 0
    assert "whole and unchanged" in capsys.readouterr().out
    assert model_file.main(["import", file, str(tmp_path / "imported")]) == 0
    assert model_file.main(["import", file, str(tmp_path / "imported")]) == 2
    assert "model_file: " in capsys.readouterr().err
    assert model_file.main(["export", str(model), str(tmp_path / "model.txt")]) == 2
    assert "must end in .zip" in capsys.readouterr().err
    assert model_file.main(["check", str(tmp_path / "none.zip")]) == 2
    assert "No such file" in capsys.readouterr().err


@pytest.fixture
def large(tmp_path: Path, model: Path) -> Iterator[Path]:
    """A model whose weights take a while to read: zeros, which take no room on most disks."""
    folder = tmp_path / "large"
    shutil.copytree(model, folder)
    header = json.dumps({"w": {"dtype": "U8", "shape": [1 << 29], "data_offsets": [0, 1 << 29]}}).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + (1 << 29))
    config = json.loads((folder / "config.json").read_text())
    config["sha256"]["model.safetensors"] = model_directory.sha256_of(folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
def test_a_signal_ends_the_command_cleanly(large: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-m", "planet_core.model_file", "export", str(large), str(out / "large.zip")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        while child.poll() is None and not list(out.iterdir()):
            time.sleep(0.01)
        child.send_signal(signal.SIGTERM)
        _, words = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "nothing is half written" in words
    assert list(out.iterdir()) == []


# ------------------------------------------------------------------------------------------------
# Album versions


@pytest.fixture(scope="module")
def packed_album(model: Path) -> Path:
    folder, file = model.parent / "album", model.parent / "album.zip"
    made_album_model(folder, model)
    export(folder, file, card="not the one that its digest vouches for")
    return file


def test_an_album_version_travels_whole(model: Path, packed_album: Path, tmp_path: Path) -> None:
    found = import_model(packed_album, tmp_path / "imported")
    assert found.kind is ALBUM
    assert check(packed_album).digest == found.digest == album_directory.version_digest(tmp_path / "imported")
    for path in (tmp_path / "imported").iterdir():
        assert path.read_bytes() == (model.parent / "album" / path.name).read_bytes()
    AlbumPredictor(tmp_path / "imported", model)


def test_an_album_version_with_a_changed_card_is_refused(packed_album: Path, tmp_path: Path) -> None:
    def change(manifest: dict[str, Any], files: Files) -> None:
        content = b"# Nothing to worry about\n"
        files[CARD] = content
        manifest["files"][CARD] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    changed = rewritten(packed_album, tmp_path / "changed.zip", change)
    refused(changed, tmp_path, r"MODEL_CARD\.md in it is not the one of its config\.json")


@pytest.mark.parametrize(
    ("kind", "words"), [("image", "it lacks partition.npz"), ("film", "a version of the kind 'film'")]
)
def test_a_version_of_another_kind_than_it_says_is_refused(
    packed_album: Path, tmp_path: Path, kind: str, words: str
) -> None:
    changed = rewritten(
        packed_album, tmp_path / "changed.zip", lambda manifest, _: manifest.update(kind=kind)
    )
    refused(changed, tmp_path, words)


def test_what_an_album_version_has_seen_is_vouched_for(packed_album: Path, tmp_path: Path) -> None:
    import_model(packed_album, tmp_path / "imported")
    assert album_directory.read_training_index(tmp_path / "imported").trained_on("d1")

    def drop(manifest: dict[str, Any], files: Files) -> None:
        del files["training_index.npz"], manifest["files"]["training_index.npz"]

    with pytest.raises(ModelFileError, match=r"config\.json is damaged \(KeyError: 'training_index\.npz'"):
        import_model(rewritten(packed_album, tmp_path / "less.zip", drop), tmp_path / "less")
    trap = rewritten(
        packed_album,
        tmp_path / "trap.zip",
        lambda manifest, files: replace_file(manifest, files, "training_index.npz", b"no arrays"),
    )
    with pytest.raises(ModelFileError, match=r"training_index\.npz in it is damaged"):
        import_model(trap, tmp_path / "trap")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["imported", "less.zip", "trap.zip"]


def test_an_album_version_without_weights_travels_too(tmp_path: Path) -> None:
    """One that is no network, as a hidden Markov model may be."""
    values = {"variant": "hmm", "cut": None, "image_model": "0" * 64, "cells": 6, "embedding_width": 8}
    values |= {"recipe": {"name": "hmm"}, "trained_on": {}}
    album_directory.save(tmp_path / "hmm", {}, values, {})
    export(tmp_path / "hmm", tmp_path / "hmm.zip")
    assert import_model(tmp_path / "hmm.zip", tmp_path / "imported").kind is ALBUM
