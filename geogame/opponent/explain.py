"""Draws explanations. Imports torch and matplotlib: only the command `explain` imports it, when it runs."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from PIL import Image, ImageFilter

from geogame.opponent.inference import picture_for_model, predictor_at
from geogame.panoramas.fair import FairPicture, PictureGone, fair_picture
from geogame.predictions import explanations
from geogame.predictions.models import Explanation, Prediction
from geogame.predictions.queries import view_name
from planet_core.images import ImageError
from planet_core.model_directory import PARTITION, ModelDirectoryError
from planet_core.occlusion import occlusion_map
from planet_core.occlusion_picture import heat_layer
from planet_core.partition import Partition, PartitionError
from planet_core.probability_map import DENSEST, EVEN, colour_table, probability_image

log = logging.getLogger(__name__)
WIDTH_PX = 2048
RAMPS = {"probability": "viridis_r", "probability_dark": "viridis"}
SCALE_STEPS = 9
HEAT_SIDE_PX = 768
POLL_S = 0.25


def work(*, idle_s: float, tell: Callable[[str], None] = lambda line: None) -> int:
    """Draw what waits until nothing came in for that long. How many were drawn."""
    count, idle_since = 0, time.monotonic()
    while True:
        explanation = explanations.claim_next()
        if explanation is None:
            if time.monotonic() - idle_since >= idle_s:
                return count
            time.sleep(POLL_S)
            continue
        draw(explanation)
        tell(f"{explanation.prediction}: {explanation.state} {explanation.message}".rstrip())
        count, idle_since = count + 1, time.monotonic()


def draw(explanation: Explanation) -> None:
    """Draw the layers of a claimed explanation: ready, or failed with the reason."""
    try:
        _draw_probability(explanation)
        if settings.EXPLAIN_POSITIONS:
            _draw_heat(explanation)
    except (ModelDirectoryError, PartitionError, PictureGone, ImageError, ValueError, OSError) as error:
        log.warning("Prediction %s cannot be explained: %s", explanation.prediction_id, error)
        explanations.fail(explanation, str(error))
    except BaseException:
        explanations.release(explanation)
        raise
    else:
        explanations.finish(explanation)


@lru_cache(maxsize=2)
def _partition(directory: Path, digest: str) -> Partition:
    return Partition.load(directory / PARTITION)


def _draw_probability(explanation: Explanation) -> None:
    prediction = explanation.prediction
    version = prediction.model_version
    partition = _partition(version.path, version.digest)
    probabilities = np.frombuffer(prediction.distribution, dtype="<f4")
    layers = {
        field: probability_image(
            partition, probabilities, WIDTH_PX, "web-mercator", ramp, settings.DATA_DIR / "rasters"
        )
        for field, ramp in RAMPS.items()
    }
    explanations.keep(
        explanation,
        {field: _webp(layer, lossless=True) for field, layer in layers.items()},
        scale=scale(),
    )


def scale() -> dict[str, Any]:
    """What the colours mean, from the palest to the strongest, at equal steps of the logarithm."""
    at = np.rint(np.linspace(1, 255, SCALE_STEPS)).astype(int)
    return {
        "quantity": "percent of the probability on 1,000 km², logarithmic; without colour below the least",
        "least": EVEN * 1e5,
        "most": DENSEST * 1e5,
        "colours": {
            name: ["#" + bytes(row).hex() for row in colour_table(ramp)[at]]
            for name, ramp in (("light", "viridis_r"), ("dark", "viridis"))
        },
    }


def _draw_heat(explanation: Explanation) -> None:
    prediction = explanation.prediction
    fair = _the_picture_of(prediction)
    version = prediction.model_version
    predictor = predictor_at(version.path, version.digest)
    heat = occlusion_map(
        predictor,
        picture_for_model(fair, predictor),
        positions=settings.EXPLAIN_POSITIONS,
        progress=lambda done, total: explanations.beat(explanation),
    )
    smaller = min(1.0, HEAT_SIDE_PX / max(fair.width, fair.height))
    layer = heat_layer(heat, max(1, round(fair.height * smaller)), max(1, round(fair.width * smaller)))
    step = (
        float(np.diff(heat.starts).mean()) / heat.image_px * min(layer.size) if len(heat.starts) > 1 else 0.0
    )
    explanations.keep(explanation, {"occlusion": _webp(_soft(layer, step / 2), lossless=False)})


def _soft(layer: Image.Image, radius: float) -> Image.Image:
    """Without the edges of boxes, which say nothing; colours count by their opacity."""
    return layer.convert("RGBa").filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")


def _the_picture_of(prediction: Prediction) -> FairPicture:
    fair = fair_picture(prediction.panorama)
    if view_name(fair.digest) != prediction.view:
        raise PictureGone("The picture that was predicted is gone: another file stands in its place.")
    return fair


def _webp(layer: Image.Image, *, lossless: bool) -> bytes:
    buffer = io.BytesIO()
    layer.save(buffer, "WEBP", lossless=lossless, quality=80, method=4)
    return buffer.getvalue()
