"""A 12-megapixel JPEG to the model's 299-pixel square: `images.load_square` against plain Pillow.

Plain Pillow decodes the whole picture and makes the same square of it with the same filter. Goals: at least
5 times the speed (CPU seconds of one thread, the two sides in turn, median ratio of the passes), and a mean
difference of at most 1.5 of 255 for every picture. The pictures are drawn here. All is saved but the reading
of the bits, so the ratio falls as files grow: `smooth` files are near the 1.6 MB that the goal was set with,
`noisy` ones have more sensor noise.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable

import numpy as np
from PIL import Image
from record import record

from planet_core import images

SIZE = (4032, 3024)
VIEW = 299
PICTURES = 4
PASSES = 5
KINDS = {"smooth": (1.5, 88), "noisy": (3.0, 90)}  # sensor noise of 255, JPEG quality


def photo(seed: int, noise: float, quality: int) -> bytes:
    """A JPEG of 12 megapixels with detail at every scale, less at finer ones as in photos."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((SIZE[1], SIZE[0], 3), dtype=np.float32)
    for cells in (4, 8, 16, 32, 64, 128, 256, 512, 1024):
        patch = rng.normal(0, 60 / cells**0.5, (cells * 3 // 4, cells, 3)).clip(-127, 127) + 127
        layer = Image.fromarray(patch.astype(np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)
        pixels += np.asarray(layer, dtype=np.float32) - 127
    for _ in range(40):  # things with sharp edges
        left, top = rng.integers(0, SIZE[0]), rng.integers(0, SIZE[1])
        width, height = rng.integers(50, 900, 2)
        pixels[top : top + height, left : left + width] += rng.normal(0, 35, 3).astype(np.float32)
    pixels += rng.normal(127, noise, pixels.shape[:2])[..., None].astype(np.float32)
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def plain(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    return image.resize((VIEW, VIEW), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))


def ours(data: bytes) -> Image.Image:
    return images.load_square(data, VIEW)


def cpu_seconds(function: Callable[[bytes], Image.Image], data: bytes) -> float:
    start = time.process_time()
    function(data)
    return time.process_time() - start


def measure(noise: float, quality: int) -> dict[str, object]:
    files = [photo(seed, noise, quality) for seed in range(PICTURES)]
    differences = [
        float(np.abs(np.asarray(plain(data), dtype=float) - np.asarray(ours(data), dtype=float)).mean())
        for data in files
    ]
    passes = []
    for _ in range(PASSES):
        seconds = [(cpu_seconds(plain, data), cpu_seconds(ours, data)) for data in files]
        passes.append((sum(one for one, _ in seconds), sum(two for _, two in seconds)))
    return {
        "file_mb_mean": round(statistics.mean(map(len, files)) / 1e6, 2),
        "plain_images_per_cpu_s": round(PICTURES / statistics.median(p for p, _ in passes), 1),
        "ours_images_per_cpu_s": round(PICTURES / statistics.median(o for _, o in passes), 1),
        "times_faster_median": round(statistics.median(p / o for p, o in passes), 2),
        "times_faster_least": round(min(p / o for p, o in passes), 2),
        "mean_difference_of_255_worst": round(max(differences), 2),
    }


if __name__ == "__main__":
    values: dict[str, object] = {kind: measure(*options) for kind, options in KINDS.items()}
    goal = {"times_faster": 5, "mean_difference_of_255": 1.5}
    record("decode", {"pixels": list(SIZE), "view_px": VIEW, **values, "goal": goal})
