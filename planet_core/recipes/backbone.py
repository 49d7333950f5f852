"""Somebody else's network, frozen, under our heads: `--network hf:FOLDER` says which.

    python -m planet_core.train_cnn --recipe backbone --network hf:FOLDER --data photos.csv --run runs/b

Needs `pip install 'planet-arena[backbones]'`. The name below is downloaded by `transformers`; a folder
written by `save_pretrained` needs no network. Not run with pretrained weights yet.
"""

from __future__ import annotations

from dataclasses import replace

from planet_core.recipes.modern_small import RECIPE as MODERN_SMALL

RECIPE = replace(MODERN_SMALL, name="backbone", network="hf:facebook/dinov2-small", frozen=True)
