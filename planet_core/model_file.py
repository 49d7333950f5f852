"""A model version as one file, to be kept or handed on, with a checksum for all that is in it. No torch.

    python -m planet_core.model_file export MODEL FILE.zip
    python -m planet_core.model_file import FILE.zip DIR
    python -m planet_core.model_file check FILE.zip

A zip archive without compression, which any program opens: `manifest.json` first, with the version's digest
and the size and sha256 of each file, then the files of the version (`version_kinds`) and its card. That of an
album version says "kind": "album"; its image version goes as a file of its own. The same version gives the
same bytes. Weights are safetensors; nothing in it is ever run or unpickled.

Whoever imports believes nothing: a file that is no such archive, is cut off or changed, holds other files,
names with paths, compressed or overlapping entries, or arrays that claim to be larger than they are is
refused, and nothing of it stays.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO

from planet_core import model_directory
from planet_core.files import atomic_directory, atomic_file
from planet_core.model_card import CARD
from planet_core.model_directory import CONFIG, ModelDirectoryError
from planet_core.model_file_checks import ModelFileError, check_arrays, check_weights
from planet_core.outputs import OutputError, writable_file
from planet_core.progress import Progress
from planet_core.stopping import Stopped, UserError, stopping_on_signals
from planet_core.version_kinds import IMAGE, KINDS, VersionKind, kind_of

FORMAT, FORMAT_VERSION = "planet-model-file", 1
MANIFEST = "manifest.json"
MOST_MANIFEST_BYTES = MOST_TEXT_BYTES = 1 << 24
CHUNK = 1 << 20
DATE = (1980, 1, 1, 0, 0, 0)
"""Of every entry: the same version gives the same file."""
SPARE_BYTES = 1 << 26
"""What stays free on the disk behind an import."""

Report = Callable[[int, int], None]
Source = str | os.PathLike[str] | BinaryIO


@dataclass(frozen=True)
class Contents:
    """What a model file says that it holds.

    Attributes:
        digest: of the version.
        files: bytes and sha256 by name.
        about: what its sender wrote about it, JSON values; for people, never believed.
        kind: of the version.
    """

    digest: str
    files: Mapping[str, tuple[int, str]]
    about: Mapping[str, Any] = field(default_factory=dict)
    kind: VersionKind = IMAGE

    @property
    def bytes(self) -> int:
        """Of all files together."""
        return sum(size for size, _ in self.files.values())


def _nothing(done: int, total: int) -> None:
    pass


def export(
    directory: str | os.PathLike[str],
    file: str | os.PathLike[str] | BinaryIO,
    *,
    about: Mapping[str, Any] | None = None,
    card: str | None = None,
    progress: Report = _nothing,
) -> Contents:
    """Writes a model directory into one file, as a whole or not at all where `file` is a path.

    Args:
        about: what is to be told with it (name, data, licences), JSON values.
        card: the card that goes with it, in place of the one in the directory; that of an album version
            stays, as its digest vouches for it.
        progress: is told bytes that are done and bytes in all; what it raises ends the work.

    Raises:
        ModelDirectoryError: the directory is missing, incomplete or damaged.
        OSError: it cannot be written; what was there before is untouched.
    """
    folder = Path(directory)
    kind = kind_of(folder)
    kind.verify(folder)
    texts = _texts(folder, kind, card)
    named = kind.read_config(folder)["sha256"]
    files = {
        name: ((folder / name).stat().st_size, model_directory.sha256_of(folder / name))
        for name in (*kind.files, *(name for name in kind.optional if name in named))
    }
    files |= {name: (len(text), hashlib.sha256(text).hexdigest()) for name, text in texts.items()}
    contents = Contents(kind.version_digest(folder), files, about or {}, kind)
    with _to_write(file) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        archive.writestr(_entry(MANIFEST), _manifest(contents))
        done = 0
        for name, (size, digest) in files.items():
            with archive.open(_entry(name, size), "w") as to:
                for chunk in _chunks(folder / name, texts.get(name), digest):
                    to.write(chunk)
                    done += len(chunk)
                    progress(done, contents.bytes)
    return contents


def _texts(folder: Path, kind: VersionKind, card: str | None) -> dict[str, bytes]:
    """What is written beside the files of the version: a card, unless it is one of them."""
    if kind.card_is_fixed:
        return {}
    if card is not None:
        return {CARD: card.encode()}
    return {CARD: (folder / CARD).read_bytes()} if (folder / CARD).is_file() else {}


@contextmanager
def _to_write(file: str | os.PathLike[str] | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(file, str | os.PathLike):
        with atomic_file(file) as out:
            yield out
    else:
        yield file


def _entry(name: str, size: int = 0) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, DATE)
    entry.external_attr, entry.file_size = 0o644 << 16, size
    return entry


def _manifest(contents: Contents) -> bytes:
    value = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        **({} if contents.kind is IMAGE else {"kind": contents.kind.name}),
        "digest": contents.digest,
        "files": {name: {"bytes": size, "sha256": sha} for name, (size, sha) in contents.files.items()},
        "about": dict(contents.about),
    }
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()


def _chunks(path: Path, text: bytes | None, digest: str) -> Iterator[bytes]:
    if text is not None:
        yield text
        return
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
            yield chunk
    if found.hexdigest() != digest:
        raise ModelDirectoryError(f"{path} changed while it was read")


# ------------------------------------------------------------------------------------------------
# Reading what others wrote


def contents_of(file: Source) -> Contents:
    """What a model file says that it holds, without reading the files in it.

    Raises:
        ModelFileError: it is no model file, or its list of contents does not fit it.
        OSError: it cannot be read.
    """
    with _archive(file) as (_, contents):
        return contents


def check(file: Source, progress: Report = _nothing) -> Contents:
    """Reads all of a model file and compares it with its checksums; writes nothing.

    Raises:
        ModelFileError: it is something else, cut off or changed; says what and where.
        OSError: it cannot be read.
    """
    with _archive(file) as (archive, contents):
        done, config = 0, b""
        for name in contents.files:
            for chunk in _verified(archive, name, contents):
                config += chunk if name == CONFIG else b""
                done += len(chunk)
                progress(done, contents.bytes)
        _check_config(config, contents)
    return contents


def import_model(file: Source, directory: str | os.PathLike[str], progress: Report = _nothing) -> Contents:
    """Unpacks a model file into a new folder, as a whole or not at all, after checking all of it.

    Args:
        directory: the folder to be made; there must be none of that name.
        progress: as in `export`.

    Raises:
        ModelFileError: the file is not to be trusted, the folder is there, or the disk has too little room.
        OSError: it cannot be read or written; nothing of it stays.
    """
    target = Path(directory)
    if target.exists():
        raise ModelFileError(f"{target} is there already: name a new folder")
    with _archive(file) as (archive, contents):
        target.parent.mkdir(parents=True, exist_ok=True)
        if (free := shutil.disk_usage(target.parent).free) < contents.bytes + SPARE_BYTES:
            raise ModelFileError(
                f"the model needs {contents.bytes / 1e6:,.0f} MB, and {target.parent} has"
                f" {free / 1e6:,.0f} MB left: make room first"
            )
        with atomic_directory(target) as new:
            done = 0
            for name in contents.files:
                with (new / name).open("wb") as out:
                    for chunk in _verified(archive, name, contents):
                        out.write(chunk)
                        done += len(chunk)
                        progress(done, contents.bytes)
            _check_directory(new, contents)
    return contents


@contextmanager
def _archive(file: Source) -> Iterator[tuple[zipfile.ZipFile, Contents]]:
    """The archive and its manifest, both looked through."""
    name = str(file) if isinstance(file, str | os.PathLike) else str(getattr(file, "name", "the file"))
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive, _contents(archive)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise ModelFileError(f"{name} is no model file, or is cut off or damaged: {error}") from error
    except UnicodeDecodeError as error:
        raise ModelFileError(f"{name} is no model file: the names in it are no text") from error


def _contents(archive: zipfile.ZipFile) -> Contents:
    entries = archive.infolist()
    if not entries or entries[0].filename != MANIFEST or entries[0].file_size > MOST_MANIFEST_BYTES:
        raise ModelFileError(f"it is no model file: it does not begin with {MANIFEST}")
    _check_entries(archive, entries)
    try:
        value = json.loads(archive.read(MANIFEST))
        if value["format"] != FORMAT:
            raise ModelFileError(f"it is no model file: its {MANIFEST} is of something else")
        if value["version"] != FORMAT_VERSION:
            raise ModelFileError(
                f"it has version {value['version']!r} of the format, this program reads {FORMAT_VERSION}"
            )
        if (kind := KINDS.get(value.get("kind", IMAGE.name))) is None:
            raise ModelFileError(f"it holds a version of the kind {value['kind']!r}, which nobody knows here")
        files = {str(name): (int(one["bytes"]), str(one["sha256"])) for name, one in value["files"].items()}
        contents = Contents(str(value["digest"]), files, dict(value.get("about") or {}), kind)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ModelFileError(f"its {MANIFEST} is damaged ({type(error).__name__}: {error})") from error
    _check_names(entries, contents)
    return contents


def _check_entries(archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo]) -> None:
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise ModelFileError(
                f"{entry.filename!r} in it is compressed or encrypted: a model file is neither"
            )
        if entry.file_size != entry.compress_size:
            raise ModelFileError(f"{entry.filename!r} in it has two sizes: the file is damaged or made up")
    if archive.fp is None:
        return
    size = archive.fp.seek(0, os.SEEK_END)
    if sum(entry.file_size for entry in entries) > size:
        raise ModelFileError("its entries overlap: it claims to hold more than the file has bytes")


def _check_names(entries: Sequence[zipfile.ZipInfo], contents: Contents) -> None:
    names = [entry.filename for entry in entries[1:]]
    if foreign := [
        name for name in names if name not in (*contents.kind.files, *contents.kind.optional, CARD)
    ]:
        raise ModelFileError(f"it holds {foreign[0]!r}, which is no file of a model")
    if len(set(names)) != len(names) or set(names) != set(contents.files):
        raise ModelFileError(f"its {MANIFEST} names other files than it holds")
    if missing := [name for name in contents.kind.files if name not in names]:
        raise ModelFileError(f"it lacks {missing[0]}")
    for entry in entries[1:]:
        if entry.file_size != contents.files[entry.filename][0]:
            raise ModelFileError(f"{entry.filename} in it has another size than {MANIFEST} says")
        if entry.filename in (CONFIG, CARD) and entry.file_size > MOST_TEXT_BYTES:
            raise ModelFileError(f"{entry.filename} in it is larger than any such text")


def _verified(archive: zipfile.ZipFile, name: str, contents: Contents) -> Iterator[bytes]:
    size, digest = contents.files[name]
    found, done = hashlib.sha256(), 0
    with archive.open(name) as entry:
        while chunk := _read(entry, name):
            done += len(chunk)
            found.update(chunk)
            yield chunk
    if done != size or found.hexdigest() != digest:
        raise ModelFileError(f"{name} in it is damaged: its sha256 is not the one in {MANIFEST}")


def _read(entry: IO[bytes], name: str) -> bytes:
    try:
        return entry.read(CHUNK)
    except (zipfile.BadZipFile, EOFError) as error:
        raise ModelFileError(f"{name} in it is cut off or damaged: {error}") from error


def _check_config(config: bytes, contents: Contents) -> None:
    """That the files belong together: config.json is what the digest is of, and it names the others."""
    if hashlib.sha256(config).hexdigest() != contents.digest:
        raise ModelFileError(f"the version's digest in {MANIFEST} is not that of its {CONFIG}")
    try:
        named = json.loads(config)["sha256"]
        more = [name for name in contents.kind.optional if name in named or name in contents.files]
        same = {name: named[name] == contents.files[name][1] for name in (*contents.kind.checksummed, *more)}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelFileError(f"its {CONFIG} is damaged ({type(error).__name__}: {error})") from error
    for name, is_same in same.items():
        if not is_same:
            raise ModelFileError(f"{name} in it is not the one of its {CONFIG}")


def _check_directory(folder: Path, contents: Contents) -> None:
    _check_config((folder / CONFIG).read_bytes(), contents)
    kind = contents.kind
    try:
        kind.read_config(folder)
        kind.read_metrics(folder)
    except ModelDirectoryError as error:
        raise ModelFileError(str(error).replace(f"{folder}/", "")) from error
    check_weights(folder / model_directory.WEIGHTS, may_be_empty=kind.may_be_empty)
    for name in kind.arrays:
        if name in contents.files:
            check_arrays(folder / name)


# ------------------------------------------------------------------------------------------------
# Command line


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the process with code 2 and a usage line where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.model_file", description="A model version as one file, with checksums."
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    out = actions.add_parser("export", help="write a model version directory into one file")
    out.add_argument("model", metavar="MODEL", help="a model version directory")
    out.add_argument("file", metavar="FILE.zip")
    into = actions.add_parser(
        "import", help="unpack a model file into a new folder, after checking all of it"
    )
    into.add_argument("file", metavar="FILE.zip")
    into.add_argument("directory", metavar="DIR", help="the folder to be made")
    look = actions.add_parser("check", help="read all of a model file and compare it with its checksums")
    look.add_argument("file", metavar="FILE.zip")
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace, progress: Progress) -> str:
    def tell(done: int, total: int) -> None:
        progress.say(f"{options.action}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")

    if options.action == "export":
        found = export(options.model, writable_file(options.file, ".zip"), progress=tell)
        where = f" in {options.file}"
    elif options.action == "import":
        found = import_model(options.file, options.directory, progress=tell)
        where = f" in {options.directory}"
    else:
        found = check(options.file, progress=tell)
        where = ", whole and unchanged"
    return f"model version {found.digest[:12]}, {found.bytes / 1e6:,.2f} MB{where}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0, 2 for what cannot be done, 130 when stopped."""
    options, progress = parse_arguments(arguments), Progress(sys.stderr)
    try:
        with stopping_on_signals():
            said = _run(options, progress)
    except (ModelDirectoryError, OutputError, UserError) as error:
        progress.end()
        print(f"model_file: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        progress.end()
        print(f"model_file: {error.filename or options.file}: {error.strerror or error}", file=sys.stderr)
        return 2
    except Stopped:
        progress.end()
        print("model_file: stopped; nothing is half written", file=sys.stderr)
        return 130
    progress.end()
    print(said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
