"""What album models are made of: the image model's own layer, outputs above a memory, attention in time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from planet_core.checkpoint import Model
from planet_core.heads import Heads, make_classifier

OUTPUTS = ("softmax", "image-logits", "image-embedding")
"""How a memory becomes logits: see `Output`."""
INPUTS = ("embedding", "evidence")
"""What an LSTM gets of a photo: its embedding, as in the paper, or `evidence` for each cell."""
DOUBT = 1e-3
"""What `evidence` adds to every probability: as little as a photo may say against a cell."""
SHARPNESS = 0.5
"""How much less than sure the sum is taken for: photos of one place err alike."""
KEPT = 0.9
"""Share of the evidence that an LSTM of evidence keeps from photo to photo, at first."""
GATES, CELL = [0, 1, 3], 2
"""Of the four blocks of an LSTM's weights (torch): input, forget and output gate, and the cell's input."""
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


def evidence(logits: Tensor) -> Tensor:
    """What a photo says of each cell, (…, cells): about 1 for the only one, 0 on the mean of all cells.

    The logarithm of the probability, but of no less than `DOUBT`: summed up over an album, a single photo
    that is sure of a wrong cell cannot rule the right one out.
    """
    found = torch.log(torch.softmax(logits, dim=-1) + DOUBT)
    said: Tensor = (found - found.mean(dim=-1, keepdim=True)) / -math.log(DOUBT)
    return said


def start_with_sums(lstm: nn.LSTM, output: nn.Linear) -> None:
    """Sets weights with which an LSTM over `evidence` adds it up, and a softmax that reads the sum.

    Every cell has a memory of its own; each photo adds to it, and `KEPT` of it stays. Training changes what
    all cells have in common: how far each gate opens, by the inputs behind the evidence (what the photo looks
    like, the hours since the one before), and how sharp the answer is. So what is learnt from trips through
    some cells holds for cells that no trip of the training went through.

    Args:
        lstm: of one layer; its first inputs are the evidence, as many as it is wide.
        output: from its memory, of each direction, to the cells.
    """
    width, open_gate, slope = lstm.hidden_size, 3.0, 0.15
    share = torch.sigmoid(torch.tensor(open_gate))
    with torch.no_grad():
        for parameter in (*lstm.parameters(), *output.parameters()):
            parameter.zero_()
        directions = 2 if lstm.bidirectional else 1
        for suffix in ("", "_reverse")[:directions]:
            weights, bias = getattr(lstm, f"weight_ih_l0{suffix}"), getattr(lstm, f"bias_ih_l0{suffix}")
            into, forget, cell, out = (slice(gate * width, (gate + 1) * width) for gate in range(4))
            weights[cell, :width] = slope * torch.eye(width)
            bias[into] = bias[out] = open_gate
            bias[forget] = math.log(KEPT / (1 - KEPT))
            for shared in (weights, bias):
                shared.register_hook(_alike_in_all_cells)
            for still in ("weight_hh_l0", "bias_hh_l0"):
                getattr(lstm, still + suffix).requires_grad_(False)
        sums = -math.log(DOUBT) * SHARPNESS / (slope * share**2 * directions**0.5)
        output.weight.copy_((sums * torch.eye(width)).repeat(1, directions))
        output.weight.register_hook(_equally_sharp)  # type: ignore[no-untyped-call]
        output.bias.requires_grad_(False)


def shared_weights(lstm: nn.LSTM, output: nn.Linear) -> dict[str, Tensor]:
    """All that tells a model that `start_with_sums` began from how it began: a few numbers for each input,
    instead of some for each pair of cells.
    """
    width, found = lstm.hidden_size, {}
    for suffix, part in _by_direction(output.weight.detach(), width):
        weights = getattr(lstm, f"weight_ih_l0{suffix}").detach().unflatten(0, (4, width))
        bias = getattr(lstm, f"bias_ih_l0{suffix}").detach().unflatten(0, (4, width))
        found[f"gates{suffix}"] = weights[GATES, 0, width:].clone()
        found[f"open{suffix}"] = bias[GATES, 0].clone()
        found[f"slope{suffix}"] = weights[CELL, 0, 0].clone()
        found[f"sharpness{suffix}"] = part[0, 0].clone()
    return found


def take_shared_weights(lstm: nn.LSTM, output: nn.Linear, found: Mapping[str, Tensor]) -> None:
    """Gives a model as `start_with_sums` leaves it what `shared_weights` found.

    Raises:
        KeyError: a value is missing.
        RuntimeError: one has another shape.
    """
    width = lstm.hidden_size
    diagonal = torch.eye(width)
    with torch.no_grad():
        for suffix, part in _by_direction(output.weight, width):
            weights = getattr(lstm, f"weight_ih_l0{suffix}").unflatten(0, (4, width))
            bias = getattr(lstm, f"bias_ih_l0{suffix}").unflatten(0, (4, width))
            weights[GATES, :, width:] = found[f"gates{suffix}"][:, None]
            bias[GATES] = found[f"open{suffix}"][:, None].expand(-1, width)
            weights[CELL, :, :width] = found[f"slope{suffix}"] * diagonal
            part.copy_(found[f"sharpness{suffix}"] * diagonal)


def _by_direction(weight: Tensor, width: int) -> list[tuple[str, Tensor]]:
    """What an output (cells, directions * width) makes of each direction, with torch's names for these."""
    parts = torch.split(weight, width, dim=1)
    return list(zip(("", "_reverse")[: len(parts)], parts, strict=True))


def _alike_in_all_cells(gradient: Tensor) -> Tensor:
    """Of an LSTM's weights (4 * cells, inputs) or biases (4 * cells,): the mean over the cells for its three
    gates, and none for the evidence and what becomes of it.
    """
    into, forget, cell, out = torch.chunk(gradient, 4)
    gates = [gate.mean(dim=0, keepdim=True).expand_as(gate) for gate in (into, forget, out)]
    alike = torch.cat([gates[0], gates[1], torch.zeros_like(cell), gates[2]])
    if gradient.dim() == 2:
        alike[:, : len(cell)] = 0.0
    return alike


def _equally_sharp(gradient: Tensor) -> Tensor:
    """Of weights (cells, directions * cells): the mean over each direction's diagonal, and none elsewhere."""
    cells = len(gradient)
    found = [
        torch.eye(cells, dtype=gradient.dtype, device=gradient.device) * part.diagonal().mean()
        for part in torch.split(gradient, cells, dim=1)
    ]
    return torch.cat(found, dim=1)


class Output(nn.Module):
    """What a memory says of a photo: memory (m, hidden) and the photo's embedding (m, width) to logits.

    `softmax`          one linear layer above the memory: the paper's (Sec. 4, Fig. 11)
    `image-logits`     the image model's own logits, plus a linear layer above the memory that starts at 0
    `image-embedding`  the image model's own layer above the photo's embedding, to which the memory adds one,
                       at first none; a gate, at first open, lets the memory turn the photo itself down

    The last two start as the image model: what they have to learn is what the memory is good for.
    """

    def __init__(self, kind: str, hidden: int, width: int, cells: int) -> None:
        super().__init__()
        self.kind = kind
        if kind == "softmax":
            self.layer = nn.Linear(hidden, cells)
            return
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
        if self.kind == "image-logits":
            return torch.add(image(heard), said)
        return torch.as_tensor(image(heard + said * scale))


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
