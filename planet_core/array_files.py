"""Named arrays in one .npz file with a header that tells what they are; written at once or not at all."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from planet_core.files import atomic_file

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class ArrayFormat:
    """One kind of file: what it is called in messages, its name and version in the header, what it raises."""

    noun: str
    name: str
    version: int
    error: type[Exception]

    def save(self, path: str | os.PathLike[str], arrays: Arrays) -> None:
        """Writes the arrays; a crash or a full disk leaves an old file whole."""
        header = np.array(json.dumps({"format": self.name, "version": self.version}))
        with atomic_file(path) as file:
            np.savez_compressed(file, allow_pickle=False, header=header, **arrays)

    def load(self, path: str | os.PathLike[str], dtypes: Mapping[str, type]) -> Arrays:
        """Reads the arrays named in `dtypes`, converted to them.

        Raises:
            self.error: the file is missing, is something else, is damaged, or of another version.
        """
        file = Path(path)
        try:
            data = file.read_bytes()
        except OSError as error:
            raise self.error(f"cannot read the {self.noun} {file}: {error.strerror}") from error
        foreign = f"{file} is not a {self.noun} (an .npz file with a {self.name} header)"
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                header = json.loads(str(archive["header"])) if "header" in archive else {}
                if header.get("format") != self.name:
                    raise self.error(foreign)
                if header.get("version") != self.version:
                    raise self.error(
                        f"{file} has {self.noun} format {header.get('version')}, this program reads"
                        f" {self.version}"
                    )
                return {name: archive[name].astype(dtype) for name, dtype in dtypes.items()}
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError) as error:
            if data[:2] == b"PK":
                raise self.error(f"the {self.noun} {file} is damaged: {error}") from error
            raise self.error(foreign) from error
        except (ValueError, TypeError, AttributeError) as error:
            raise self.error(foreign) from error
