"""Shared by the tests of planet_core: the development data, where it is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

torch.set_num_threads(1)  # the suite is measured on one core


@pytest.fixture(scope="session")
def density(shared_data: Path) -> tuple[np.ndarray, np.ndarray]:
    """(lat, lng) of 100,000 real geotagged photos."""
    rows = np.loadtxt(shared_data / "geo" / "photo_density_100k.csv.gz", delimiter=",", skiprows=1)
    return rows[:, 0], rows[:, 1]
