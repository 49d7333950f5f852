"""`python -m procedural_earth clue_pictures`: draw the pictures that explain the clues."""

from __future__ import annotations

import argparse
import datetime
import io
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from planet_core.files import atomic_file
from planet_core.stopping import Stopped, UserError, stopping_on_signals
from procedural_earth.clues import CLUES, Clue, Shot
from procedural_earth.facts_grids import is_sea
from procedural_earth.mesh import Clue as Mask
from procedural_earth.rendering import Rendering, render_view

WIDTH, HEIGHT, GAP = 640, 400, 4
MOST_BYTES_OF_ALL = 1_500_000
QUALITY = 82
EXIT_STOPPED = 130
STEP_DEG = 0.02
OVERCAST = "overcast"
LOOK_PX, LOOK_FOV, WINDOW_PX = 256, 90.0, 33
HIGHEST_PITCH, LOWEST_PITCH = 15.0, -20.0


@dataclass(frozen=True)
class Aim:
    """Where the camera looks, and how much of what is wanted it sees there."""

    lat: float
    heading: float
    pitch: float
    found: float


def main(arguments: list[str]) -> None:
    """Run the command.

    Raises:
        UserError: for what the person who typed it can put right.
    """
    names = [clue.name for clue in CLUES]
    parser = argparse.ArgumentParser(prog="python -m procedural_earth clue_pictures", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--only", choices=names, nargs="+", default=names, help="default: all")
    options = parser.parse_args(arguments)
    try:
        with stopping_on_signals():
            for clue in CLUES:
                if clue.name in options.only:
                    _write(clue, options.out)
    except Stopped:
        raise SystemExit(EXIT_STOPPED) from None
    except OSError as error:
        raise UserError(str(error)) from error
    total = sum(path.stat().st_size for path in options.out.glob("*.jpg"))
    if total > MOST_BYTES_OF_ALL:
        raise UserError(f"{options.out}: {total:,} bytes of pictures, more than {MOST_BYTES_OF_ALL:,}")


def _write(clue: Clue, directory: Path) -> None:
    data = io.BytesIO()
    picture(clue).save(data, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    with atomic_file(directory / clue.file) as file:
        file.write(data.getvalue())
    print(f"{clue.file}: {len(data.getvalue()) // 1000} kB", file=sys.stderr, flush=True)  # noqa: T201


def picture(clue: Clue) -> Image.Image:
    """640 by 400 pixels: the clue's views side by side, with a white gap."""
    width = (WIDTH - GAP * (len(clue.shots) - 1)) // len(clue.shots)
    sheet = Image.new("RGB", (WIDTH, HEIGHT), "white")
    for number, shot in enumerate(clue.shots):
        sheet.paste(view(shot, width, HEIGHT), (number * (width + GAP), 0))
    return sheet


def view(shot: Shot, width: int, height: int) -> Image.Image:
    """The middle of the square view that shows what the shot is about."""
    px, aim = max(width, height), aimed(shot)
    image = _rendering(shot, aim.lat, aim.heading, px, shot.fov, aim.pitch).image
    left, top = (px - width) // 2, (px - height) // 2
    return image.crop((left, top, left + width, top + height))


def _rendering(
    shot: Shot,
    lat: float,
    heading: float,
    px: int,
    fov: float = LOOK_FOV,
    pitch: float = 0.0,
    masks: bool = False,
) -> Rendering:
    return render_view(
        lat,
        shot.lng,
        date=datetime.date.fromisoformat(shot.date),
        hour=shot.hour,
        heading=heading,
        pitch=pitch,
        fov=fov,
        px=px,
        masks=masks,
    )


def aimed(shot: Shot) -> Aim:
    """The best of the places that are tried: most of what is to be shown, in good light."""
    if shot.heading is not None:
        return Aim(shot.lat, shot.heading, shot.pitch, 1.0)
    lats = [round(shot.lat + STEP_DEG * number, 4) for number in range(shot.tries)]
    return max((_aim_at(shot, lat) for lat in lats if not is_sea(lat, shot.lng).any()), key=_found)


def _found(aim: Aim) -> float:
    return aim.found


def _aim_at(shot: Shot, lat: float) -> Aim:
    if shot.show.upper() in Mask.__members__:
        mask = Mask[shot.show.upper()]
        peaks = [_peak(shot, lat, heading, mask) for heading in (0, 90, 180, 270)]
        return max(peaks, key=_found)
    known = _rendering(shot, lat, 0, 8).metadata
    road = known["road_heading_deg"]
    headings = {
        "sun": [known["sun_azimuth_deg"]],
        "along": [road, road + 180],
        "across": [road + 90, road + 270],
    }[shot.show]
    return max((_straight(shot, lat, heading) for heading in headings), key=_found)


def _straight(shot: Shot, lat: float, heading: float) -> Aim:
    """This way, whatever is there: the brighter and the more of what is to stand beside, the better."""
    light, masks = _look(shot, lat, heading, shot.fov, shot.pitch)
    beside = np.ones_like(light) if not shot.beside else masks == Mask[shot.beside.upper()]
    return Aim(lat, heading, shot.pitch, float((light * beside).sum()))


def _peak(shot: Shot, lat: float, heading: float, mask: Mask) -> Aim:
    """Where a window of the view holds most of the clue, dark pixels counting less."""
    light, masks = _look(shot, lat, heading, LOOK_FOV)
    sums = np.pad(light * (masks == mask), ((WINDOW_PX, 0), (WINDOW_PX, 0))).cumsum(0).cumsum(1)
    boxes = sums[WINDOW_PX:, WINDOW_PX:] - sums[:-WINDOW_PX, WINDOW_PX:]
    boxes = boxes - sums[WINDOW_PX:, :-WINDOW_PX] + sums[:-WINDOW_PX, :-WINDOW_PX]
    row, column = np.unravel_index(int(np.argmax(boxes)), boxes.shape)
    focal = LOOK_PX / 2 / math.tan(math.radians(LOOK_FOV / 2))
    right = float(column) - WINDOW_PX // 2 - LOOK_PX / 2
    up = LOOK_PX / 2 - (float(row) - WINDOW_PX // 2)
    pitch = math.degrees(math.atan2(up, math.hypot(focal, right)))
    turn = math.degrees(math.atan2(right, focal))
    pitch = min(max(pitch, LOWEST_PITCH), HIGHEST_PITCH)
    return Aim(lat, (heading + turn) % 360, pitch, float(boxes[row, column]))


def _look(
    shot: Shot, lat: float, heading: float, fov: float, pitch: float = 0.0
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
    """A small view: how light each pixel is, 0 to 1, less under a grey sky, and which clue it shows."""
    looked = _rendering(shot, lat, heading, LOOK_PX, fov, pitch, masks=True)
    assert looked.masks is not None
    dull = 0.4 if looked.metadata["weather"] == OVERCAST else 1.0
    return dull * np.asarray(looked.image.convert("L"), np.float64) / 255, looked.masks
