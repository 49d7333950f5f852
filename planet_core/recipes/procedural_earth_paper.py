"""The default world, the paper's way: one-hot labels, AdaGrad at a constant 0.045.

    python -m procedural_earth shards --count 100000 --size 160 --out views
    python -m planet_core.train_cnn --recipe procedural-earth-paper --data shards:views --run runs/world-paper

Same network, cells and pictures as `procedural-earth`, so that what differs is the recipe. AdaGrad's sums
start at 0.1: from torch's 0, the first step moves every weight by 0.045.

After the first of its five passes it is level with `procedural-earth` after its first: of 4,304 validation
views 3.2 % in the right cell and 13.2 % within 750 km, against 3.5 % and 14.5 % (`planet_core/LOG.md`). No
further pass was examined.
"""

from __future__ import annotations

from dataclasses import replace

from planet_core.recipes.procedural_earth import RECIPE as MODERN

RECIPE = replace(
    MODERN,
    name="procedural-earth-paper",
    optimiser="adagrad",
    learning_rate=0.045,
    initial_accumulator=0.1,
    weight_decay=0.0,
    warmup_share=0.0,
    labels="one-hot",
    average=0.0,
    patience=5,
)
