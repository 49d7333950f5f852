"""Album models: where each photo of an album was taken, from all of them (paper, Sec. 4, Fig. 11).

    avg          the mean of the single-photo distributions, given to every photo; nothing to train
    lstm         (a) an LSTM over the photos in the order of time, a softmax over the cells above it
    lstm-off1    (b) labels shifted by one step: the answer for a photo is read one step later
    lstm-off2    (b) by two steps
    lstm-rep     (c) the album goes through twice; only the second pass is read
    blstm        (d) one LSTM forward, one backward, and the softmax above both
    transformer  beyond the paper: self-attention over the album that knows the hours between the photos

The image model stays as it is; photos come as its embeddings. Offsets and repetition are handled inside: a
model takes a batch of albums and gives logits for each of its photos, never shifted. Behind an album's last
photo the offset models take as many empty steps as they need to answer it.

`cut=25` is the paper's "25": an album is taken as consecutive albums of at most 25 photos.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from planet_core.album_batches import AlbumBatch, joined
from planet_core.album_layers import (
    INPUTS,
    OUTPUTS,
    ImageLayer,
    Output,
    TimeAttention,
    evidence,
    shared_weights,
    start_with_sums,
    take_shared_weights,
)
from planet_core.stopping import UserError

VARIANTS = ("avg", "lstm", "lstm-off1", "lstm-off2", "lstm-rep", "blstm", "transformer")
OFFSETS = {"lstm": 0, "lstm-off1": 1, "lstm-off2": 2}
ONE_DIRECTIONAL = (*OFFSETS, "lstm-rep")
LSTMS = (*ONE_DIRECTIONAL, "blstm")
MOST_EVIDENCE = 4096
SHARED = ("gates", "open", "slope", "sharpness")
FULL = 0.75  # share of a batch's steps that are no padding, from which on it is not packed
PHOTOS_AT_ONCE = 512  # whose distributions are held at a time

State = tuple[Tensor, Tensor]
"""Of an LSTM: what it gives and what it keeps, each (layers, n, hidden)."""


@dataclass(frozen=True)
class Settings:
    """All that a model is built from; its weights aside, nothing else is needed to build it again.

    Attributes:
        variant: one of `VARIANTS`.
        embedding_width: of the image model.
        cells: classes.
        cut: photos that an album has at most; None for any number.
        hidden: width of the memory, of each direction.
        layers: LSTMs or attention blocks on top of each other.
        dropout: share of input and memory that is dropped in training.
        output: one of `album_layers.OUTPUTS`; `softmax` is the paper's.
        input: one of `album_layers.INPUTS`; `embedding` is the paper's. With `evidence` the memory has one
            number for each cell, and starts as a sum over the photos (`album_layers.start_with_sums`).
        time_gaps: whether the LSTMs get the hours since the photo before, and whether a photo could be read,
            beside its embedding; the transformer always does.
        coarser: numbers of cells of the image model's coarser partitions.
    """

    variant: str
    embedding_width: int
    cells: int
    cut: int | None = None
    hidden: int = 512
    layers: int = 1
    dropout: float = 0.0
    output: str = "softmax"
    input: str = "embedding"
    time_gaps: bool = False
    coarser: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Raises UserError where a value makes no sense."""
        if self.variant not in VARIANTS:
            raise UserError(f"there is no album model {self.variant!r}; the models are {', '.join(VARIANTS)}")
        if self.output not in OUTPUTS:
            raise UserError(f"there is no output {self.output!r}; the outputs are {', '.join(OUTPUTS)}")
        if self.input not in INPUTS:
            raise UserError(f"there is no input {self.input!r}; the inputs are {', '.join(INPUTS)}")
        if self.input == "evidence":
            self._check_evidence()
        least = {"embedding_width": 1, "cells": 1, "hidden": 1, "layers": 1}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise UserError(f"{name} must be at least {value}, not {getattr(self, name)}")
        if self.cut is not None and self.cut < 1:
            raise UserError(f"an album is cut to at least 1 photo, not {self.cut}")
        if not 0 <= self.dropout < 1:
            raise UserError(f"dropout must be at least 0 and below 1, not {self.dropout}")
        if self.variant == "transformer" and self.hidden % 4:
            raise UserError(f"the transformer's hidden width must be a multiple of 4, not {self.hidden}")

    def _check_evidence(self) -> None:
        if self.variant not in LSTMS:
            raise UserError(f"evidence is for LSTMs ({', '.join(LSTMS)}), not for {self.variant}")
        if self.cells > MOST_EVIDENCE:
            raise UserError(
                f"an LSTM of evidence has a memory for each cell, and weights for each pair of cells: at most"
                f" {MOST_EVIDENCE:,} cells, not {self.cells:,}; take input=embedding"
            )
        if (self.hidden, self.layers, self.output) != (self.cells, 1, "softmax"):
            raise UserError(
                "an LSTM of evidence has one layer, a softmax above it, and is as wide as there are cells:"
                f" hidden={self.cells}, not {self.hidden}, layers=1 and output=softmax"
            )

    def as_dict(self) -> dict[str, Any]:
        """The values as JSON takes them."""
        return asdict(self)


