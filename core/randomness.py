"""Independent streams of random numbers, each decided by a seed and a purpose.

Both are arguments wherever something random is done; no constant is hidden in the code.
"""

from __future__ import annotations

import hashlib

import numpy as np


def stream_seed(seed: int, *purpose: object) -> int:
    """Return a 63-bit seed for `purpose`; equal arguments give equal seeds on every machine."""
    text = "\x1f".join([str(seed), *(str(part) for part in purpose)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def rng(seed: int, *purpose: object) -> np.random.Generator:
    """Return the random stream of `purpose` under `seed`, independent of every other purpose."""
    return np.random.default_rng(stream_seed(seed, *purpose))
