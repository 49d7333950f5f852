"""The paper's small model (figure 1): the cells of S2 level 4 alone, otherwise as `paper`.

    python -m planet_core.train_cnn --recipe paper-l4 --data shards:photos --run runs/paper-l4

The paper has 354 cells and does not say below which count it dropped one; 50 is its number for the large
model. Not run yet.
"""

from __future__ import annotations

from dataclasses import replace

from planet_core.recipes.paper import RECIPE as PAPER

RECIPE = replace(PAPER, name="paper-l4", network="planet-l4", level=4)
