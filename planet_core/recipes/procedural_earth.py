"""The default world, the modern way: the `small` network on drawn views, AdamW, labels smoothed over 200 km.

    python -m procedural_earth shards --count 100000 --size 160 --out views
    torchrun --nproc-per-node 2 -m -- planet_core.train_cnn --recipe procedural-earth \
        --data shards:views --run runs/world
    python -m planet_core.pack runs/world/model --out procedural_earth/model --half --groups-alone \
        --report report/report.json --intro procedural_earth/model_card_intro.md

58 minutes on two CPU cores that were shared with other work, in bfloat16; 93,832 views train, 552 cells. How
good it is: `planet_core/reports/procedural_earth.md`. What was tried: `planet_core/LOG.md`.

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
    epochs=5,
    batch_size=64,
    optimiser="adamw",
    learning_rate=2e-3,
    weight_decay=0.05,
    warmup_share=0.08,
    label_smoothing=0.0,
    crop_side=(0.85, 1.0),
    colour=0.05,
    labels="haversine",
    label_scale_km=200.0,
    average=0.999,
    precision="bfloat16-anywhere",
    first_px=96,
    first_share=0.7,
)
