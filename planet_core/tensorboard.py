"""Curves for TensorBoard beside the run's own files, where the package is installed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from planet_core.stopping import UserError

FOLDER = "tensorboard"


class Board:
    """Writes scalars to RUN/tensorboard.

    Raises:
        UserError: the package is not installed.
    """

    def __init__(self, run: str | os.PathLike[str]) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise UserError(
                "--tensorboard needs the package tensorboard, which is not installed: pip install"
                " tensorboard, or leave the option out (metrics.jsonl and steps.jsonl hold the same numbers)"
            ) from error
        self._writer: Any = SummaryWriter(str(Path(run) / FOLDER))

    def add(self, step: int, **values: float) -> None:
        """Scalars after so many steps."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)
