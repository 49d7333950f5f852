"""An album model that starts as a fading sum of what the image model said of the photos before.

An LSTM from random weights has to learn from the albums alone that evidence adds up, which takes more of them
than a few hundred. Here its cells start as the main components of the image model's logits: each photo adds
its own, what is older fades by the forget gate, and the output adds the sum to the photo's own logits. What
is left to learn is when to forget (a flight), what to keep (a clear photo) and what to pass over (a room).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from planet_core.album import AlbumModel, Bidirectional, OneDirectional
from planet_core.album_feed import Photos
from planet_core.album_layers import ImageLayer

LINEAR = 0.25  # how far a component's spread goes into the tanh, which is nearly a line there
ENTER, KEEP, LEAVE = 0.5, 0.9, 0.9  # what the gates let through at first
WEIGHT = 0.4  # of the photos before against the photo itself
SURE = 2.0  # the temperature of the sum, whose photos are not independent
QUIET = 0.2  # random weights of the gates, against torch's own


@torch.no_grad()
def start_as_sum(model: AlbumModel, photos: Photos, layer: ImageLayer) -> bool:
    """Sets the weights of an LSTM variant whose output is `image-logits`; nothing happens to other models.

    Args:
        model: standardised already; with random weights, of which some stay.
        photos: training photos, whose logits' spread decides what the components are.
        layer: the image model's own layer.

    Returns:
        Whether the model starts so.
    """
    if not isinstance(model, OneDirectional | Bidirectional) or model.settings.output != "image-logits":
        return False
    assert model.output is not None
    model.output.sharpness.fill_(-math.log(SURE))
    components, spread, project = _components(model, photos, layer, model.settings.hidden)
    count, hidden = len(spread), model.settings.hidden
    ends = ("", "_reverse") if isinstance(model, Bidirectional) else ("",)
    for end in ends:
        _start_lstm(model.lstm, end, hidden, LINEAR * project)
    share = WEIGHT / (LINEAR * ENTER * LEAVE * len(ends))
    for number in range(len(ends)):
        model.output.layer.weight[:, number * hidden : number * hidden + count] = components * spread * share
    return True


def _start_lstm(lstm: nn.LSTM, end: str, hidden: int, project: Tensor) -> None:
    enter, again = getattr(lstm, f"weight_ih_l0{end}"), getattr(lstm, f"weight_hh_l0{end}")
    enter *= QUIET
    again *= QUIET
    count, width = project.shape
    enter[2 * hidden : 2 * hidden + count] = 0.0
    enter[2 * hidden : 2 * hidden + count, :width] = project
    again[2 * hidden : 2 * hidden + count] = 0.0
    getattr(lstm, f"bias_hh_l0{end}").zero_()
    bias = getattr(lstm, f"bias_ih_l0{end}")
    for number, opening in enumerate((ENTER, KEEP, 0.5, LEAVE)):  # torch's order: in, forget, cell, out
        bias[number * hidden : (number + 1) * hidden] = math.log(opening / (1 - opening))


def _components(
    model: AlbumModel, photos: Photos, layer: ImageLayer, most: int
) -> tuple[Tensor, Tensor, Tensor]:
    """(components (cells, k), their spread (k,), what makes them of standardised embeddings (k, width))."""
    rows = np.flatnonzero(photos.embedded.readable)
    kept = rows[np.linspace(0, len(rows) - 1, min(len(rows), 8192)).astype(np.int64)]
    embeddings = torch.from_numpy(np.array(photos.embedded.table[kept]))
    x = ((embeddings - model.center) / model.scale).double()
    logits = layer(embeddings).double()
    logits = logits - logits.mean(dim=1, keepdim=True)  # the softmax does not see it
    centred = logits - logits.mean(dim=0)
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(kept))
    count = min(most, int((values > values.max() * 1e-6).sum()))
    components, spread = vectors[:, -count:], values[-count:].sqrt()
    wanted = centred @ components / spread  # (photos, k), of spread 1
    ridge = torch.eye(x.shape[1], dtype=torch.float64) * 1e-3 * len(kept)
    project = torch.linalg.solve(x.T @ x + ridge, x.T @ wanted).T
    return components.float(), spread.float(), project.float()
