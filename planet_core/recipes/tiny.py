"""Inception at reduced width, 128 px: learns a few hundred photos on two CPU cores in minutes.

    python -m planet_core.train_cnn --recipe tiny --data photos.csv --run runs/tiny

Measured on 596 real photos (400 of them views of one French town, 34 panoramas, the rest from all over the
world), 24 cells, on two cores of an AMD EPYC shared with other work:

- cost: 94 to 124 s of wall time, 101 to 133 s of processor time, 3.5 MB of weights
- 124 held-out photos (142 views) at places and of groups that were not trained on, seeds 0 and 1: the right
  cell in 31.7 and 35.0 %, against 19.7 and 19.6 % for always answering the most frequent cell
- seed 0, within 1 / 25 / 200 / 750 / 2500 km: 19.7 / 59.2 / 59.2 / 66.9 / 73.2 % by `top-cell`, and
  15.5 / 61.3 / 62.0 / 73.9 / 85.2 % by `min-distance`; the most frequent cell, in the town that most photos
  come from, has 16.9 / 62.0 / 62.0 / 66.2 / 85.9 %. In kilometres, then, little is gained over
  that: a few hundred photos of scattered places teach the town apart from the world, but not the world

How the values were found (seed 0; between one and two threads the accuracy of a run differs by 6 points,
so only large differences mean anything):

- AdamW or the paper's AdaGrad (0.045, constant), 30 cells, 30 epochs: 27 or 26 % right, validation loss at
  the end 2.9 or 3.2
- 24 cells (`max_level` 11) and crops down to half of the side, 20 epochs, against 30 cells and crops down to
  0.7 of it, 30 epochs: loss at the end 2.3 against 2.9, with 61 instead of 92 % of the training crops right
- 30 epochs with crops down to 0.4 of the side: no better, 35 against 38 %
"""

from __future__ import annotations

from planet_core.recipe import Recipe

RECIPE = Recipe(
    name="tiny",
    network="tiny",
    max_photos=40,
    min_photos=4,
    max_level=11,
    fine_level=13,
    validation_share=0.2,
    epochs=20,
    batch_size=32,
    optimiser="adamw",
    learning_rate=2e-3,
    weight_decay=0.05,
    warmup_share=0.1,
    label_smoothing=0.1,
    crop_side=(0.5, 1.0),
    colour=0.2,
)
