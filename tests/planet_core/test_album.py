from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import softmax

from planet_core import album, album_options
from planet_core.album import VARIANTS, AlbumModel, OneDirectional
from planet_core.album_batches import AlbumBatch
from planet_core.album_layers import ImageLayer, TimeAttention
from planet_core.stopping import UserError

WIDTH, CELLS = 5, 7
LEARNT = [name for name in VARIANTS if name != "avg"]


def made(name: str, **options: Any) -> AlbumModel:
    torch.manual_seed(3)
    return album.build(name, WIDTH, CELLS, hidden=8, **options).eval()


def albums(*lengths: int, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(length, WIDTH)).astype(np.float32) for length in lengths]


def logits(model: AlbumModel, photos: np.ndarray) -> torch.Tensor:
    with torch.no_grad():
        return model(AlbumBatch.of([photos]))[0]


# ---------------------------------------------------------------------------------------- all variants


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("options", [{}, {"cut": 3}, {"output": "image-embedding", "time_gaps": True}])
def test_an_album_is_answered_alike_alone_and_beside_longer_ones(name: str, options: dict[str, Any]) -> None:
    model = made(name, **options)
    some = albums(1, 7, 4)
    with torch.no_grad():
        together = model(AlbumBatch.of(some))
    assert together.shape == (3, 7, CELLS)
    for row, photos in zip(together, some, strict=True):
        torch.testing.assert_close(row[: len(photos)], logits(model, photos))


@pytest.mark.parametrize("name", VARIANTS)
def test_cut_albums_are_consecutive_albums(name: str) -> None:
    whole, cut = made(name), made(name, cut=3)
    cut.load_state_dict(whole.state_dict())
    [photos] = albums(8)
    parts = torch.cat([logits(whole, part) for part in (photos[:3], photos[3:6], photos[6:])])
    torch.testing.assert_close(logits(cut, photos), parts)
    torch.testing.assert_close(logits(cut, photos[:3]), logits(whole, photos[:3]))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_photo_that_cannot_be_read_says_nothing_and_is_answered(name: str) -> None:
    model = made(name, output="image-logits", time_gaps=True)
    [photos] = albums(5)
    marks = [np.array([True, True, False, True, True])]
    other = photos.copy()
    other[2] = 99.0
    with torch.no_grad():
        one, same = (model(AlbumBatch.of([some], readable=marks)) for some in (photos, other))
    torch.testing.assert_close(one, same)
    assert one.isfinite().all()
    assert not torch.allclose(one[0], logits(model, photos))


@pytest.mark.parametrize("name", LEARNT)
def test_windows_give_every_photo_once_and_what_the_whole_gives(name: str) -> None:
    model = made(name)
    batch = AlbumBatch.of(albums(2, 9, 5))
    with torch.no_grad():
        memory, windows = model.memory(batch), list(model.windows(batch, 4))
    seen = sorted(pair for w in windows for pair in zip(w.albums.tolist(), w.photos.tolist(), strict=True))
    assert seen == [(row, photo) for row, length in enumerate((2, 9, 5)) for photo in range(length)]
    for window in windows:
        torch.testing.assert_close(window.memory, memory[window.albums, window.photos])
    assert (len(windows) > 1) == isinstance(model, OneDirectional)


def test_names_and_values_that_make_no_sense_are_refused() -> None:
    for wrong, word in (
        ({"name": "gru"}, "lstm-rep"),
        ({"name": "lstm", "cut": 0}, "at least 1 photo"),
        ({"name": "lstm", "hidden": 0}, "hidden"),
        ({"name": "lstm", "dropout": 1.0}, "dropout"),
        ({"name": "lstm", "output": "none"}, "image-logits"),
        ({"name": "transformer", "hidden": 6}, "multiple of 4"),
    ):
        with pytest.raises(UserError, match=word):
            album.build(**{"embedding_width": 3, "cells": 2, **wrong})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least one photo"):
        AlbumBatch.of([np.zeros((0, 3), dtype=np.float32)])
    with pytest.raises(ValueError, match="one gap"):
        AlbumBatch.of([np.zeros((2, 3), dtype=np.float32)], gaps_hours=[np.zeros(3, dtype=np.float32)])


def test_the_command_line_knows_all_variants() -> None:
    assert album_options.VARIANTS == VARIANTS


# ------------------------------------------------------------------------------------------------ the figure


def test_avg_gives_the_mean_of_the_single_photo_distributions_to_every_photo() -> None:
    model = made("avg")
    [photos] = albums(6)
    assert model.image is not None
    with torch.no_grad():
        shares = softmax(model.image(torch.from_numpy(photos)), dim=1).numpy()
    found = softmax(logits(model, photos), dim=1).numpy()
    np.testing.assert_allclose(found, np.tile(shares.mean(axis=0), (6, 1)), rtol=1e-5)
    marks = [np.array([True, False, True, True, False, True])]
    with torch.no_grad():
        masked = softmax(model(AlbumBatch.of([photos], readable=marks))[0], dim=1).numpy()
    np.testing.assert_allclose(masked[1], shares[marks[0]].mean(axis=0), rtol=1e-5)


