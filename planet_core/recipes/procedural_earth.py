"""The default world, the modern way: the `small` network on drawn views, AdamW, labels smoothed over 200 km.

    python -m procedural_earth shards --count 100000 --size 160 --out views
    python -m planet_core.train_cnn --recipe procedural-earth --data shards:views --run runs/world
    python -m planet_core.pack runs/world/model --out MODEL --half --groups-alone

With fewer views, fewer cells: `--set max_photos=150 --set min_photos=16` for 24,000.

It is a drawn world: what is learnt here does not carry over to photographs.
"""

from __future__ import annotations

from planet_core.recipe import Recipe

RECIPE = Recipe(
    name="procedural-earth",
    network="small",
    max_photos=400,
    min_photos=40,
    max_level=9,
    fine_level=9,
    validation_share=0.04,
    epochs=12,
    batch_size=64,
    optimiser="adamw",
    learning_rate=2e-3,
    weight_decay=0.05,
    warmup_share=0.08,
    label_smoothing=0.0,
    crop_side=(0.75, 1.0),
    colour=0.1,
    labels="haversine",
    label_scale_km=200.0,
    average=0.999,
    precision="bfloat16-anywhere",
)
