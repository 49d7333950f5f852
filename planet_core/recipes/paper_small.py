"""The paper's way at the size of two CPU cores and a few hundred photos: one-hot, AdaGrad 0.045.

    python -m planet_core.train_cnn --recipe paper-small --data photos.csv --run runs/paper-small

Measured on 596 real photos, 24 cells, seed 0, two CPU cores shared with other work: the right cell for
23.2 % of 142 held-out views after 12 epochs (195 s); the most frequent cell has 19.7 %. The rest is in
`planet_core/LOG.md`.
"""

from __future__ import annotations

from planet_core.recipe import Recipe

RECIPE = Recipe(
    name="paper-small",
    network="small",
    max_photos=40,
    min_photos=4,
    max_level=11,
    fine_level=13,
    validation_share=0.2,
    epochs=12,
    batch_size=32,
    optimiser="adagrad",
    learning_rate=0.045,
    weight_decay=0.0,
    warmup_share=0.0,
    label_smoothing=0.0,
    crop_side=(0.5, 1.0),
    colour=0.2,
    patience=5,
    shared_statistics=True,
)
