"""LSTMs that add up evidence for cells, and learn what all cells have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from planet_core import album, album_recipe
from planet_core.album import AlbumModel
from planet_core.album_batches import AlbumBatch
from planet_core.album_layers import DOUBT, KEPT, evidence
from planet_core.stopping import UserError

WIDTH, CELLS = 5, 7
LSTMS = ("lstm", "lstm-off1", "lstm-off2", "lstm-rep", "blstm")


def made(name: str, **options: Any) -> AlbumModel:
    torch.manual_seed(3)
    options = {"input": "evidence", "hidden": CELLS, "time_gaps": True, **options}
    model = album.build(name, WIDTH, CELLS, **options)
    assert model.image is not None
    model.image.requires_grad_(False)
    return model


def batch(*lengths: int, seed: int = 0) -> AlbumBatch:
    rng = np.random.default_rng(seed)
    photos = [rng.normal(size=(length, WIDTH)).astype(np.float32) * 3 for length in lengths]
    return AlbumBatch.of(photos, [rng.exponential(5, length).astype(np.float32) for length in lengths])


def taught(model: AlbumModel, steps: int = 5) -> AlbumModel:
    """After some steps towards random cells."""
    optimiser = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], 0.05)
    albums = batch(4, 6, 5)
    aim = torch.randint(CELLS, (3, 6), generator=torch.Generator().manual_seed(1))
    for _ in range(steps):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(model(albums).flatten(0, 1), aim.flatten()).backward()
        optimiser.step()
    return model.eval()


def test_evidence_is_the_logarithm_of_a_probability_but_no_photo_rules_a_cell_out() -> None:
    logits = torch.tensor([[0.0, 0.0, 0.0], [50.0, 0.0, 0.0], [np.log(0.7), np.log(0.2), np.log(0.1)]])
    flat, sure, some = evidence(logits)
    assert flat.tolist() == [0.0, 0.0, 0.0], "a photo without a clue says nothing"
    assert float(sure[0] - sure[1]) == pytest.approx(np.log((1 + DOUBT) / DOUBT) / -np.log(DOUBT), rel=1e-5)
    expected = np.log(np.array([0.7, 0.2, 0.1]) + DOUBT) / -np.log(DOUBT)
    np.testing.assert_allclose(some.numpy(), expected - expected.mean(), rtol=1e-5)


def test_at_first_an_lstm_adds_up_what_it_has_seen() -> None:
    albums, model = batch(9), made("lstm").eval()
    with torch.no_grad():
        found = model(albums)[0].numpy()
        said = evidence(model.image(albums.embeddings[0])).numpy()  # type: ignore[misc]
    total = np.zeros(CELLS)
    for logits, one in zip(found, said, strict=True):
        total = KEPT * total + one
        assert np.corrcoef(logits, total)[0, 1] > 0.99, "the curve of its memory bends a little"
        assert logits.argmax() == total.argmax()


def test_at_first_a_bidirectional_one_adds_up_both_sides() -> None:
    albums, model = batch(9), made("blstm").eval()
    with torch.no_grad():
        found = model(albums)[0].numpy()
        said = evidence(model.image(albums.embeddings[0])).numpy()  # type: ignore[misc]
    apart = np.abs(np.subtract.outer(np.arange(9), np.arange(9)))
    total = (KEPT**apart + np.eye(9)) @ said  # the photo itself is in both directions
    assert [np.corrcoef(*pair)[0, 1] > 0.99 for pair in zip(found, total, strict=True)] == [True] * 9


@pytest.mark.parametrize("name", LSTMS)
def test_what_is_learnt_holds_for_all_cells_alike(name: str) -> None:
    """Whatever it was taught, with the cells in another order it gives the same answers in that order."""
    start, model, albums = made(name).eval(), taught(made(name)), batch(5, 3, seed=4)
    order = torch.randperm(CELLS, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        before, found = start(albums), model(albums)
        layer = model.image.classifier  # type: ignore[union-attr]
        layer.weight.copy_(layer.weight[order].clone())
        layer.bias.copy_(layer.bias[order].clone())
        torch.testing.assert_close(model(albums)[0, :5], found[0, :5][:, order])
    assert not torch.allclose(before, found, atol=0.1), "it has learnt something"


@pytest.mark.parametrize("name", LSTMS)
def test_a_few_numbers_tell_all_that_was_learnt(name: str) -> None:
    model, other = taught(made(name)), made(name).eval()
    kept = model.weights()
    other.take_weights(kept)
    for mine, its in zip(model.state_dict().items(), other.state_dict().items(), strict=True):
        assert mine[0] == its[0]
        assert torch.equal(mine[1], its[1]), mine[0]
    learnt = [
        value.numel() for key, value in kept.items() if not key.startswith(("image.", "center", "scale"))
    ]
    assert sum(learnt) == (2 if name == "blstm" else 1) * (3 * (WIDTH + 2) + 3 + 1 + 1)


def test_weights_that_do_not_fit_are_refused() -> None:
    model = made("lstm")
    kept = model.weights()
    with pytest.raises(KeyError, match="gates"):
        made("lstm").take_weights({name: value for name, value in kept.items() if name != "gates"})
    with pytest.raises(RuntimeError, match="foreign"):
        made("lstm").take_weights({**kept, "foreign": torch.zeros(2)})
    with pytest.raises(RuntimeError):
        made("blstm").take_weights({**kept, "gates": torch.zeros(3, 9)})


def test_it_learns_to_forget_where_much_time_goes_by() -> None:
    """Two photos of one cell, hours later a faint one of another: the memory of the first must go."""
    model = made("lstm")
    sure, faint = torch.eye(WIDTH) * 40, torch.eye(WIDTH) * 4
    with torch.no_grad():
        model.image.classifier.weight.zero_()  # type: ignore[union-attr]
        model.image.classifier.weight[:WIDTH] = torch.eye(WIDTH)  # type: ignore[union-attr]
        model.image.classifier.bias.zero_()  # type: ignore[union-attr]
    photos = [torch.stack([sure[a], sure[a], faint[b]]).numpy() for a in range(3) for b in range(3) if a != b]
    gaps = [np.array([0, 0.1, 200], dtype=np.float32)] * len(photos)
    albums = AlbumBatch.of(photos, gaps)
    aim = torch.tensor([[a, a, b] for a in range(3) for b in range(3) if a != b])
    with torch.no_grad():
        assert (model(albums)[:, 2].argmax(dim=1) == aim[:, 0]).all(), (
            "at first it sticks to what it was sure of"
        )
    optimiser = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], 0.05)
    for _ in range(60):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(model(albums).flatten(0, 1), aim.flatten()).backward()
        optimiser.step()
    # two cells that no album of the training went through
    new = AlbumBatch.of([torch.stack([sure[3], sure[3], faint[4]]).numpy()], gaps[:1])
    with torch.no_grad():
        assert model(new)[0].argmax(dim=1).tolist() == [3, 3, 4]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("transformer", {}, "evidence is for LSTMs"),
        ("avg", {}, "evidence is for LSTMs"),
        ("lstm", {"hidden": 8}, "hidden=7"),
        ("lstm", {"layers": 2}, "one layer"),
        ("lstm", {"output": "image-logits"}, "output=softmax"),
        ("lstm", {"input": "pixels"}, "the inputs are embedding, evidence"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        made(name, **options)


def test_too_many_cells_are_refused_with_the_way_out() -> None:
    with pytest.raises(UserError, match=r"at most 4,096 cells, not 5,000; take input=embedding"):
        album.build("lstm", WIDTH, 5000, hidden=5000, input="evidence")


def test_the_modern_recipe_takes_evidence_for_lstms_alone() -> None:
    modern, paper = album_recipe.MODERN, album_recipe.PAPER
    assert modern.build_options("lstm-rep", 552)["input"] == "evidence"
    assert modern.build_options("lstm-rep", 552)["hidden"] == 552
    assert "input" not in modern.build_options("transformer", 552)
    assert "input" not in modern.changed(["input=embedding"]).build_options("blstm", 552)
    assert paper.build_options("lstm", 552)["hidden"] == paper.hidden