@pytest.mark.parametrize(("name", "offset"), [("lstm", 0), ("lstm-off1", 1), ("lstm-off2", 2)])
def test_an_offset_model_reads_each_photo_so_many_steps_later(name: str, offset: int) -> None:
    """Figure 11 a and b, against the LSTM stepped by hand."""
    model = made(name)
    assert isinstance(model, OneDirectional)
    assert model.output is not None
    [photos] = albums(5)
    steps = torch.cat([torch.from_numpy(photos), torch.zeros(offset, WIDTH)])
    with torch.no_grad():
        state, answers = None, []
        for step in steps:
            memory, state = model.lstm(step[None, None], state)
            answers.append(model.output.layer(memory[0, 0]))
    torch.testing.assert_close(logits(model, photos), torch.stack(answers[offset:]))


@pytest.mark.parametrize(("name", "photos_seen"), [("lstm", 3), ("lstm-off1", 4), ("lstm-off2", 5)])
def test_what_comes_later_is_not_seen(name: str, photos_seen: int) -> None:
    model = made(name)
    [photos] = albums(6)
    other = photos.copy()
    other[photos_seen:] = 7.0
    torch.testing.assert_close(logits(model, photos)[2], logits(model, other)[2])
    other[photos_seen - 1] = 7.0
    assert not torch.allclose(logits(model, photos)[2], logits(model, other)[2])


def test_a_repeated_album_is_read_in_its_second_pass() -> None:
    """Figure 11 c: the same weights as `lstm`, over two instances of the sequence."""
    repeated, plain = made("lstm-rep"), made("lstm")
    plain.load_state_dict(repeated.state_dict())
    [photos] = albums(4)
    twice = logits(plain, np.concatenate([photos, photos]))
    torch.testing.assert_close(logits(repeated, photos), twice[4:])


def test_a_bidirectional_model_is_two_lstms_of_which_one_begins_at_the_end() -> None:
    """Figure 11 d."""
    model = made("blstm")
    assert isinstance(model.lstm, torch.nn.LSTM)
    assert model.output is not None
    one = torch.nn.LSTM(WIDTH, 8, batch_first=True)
    [photos] = albums(5)
    x = torch.from_numpy(photos)[None]
    values = model.lstm.state_dict()
    with torch.no_grad():
        one.load_state_dict({name: values[name] for name in one.state_dict()})
        forward = one(x)[0]
        one.load_state_dict({name: values[f"{name}_reverse"] for name in one.state_dict()})
        backward = one(x.flip(1))[0].flip(1)
        expected = model.output.layer(torch.cat([forward, backward], dim=2))[0]
    torch.testing.assert_close(logits(model, photos), expected)


@pytest.mark.parametrize("name", ["lstm-rep", "blstm", "transformer"])
def test_these_see_the_whole_album(name: str) -> None:
    model = made(name)
    [photos] = albums(6)
    other = photos.copy()
    other[5] = 7.0
    assert not torch.allclose(logits(model, photos)[0], logits(model, other)[0])


def test_the_transformer_knows_the_hours_between_photos() -> None:
    model = made("transformer")
    [photos] = albums(6)
    torch.nn.init.normal_(model.blocks[0].apart[2].weight)  # type: ignore[union-attr, index]
    near, far = (np.full(6, hours, dtype=np.float32) for hours in (0.1, 300.0))
    with torch.no_grad():
        one, other = (model(AlbumBatch.of([photos], [gaps])) for gaps in (near, far))
    assert not torch.allclose(one, other)


def test_long_albums_go_through_attention_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    block = TimeAttention(8, 4, 0.0).eval()
    x, hours = torch.randn(2, 9, 8), torch.rand(2, 9).cumsum(1)
    photos = torch.arange(9) < torch.tensor([9, 6])[:, None]
    whole = block(x, hours, photos)
    monkeypatch.setattr("planet_core.album_layers.QUERIES", 4)
    torch.testing.assert_close(block(x, hours, photos), whole)


def test_with_random_weights_a_carried_state_ends_its_gradient() -> None:
    """Truncated back-propagation: a window's loss reaches no input before the window."""
    model = made("lstm")
    batch = AlbumBatch.of(albums(6))
    batch.embeddings.requires_grad_()
    first, second = model.windows(batch, 3)
    second.memory.sum().backward()
    assert batch.embeddings.grad is not None
    assert (batch.embeddings.grad[0, :3] == 0).all()
    assert (batch.embeddings.grad[0, 3:] != 0).all()
    assert first.memory.requires_grad


# ------------------------------------------------------------------------------------------------ outputs


@pytest.mark.parametrize("output", ["image-logits", "image-embedding"])
@pytest.mark.parametrize("name", LEARNT)
def test_a_model_that_starts_as_the_image_model_answers_as_it(name: str, output: str) -> None:
    torch.manual_seed(0)
    layer = ImageLayer(WIDTH, CELLS)
    layer.temperature.fill_(0.8)
    model = made(name, output=output)
    model.take_image_layer(layer)
    [photos] = albums(4)
    with torch.no_grad():
        torch.testing.assert_close(logits(model, photos), layer(torch.from_numpy(photos)))


def test_coarser_partitions_are_multiplied_in() -> None:
    layer = ImageLayer(WIDTH, 4, coarser=[2])
    layer.parents.copy_(torch.tensor([[0, 0, 1, 1]]))
    layer.temperature.fill_(2.0)
    assert layer.coarser == (2,)
    x = torch.randn(3, WIDTH)
    with torch.no_grad():
        coarse, fine = (softmax(head, dim=1).numpy() for head in layer.classifier(x))
        found = softmax(layer(x), dim=1).numpy()
    product = (fine * coarse[:, [0, 0, 1, 1]]) ** 0.5
    np.testing.assert_allclose(found, product / product.sum(axis=1, keepdims=True), rtol=1e-4)
