"""The paper's own: random weights, one-hot labels, AdaGrad at a constant 0.045, until accuracy stops rising.

    torchrun --nproc-per-node 8 -m -- planet_core.train_cnn --recipe paper --data shards:photos --run runs/p

The paper gives the partition (10,000 and 50), the network's size, labels, optimiser and learning rate, early
stopping on validation accuracy, and 34 of 125 million photos held out. Ours, for want of its word: the batch
of 256, the five epochs that count as "has stopped", crops. Cells end at level 18 (35 m wide), where the
paper's could go on; places of that size are not cut in two by the split.

- cost in the paper: 91 million photos, 2.5 months on 200 CPU cores. Ours: so far run for two steps on 596
  photos (`planet_core/LOG.md`)
- numbers in the paper: 26,263 cells; on 2.3 million photos 3.6 / 10.1 / - / 28.4 / 48.0 % within 1 / 25 /
  200 / 750 / 2500 km
"""

from __future__ import annotations

from planet_core.recipe import Recipe

RECIPE = Recipe(
    name="paper",
    network="planet",
    max_photos=10_000,
    min_photos=50,
    max_level=18,
    fine_level=18,
    validation_share=0.27,
    epochs=100,
    batch_size=256,
    optimiser="adagrad",
    learning_rate=0.045,
    weight_decay=0.0,
    warmup_share=0.0,
    label_smoothing=0.0,
    crop_side=(0.8, 1.0),
    colour=0.0,
    patience=5,
)
