"""Pictures and photo lists that the tests make for themselves."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
from PIL import Image


def noise_picture(seed: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A picture of coarse noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


def gradient_panorama(width: int = 360) -> Image.Image:
    """A 2:1 panorama whose red tells the elevation and whose green and blue tell the direction."""
    height = width // 2
    yaw = (np.arange(width) + 0.5) / width * 2 * np.pi - np.pi
    elevation = 90 - (np.arange(height) + 0.5) / height * 180
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[..., 0] = np.rint(127.5 + elevation[:, None])
    pixels[..., 1] = np.rint(127.5 + 100 * np.sin(yaw))
    pixels[..., 2] = np.rint(127.5 + 100 * np.cos(yaw))
    return Image.fromarray(pixels)


def coloured_towns(folder: Path, photos_each: int = 12) -> Path:
    """A photo list of three towns that a network can tell apart: one is red, one green, one blue.

    Every town has several places, far enough apart to be split, and photos in groups of two.
    """
    rng = np.random.default_rng(0)
    towns = [(48.85, 2.35), (40.71, -74.0), (-33.87, 151.2)]
    path = folder / "photos.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "lat", "lng", "group", "digest"])
        for town, (lat, lng) in enumerate(towns):
            for index in range(photos_each):
                pixels = rng.integers(0, 60, (40, 56, 3), dtype=np.uint8)
                pixels[..., town] += 150
                name = f"{town}-{index}.png"
                Image.fromarray(pixels).save(folder / name)
                digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
                step = index // 2
                group = f"walk-{town}-{step}"
                writer.writerow([name, lat + 0.05 * step, lng + rng.uniform(0, 1e-4), group, digest])
    return path
