"""Rich pictures that the near-duplicate tests make: a sky, hills, houses with windows, trees, a road."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = (160, 120)


def scene(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """A landscape nobody has seen; another one for every seed."""
    rng = np.random.default_rng(seed)
    width, height = size
    horizon = int(height * rng.uniform(0.35, 0.65))
    top, low = np.array([(70, 120, 190), (190, 205, 225)]) + rng.integers(-40, 31, (2, 3))
    fade = np.linspace(0, 1, height)[:, None, None]
    sky = np.broadcast_to(top + (low - top) * fade, (height, width, 3)).astype(np.uint8)
    picture = Image.fromarray(sky)
    draw = ImageDraw.Draw(picture)

    def colour(*around: int) -> tuple[int, int, int]:
        red, green, blue = (int(rng.integers(max(0, value - 45), value + 46)) for value in around)
        return red, green, blue

    for _ in range(int(rng.integers(1, 4))):  # hills
        xs = np.linspace(0, width, 9)
        ys = horizon - rng.uniform(0, 0.3 * height, 9)
        draw.polygon(
            [(0, height), *zip(xs.tolist(), ys.tolist(), strict=True), (width, height)],
            fill=colour(80, 110, 90),
        )
    draw.rectangle((0, horizon, width, height), fill=colour(110, 130, 80))
    middle, near, far = rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.6), rng.uniform(0.02, 0.1)
    road = [
        (middle - far, horizon),
        (middle + far, horizon),
        (middle + near, height),
        (middle - near, height),
    ]
    draw.polygon([(x * width, y) for x, y in road], fill=colour(120, 120, 125))
    for _ in range(int(rng.integers(2, 7))):  # houses
        w, h = rng.uniform(0.1, 0.3) * width, rng.uniform(0.15, 0.5) * height
        x, y = rng.uniform(-0.1, 1) * width, horizon + rng.uniform(0, 0.15) * height
        draw.rectangle((x, y - h, x + w, y), fill=colour(190, 170, 150))
        pane, step = colour(60, 65, 80), rng.uniform(0.06, 0.15) * width
        for row in np.arange(y - h + step / 2, y - step / 2, step):
            for column in np.arange(x + step / 3, x + w - step / 2, step):
                draw.rectangle((column, row, column + step / 2, row + step / 2), fill=pane)
    for _ in range(int(rng.integers(1, 8))):  # trees
        x, y, r = (
            rng.uniform(0, width),
            horizon + rng.uniform(-0.1, 0.2) * height,
            rng.uniform(0.03, 0.14) * height,
        )
        draw.line((x, y, x, y + 2 * r), fill=colour(80, 60, 45), width=2)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=colour(60, 110, 50))
    noise = rng.normal(0, 6, (height, width, 3))
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.6)), dtype=np.float64)
    return Image.fromarray(np.clip(soft + noise, 0, 255).astype(np.uint8))


def scenes(folder: Path, seeds: range, name: str = "photos.csv") -> Path:
    """A photo list of scenes, each at a place of its own, about 100 km from the next."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "lat", "lng"])
        for seed in seeds:
            scene(seed).save(folder / f"{seed}.png")
            writer.writerow([f"{seed}.png", -60 + seed % 120, -170 + 3 * (seed // 120)])
    return folder / name
