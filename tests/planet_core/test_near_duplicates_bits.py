from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from planet_core import near_duplicates_bits as bits_module
from planet_core.near_duplicates_bits import (
    VIEWS,
    Counts,
    count_pairs,
    dhash,
    distances,
    hash_codes,
    pack,
    paired_distances,
    phash,
    search,
    views,
)
from tests.planet_core.made_scenes import scene


def random_codes(seed: int, count: int, views: int = 3, words: int = 2) -> np.ndarray:
    """Few bits set, so that distances are small and often equal."""
    rng = np.random.default_rng(seed)
    return pack(rng.random((count * views, 64 * words)) < 0.05).reshape(count, views, words)


def plain_distance(first: np.ndarray, second: np.ndarray) -> int:
    """The definition, one pair at a time, in Python's own integers."""

    def hamming(one: np.ndarray, other: np.ndarray) -> int:
        return sum((int(a) ^ int(b)).bit_count() for a, b in zip(one, other, strict=True))

    return min(*(hamming(first[0], view) for view in second), *(hamming(view, second[0]) for view in first))


@given(hnp.arrays(np.bool_, st.tuples(st.integers(0, 5), st.sampled_from([64, 128, 256]))))
def test_packed_bits_keep_every_bit(bits: np.ndarray) -> None:
    packed = pack(bits)
    assert packed.shape == (len(bits), bits.shape[1] // 64)
    assert np.bitwise_count(packed).sum(axis=1).tolist() == bits.sum(axis=1).tolist()
    ones = [[bool(int(word) >> bit & 1) for word in row for bit in range(64)] for row in packed]
    assert ones == bits.tolist()


@pytest.mark.parametrize("shape", [(3, 63), (3, 0), (3,)])
def test_bits_that_fill_no_words_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="multiple of 64"):
        pack(np.zeros(shape, dtype=bool))


def test_distances_are_the_least_over_the_views() -> None:
    first, second = random_codes(0, 7), random_codes(1, 5)
    expected = [[plain_distance(one, other) for other in second] for one in first]
    assert distances(first, second).tolist() == expected
    assert paired_distances(first[:5], second).tolist() == [expected[i][i] for i in range(5)]
    assert distances(second, first).T.tolist() == expected


def test_a_picture_is_near_to_its_window_but_windows_are_not_compared() -> None:
    codes = random_codes(2, 2)
    codes[1, 2] = codes[0, 0]
    assert distances(codes[:1], codes[1:])[0, 0] == 0
    codes = random_codes(3, 2)
    codes[1, 2] = codes[0, 2]
    assert distances(codes[:1], codes[1:])[0, 0] == plain_distance(codes[0], codes[1]) > 0


@pytest.mark.parametrize(("queries", "references"), [(0, 9), (9, 0), (1, 1), (40, 300), (300, 7)])
def test_search_in_blocks_equals_all_distances(
    queries: int, references: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bits_module, "BLOCK_BYTES", 4096)
    first, second = random_codes(4, queries), random_codes(5, references)
    compared: list[int] = []
    found = search(first, second, 8, compared.append)
    table = distances(first, second).astype(np.int64)
    assert sum(compared) == queries * references
    assert found.within.tolist() == (table <= 8).sum(axis=1).tolist()
    if references:
        assert found.nearest.tolist() == table.argmin(axis=1).tolist()  # the first of equal ones
        assert found.distance.tolist() == table.min(axis=1).tolist()
    else:
        assert set(found.nearest.tolist()) == {-1}
        assert set(found.distance.tolist()) == {129}


def test_codes_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        search(random_codes(0, 2, words=1), random_codes(0, 2, words=2), 3)


def test_pairs_are_counted_but_for_the_excluded_ones() -> None:
    owners = np.array([0, 0, 1, 2])
    queries, references = random_codes(6, 4), random_codes(7, 3)
    table = distances(queries, references)
    counts = count_pairs(queries, owners, references, np.array([[0, 1], [1, 1]]))
    positives = [table[query, owner] for query, owner in enumerate(owners)]
    negatives = [
        table[query, other]
        for query, owner in enumerate(owners)
        for other in range(3)
        if other != owner and (owner, other) != (0, 1)
    ]
    assert counts.positives.tolist() == np.bincount(positives, minlength=129).tolist()
    assert counts.negatives.tolist() == np.bincount(negatives, minlength=129).tolist()


def test_the_best_threshold_is_the_largest_that_is_precise_enough() -> None:
    counts = Counts(np.array([90, 9, 99, 1, 1]), np.array([0, 1, 1, 1, 50]))
    assert [round(counts.precision(t), 4) for t in range(5)] == [1.0, 0.99, 0.99, 0.9851, 0.7905]
    assert counts.best_threshold(0.99) == 2
    assert counts.recall(2) == 0.99
    assert [counts.least_threshold(recall) for recall in (0.1, 0.45, 0.46, 0.99, 1.0)] == [0, 0, 1, 2, 4]
    assert Counts(np.array([1, 0]), np.array([9, 9])).best_threshold(0.99) == -1


def test_views_are_the_whole_and_five_windows_inside() -> None:
    picture = Image.fromarray(
        np.arange(100 * 50, dtype=np.uint32).reshape(50, 100).view(np.uint8).reshape(50, 100, 4)[..., :3]
    )
    found = views(picture)
    assert [view.size for view in found] == [(100, 50)] + [(88, 44)] * 5
    corners = [(0, 0), (12, 0), (0, 6), (12, 6), (6, 3)]
    for view, (left, top) in zip(found[1:], corners, strict=True):
        assert view.getpixel((0, 0)) == picture.getpixel((left, top))


def test_hashes_forgive_a_new_encoding_but_not_another_picture() -> None:
    picture, other = scene(1), scene(2)
    smaller = picture.resize((70, 50), Image.Resampling.BICUBIC)
    for function in (phash, dhash):
        assert function(picture).shape == (64,)
        assert np.count_nonzero(function(picture) ^ function(smaller)) <= 6
        assert np.count_nonzero(function(picture) ^ function(other)) >= 10
    assert hash_codes("pHash", picture).shape == (VIEWS, 1)


def test_phash_is_the_lowest_frequencies_against_their_median() -> None:
    picture = scene(5, (32, 32)).convert("L")
    grey, x = np.asarray(picture, dtype=np.float64), np.arange(32) + 0.5

    def frequency(v: int, u: int) -> float:
        return float((grey * np.outer(np.cos(np.pi / 32 * v * x), np.cos(np.pi / 32 * u * x))).sum())

    plain = np.array([[frequency(v, u) for u in range(8)] for v in range(8)])
    assert phash(picture).reshape(8, 8).tolist() == (plain > np.median(plain.ravel()[1:])).tolist()
