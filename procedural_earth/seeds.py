"""Random numbers for a purpose: seeded by a hash of a place's identity, never by its coordinates."""

from __future__ import annotations

import hashlib

import numpy as np


def number(*words: object) -> int:
    """31 bits that stand for these words."""
    text = "/".join(str(word) for word in words)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") & 0x7FFFFFFF


def generator(*words: object) -> np.random.Generator:
    """Random numbers that depend on these words and nothing else."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(number(*words))))
