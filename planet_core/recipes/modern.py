"""The same network as today's training would have it: AdamW, cosine, averaged weights, bf16, smoothed labels.

    torchrun --nproc-per-node 8 -m -- planet_core.train_cnn --recipe modern --data shards:photos --run runs/m

Partition and network are the paper's, so that what differs is the recipe. Labels fall off with the distance
to the cells' centroids over 75 km, as in PIGEON. So far run for one step on 596 photos
(`planet_core/LOG.md`).
"""

from __future__ import annotations

from dataclasses import replace

from planet_core.recipes.paper import RECIPE as PAPER

RECIPE = replace(
    PAPER,
    name="modern",
    epochs=20,
    batch_size=1024,
    optimiser="adamw",
    learning_rate=2e-3,
    weight_decay=0.05,
    warmup_share=0.05,
    crop_side=(0.5, 1.0),
    colour=0.2,
    patience=0,
    labels="haversine",
    label_scale_km=75.0,
    average=0.9999,
    precision="bfloat16",
    compile=True,
    dropout=0.2,
)
