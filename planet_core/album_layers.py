"""What album models are made of: the image model's own layer, outputs above a memory, attention in time."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from planet_core.checkpoint import Model
from planet_core.heads import Heads, make_classifier

OUTPUTS = ("softmax", "image-logits", "image-embedding")
"""How a memory becomes logits: see `Output`."""
QUERIES = 256  # of an album at a time, so that attention over thousands of photos fits into memory


class ImageLayer(nn.Module):
    """The image model's own layer: an embedding (m, width) to logits over the cells, (m, cells).

    Their softmax is the distribution that the image model gives for a single photo, at its temperature and
    with coarser partitions multiplied in (`hierarchy`).

    Args:
        width: of the embedding.
        cells: of the finest partition.
        coarser: numbers of cells of the coarser partitions, coarse first.
    """

    temperature: Tensor
    parents: Tensor

    def __init__(self, width: int, cells: int, coarser: Sequence[int] = ()) -> None:
        super().__init__()
        self.classifier = make_classifier(width, [*coarser, cells] if coarser else cells)
        self.register_buffer("temperature", torch.ones(()))
        self.register_buffer("parents", torch.zeros((len(coarser), cells), dtype=torch.int64))

    @classmethod
    def of_model(cls, model: Model) -> ImageLayer:
        """A copy of the layer of an image model (`checkpoint.load`), on the CPU."""
        coarser = [int(parent.max()) + 1 for parent in model.parents]
        classifier = model.network.classifier
        if isinstance(classifier, Heads):
            coarser = [len(head.bias) for head in list(classifier)[:-1]]  # type: ignore[arg-type]
        layer = cls(model.network.embedding, len(model.partition), coarser)
        layer.classifier.load_state_dict(
            {name: value.float().cpu() for name, value in classifier.state_dict().items()}
        )
        layer.temperature.fill_(float(model.config.get("temperature", 1.0)))
        for row, parent in zip(layer.parents, model.parents, strict=True):
            row.copy_(parent)
        return layer.requires_grad_(False)

    @property
    def coarser(self) -> tuple[int, ...]:
        """Numbers of cells of the coarser partitions."""
        heads = list(self.classifier) if isinstance(self.classifier, Heads) else []
        return tuple(head.out_features for head in heads[:-1] if isinstance(head, nn.Linear))

    def forward(self, embeddings: Tensor) -> Tensor:
        found = self.classifier(embeddings)
        if not isinstance(self.classifier, Heads):
            logits: Tensor = found
            return logits / self.temperature
        total: Tensor = torch.log_softmax(found[-1], dim=-1)
        for head, parent in zip(found[:-1], self.parents, strict=True):
            total = total + torch.log_softmax(head, dim=-1)[..., parent]
        return total / self.temperature


class Output(nn.Module):
    """What a memory says of a photo: memory (m, hidden) and the photo's embedding (m, width) to logits.

    `softmax`          one linear layer above the memory: the paper's (Sec. 4, Fig. 11)
    `image-logits`     the image model's own logits, plus a linear layer above the memory that starts at 0
    `image-embedding`  the image model's own layer above the photo's embedding, to which the memory adds one,
                       at first none; a gate, at first open, lets the memory turn the photo itself down

    The last two start as the image model: what they have to learn is what the memory is good for, and how sure
    the sum of both may be (one number, `sharpness`).
    """

    def __init__(self, kind: str, hidden: int, width: int, cells: int) -> None:
        super().__init__()
        self.kind = kind
        if kind == "softmax":
            self.layer = nn.Linear(hidden, cells)
            return
        self.sharpness = nn.Parameter(torch.zeros(()))
        self.gate = nn.Linear(hidden, 1)
        self.layer = nn.Linear(hidden, cells if kind == "image-logits" else width)
        for module in (self.gate, self.layer):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)

    def forward(self, embeddings: Tensor, memory: Tensor, scale: Tensor, image: ImageLayer | None) -> Tensor:
        """Logits (m, cells). `scale` (width,): how much the numbers of an embedding spread."""
        said: Tensor = self.layer(memory)
        if image is None:
            return said
        heard = embeddings * (2 * torch.sigmoid(self.gate(memory)))
        whole = image(heard) + said if self.kind == "image-logits" else image(heard + said * scale)
        return torch.as_tensor(whole * self.sharpness.exp())


class TimeAttention(nn.Module):
    """A transformer block over an album that knows how far photos are apart, in time and in number.

    Each head adds to a pair's score what a small network makes of the hours between both photos and of how
    many photos lie between them, so that the block takes albums of any length.
    """

    def __init__(self, hidden: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.before, self.between = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.project = nn.Linear(hidden, 3 * hidden)
        self.out = nn.Linear(hidden, hidden)
        self.apart = nn.Sequential(nn.Linear(3, 16), nn.GELU(), nn.Linear(16, heads))
        self.mix = nn.Sequential(
            nn.Linear(hidden, 2 * hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(2 * hidden, hidden)
        )

    def forward(self, x: Tensor, hours: Tensor, photos: Tensor) -> Tensor:
        """(n, t, hidden) to the same; `hours` (n, t) since the album's beginning, `photos` (n, t) bool."""
        count, length, hidden = x.shape
        split = self.project(self.before(x)).view(count, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = split.unbind()  # each (n, heads, t, hidden / heads)
        found = []
        for start in range(0, length, QUERIES):
            rows = slice(start, min(start + QUERIES, length))
            bias = self._bias(rows, hours, photos)
            found.append(
                functional.scaled_dot_product_attention(
                    query[:, :, rows], key, value, bias, self.dropout if self.training else 0.0
                )
            )
        seen = torch.cat(found, dim=2).transpose(1, 2).reshape(count, length, hidden)
        x = x + functional.dropout(self.out(seen), self.dropout, self.training)
        mixed: Tensor = x + functional.dropout(self.mix(self.between(x)), self.dropout, self.training)
        return mixed

    def _bias(self, rows: slice, hours: Tensor, photos: Tensor) -> Tensor:
        """(n, heads, queries, t): what is added to the scores, minus infinity where there is no photo."""
        place = torch.arange(hours.shape[1], device=hours.device, dtype=hours.dtype)
        steps = place - place[rows, None]  # (queries, t)
        apart = (hours[:, None, :] - hours[:, rows, None]).abs()  # (n, queries, t)
        facts = [
            torch.log1p(apart) / 5,
            (torch.log1p(steps.abs()) / 3).expand_as(apart),
            steps.sign().expand_as(apart),
        ]
        bias: Tensor = self.apart(torch.stack(facts, dim=-1)).permute(0, 3, 1, 2)
        return bias.masked_fill(~photos[:, None, None, :], -torch.inf)