def build(name: str, embedding_width: int, cells: int, **options: Any) -> AlbumModel:
    """An album model by name, with random weights.

    Args:
        name: one of `VARIANTS`.
        embedding_width: of the image model's embeddings, 2,048 for the paper's.
        cells: classes of the image model.
        options: other values of `Settings`: cut, hidden, layers, dropout, output, time_gaps, coarser.

    Raises:
        UserError: no such model, or a value that makes no sense.
    """
    return of_settings(Settings(name, embedding_width, cells, **options))


def of_settings(settings: Settings) -> AlbumModel:
    """The model that the settings describe, with random weights."""
    if settings.variant == "avg":
        return Average(settings)
    if settings.variant == "blstm":
        return Bidirectional(settings)
    if settings.variant == "transformer":
        return Transformer(settings)
    return OneDirectional(settings)


@dataclass(frozen=True, eq=False)
class Window:
    """What a model remembers at some photos: the memory (m, hidden), and each one's row and column, (m,)."""

    memory: Tensor
    albums: Tensor
    photos: Tensor


class AlbumModel(nn.Module):
    """What all album models share: a batch of albums to logits (n, t, cells).

    That is two parts. `memory` goes through whole albums and is narrow; `logits` are wide, and are asked for
    some photos at a time where albums or partitions are large.

    Attributes:
        settings: what it was built from.
        image: the image model's own layer, where the variant or the output uses it.
    """

    center: Tensor
    scale: Tensor

    def __init__(self, settings: Settings, memory_width: int) -> None:
        super().__init__()
        self.settings = settings
        width, cells = settings.embedding_width, settings.cells
        needs_image = (
            settings.variant == "avg" or settings.output != "softmax" or settings.input == "evidence"
        )
        self.image = ImageLayer(width, cells, settings.coarser) if needs_image else None
        self.output = None
        if settings.variant != "avg":
            self.output = Output(settings.output, memory_width, width, cells)
        self.drop = nn.Dropout(settings.dropout)
        self.register_buffer("center", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    def take_image_layer(self, layer: ImageLayer) -> None:
        """Starts with the image model's own layer; nothing happens where the model uses none."""
        if self.image is not None:
            self.image.load_state_dict(layer.state_dict())

    def weights(self) -> dict[str, Tensor]:
        """All that is to be kept, by name: its state, or of an LSTM of evidence what the cells share."""
        state = dict(self.state_dict())
        if self.settings.input != "evidence":
            return state
        kept = {name: value for name, value in state.items() if not name.startswith(("lstm.", "output."))}
        return kept | shared_weights(*self._sums())

    def take_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Those of `weights`, of a model with the same settings. RuntimeError, KeyError: they do not fit."""
        if self.settings.input == "evidence":
            shared = {name: value for name, value in weights.items() if name.partition("_")[0] in SHARED}
            take_shared_weights(*self._sums(), shared)
            weights = {**self.state_dict(), **{k: v for k, v in weights.items() if k not in shared}}
        self.load_state_dict(weights)

    def _sums(self) -> tuple[nn.LSTM, nn.Linear]:
        lstm = self.get_submodule("lstm")
        assert isinstance(lstm, nn.LSTM)
        assert self.output is not None
        return lstm, self.output.layer

    def forward(self, batch: AlbumBatch) -> Tensor:
        """Logits for each photo, (n, t, cells); rows behind an album's end mean nothing."""
        memory = self.memory(batch)
        logits = self.logits(batch.embeddings.flatten(0, 1), memory.flatten(0, 1))
        return logits.view(*memory.shape[:2], -1)

    def memory(self, batch: AlbumBatch) -> Tensor:
        """What the model remembers when it answers each photo, (n, t, hidden)."""
        length, most = batch.embeddings.shape[1], self.settings.cut
        if most is None or length <= most:
            return self._memory(batch)
        return joined(self._memory(batch.cut(most)), length)

    def logits(self, embeddings: Tensor, memory: Tensor) -> Tensor:
        """Logits (m, cells) of photos, from their embeddings (m, width) and memories (m, hidden)."""
        assert self.output is not None
        image = None if self.settings.output == "softmax" else self.image
        logits: Tensor = self.output(embeddings, self.drop(memory), self.scale, image)
        return logits

    def window_logits(self, batch: AlbumBatch, window: Window) -> Tensor:
        """Logits (m, cells) of a window's photos."""
        if self.settings.output == "softmax":  # then photos speak through the memory alone
            return self.logits(window.memory, window.memory)
        return self.logits(batch.embeddings[window.albums, window.photos], window.memory)

    def windows(self, batch: AlbumBatch, steps: int) -> Iterator[Window]:
        """The memories of all photos, for training: each window's gradient ends where it begins.

        The one-directional models give a window for every `steps` steps, in time order, their state carried
        over; the others need whole albums and give one.
        """
        memory = self.memory(batch)
        albums, photos = batch.photos.nonzero(as_tuple=True)
        yield Window(memory[albums, photos], albums, photos)

    def _memory(self, batch: AlbumBatch) -> Tensor:
        raise NotImplementedError

    def inputs(self, batch: AlbumBatch) -> Tensor:
        """What an LSTM or a transformer gets, (n, t, width [+ 2]): zeros for photos without a picture."""
        seen = batch.readable[..., None]
        said = self._of_photos(batch.embeddings)
        x: Tensor = self.drop(said if bool(batch.readable.all()) else said * seen)
        if not self.settings.time_gaps:
            return x
        gaps = torch.log1p(batch.gaps_hours)[..., None] / 5
        return torch.cat([x, gaps, (~seen).to(x.dtype)], dim=2)

    def _of_photos(self, embeddings: Tensor) -> Tensor:
        standard = bool(self.center.any())
        seen = (embeddings - self.center) / self.scale if standard else embeddings
        if self.settings.input == "evidence":
            assert self.image is not None
            return torch.cat([evidence(self.image(embeddings)), seen], dim=-1)
        return seen

    def _start(self, lstm: nn.LSTM) -> None:
        if self.settings.input == "evidence":
            assert self.output is not None
            start_with_sums(lstm, self.output.layer)

    @property
    def input_width(self) -> int:
        """Columns of `inputs`."""
        settings = self.settings
        width = settings.embedding_width + (settings.cells if settings.input == "evidence" else 0)
        return width + (2 if settings.time_gaps else 0)


class Average(AlbumModel):
    """The mean of the single-photo distributions of the photos that can be read, for every photo."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, settings.cells)

    def _memory(self, batch: AlbumBatch) -> Tensor:
        assert self.image is not None
        count, length, _ = batch.embeddings.shape
        total = batch.embeddings.new_zeros((count, self.settings.cells))
        for start in range(0, length, PHOTOS_AT_ONCE):
            part = slice(start, start + PHOTOS_AT_ONCE)
            shares = torch.softmax(self.image(batch.embeddings[:, part]), dim=2)
            total += (shares * batch.readable[:, part, None]).sum(dim=1)
        number = batch.readable.sum(dim=1, keepdim=True)
        total[number[:, 0] == 0] = 1.0  # no photo can be read: any cell
        mean = total / total.sum(dim=1, keepdim=True)
        return mean.clamp_min(torch.finfo(mean.dtype).tiny).log()[:, None].expand(-1, length, -1)

    def logits(self, embeddings: Tensor, memory: Tensor) -> Tensor:
        """The memory itself: logarithms of the mean."""
        return memory


class OneDirectional(AlbumModel):
    """`lstm`, its offsets and its repetition: steps in the order of time, read later than they are fed."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, settings.hidden)
        self.lstm = _lstm(self.input_width, settings, bidirectional=False)
        self._start(self.lstm)

    def steps(self, batch: AlbumBatch) -> tuple[Tensor, Tensor, Tensor]:
        """(inputs (n, s, width), steps of each album (n,), steps from a photo's place to its answer (n,))."""
        x, lengths = self.inputs(batch), batch.lengths.to(batch.embeddings.device)
        if self.settings.variant == "lstm-rep":
            step = torch.arange(2 * x.shape[1], device=x.device) % lengths[:, None]
            return _picked(x, step), 2 * batch.lengths, lengths
        offset = OFFSETS[self.settings.variant]
        if not offset:
            return x, batch.lengths, torch.zeros_like(lengths)
        empty = x.new_zeros((len(x), offset, x.shape[2]))
        inside = batch.photos[..., None]
        return torch.cat([x * inside, empty], dim=1), batch.lengths + offset, torch.full_like(lengths, offset)

    def advance(self, inputs: Tensor, lengths: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Some steps of some albums: (memory (n, s, hidden), state of those that have all s steps).

        Args:
            inputs: (n, s, width).
            lengths: int64 (n,), steps of each, at least 1; on the CPU.
            state: what `advance` gave for the steps before; None at an album's beginning.

        Albums of about the same length are not packed: what is computed behind the end of the shorter ones
        costs less than packing, and their states, which then mean nothing, are not asked for: they are over.
        """
        if int(lengths.sum()) >= FULL * inputs.shape[0] * inputs.shape[1]:
            found, after = self.lstm(inputs, state)
            return found, after
        return _through(self.lstm, inputs, lengths, state)

    def _memory(self, batch: AlbumBatch) -> Tensor:
        inputs, lengths, shift = self.steps(batch)
        found, _ = self.advance(inputs, lengths)
        place = torch.arange(batch.embeddings.shape[1], device=found.device)
        return _picked(found, (place + shift[:, None]).clamp_max(found.shape[1] - 1))

    def windows(self, batch: AlbumBatch, steps: int) -> Iterator[Window]:
        """As `AlbumModel.windows`; albums longer than the cut are to be cut before."""
        inputs, lengths, shift = self.steps(batch)
        rows = torch.arange(len(inputs))
        state: State | None = None
        for start in range(0, int(lengths.max()), steps):
            going = lengths[rows] > start
            rows = rows[going]
            if state is not None:
                here = going.nonzero()[:, 0].to(inputs.device)
                state = (state[0][:, here].detach(), state[1][:, here].detach())
            stop = min(start + steps, inputs.shape[1])
            here = rows.to(inputs.device)
            memory, state = self.advance(
                inputs[here, start:stop], (lengths[rows] - start).clamp_max(stop - start), state
            )
            photo = torch.arange(start, start + memory.shape[1], device=memory.device) - shift[here, None]
            row, step = ((photo >= 0) & (photo < batch.lengths.to(here.device)[here, None])).nonzero(
                as_tuple=True
            )
            yield Window(memory[row, step], here[row], photo[row, step])


class Bidirectional(AlbumModel):
    """`blstm`: unrolled over whole albums (the paper cuts them to 25 photos)."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, 2 * settings.hidden)
        self.lstm = _lstm(self.input_width, settings, bidirectional=True)
        self._start(self.lstm)

    def _memory(self, batch: AlbumBatch) -> Tensor:
        return _through(self.lstm, self.inputs(batch), batch.lengths, None)[0]


class Transformer(AlbumModel):
    """`transformer`: attention over the whole album, with the hours between the photos."""

    HEADS = 4

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, settings.hidden)
        self.enter = nn.Linear(self.input_width, settings.hidden)
        self.unseen = nn.Parameter(torch.zeros(settings.hidden))
        self.blocks = nn.ModuleList(
            TimeAttention(settings.hidden, self.HEADS, settings.dropout) for _ in range(settings.layers)
        )
        self.norm = nn.LayerNorm(settings.hidden)

    def _memory(self, batch: AlbumBatch) -> Tensor:
        hours = batch.gaps_hours.cumsum(dim=1)
        x = self.enter(self.inputs(batch)) + self.unseen * ~batch.readable[..., None]
        for block in self.blocks:
            x = block(x, hours, batch.photos)
        memory: Tensor = self.norm(x)
        return memory


def _lstm(width: int, settings: Settings, *, bidirectional: bool) -> nn.LSTM:
    """With forget gates that are open at first (Jozefowicz et al. 2015), or memory would be short."""
    between = settings.dropout if settings.layers > 1 else 0.0
    lstm = nn.LSTM(
        width,
        settings.hidden,
        settings.layers,
        batch_first=True,
        dropout=between,
        bidirectional=bidirectional,
    )
    for name, values in lstm.named_parameters():
        if name.startswith("bias_ih"):
            nn.init.ones_(values.data[settings.hidden : 2 * settings.hidden])
    return lstm


def _through(lstm: nn.LSTM, inputs: Tensor, lengths: Tensor, state: State | None) -> tuple[Tensor, State]:
    """(what the LSTM gives (n, s, hidden), its state behind each album's last step); packed, so that no
    padding is computed and a backward direction begins at each album's own end."""
    packed = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
    found, after = lstm(packed, state)
    memory, _ = pad_packed_sequence(found, batch_first=True, total_length=inputs.shape[1])
    return memory, after


def _picked(values: Tensor, index: Tensor) -> Tensor:
    """values (n, s, f) at steps (n, t): (n, t, f)."""
    return values.gather(1, index[..., None].expand(-1, -1, values.shape[2]))
