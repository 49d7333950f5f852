"""Several looks at one picture, and one distribution out of theirs (numpy and Pillow).

Five crops of a photo: squares of 7/8 of its shorter side in its four corners and its middle (Krizhevsky et
al. 2012: 224 of 256). Of a wide photo they see the ends too, which the middle square alone leaves out.

Several headings of a panorama: views of 90 degrees at equal steps around the horizon.

Five crops are fused by the arithmetic mean of their probabilities, the usual way. Headings are fused by the
geometric mean, the mean of log probabilities divided by its sum, unless told otherwise: all headings were
taken at one place, so what one of them rules out is ruled out, while a heading that shows a hedge and says
nothing, a flat distribution, takes nothing from the others. (In an arithmetic mean it would keep its share.)
The mean and not the sum of the logarithms, since headings of one panorama are no independent witnesses: four
equal views are as sure as one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from planet_core.images import Picture, as_rgb, cut_view, fit_square

CROP_COUNTS = (1, 5)
CROP_SIDE = 7 / 8
VIEW_FOV = 90.0
FUSIONS = ("geometric", "arithmetic")

FloatArray = npt.NDArray[np.float64]


def crops(picture: Picture, count: int, size: int) -> list[Image.Image]:
    """The middle square of a picture, or its five crops, `size` x `size` RGB each.

    Five come in the order top left, top right, bottom left, bottom right, middle.

    Raises:
        TypeError, ValueError: no picture (see `images.as_rgb`), or a count other than 1 and 5.
    """
    if count not in CROP_COUNTS:
        raise ValueError(f"there are 1 or 5 crops of a picture, not {count}")
    if count == 1:
        return [fit_square(picture, size)]
    image = as_rgb(picture)
    side = CROP_SIDE * min(image.size)
    right, low = image.width - side, image.height - side
    corners = [(0.0, 0.0), (right, 0.0), (0.0, low), (right, low), (right / 2, low / 2)]
    return [
        image.resize(
            (size, size),
            Image.Resampling.BICUBIC,
            box=(left, top, left + side, top + side),
            reducing_gap=3.0,
        )
        for left, top in corners
    ]


def headings(count: int) -> list[float]:
    """Directions at equal steps around the horizon, degrees, the first straight ahead.

    Raises:
        ValueError: fewer than one.
    """
    if count < 1:
        raise ValueError(f"a panorama needs at least one heading, not {count}")
    return [360.0 * number / count for number in range(count)]


def panorama_views(panorama: Picture, count: int, size: int) -> list[Image.Image]:
    """Views of 90 degrees out of an equirectangular panorama, `size` x `size` RGB, one for each heading.

    Raises:
        TypeError, ValueError: no picture, not twice as wide as high, or fewer than one heading.
    """
    image = as_rgb(panorama)
    return [cut_view(image, heading, fov=VIEW_FOV, size=(size, size)) for heading in headings(count)]


def panorama_condition(count: int, fusion: str = "geometric") -> str:
    """The name of a way to look at a panorama: `panorama-4`, or `panorama-4-arithmetic`."""
    return f"panorama-{count}" + ("" if fusion == "geometric" else f"-{fusion}")


def crop_condition(count: int) -> str:
    """The name of a way to look at a photo: `view`, or `five-crop`."""
    return "view" if count == 1 else "five-crop"


def fuse(probabilities: npt.ArrayLike, views_each: int, fusion: str) -> npt.NDArray[np.float32]:
    """One distribution for each picture from those of its views.

    Args:
        probabilities: (pictures * views_each, cells), a picture's views one after the other.
        fusion: `geometric` or `arithmetic`, see the module.

    Returns:
        float32 (pictures, cells); each row sums to 1.

    Raises:
        ValueError: another fusion, or rows that are no multiple of `views_each`.
    """
    rows = np.asarray(probabilities)
    if fusion not in FUSIONS:
        raise ValueError(f"unknown fusion {fusion!r}; there are {', '.join(FUSIONS)}")
    if rows.ndim != 2 or views_each < 1 or len(rows) % views_each:
        raise ValueError(f"distributions of shape {rows.shape} are not those of {views_each} views each")
    if views_each == 1:
        return rows.astype(np.float32)
    views = rows.astype(np.float64).reshape(-1, views_each, rows.shape[1])
    mean = views.mean(axis=1) if fusion == "arithmetic" else _geometric_mean(views)
    return np.asarray(mean / mean.sum(axis=1, keepdims=True), dtype=np.float32)


def _geometric_mean(views: FloatArray) -> FloatArray:
    # what float32 rounded to nothing is not impossible: the least normal number stands for it
    logs = np.log(np.maximum(views, np.finfo(np.float32).tiny)).mean(axis=1)
    return np.asarray(np.exp(logs - logs.max(axis=1, keepdims=True)))
