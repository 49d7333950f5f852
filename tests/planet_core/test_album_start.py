from __future__ import annotations

import numpy as np
import pytest
import torch

from planet_core import album, train_album
from planet_core.album import AlbumModel
from planet_core.album_batches import AlbumBatch
from planet_core.album_examination import examine, log_distributions, single_log_distributions
from planet_core.album_start import start_as_sum
from planet_core.processes import Processes
from tests.planet_core.made_albums import WIDTH, telling_albums, telling_layer
from tests.planet_core.made_model import made_partition

ALONE = Processes(0, 1, torch.device("cpu"))


def started(name: str, output: str = "image-logits") -> tuple[AlbumModel, bool]:
    torch.manual_seed(0)
    photos = telling_albums(60, 1)
    model = album.build(name, WIDTH, 6, hidden=8, output=output)
    model.take_image_layer(telling_layer())
    train_album.standardise(model, photos)
    return model.eval(), start_as_sum(model, photos, telling_layer())


@pytest.mark.parametrize("name", ["lstm", "lstm-off1", "lstm-off2", "lstm-rep", "blstm"])
def test_before_any_training_the_memory_is_better_than_single_photos(name: str) -> None:
    photos = telling_albums(60, 2)
    model, changed = started(name)
    single = examine(single_log_distributions(telling_layer(), photos), photos, made_partition(), ALONE)
    found = examine(log_distributions(model, photos), photos, made_partition(), ALONE)
    assert changed
    assert found["accuracy"] > single["accuracy"] + 0.15


def test_what_was_seen_adds_up_and_fades() -> None:
    model, _ = started("lstm")
    clear, empty = np.zeros(WIDTH), np.zeros(WIDTH)
    clear[2] = 3.0

    def said(*photos: np.ndarray) -> float:
        batch = AlbumBatch.of([np.array(photos, dtype=np.float32)])
        with torch.no_grad():
            logits = model(batch)[0, -1]
        return float(logits[2] - logits[[0, 1, 3, 4, 5]].mean())

    assert said(empty) < said(clear, empty) < said(clear, clear, empty)
    assert said(clear, *[empty] * 12) < said(clear, empty)


@pytest.mark.parametrize(("name", "output"), [("lstm", "softmax"), ("transformer", "image-logits")])
def test_other_models_start_as_they_are(name: str, output: str) -> None:
    torch.manual_seed(0)
    plain = album.build(name, WIDTH, 6, hidden=8, output=output).state_dict()
    model, changed = started(name, output)
    assert not changed
    for key, value in model.state_dict().items():
        if not key.startswith(("image.", "center", "scale")):
            torch.testing.assert_close(value, plain[key])
